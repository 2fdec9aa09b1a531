"""Tables of the reference are the tables of the code.

The text between `<!-- generated: name -->` and `<!-- end -->` is written by the function of that
name; `SIMBRIDGE_REFRESH=1 pytest tests/docs` writes it. Tables that are written by hand are compared
with the names in the code.
"""

from __future__ import annotations

import inspect
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import get_args

import pytest

import simbridge as sb
from simbridge.actors import delivery, endpoint, replay
from simbridge.actors.transitions import Transition
from simbridge.api import OPERATIONS
from simbridge.api.faults import FAULTS
from simbridge.api.model import operation_names
from simbridge.base import errors as all_errors
from simbridge.kernel import Record
from simbridge.languages.transform.template import EVENTS, RESERVED
from simbridge.model.error_codes import ERROR_CODES
from simbridge.model.limits import LIMITS, PROFILES
from simbridge.model.messages import Message
from simbridge.model.regions import OTHER_REGIONS, RATES
from simbridge.targets import REFUSALS
from simbridge.targets.reference import examples, failures, kinds, permissions
from simbridge.trace import Attempt

ROOT = Path(__file__).parents[2]
REFERENCE = ROOT / "docs" / "reference"
REFRESH = bool(os.environ.get("SIMBRIDGE_REFRESH"))


def table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines).replace("| --- ", "|---")


def summary(thing: object) -> str:
    """The first paragraph of a docstring, as one line, without its source."""
    text = " ".join((inspect.getdoc(thing) or "").partition("\n\n")[0].split())
    return re.sub(r" \(fidelity [^)]*\)", "", text)


def limits() -> str:
    rows = [
        [
            f"`{name}`",
            f"{limit.default:,}",
            f"{limit.default if limit.aws is None else limit.aws:,}",
            limit.unit,
            limit.meaning,
            limit.evidence,
        ]
        for name, limit in LIMITS.items()
    ]
    return table(["name", '`"ideal"`', '`"aws"`', "unit", "meaning", "evidence"], rows)


def curves() -> str:
    rows = [
        [f"`{curve.name}`", curve.formula, curve.span, curve.speaks_for, curve.speaks_against]
        for curve in sb.backoff.CANDIDATES
    ]
    return table(["name", "formula", "span", "for", "against"], rows)


def public(kind: type) -> list[type]:
    """The names of `simbridge` that are such exceptions, in the order of `simbridge.base.errors`."""
    found = [thing for thing in vars(all_errors).values() if inspect.isclass(thing)]
    return [thing for thing in found if issubclass(thing, kind) and thing.__name__ in sb.__all__]


def errors() -> str:
    rows = []
    for error in public(sb.SimbridgeError):
        bases = [f"`{base.__name__}`" for base in error.__bases__ if base is not Exception]
        rows.append([f"`{error.__name__}`", summary(error), ", ".join(bases)])
    return table(["error", "meaning", "is also"], rows)


def warnings() -> str:
    rows = [[f"`{warning.__name__}`", summary(warning)] for warning in public(UserWarning)]
    return table(["warning", "meaning"], rows)


def messages() -> str:
    rows = [
        [f"`{kind.__name__}`", ", ".join(f"`{f}`" for f in kind.__struct_fields__), summary(kind)]
        for kind in get_args(Message)
    ]
    return table(["kind", "fields", "meaning"], rows)


def error_codes() -> str:
    rows = [
        [f"`{code}`", "yes" if row.retried else "no", row.meaning, row.text]
        for code, row in ERROR_CODES.items()
    ]
    return table(["code", "retried", "meaning", "text"], rows)


def refusals() -> str:
    rows = [
        [
            f"`{row.service}`",
            f"`{row.error}`",
            f"`{row.code}`",
            row.when,
            re.sub(r"\{(\w+)\}", r"`<\1>`", row.text),
        ]
        for row in REFUSALS
    ]
    return table(["service", "error", "code", "when", "text"], rows)


def faults() -> str:
    rows = [[f"`{code}`", str(row.status), row.meaning, row.text] for code, row in FAULTS.items()]
    return table(["code", "HTTP status", "when", "text"], rows)


def operation_link(name: str) -> str:
    return f"[{name}](https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_{name}.html)"


def operations() -> str:
    """Name, meaning without its sources, module."""
    source = re.compile(r" Errors\.$| \((?:recorded|captured|lint|, )+\)")
    rows = [
        [operation_link(name), source.sub("", summary(function)), f"`{function.__module__}`"]
        for name, function in sorted(OPERATIONS.items())
    ]
    return table(["operation", "what it does", "module"], rows)


def not_simulated() -> str:
    names = [name for name in sorted(operation_names()) if name not in OPERATIONS]
    return (",\n".join(map(operation_link, names)) or "None") + ".\n"


def profiles() -> str:
    rows = [
        [f"`{name}`", f"{limit.default:,}", f"{number:,}", limit.unit, limit.evidence]
        for name, number in PROFILES["aws"].items()
        for limit in (LIMITS[name],)
    ]
    return table(["limit", '`"ideal"`', '`"aws"`', "unit", "evidence"], rows)


def rates() -> str:
    regions: dict[tuple[int, int], list[str]] = {}
    for region, rate in RATES.items():
        regions.setdefault(rate, []).append(f"`{region}`")
    regions.setdefault(OTHER_REGIONS, []).append("every other")
    rows = [
        [", ".join(names), f"{puts:,}", f"{invocations:,}"]
        for (puts, invocations), names in regions.items()
    ]
    return table(["region", "PutEvents a second", "invocations a second"], rows)


