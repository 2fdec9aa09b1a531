"""The propagation delay: when a change of the control plane takes effect in the data plane.

A call is answered immediately. Its change takes effect later, after what the user guide calls a short
period. The delay is a random number keyed by the resource and by the number of its change, so that one
more rule leaves all other delays unchanged.

Independent delays could reverse two changes, and a rule would keep its state before the last call. So the
changes of one rule take effect in the order of the calls, and so do those of one bus. A change of the bus
itself (created, given a policy, deleted) keeps its place among all changes on that bus. Changes of two
rules may overtake each other.

<https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutRule.html>
"""

from __future__ import annotations

from typing import final

from simbridge.base import clock, rng
from simbridge.model.limits import Limits
from simbridge.model.messages import Configure, Retire
from simbridge.model.resources import Rule

__all__ = ["Propagation"]


@final
class Propagation:
    """The changes of one world, past and pending. Plain data, copied with the plane."""

    def __init__(self, seed: int, limits: Limits) -> None:
        self._seed = seed
        self._delay_us = limits["control_plane_delay_us"]
        self._jitter_us = limits["control_plane_jitter_us"]
        self._changes: dict[str, int] = {}
        self._effect_us: dict[str, int] = {}
        self._latest_us: dict[str, int] = {}

    def delay_us(self, to: str, message: Configure | Retire) -> int:
        """The delay of a change if no earlier change holds it up, microseconds."""
        if not self._jitter_us:
            return self._delay_us
        subject = _subject(to, message)
        number = self._changes[subject] = self._changes.get(subject, 0) + 1
        sample = rng.draw(rng.key(self._seed, "propagation", subject), number)
        return self._delay_us + (sample * (self._jitter_us + 1) >> 32)

    def effect_us(self, to: str, message: Configure | Retire, earliest_us: int) -> int:
        """The instant at which a change takes effect at `to`, not before those that it must not overtake."""
        subject = _subject(to, message)
        before = self._latest_us if subject == to else self._effect_us
        held_up = before.get(subject, earliest_us), self._effect_us.get(to, earliest_us)
        effect = self._effect_us[subject] = max(earliest_us, *held_up)
        self._latest_us[to] = max(effect, self._latest_us.get(to, effect))
        return effect

    def settled_us(self, subject: str) -> int:
        """The instant at which the last change of a resource takes effect, or took effect."""
        return self._effect_us.get(subject, clock.EARLIEST)


def _subject(to: str, message: Configure | Retire) -> str:
    """The ARN of the resource that a change is about: a rule of the bus at `to`, or the bus itself."""
    match message:
        case Retire(arn):
            return arn
        case Configure(Rule() as rule):
            return rule.arn
    return to
