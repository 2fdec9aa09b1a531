"""The rate limits of API destinations."""

from __future__ import annotations

from simbridge.base.clock import SECOND
from simbridge.model.pacing import Pacing


def test_each_destination_has_its_queue() -> None:
    """A reservation is of one destination, and the order of reservations is the order of turns."""
    pacing = Pacing()
    pacing.limit("a", 2)
    pacing.limit("b", 1)
    assert [pacing.reserve("a", 0, SECOND) for _ in range(4)] == [0, 0, SECOND // 2, SECOND]
    assert [pacing.reserve("b", 0, SECOND) for _ in range(2)] == [0, SECOND]


def test_a_turn_that_would_be_too_late_is_not_taken() -> None:
    """The next one that can wait gets it."""
    pacing = Pacing()
    pacing.limit("a", 1)
    assert [pacing.reserve("a", 0, most) for most in (0, 0, SECOND, SECOND)] == [
        0,
        None,
        SECOND,
        None,
    ]


def test_an_arn_without_a_destination() -> None:
    """It has no limit."""
    pacing = Pacing.of(shared := {})
    assert pacing.reserve("a", 0, 0) == 0 and "a" not in pacing
    assert Pacing.of(shared) is pacing
