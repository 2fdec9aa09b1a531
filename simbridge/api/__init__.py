"""The control plane: what an API call checks, changes and answers."""

from simbridge.api import archives, buses, events, permissions, replays, rules, targets

__all__ = ["archives", "buses", "events", "permissions", "replays", "rules", "targets"]
