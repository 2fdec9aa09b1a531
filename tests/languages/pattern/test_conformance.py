"""The verdicts and complaints of AWS's own engine, where its cases lie beside this repository."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

import simbridge as sb

CASES = Path(__file__).parents[4] / "shared" / "conformance" / "event-patterns.jsonl.gz"
BEGINNING = "Event pattern is not valid. Reason: "


@pytest.fixture(scope="module")
def cases() -> list[dict[str, Any]]:
    """The cases on which the engine agrees with itself."""
    if not CASES.exists():
        pytest.skip("the conformance cases are not beside this repository")
    with gzip.open(CASES, "rt", encoding="utf-8") as lines:
        found = [json.loads(line) for line in lines]
    return [case for case in found if "matchesRule" not in case]


def test_verdicts(cases: list[dict[str, Any]]) -> None:
    """Each pattern alone says what the engine said."""
    judged = [case for case in cases if "match" in case]
    wrong = [case for case in judged if sb.match(case["pattern"], case["event"]) != case["match"]]
    assert judged and not wrong


def test_verdicts_of_all_patterns_at_once(cases: list[dict[str, Any]]) -> None:
    """A matcher with all of them finds each where it was found alone; so does `explain`."""
    judged = {f"{number:05}": case for number, case in enumerate(cases) if "match" in case}
    matcher = sb.Matcher({name: case["pattern"] for name, case in judged.items()})
    for name, case in list(judged.items())[:300]:
        assert (name in matcher.match(case["event"])) is case["match"]
        assert bool(sb.explain(case["pattern"], case["event"])) is case["match"]


def test_complaints(cases: list[dict[str, Any]]) -> None:
    """Patterns that are refused are refused with the engine's words and place.

    The engine's cases were judged with a JSON reader that names the place behind a wrong character; the
    service's reader names the character itself (captured).
    """
    refused = [case for case in cases if "error" in case]
    for case in refused:
        with pytest.raises(sb.InvalidPattern) as caught:
            sb.match(case["pattern"], case["event"])
        assert caught.value.text == BEGINNING + _as_the_service(case["error"])
    assert refused


def _as_the_service(complaint: str) -> str:
    if not complaint.startswith(("Unexpected character", "Unexpected close marker")):
        return complaint
    head, _, column = complaint.rpartition(": ")
    return f"{head}: {int(column.removesuffix(']')) - 1}]"
