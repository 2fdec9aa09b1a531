"""What a scenario holds of targets and archives, and how the stand-ins behind it are created."""

from simbridge.world.handles.archives import ArchiveHandle, Load
from simbridge.world.handles.http import HttpHandle
from simbridge.world.handles.queues import Queue, QueueMessage
from simbridge.world.handles.stand_ins import StandInHandle

__all__ = ["ArchiveHandle", "HttpHandle", "Load", "Queue", "QueueMessage", "StandInHandle"]
