"""What a scenario holds of targets, archives and health checks, and how the stand-ins behind it are created."""

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
