"""What a scenario holds: handles of targets, HTTP endpoints, archives and health checks; and what creates them."""

from simbridge.world.handles.archives import ArchiveHandle, Load
from simbridge.world.handles.health_checks import HealthCheck
from simbridge.world.handles.http import HttpHandle
from simbridge.world.handles.queues import Queue, QueueMessage
from simbridge.world.handles.stand_ins import StandInHandle

__all__ = [
    "ArchiveHandle",
    "HealthCheck",
    "HttpHandle",
    "Load",
    "Queue",
    "QueueMessage",
    "StandInHandle",
]
