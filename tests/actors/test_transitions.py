"""State machines are their tables: what is declared is reachable and ends, what is not is an error."""

from __future__ import annotations

import doctest
from typing import Any

import pytest

from simbridge.actors import delivery, replay, transitions
from simbridge.actors.transitions import Transition, steps_of
from simbridge.model.messages import Outcome

TABLES = {
    "delivery": (delivery.TRANSITIONS, delivery.PENDING),
    "replay": (replay.TRANSITIONS, replay.STARTING),
}


def test_the_example_of_the_module() -> None:
    """It runs as it is written."""
    assert doctest.testmod(transitions) == doctest.TestResults(failed=0, attempted=3)


def test_a_step_leads_from_a_state_to_one_state() -> None:
    """Two rows for the same state and step are a mistake of the table."""
    row = Transition("open", "close", "shut", "")
    with pytest.raises(AssertionError, match="'close' leads from 'open' to two states"):
        steps_of([row, row._replace(to="locked")])


@pytest.mark.parametrize("name", TABLES)
def test_every_state_is_reached_and_leads_to_an_end(name: str) -> None:
    """From the first state to each, and from each to a state without a way out."""
    table, first = TABLES[name]
    states = {row.state for row in table} | {row.to for row in table}
    ends = states - {row.state for row in table}

    def closure(found: set[str], from_: str, to: str) -> set[str]:
        while more := {getattr(row, to) for row in table if getattr(row, from_) in found} - found:
            found |= more
        return found

    assert closure({first}, "state", "to") == states
    assert closure(set(ends), "to", "state") == states
    assert all(row.when for row in table)


def test_a_delivery_ends_as_the_trace_says(shop: Any) -> None:
    """`Delivery.outcome` has the words of the table."""
    ends = []
    for error, dead_letters in ((None, True), ("NO_RESOURCE", True), ("NO_RESOURCE", False)):
        it = shop(dead_letters=dead_letters)
        if error is not None:
            it.pay.fails(error)
        it.put()
        it.world.settle()
        ends.append(it.delivery.outcome)
    assert ends == [delivery.DELIVERED, delivery.DEAD_LETTERED, delivery.DROPPED]


def test_an_undeclared_step_is_an_error(shop: Any) -> None:
    """A delivery that has been given up cannot be retried, whatever an answer says."""
    it = shop(retry={"MaximumRetryAttempts": 0})
    it.pay.fails("THROTTLING")
    it.dead.slow("1s")
    it.put()
    it.world.settle()
    kernel = it.world._kernel
    (actor,) = [one for one in kernel.actors.values() if isinstance(one, delivery.DeliveryActor)]
    ((number, pending),) = actor.pending.items()
    assert pending.state == delivery.GIVEN_UP
    pending.plan.retries = 1
    kernel.send(it.pay.arn, f"{it.delivery.rule_arn}#pay", Outcome(number, 1, "THROTTLING", ""))
    with pytest.raises(AssertionError, match="'retry' is not declared for the state 'given up'"):
        it.world.settle()
