"""A world: accounts, regions and stand-ins around one kernel, and the handles that a scenario holds.

Here belongs what connects the control plane and the data plane: the world's state and its options, its
clients, the factory of its actors, and `handles`. It is the only package that knows both planes.
"""

from simbridge.world.world import World

__all__ = ["World"]
