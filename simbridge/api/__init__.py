"""The control plane: what an API call checks, changes and answers."""

from simbridge.api import buses, events, rules, targets

__all__ = ["buses", "events", "rules", "targets"]
