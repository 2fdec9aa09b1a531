"""One module a service: its kinds of targets, their requests, limits, errors and examples.

Each module has a row, `SERVICE`. A new module in this folder is found by itself: the modules are
listed in the order of their names, which is the order of every table that is made of them. To add a
target, write one module like `sns`; the tests then ask for its cases, and `make docs` adds it to the
documentation.

Which calls EventBridge makes, and which parameters of a target go where, follows the user guide
(https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-targets.html) and the permissions that
it asks for. Roles, and the blocks that must be there, follow what PutTargets itself was seen to demand
(fidelity 5.2; lint, captured), which is less than the guide advises. Payload limits are those of the
services: an event may hold more than some of them take. The EC2 actions that the console offers
(reboot, snapshot, ...) are left out, because the API cannot create them.
"""

from __future__ import annotations

import importlib
import pkgutil

from simbridge.targets.service import Service

__all__ = ["SERVICES"]


def _service(name: str) -> Service:
    row = importlib.import_module(f"{__name__}.{name}").SERVICE
    assert isinstance(row, Service), f"{name}.SERVICE is not a Service: {row!r}"
    return row


SERVICES: tuple[Service, ...] = tuple(
    _service(name) for name in sorted(module.name for module in pkgutil.iter_modules(__path__))
)
"""The rows of all modules, in the order of the modules' names."""
