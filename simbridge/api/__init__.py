"""The control plane: what an API call checks, changes and answers."""

from simbridge.api import buses, events, permissions, rules, targets

__all__ = ["buses", "events", "permissions", "rules", "targets"]
