"""The control plane: what an API call checks, changes and answers."""

from simbridge.api import (
    api_destinations,
    archives,
    buses,
    connections,
    events,
    permissions,
    replays,
    rules,
    targets,
)

__all__ = [
    "api_destinations",
    "archives",
    "buses",
    "connections",
    "events",
    "permissions",
    "replays",
    "rules",
    "targets",
]
