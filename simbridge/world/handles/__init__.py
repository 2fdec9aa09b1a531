"""What a scenario holds: handles of targets, HTTP endpoints, archives and health checks; and what creates them.

A handle has methods for the user and no state of its own: it reads an actor, or sends it a message. A new kind
of handle is a module here and a method of `World`.
"""

from simbridge.world.handles.archives import ArchiveHandle, ArchiveLoad
from simbridge.world.handles.health_checks import HealthCheck
from simbridge.world.handles.http import HttpHandle
from simbridge.world.handles.queues import Queue, QueueMessage
from simbridge.world.handles.stand_ins import StandInHandle

__all__ = [
    "ArchiveHandle",
    "ArchiveLoad",
    "HealthCheck",
    "HttpHandle",
    "Queue",
    "QueueMessage",
    "StandInHandle",
]
