"""Plays one scenario over varied values and seeds.

Every variant is played with the same seeds. Random numbers of a world come from streams that are named by
purpose (`base/rng`), so under one seed two variants use the same random numbers for the same purpose: common
random numbers, the variance reduction of discrete-event simulation
(https://en.wikipedia.org/wiki/Variance_reduction#Common_random_numbers). Variants then differ mostly by what
was varied, and `Sweep.compare` looks at differences seed by seed.

A scenario must not keep state from one run to the next; runs share processes.
"""

from __future__ import annotations

import gc
import inspect
import itertools
import traceback
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, final

from simbridge.base.checks import list_of, mapping
from simbridge.base.errors import HandlerFailed, RunFailed, SimbridgeError
from simbridge.base.lazy import lazy_import
from simbridge.base.printable import printable
from simbridge.scenario.runner import make_world, play_in
from simbridge.whatif.arguments import labels, named
from simbridge.whatif.measures import MEASURES, measure
from simbridge.whatif.prices import prices_with
from simbridge.whatif.result import Sweep, Variant
from simbridge.world import World

__all__ = ["check_arguments", "interrupts", "played", "sweep"]

Own = Mapping[str, Callable[[World], float | None]]

SEEDS = range(10)

COLLECTED_RECORDS = 100_000
"""A world with more records is collected at once: it is a circle of references, and a large one."""

RESERVED = ("seed", "outcome", "failure")


def sweep(
    scenario: Callable[..., Any],
    vary: Mapping[str, Sequence[Any]] | Sequence[Variant] | None = None,
    *,
    seeds: Iterable[int] = SEEDS,
    workers: int | Executor | None = None,
    measures: Own | None = None,
    prices: Mapping[str, float] | None = None,
    backend: str | None = None,
    progress: bool | None = None,
) -> Sweep:
    """Play a scenario with every combination of the varied values, each with every seed.

    `vary` gives the values of keyword arguments of the scenario, all combinations of which are
    variants; or it is a list of variants, mappings of argument to value. `workers` is a number of
    processes, by default one for each core (1: this process alone), or any
    `concurrent.futures.Executor`. `measures` adds your own figures, functions of the finished world.
    `prices` replaces US dollars per million units by meter (`simbridge/whatif/prices.toml`). `progress`
    shows a bar, by default if stderr is a terminal.

    A failed assertion makes a run "failed"; it is measured as it was at that moment. Anything else that a
    run raises ends the sweep with `RunFailed`, which names variant and seed. Raises `SimbridgeError` for
    arguments that the scenario does not take.
    """
    variants = _variants(vary if vary is not None else {})
    if measures is not None:
        mapping(measures, "measures", "{'letters': lambda world: 7}")
    plan = _Plan(
        scenario,
        tuple(variants),
        tuple(_checked_seeds(seeds)),
        dict(measures or {}),
        prices_with(prices),
        backend,
    )
    _check_workers(workers)
    check_arguments(scenario, variants)
    _check_columns(variants, plan.own)
    run_all = lazy_import("simbridge.whatif.workers").run_all
    rows = run_all(plan, workers, progress, named(scenario))
    return Sweep(
        scenario,
        vary if vary is not None else {},
        variants,
        plan.seeds,
        _filled(rows, variants),
        own=list(plan.own),
        repeat=partial(played, scenario, backend=backend),
    )


def played(
    scenario: Callable[..., Any], variant: Variant, seed: int, *, backend: str | None = None
) -> tuple[World, BaseException | None]:
    """One run: the finished world, and the assertion that failed, or None."""
    with make_world(scenario, seed=seed, backend=backend) as world:
        try:
            play_in(world, partial(scenario, **variant))
        except Exception as error:
            failed = assertion_of(error)
            if failed is None:
                raise
            return world, failed
    return world, None


