"""One scenario over varied values and seeds: the grid, what is measured, what goes wrong."""

from __future__ import annotations

import sys
from pathlib import Path

import anyio
import pytest

import simbridge as sb

ROOT = Path(__file__).parents[2]


GONE = "arn:aws:sqs:us-east-1:123456789012:gone"


ENTRY = {"Source": "shop", "DetailType": "d", "Detail": "{}"}


def world_of_orders(world: sb.World, kept: bool) -> object:
    """A rule with a target that is missing, and perhaps a dead-letter queue."""
    events = world.client("events")
    target = {"Id": "1", "Arn": GONE}
    if kept:
        target["DeadLetterConfig"] = {"Arn": world.queue("kept").arn}
    events.put_rule(Name="orders", EventPattern='{"source": ["shop"]}')
    events.put_targets(Rule="orders", Targets=[target])
    return events


@sb.scenario(seed=3)
def shop(world: sb.World, orders: int = 2, kept: bool = True) -> None:
    """Orders for a queue that is missing.

    A seed adds up to three orders more.
    """
    events = world_of_orders(world, kept)
    for _ in range(orders + world.seed % 4):
        events.put_events(Entries=[ENTRY])
    world.settle()
    assert not world.trace.deliveries(outcome="dropped"), "lost"


GRID = {"orders": [1, 5], "kept": [True, False]}


def columns(result: object, *names: str) -> list[tuple]:
    return [tuple(row[name] for name in names) for row in result.rows]


def test_every_combination_is_played_with_every_seed() -> None:
    """The rows are in the order of the grid, the last value varying fastest, seeds within."""
    result = sb.sweep(shop, vary=GRID, seeds=[4, 1], workers=1)
    expected = [(o, k, s) for o in (1, 5) for k in (True, False) for s in (4, 1)]
    assert columns(result, "orders", "kept", "seed") == expected
    assert [row["accepted"] for row in result.rows] == [o + s % 4 for o, _, s in expected]
    assert [row["dead_lettered"] for row in result.rows] == [
        (o + s % 4) * k for o, k, s in expected
    ]


def test_variants_may_be_picked_by_hand() -> None:
    """What a variant does not name is the scenario's default."""
    result = sb.sweep(shop, [{"orders": 0}, {"kept": False}], seeds=[0], workers=1)
    assert [row["accepted"] for row in result.rows] == [0, 2]
    assert str(result.table()).splitlines()[2].split()[:2] == ["0", "–"]


def test_seeds_alone_are_a_sweep_too() -> None:
    """Nothing varied: one variant; a story need not be marked as a scenario."""
    result = sb.sweep(lambda world: world.run(hours=1), seeds=range(3), workers=1)
    assert columns(result, "seed", "outcome") == [(n, "passed") for n in range(3)]
    assert len(result.table()) == 1


def test_all_variants_use_the_same_random_numbers() -> None:
    """Common random numbers: under one seed, the ids of the events are those of the other variant."""
    result = sb.sweep(shop, vary={"kept": [True, False]}, seeds=[7], workers=1)
    ids = [
        [delivery.event.id for delivery in result.repeat(row).trace.deliveries()]
        for row in result.rows
    ]
    assert ids[0] == ids[1] != []


def test_a_measure_that_raises_is_reported_by_its_name() -> None:
    """Beside the run in which it did."""
    with pytest.raises(
        sb.SimbridgeError, match=r"seed=0: .*measure 'share' raised ZeroDivisionError"
    ):
        sb.sweep(shop, seeds=range(1), workers=1, measures={"share": lambda world: 1 / 0})


def test_a_run_in_which_an_assertion_does_not_hold_is_a_row() -> None:
    """With its seed, its place and its text; it is measured as it was at that moment."""
    result = sb.sweep(shop, vary={"kept": [True, False]}, seeds=range(2), workers=1)
    assert columns(result, "outcome") == [("passed",), ("passed",), ("failed",), ("failed",)]
    row = result.failed[1]
    assert row["failure"].startswith("test_sweep.py:") and row["failure"].endswith(": lost")
    assert (row["seed"], row["dropped"]) == (1, 3)
    assert 'assert not world.trace.deliveries(outcome="dropped"), "lost"' in row["failure"]
    assert "in 2 runs, first with kept=False seed=0" in str(result.table())
    assert result.summary()[1]["failed"] == 2


def in_a_handler(world: sb.World) -> None:
    def handler(event: dict) -> None:
        assert event["detail"], "empty"

    events = world.client("events")
    events.put_rule(Name="r", EventPattern='{"source": ["shop"]}')
    arn = world.function("f", handler).arn
    events.put_targets(Rule="r", Targets=[{"Id": "1", "Arn": arn}])
    events.put_events(Entries=[ENTRY])
    world.settle()


async def in_tasks(world: sb.World) -> None:
    async def customer() -> None:
        await anyio.sleep(60)
        assert not world, "empty"

    async with anyio.create_task_group() as group:
        group.start_soon(customer)
        group.start_soon(customer)


