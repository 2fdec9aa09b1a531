"""The result of a sweep: a row for each run, and statistics of them.

Rows are plain data in the order of the grid, so every answer is the same, byte for byte, for any number of
processes. Statistics are here and in `compare`; `export` has the forms for other programs, and `plots` and
`report` are functions of a result (`simbridge/bindings.py`).
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, final

from simbridge.base.checks import list_of, mapping
from simbridge.base.errors import SimbridgeError
from simbridge.base.table import MISSING, Table, number
from simbridge.whatif import export
from simbridge.whatif.arguments import file_of, label, labels, named
from simbridge.whatif.compare import Difference, paired
from simbridge.whatif.measures import MEASURES
from simbridge.world import World

__all__ = ["Spread", "Sweep", "Variant"]

Variant = Mapping[str, Any]
"""The values of a scenario's keyword arguments."""

Row = dict[str, Any]
Repeat = Callable[[Variant, int], tuple[World, BaseException | None]]


@final
class Spread(NamedTuple):
    """A measure over the seeds of a variant: mean, smallest and largest; None if measured in no run."""

    mean: float | None
    low: float | None
    high: float | None

    @classmethod
    def of(cls, values: Iterable[float | None]) -> Spread:
        """The spread of the values that were measured."""
        measured = [value for value in values if value is not None]
        if not measured:
            return cls(None, None, None)
        return cls(statistics.fmean(measured), min(measured), max(measured))

    def __str__(self) -> str:
        if self.low == self.high:
            return number(self.low)
        return f"{number(self.mean)} ({number(self.low)} to {number(self.high)})"