@final
@dataclass(frozen=True)
class _Plan:
    """The runs of a sweep by number, variant by variant (`workers.Plan`)."""

    scenario: Callable[..., Any]
    variants: tuple[Variant, ...]
    seeds: tuple[int, ...]
    own: Own
    prices: Mapping[str, float]
    backend: str | None

    def __len__(self) -> int:
        return len(self.variants) * len(self.seeds)

    def functions(self) -> list[Callable[..., Any]]:
        values = (value for variant in self.variants for value in variant.values())
        return [self.scenario, *self.own.values(), *filter(inspect.isfunction, values)]

    def name(self, number: int) -> str:
        variant, seed = self._at(number)
        return _run_name(self.scenario, {**variant, "seed": seed})

    def run(self, number: int) -> dict[str, Any]:
        variant, seed = self._at(number)
        try:
            world, failed = played(self.scenario, variant, seed, backend=self.backend)
            measured = measure(world, self.prices, self.own)
        except BaseException as error:
            if interrupts(error):
                raise
            raise self.failed(number, error) from error
        outcome = "passed" if failed is None else "failed"
        row = {**variant, "seed": seed, "outcome": outcome, "failure": failed and _summary(failed)}
        if len(world.trace) > COLLECTED_RECORDS:
            del world, failed
            gc.collect()
        return {**row, **measured}

    def failed(self, number: int, error: BaseException) -> RunFailed:
        variant, seed = self._at(number)
        return run_failed(self.scenario, {**variant, "seed": seed}, error)

    def _at(self, number: int) -> tuple[Variant, int]:
        variant, seed = divmod(number, len(self.seeds))
        return self.variants[variant], self.seeds[seed]


def run_failed(
    scenario: Callable[..., Any], values: Mapping[str, Any], error: BaseException
) -> RunFailed:
    """The error of a run that raised this: which run, what, and in a note where."""
    text = f"{_run_name(scenario, values)}: {type(error).__name__}: {error}"
    failed = RunFailed(text.rstrip(": "))
    failed.raised = type(error).__name__
    file = getattr(getattr(scenario, "__code__", None), "co_filename", "")
    frames = traceback.extract_tb(error.__traceback__)
    own = [one for one in frames if one.filename == file]
    if own:
        line = f": {own[-1].line}" if own[-1].line else ""  # Python keeps no line typed at a prompt
        failed.add_note(printable(f"{Path(file).name}:{own[-1].lineno}{line}"))
    return failed


def _run_name(scenario: Callable[..., Any], values: Mapping[str, Any]) -> str:
    return f"{named(scenario)} with {labels(values)}"


def interrupts(error: BaseException) -> bool:
    """Whether it is Ctrl-C, which ends everything, alone or in a group of errors from tasks."""
    if isinstance(error, BaseExceptionGroup):
        return error.subgroup(KeyboardInterrupt) is not None
    return isinstance(error, KeyboardInterrupt)


def assertion_of(error: BaseException) -> BaseException | None:
    """The assertion that failed; None if anything else was raised as well.

    It may have been raised in a handler, or in tasks of an async story.
    """
    if isinstance(error, AssertionError):
        return error
    if isinstance(error, HandlerFailed) and error.__cause__ is not None:
        return assertion_of(error.__cause__)
    if isinstance(error, BaseExceptionGroup):
        parts = [assertion_of(part) for part in error.exceptions]
        return parts[0] if None not in parts else None
    return None


def _summary(failed: BaseException) -> str:
    """The place of an assertion and its text: `outage.py:31: assert not dropped`."""
    frame = traceback.extract_tb(failed.__traceback__)[-1]
    message = str(failed).partition("\n")[0]
    return ": ".join(
        filter(None, (f"{Path(frame.filename).name}:{frame.lineno}", frame.line, message))
    )


def _filled(rows: Sequence[Mapping[str, Any]], variants: Sequence[Variant]) -> list[dict[str, Any]]:
    """The rows with the same columns: a cause that did not occur in a run counts 0 in its row."""
    seen = dict.fromkeys(name for row in rows for name in row)
    split = {name for name in seen if ":" in name}
    varied = dict.fromkeys(name for variant in variants for name in variant)
    fixed = dict.fromkeys((*varied, *RESERVED))
    measures = list(dict.fromkeys(row.name for row in MEASURES))
    ordered = [*fixed]
    for name in measures:
        ordered += [name, *sorted(one for one in split if one.startswith(f"{name}:"))]
    ordered += [name for name in seen if name not in ordered]
    return [{name: row.get(name, 0 if name in split else None) for name in ordered} for row in rows]


