"""State machines as tables.

An actor with states declares every transition in one table, asks the table for each step it makes, and
the reference draws the table. What is not declared does not happen: such a step is an error (the idea is
h11's, https://h11.readthedocs.io/en/latest/api.html#the-state-machine).

    >>> door = steps_of([Transition("open", "close", "shut", "it is closed")])
    >>> door["close"]["open"]
    'shut'
    >>> door["close"]["shut"]
    Traceback (most recent call last):
    AssertionError: the step 'close' is not declared for the state 'shut'
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple, NoReturn, final

__all__ = ["Step", "Transition", "steps_of"]


@final
class Transition(NamedTuple):
    """In `state`, `step` leads to `to`. `when` says in words what has happened."""

    state: str
    step: str
    to: str
    when: str


@final
class Step(dict[str, str]):
    """The state that a step leads to, by the state in which it is taken."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name

    def __missing__(self, state: str) -> NoReturn:
        raise AssertionError(f"the step {self.name!r} is not declared for the state {state!r}")


def steps_of(transitions: Iterable[Transition]) -> dict[str, Step]:
    """The steps of a table, by name."""
    steps: dict[str, Step] = {}
    for row in transitions:
        step = steps.setdefault(row.step, Step(row.step))
        assert row.state not in step, f"{row.step!r} leads from {row.state!r} to two states"
        step[row.state] = row.to
    return steps