@pytest.mark.parametrize("story", [in_a_handler, in_tasks])
@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_assertions_in_handlers_and_tasks_count(story, backend: str) -> None:
    """Wherever it was raised, it is the scenario's check."""
    (row,) = sb.sweep(story, seeds=[5], workers=1, backend=backend).rows
    assert row["outcome"] == "failed" and row["failure"].endswith(": empty")


def broken(world: sb.World, total: int) -> None:
    """Not an assertion."""
    world.run(seconds=total)
    if total == 2:
        raise KeyError("total")


@pytest.mark.parametrize("workers", [1, 2])
def test_anything_else_ends_the_sweep_and_names_the_run(workers: int) -> None:
    """Variant and seed, and the traceback of the process it happened in."""
    with pytest.raises(
        sb.RunFailed, match="broken with total=2 seed=8: KeyError: 'total'"
    ) as caught:
        sb.sweep(broken, vary={"total": [1, 2]}, seeds=[8, 9], workers=workers)
    cause = caught.value.__cause__
    assert isinstance(cause, KeyError) or 'raise KeyError("total")' in str(cause)


def leaves(world: sb.World, how: str) -> None:
    """Ends in ways that are no exceptions of the usual kind."""
    if how == "exit":
        sys.exit(3)
    if how == "group":
        raise BaseExceptionGroup("tasks", [SystemExit(3), ValueError("x")])


@pytest.mark.parametrize(("how", "says"), [("exit", "SystemExit: 3"), ("group", "tasks")])
@pytest.mark.parametrize("workers", [1, 2])
def test_a_run_that_exits_is_reported(how: str, says: str, workers: int) -> None:
    """`sys.exit` in a scenario ends the sweep like any exception, with variant, seed and place."""
    with pytest.raises(sb.RunFailed, match=rf"leaves with how={how} seed=8: .*{says}") as caught:
        sb.sweep(leaves, vary={"how": [how]}, seeds=[8, 9], workers=workers)
    assert caught.value.raised in ("SystemExit", "BaseExceptionGroup")
    assert any(note.startswith("test_sweep.py:") for note in caught.value.__notes__)


def test_a_mixed_group_of_errors_is_no_failed_assertion() -> None:
    """Where one task had a bug, the run is broken."""

    async def mixed(world: sb.World) -> None:
        raise ExceptionGroup("both", [AssertionError("no"), KeyError("bug")])

    with pytest.raises(sb.RunFailed, match="both"):
        sb.sweep(mixed, seeds=[0], workers=1)


def strict(world: sb.World, orders: int, *, kept: bool = True) -> None:
    """An argument without a default."""


@pytest.mark.parametrize(
    ("vary", "options", "says"),
    [
        ({"order": [1]}, {}, "strict has no argument 'order'; it takes orders, kept"),
        ({"world": [1]}, {}, "strict has no argument 'world'"),
        ({"kept": [True]}, {}, "strict needs a value for orders"),
        ({"orders": "12"}, {}, r"vary\['orders'\] is a list of values, not '12'"),
        ({"orders": 12}, {}, "is a list of values, not 12"),
        ({"orders": []}, {}, "so there are no runs"),
        ([], {}, "so there are no runs"),
        ([3], {}, "a variant maps arguments to values; 3 does not"),
        ({"orders": [1, 1]}, {}, "the variant orders=1 occurs twice"),
        ({"orders": [1]}, {"seeds": 5}, r"range\(5\) for 5 seeds, \[5\] for one"),
        ({"orders": [1]}, {"seeds": []}, "at least one seed"),
        ({"orders": [1]}, {"seeds": [1, 1]}, "each seed once"),
        ({"orders": [1]}, {"seeds": ["1"]}, "whole number, not '1'"),
        ({"orders": [1]}, {"workers": 0}, "number of processes or an executor, not 0"),
        ({"orders": [1]}, {"workers": "two"}, "not 'two'"),
        ({"orders": [1]}, {"measures": {"dropped": len}}, "'dropped' is a column of every sweep"),
        ({"orders": [1]}, {"measures": {"kept:x": len}}, "'kept:x' has a colon"),
        ({"orders": [1]}, {"measures": {"cost": 3}}, "measure 'cost' is a function of a world"),
        ({"orders": [1]}, {"prices": {"custom_event": 1}}, "did you mean custom_events"),
        ({"orders": [1]}, {"prices": {"custom_events": "1"}}, "a number of dollars, not '1'"),
    ],
)
def test_what_cannot_be_swept_is_reported_before_anything_runs(
    vary, options: dict, says: str
) -> None:
    """The message names what to change."""
    with pytest.raises(sb.SimbridgeError, match=says):
        sb.sweep(strict, vary, **options)


def test_an_argument_with_the_name_of_a_column_is_refused() -> None:
    """Two columns of one name could not be distinguished."""

    def story(world: sb.World, seed: int = 0) -> None:
        """An argument called seed."""

    with pytest.raises(sb.SimbridgeError, match="'seed' is a column of every sweep"):
        sb.sweep(story, vary={"seed": [1]})


def test_a_scenario_may_take_anything() -> None:
    """`**options` takes every name."""

    def story(world: sb.World, **options: int) -> None:
        assert options == {"depth": 2}

    assert not sb.sweep(story, vary={"depth": [2]}, seeds=[0], workers=1).failed