def _variants(vary: Mapping[str, Sequence[Any]] | Sequence[Variant]) -> list[Variant]:
    if isinstance(vary, Mapping):
        for name in vary:
            if not isinstance(name, str):
                raise SimbridgeError(
                    f"vary maps names of arguments to values; {name!r} is not text"
                )
        lists = {
            name: list_of(values, f"vary[{name!r}]", "of values") for name, values in vary.items()
        }
        variants: list[Variant] = [
            dict(zip(lists, values, strict=True)) for values in itertools.product(*lists.values())
        ]
    else:
        variants = list_of(vary, "vary", "of variants, or a mapping such as {'orders': [1, 5]}")
        for variant in variants:
            if not isinstance(variant, Mapping):
                raise SimbridgeError(f"a variant maps arguments to values; {variant!r} does not")
            if not all(isinstance(name, str) for name in variant):
                raise SimbridgeError(f"the arguments of a variant have names: {variant!r}")
    if not variants:
        raise SimbridgeError(
            "vary has no values, so there are no runs: give each argument at least one value"
        )
    seen = [labels(variant) for variant in variants]
    for place, text in enumerate(seen):
        if text in seen[:place]:
            raise SimbridgeError(f"the variant {text or '{}'} occurs twice: remove one of them")
    return variants


def _checked_seeds(seeds: Iterable[int]) -> list[int]:
    if isinstance(seeds, int):
        raise SimbridgeError(
            f"seeds is a list: range({seeds}) for {seeds} seeds, [{seeds}] for one"
        )
    found = list_of(seeds, "seeds", "such as range(20)")
    for seed in found:
        if isinstance(seed, bool) or not isinstance(seed, int):
            raise SimbridgeError(f"a seed is a whole number, not {seed!r}")
    if not found or len(set(found)) != len(found):
        raise SimbridgeError("seeds must have at least one seed, and each seed once")
    return found


def _check_workers(workers: int | Executor | None) -> None:
    if workers is None or isinstance(workers, Executor):
        return
    if isinstance(workers, bool) or not isinstance(workers, int) or workers < 1:
        raise SimbridgeError(f"workers is a number of processes or an executor, not {workers!r}")


def check_arguments(scenario: Callable[..., Any], variants: Sequence[Variant]) -> None:
    """Raise `SimbridgeError` if a variant has an unknown argument of a scenario, or lacks one."""
    if not callable(scenario):
        raise SimbridgeError(f"a scenario is a function that takes a world, not {scenario!r}")
    try:
        signature = inspect.signature(scenario)
        signature.bind_partial(object())
    except (TypeError, ValueError) as error:
        raise SimbridgeError(
            f"a scenario takes a world, def {named(scenario)}(world): {error}"
        ) from None
    parameters = list(signature.parameters.values())[1:]
    takes = [p.name for p in parameters if p.kind in (p.KEYWORD_ONLY, p.POSITIONAL_OR_KEYWORD)]
    needs = [p.name for p in parameters if p.name in takes and p.default is p.empty]
    anything = any(p.kind is p.VAR_KEYWORD for p in parameters)
    for variant in variants:
        for name in variant:
            if name not in takes and not anything:
                arguments = ", ".join(takes) or "no arguments but the world"
                raise SimbridgeError(
                    f"{named(scenario)} has no argument {name!r}; it takes {arguments}"
                )
        if missing := [name for name in needs if name not in variant]:
            raise SimbridgeError(
                f"{named(scenario)} needs a value for {', '.join(missing)}: vary it, or give it a default"
            )


def _check_columns(variants: Sequence[Variant], own: Own) -> None:
    """Raise `SimbridgeError` if two columns of the result would have one name."""
    taken = dict.fromkeys(
        (*RESERVED, *(row.name for row in MEASURES)), "is a column of every sweep"
    )
    for name in dict.fromkeys(name for variant in variants for name in variant):
        if name in taken:
            raise SimbridgeError(
                f"{name!r} {taken[name]}: give the scenario's argument another name"
            )
        taken[name] = "is varied"
    for name, function in own.items():
        if not isinstance(name, str):
            raise SimbridgeError(f"the name of a measure is text, not {name!r}")
        if name in taken or ":" in name:
            why = taken.get(name, "has a colon")
            raise SimbridgeError(f"{name!r} {why}: give your measure another name")
        if not callable(function):
            raise SimbridgeError(f"measure {name!r} is a function of a world, not {function!r}")