def states(transitions: tuple[Transition, ...]) -> str:
    """A state machine: its transitions; a state that nothing leads out of is an end."""
    left = {row.state for row in transitions}
    rows = [
        [f"`{row.state}`", row.when, f"`{row.to}`" + ", the end" * (row.to not in left)]
        for row in transitions
    ]
    return table(["state", "what happens", "next state"], rows)


def endpoint_states() -> str:
    return states(endpoint.TRANSITIONS)


def delivery_states() -> str:
    return states(delivery.TRANSITIONS)


def replay_states() -> str:
    return states(replay.TRANSITIONS)


def public_names() -> str:
    """Classes and functions of `simbridge`; `backoff` and `Variant` are described by the page."""
    named = [(name, getattr(sb, name)) for name in sb.__all__]
    return table(
        ["name", "meaning"],
        [
            [f"`{name}`", summary(thing)]
            for name, thing in named
            if inspect.isclass(thing) or inspect.isfunction(thing)
        ],
    )


GENERATED: list[tuple[str, Callable[[], str]]] = [
    ("public.md", public_names),
    ("world.md", limits),
    ("permissions.md", permissions),
    ("operations.md", operations),
    ("operations.md", not_simulated),
    ("errors.md", errors),
    ("errors.md", warnings),
    ("errors.md", faults),
    ("trace.md", messages),
    ("delivery.md", delivery_states),
    ("global-endpoints.md", endpoint_states),
    ("delivery.md", error_codes),
    ("delivery.md", refusals),
    ("delivery.md", curves),
    ("delivery.md", profiles),
    ("delivery.md", rates),
    ("archives-and-replays.md", replay_states),
    ("targets.md", kinds),
    ("targets.md", failures),
    ("targets.md", examples),
]


@pytest.mark.parametrize(
    ("page", "make"), GENERATED, ids=lambda value: getattr(value, "__name__", "")
)
def test_a_generated_table_is_current(page: str, make: Callable[[], str]) -> None:
    """A limit, an error or a message that is added is in the reference."""
    path = REFERENCE / page
    text = path.read_text(encoding="utf-8")
    start = text.index(f"<!-- generated: {make.__name__} -->\n") + len(
        f"<!-- generated: {make.__name__} -->\n"
    )
    end = text.index("<!-- end -->", start)
    if REFRESH:
        path.write_text(text[:start] + make() + text[end:], encoding="utf-8")
    else:
        assert text[start:end] == make(), "SIMBRIDGE_REFRESH=1 pytest tests/docs writes it anew"


def rows(page: str, after: str) -> list[list[str]]:
    """The cells of the first table after some text."""
    text = (REFERENCE / page).read_text(encoding="utf-8").partition(f"\n{after}\n")[2]
    found = re.search(r"(?:^\|.*\n)+", text, re.MULTILINE)
    assert found, f"{page} has no table after {after!r}"
    lines = [line.strip("|").split("|") for line in found[0].splitlines()[2:]]
    return [[cell.strip() for cell in line] for line in lines]


def names(page: str, after: str) -> list[str]:
    """The names in the first cells of a table."""
    return [name for row in rows(page, after) for name in re.findall(r"`(\w+)", row[0])]


def test_the_options_of_a_world_are_those_of_the_code() -> None:
    """Names and defaults, in order."""
    options = inspect.signature(sb.World).parameters.values()
    expected = [[f"`{option.name}`", f"`{option.default!r}`"] for option in options]
    written = [row[:2] for row in rows("world.md", "## Options")]
    assert [[name, value.replace('"', "'")] for name, value in written] == expected


def test_the_names_that_need_no_map_are_those_of_the_code() -> None:
    """And the event is for object templates only."""
    written = {
        row[0].strip("`"): row[2]
        for row in rows("inputs.md", "These names are known without a map:")
    }
    assert list(written) == list(RESERVED)
    assert {name for name, where in written.items() if where == "object templates"} == set(EVENTS)


def test_the_methods_of_a_world_are_those_of_the_code() -> None:
    """Each public name once, `run` in two forms."""
    public_names = {name for name in dir(sb.World) if not name.startswith("_")}
    assert set(names("world.md", "## Methods")) == public_names - {"annotate"}


def test_the_fields_of_trace_records_and_deliveries_are_those_of_the_code() -> None:
    """Record, attempt, delivery, and what a trace can be asked."""
    world = sb.World(stand_ins="auto")
    events = world.client()
    events.put_rule(Name="r", EventPattern='{"source": ["s"]}')
    events.put_targets(Rule="r", Targets=[{"Id": "1", "Arn": world.queue("q").arn}])
    events.put_events(Entries=[{"Source": "s", "DetailType": "d", "Detail": "{}"}])
    world.settle()
    (delivery,) = world.trace.deliveries()
    fields = {name for name in dir(delivery) if not name.startswith("_")}
    questions = {name for name in vars(sb.Trace) if not name.startswith("_")}

    assert set(names("trace.md", "## A delivery")) == fields
    assert names("trace.md", "An attempt:") == list(Attempt._fields)
    assert names("trace.md", "## A record") == list(Record._fields)
    asked = {
        row[0].strip("`").partition("(")[0] for row in rows("trace.md", "## What can be asked")
    }
    assert {name.removeprefix("Trace.") for name in asked} == questions


def test_the_figures_of_the_readme_are_those_of_the_page_on_fidelity() -> None:
    """Verdicts, refusals and captured answers."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    fidelity = (ROOT / "docs" / "explanation" / "fidelity.md").read_text(encoding="utf-8")
    captured = re.search(r"of what simbridge simulates: (\d+ of \d+)\.", fidelity)
    equal = re.findall(r"^\| event-ruler .+? \| ([\d,]+) \| \1 \|", fidelity, re.MULTILINE)
    assert captured
    assert f"{captured[1]} answers captured" in readme
    assert [f"all {count}" in readme for count in equal] == [True, True]
