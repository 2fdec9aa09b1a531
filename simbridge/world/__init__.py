"""A world: accounts, regions and stand-ins around one kernel, and the handles that a scenario holds."""

from simbridge.world.world import World

__all__ = ["World"]
