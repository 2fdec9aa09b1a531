"""The state of a world: kernel, control plane and actor factory, made, forked and pickled together.

Everything else of a world (clients, handles, the view of its trace, the engine of async code) is made anew
for a fork and for a world that is loaded.
"""

from __future__ import annotations

from typing import Any, final

from simbridge.api.plane import ControlPlane
from simbridge.base.errors import SimbridgeError
from simbridge.hosts import backends
from simbridge.kernel import FULL, Kernel
from simbridge.model.feedback import Feedback
from simbridge.trace import OUTCOMES
from simbridge.world.actor_factory import ActorFactory
from simbridge.world.options import Options

__all__ = ["Simulation"]


@final
class Simulation:
    """What a world consists of. `lineage` is one object, shared by a world and all its forks."""

    def __init__(self, options: Options) -> None:
        limits = options.limits
        self.options = options
        self.lineage = object()
        self.factory = ActorFactory(options.settings, limits)
        recorded = OUTCOMES if options.outcomes_only else FULL
        burst = limits["messages_per_instant"]
        self.kernel = Kernel(options.seed, options.start_us, self.factory.create, burst, recorded)
        self.kernel.shared["feedback"] = Feedback(
            limits["feedback_events_per_day"], limits["feedback_generations"]
        )
        self.plane = ControlPlane(self.kernel, limits, options.settings.organizations)
        self.factory.bind(self.kernel, self.plane)
        self.plane.store(options.account, options.region)

    def fork(self) -> Simulation:
        """An independent copy. Raises `SimbridgeError` while code of the user is running."""
        self.check_at_rest("fork")
        fork = Simulation.__new__(Simulation)
        fork.options, fork.lineage = self.options, self.lineage
        fork.factory = ActorFactory(self.options.settings, self.options.limits)
        fork.kernel = self.kernel.fork(fork.factory.create)
        fork.plane = self.plane.fork(fork.kernel)
        fork.factory.bind(fork.kernel, fork.plane)
        return fork

    def check_at_rest(self, what: str) -> None:
        """Raise `SimbridgeError` unless the world can be forked or pickled now."""
        if self.kernel.running:
            raise SimbridgeError(
                f"cannot {what} a world while it runs, in a handler, a behaviour or a listener: the "
                f"message in hand would be lost. {what.capitalize()} it before or after world.run"
            )
        host = self.kernel.host
        if isinstance(host, backends.LazyEngine) and host.busy:
            raise SimbridgeError(f"cannot {what} a world while your async code is running")

    def __getstate__(self) -> dict[str, Any]:
        self.kernel.check()
        self.check_at_rest("pickle")
        return self.__dict__

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self.kernel.create_actor = self.factory.create