@final
class Sweep:
    """The result of a sweep. `rows` has a mapping for each run: the varied values, `seed`, `outcome`
    ("passed" or "failed"), `failure` (which assertion), and the measures."""

    def __init__(
        self,
        scenario: Callable[..., Any],
        vary: Any,
        variants: Sequence[Variant],
        seeds: Sequence[int],
        rows: Sequence[Row],
        *,
        own: Sequence[str],
        repeat: Repeat,
    ) -> None:
        self.scenario = named(scenario)
        self.story = (scenario.__doc__ or "").strip().partition("\n")[0]
        self.variants = list(variants)
        self.seeds = list(seeds)
        self.rows = list(rows)
        self.varied = list(dict.fromkeys(name for variant in variants for name in variant))
        measures = {row.name for row in MEASURES} | set(own)
        self.measures = [name for name in rows[0] if name.partition(":")[0] in measures]
        self._repeat = repeat
        self._vary = vary
        self._file = file_of(scenario)

    @property
    def failed(self) -> list[Row]:
        """The rows of the runs in which an assertion failed."""
        return [row for row in self.rows if row["outcome"] == "failed"]

    def rows_of(self, variant: Variant) -> list[Row]:
        """The rows of one variant, in the order of the seeds."""
        start = self._number(variant) * len(self.seeds)
        return self.rows[start : start + len(self.seeds)]

    def summary(self) -> list[dict[str, Any]]:
        """A mapping for each variant: its values, `runs`, `failed`, and a `Spread` for each measure.

        Failed runs count: if a scenario asserts that nothing is lost, they are the runs with losses.
        """
        found = []
        for variant in self.variants:
            rows = self.rows_of(variant)
            failed = sum(row["outcome"] == "failed" for row in rows)
            spreads = {name: Spread.of(row[name] for row in rows) for name in self.measures}
            found.append({**variant, "runs": len(rows), "failed": failed, **spreads})
        return found

    def table(self, measures: Sequence[str] | None = None) -> Table:
        """A row for each variant: the mean over the seeds, and in brackets the smallest and largest.

        Measures that are the same in every run are listed below the table. If all losses have one cause,
        its column replaces their total. `measures` chooses other columns.
        """
        names = self._shown_measures() if measures is None else self._chosen(measures)
        summary = self.summary()
        constant = [
            name
            for name in names
            if measures is None and len({row[name] for row in self.rows}) == 1
        ]
        shown = [name for name in names if name not in constant]
        failed = ["failed"] if self.failed else []
        rows = [
            [
                *(label(line[name]) if name in line else MISSING for name in self.varied),
                *(str(line[name]) for name in (*failed, *shown)),
            ]
            for line in summary
        ]
        return Table(
            [*self.varied, *failed, *shown],
            rows,
            numbers_from=len(self.varied),
            notes=self._notes(constant),
        )

    def compare(
        self, baseline: Variant | None = None, measures: Sequence[str] | None = None
    ) -> list[Difference]:
        """How each variant differs from a baseline, seed by seed.

        `baseline` may have only some of the varied values: then each variant is compared with the variant
        that has these and otherwise the same values. Without it, the first variant is the baseline.
        Raises `SimbridgeError` if there is no such variant.
        """
        base = self.variants[0] if baseline is None else baseline
        mapping(base, "a baseline", "{'orders': 1}")
        found = []
        for variant in self.variants:
            partner = {**variant, **base}
            rows, against = self.rows_of(variant), self.rows_of(partner)
            if self._number(variant) != self._number(partner):
                for name in self._chosen(measures):
                    pairs = [
                        (row[name], other[name]) for row, other in zip(rows, against, strict=True)
                    ]
                    found.append(paired(dict(variant), dict(partner), name, pairs))
        return found

    def comparison(
        self, baseline: Variant | None = None, measures: Sequence[str] | None = None
    ) -> Table:
        """`compare` as a table: mean differences with a 95 % confidence interval."""
        differences = self.compare(baseline, measures)
        shown = [
            name
            for name in (self._shown_measures() if measures is None else measures)
            if measures is not None or any(d.differs for d in differences if d.measure == name)
        ]
        lines: dict[str, list[str]] = {}
        for difference in differences:
            start = [label(difference.variant.get(name, MISSING)) for name in self.varied]
            cells = lines.setdefault(
                labels(difference.variant), [*start, labels(difference.baseline)]
            )
            if difference.measure in shown:
                cells.append(str(difference))
        return Table(
            [*self.varied, "compared with", *shown],
            list(lines.values()),
            numbers_from=len(self.varied) + 1,
            notes=[
                f"Mean difference over {_count(len(self.seeds), 'seed')}, each compared with the same "
                "seed of the baseline; in brackets the 95 % confidence interval of the mean (Student's t)."
            ],
        )

    def repeat(self, row: Mapping[str, Any]) -> World:
        """Repeat one run in this process and return the finished world, with its trace.

        `row` is one of `rows`, or has its varied values and its `seed`. A failed assertion is not raised.
        Raises `SimbridgeError` if there is no such run.
        """
        mapping(row, "a run", "one of `rows`")
        variant = {name: row[name] for name in self.varied if name in row}
        if "seed" not in row:
            raise SimbridgeError("the run has no seed: pass its varied values and its seed")
        return self._repeat(self.variants[self._number(variant)], row["seed"])[0]

    def how_to_repeat(self) -> str:
        """The call, and for a scenario of a file the command, that give these rows again."""
        return export.how_to_repeat(self.scenario, self._file, self._vary, self.seeds)

    def to_pandas(self) -> Any:
        """The rows as a `pandas.DataFrame`. Raises `SimbridgeError` if pandas is not installed."""
        return export.to_pandas(self.rows)

    def to_json(self) -> str:
        """The rows as JSON, an array of objects."""
        return export.to_json(self.rows)

    def to_csv(self) -> str:
        """The rows as CSV with a header line."""
        return export.to_csv(self.rows)

    def plot(self) -> Any:
        """Loss and delay of each variant, as a `matplotlib` figure.

        Raises `SimbridgeError` if matplotlib is not installed.
        """
        raise NotImplementedError  # see simbridge/bindings.py

    def report(self, path: str | Path) -> None:
        """Write one HTML page: the plot, the tables and how to repeat it. It needs no network.

        Without matplotlib (the extra "plot") the page says so in the place of the plot.
        Raises `SimbridgeError` if the file cannot be written.
        """
        raise NotImplementedError  # see simbridge/bindings.py

    def __str__(self) -> str:
        return str(self.table())

    def __repr__(self) -> str:
        failed = f", {len(self.failed):,} failed" if self.failed else ""
        return f"<Sweep of {self.scenario}: {len(self.rows):,} runs{failed}>"

    def _repr_html_(self) -> str:
        return self.table()._repr_html_()

    def _number(self, variant: Variant) -> int:
        mapping(variant, "a variant", "{'orders': 1}")
        wanted = {name: label(value) for name, value in variant.items()}
        for place, candidate in enumerate(self.variants):
            if {name: label(value) for name, value in candidate.items()} == wanted:
                return place
        variants = "; ".join(map(labels, self.variants))
        raise SimbridgeError(f"no variant has {labels(variant)}; the variants are {variants}")

    def _chosen(self, measures: Sequence[str] | None) -> list[str]:
        if measures is not None:
            measures = list_of(measures, "measures", "of names such as ['dropped']")
        for name in measures or ():
            if name not in self.measures:
                raise SimbridgeError(
                    f"there is no measure {name!r}; use one of {', '.join(self.measures)}"
                )
        return list(measures) if measures is not None else self.measures

    def _shown_measures(self) -> list[str]:
        """The measures, without totals that another column repeats."""
        repeated = {
            name.partition(":")[0]
            for name in self.measures
            if ":" in name and all(row[name] == row[name.partition(":")[0]] for row in self.rows)
        }
        return [name for name in self.measures if name not in repeated]

    def _notes(self, constant: Sequence[str]) -> list[str]:
        runs = f"{_count(len(self.variants), 'variant')}, {_count(len(self.seeds), 'seed')} each"
        notes = [f"{runs}: mean over the seeds (smallest to largest). Times in seconds."]
        if constant:
            same = ", ".join(f"{name} {number(self.rows[0][name])}" for name in constant)
            notes.append(f"The same in every run: {same}.")
        if self.failed:
            first = self.failed[0]
            values = labels({name: first[name] for name in (*self.varied, "seed")})
            notes.append(
                f"An assertion failed in {_count(len(self.failed), 'run')}, first with {values}: "
                f"{first['failure']}"
            )
        return notes


def _count(number_: int, noun: str) -> str:
    return f"{number_:,} {noun}{'s' * (number_ != 1)}"
