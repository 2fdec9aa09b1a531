"""Recovery: all faults of a stand-in end."""

from __future__ import annotations

from typing import ClassVar, final

from simbridge.model.faults.fault import Fault, FaultMethods

__all__ = ["Recovers", "RecoversMethod"]


@final
class Recovers(Fault, frozen=True):
    """Forget all behaviours and accept."""

    method: ClassVar[str] = "recovers"
    forgets: ClassVar[bool] = True

    def words(self) -> str:
        """See `Fault.words`."""
        return "accepts again"


class RecoversMethod(FaultMethods):
    """The method of a handle."""

    def recovers(self) -> None:
        """Forget every failure, latency, limit and script, and accept."""
        self._send(Recovers())
