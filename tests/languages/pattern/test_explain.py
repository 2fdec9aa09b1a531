"""Explanations: the verdict field by field, the likely slip, the nearest miss."""

from __future__ import annotations

import json
from typing import Any

import pytest

import simbridge as sb

EVENT: dict[str, Any] = {
    "source": "shop",
    "resources": [],
    "detail": {
        "state": "Running",
        "amount": "42",
        "count": 300,
        "tags": "none",
        "Region": "eu",
        "paid": True,
        "note": "hello* ",
        "meta": '{"a": 1}',
        "customer": {"id": 7},
        "items": [{"kind": "a", "size": 1}, {"kind": "b", "size": 2}],
    },
}


def test_a_match_is_truthy_and_says_so() -> None:
    """With a tick for every field and the value that was seen."""
    found = sb.explain({"source": ["shop"], "detail": {"count": [{"numeric": [">", 5]}]}}, EVENT)
    assert found and found.matched and found.summary == "matches"
    assert str(found).splitlines() == [
        "✓ matches",
        '  ✓ source: "shop", wanted "shop"',
        "  ✓ detail",
        '    ✓ count: 300, wanted {"numeric": [">", 5]}',
    ]


def test_a_miss_says_which_field_and_what_was_seen() -> None:
    """Fields that hold keep their tick; a missing field is called missing."""
    found = sb.explain({"source": ["shop"], "detail": {"state": ["x", "y"], "gone": [1]}}, EVENT)
    assert not found
    assert str(found).splitlines() == [
        "✗ does not match",
        '  ✓ source: "shop", wanted "shop"',
        "  ✗ detail",
        '    ✗ state: "Running", wanted "x" or "y"',
        "    ✗ gone: missing, wanted 1",
    ]
    assert found.summary == 'detail.state is "Running", wanted "x" or "y" (and 1 more)'


@pytest.mark.parametrize(
    ("pattern", "hint"),
    [
        ({"detail": {"state": ["running"]}}, 'only the case differs: use {"equals-ignore-case": '),
        (
            {"detail": {"state": [{"prefix": "run"}]}},
            'use {"prefix": {"equals-ignore-case": "run"}}',
        ),
        (
            {"detail": {"state": [{"suffix": "ING"}]}},
            'use {"suffix": {"equals-ignore-case": "ING"}}',
        ),
        ({"detail": {"count": ["300"]}}, 'wants the string "300", the event has the number 300'),
        ({"detail": {"amount": [42]}}, 'wants the number 42, the event has the string "42"'),
        ({"detail": {"paid": ["true"]}}, 'the string "true", the event has the literal true'),
        ({"detail": {"amount": [{"numeric": [">", 1]}]}}, "numeric takes JSON numbers only"),
        ({"detail": {"note": ["hello*"]}}, "only the space at an end differs"),
        (
            {"detail": {"state": ["R*"]}},
            'a * is an ordinary character here: use {"wildcard": "R*"}',
        ),
        ({"detail": {"state": ["Run"]}}, 'the value only begins with it: use {"prefix": "Run"}'),
        ({"detail": {"state": ["ning"]}}, 'the value only ends with it: use {"suffix": "ning"}'),
        ({"detail": {"state": [{"cidr": "::/0"}]}}, '"Running" is not an IP address'),
        ({"detail": {"state": [{"exists": False}]}}, "the field must be missing, and it is there"),
        ({"amount": ["42"]}, "the event has it below detail: detail.amount"),
        ({"detail": {"source": ["shop"]}}, "the event has source at the top, not below detail"),
        ({"detail": {"region": ["eu"]}}, "the event spells it detail.Region"),
        ({"sourec": ["shop"]}, "the event has source"),
        ({"detail": {"tags": {"k": ["v"]}}}, 'detail.tags is "none", not an object'),
        ({"detail": {"meta": {"a": [1]}}}, "detail.meta is a string that holds JSON"),
        (
            {"detail": {"customer": [{"exists": True}]}},
            "it is an object, which has no value of its own",
        ),
        ({"resources": ["arn"]}, "it is an empty array, which has no values"),
        ({"resources": {"a": ["arn"]}}, "resources is an empty array"),
    ],
)
def test_likely_mistakes(pattern: dict[str, Any], hint: str) -> None:
    """A near miss says what to change."""
    found = sb.explain(pattern, EVENT)
    assert not found
    assert hint in str(found) and hint in found.summary


def test_values_in_other_elements_of_an_array() -> None:
    """Each field holds somewhere, but no element has them all."""
    pattern = {"detail": {"items": {"kind": ["a"], "size": [2]}}}
    found = sb.explain(pattern, EVENT)
    assert found.summary == (
        "no element of detail.items satisfies all fields below it: kind holds in element 0, "
        "size holds in element 1"
    )
    assert '✓ kind: "a" and "b", wanted "a"' in str(found)
    assert "✗ items" in str(found)
    dotted = sb.explain({"detail.items.kind": ["a"], "detail.items.size": [2]}, EVENT)
    assert not dotted and dotted.summary == found.summary in str(dotted)
    assert sb.explain({"detail": {"items": {"kind": ["b"], "size": [2]}}}, EVENT)


def test_a_field_that_is_missing_in_the_right_element() -> None:
    """What holds in the element that matched is ticked."""
    event = {"items": [{"kind": "a"}, {"kind": "b", "size": 2}]}
    found = sb.explain({"items": {"kind": ["a"], "size": [{"exists": False}]}}, event)
    assert found and "✗" not in str(found)


def test_the_branch_of_or_that_was_taken() -> None:
    """Or, of a miss, the one that came nearest; only that is blamed."""
    branches = [{"state": ["x"], "note": ["y"]}, {"count": ["300"]}]
    missed = sb.explain({"source": ["shop"], "detail": {"$or": branches}}, EVENT)
    assert "✗ branch 2 (nearest)" in str(missed)
    assert missed.summary.startswith('detail.count is 300, wanted "300"')
    hit = sb.explain({"detail": {"$or": [*branches, {"count": [300]}]}}, EVENT)
    assert "✓ branch 3 (taken)" in str(hit) and "✗ branch 1\n" in str(hit)


def test_a_field_that_a_later_one_replaces() -> None:
    """It is neither ticked nor crossed, and not to blame."""
    found = sb.explain({"detail": {"count": [1]}, "detail.count": [300]}, EVENT)
    assert found and "– count\n" in str(found)
    assert "a later array for the same path replaces it" in str(found)


def test_long_values_and_lists_are_cut() -> None:
    """An explanation stays readable."""
    event = {"a": "x" * 1000, "b": list(range(100))}
    found = sb.explain({"a": ["y"], "b": [f"{i}" for i in range(200, 300)]}, event)
    assert "(1,002 characters)" in str(found)
    assert 'b: 0, 1, 2 and 97 more, wanted "200", "201", "202" or 97 more' in str(found)
    assert max(map(len, str(found).splitlines())) < 200


def test_a_mapping_for_programs() -> None:
    """Plain data that JSON can hold: verdict, summary, and a row for each line."""
    found = sb.explain({"detail": {"state": ["x", {"prefix": "Run"}], "count": [1]}}, EVENT)
    data = json.loads(json.dumps(found.to_dict()))
    assert data["matched"] is False and data["summary"] == "detail.count is 300, wanted 1"
    assert data["rows"][1] == {
        "kind": "field",
        "path": "detail.state",
        "depth": 1,
        "matched": True,
        "taken": True,
        "wanted": [
            {"value": '"x"', "matched": False},
            {"value": '{"prefix": "Run"}', "matched": True},
        ],
        "seen": ['"Running"'],
        "hint": "",
        "proposals": [],
    }


def test_colour_is_for_terminals(monkeypatch: pytest.MonkeyPatch) -> None:
    """Captured output has none; a terminal has, unless NO_COLOR is set."""
    found = sb.explain({"source": ["shop"]}, EVENT)
    assert "\x1b[32m✓\x1b[0m" in found.text(colour=True)
    assert "\x1b" not in str(found)
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    assert "\x1b" in str(found)
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in str(found)


def test_the_rules_of_a_bus() -> None:
    """Which match, and the nearest miss among the others."""
    rules = sb.Matcher(
        {
            "all": {"source": ["shop"]},
            "far": {"source": ["x"], "detail": {"state": ["y"]}},
            "near": {"source": ["shop"], "detail": {"state": ["running"]}},
            "nearer": {"source": ["shop"], "detail": {"count": [300], "state": ["running"]}},
        }
    )
    found = rules.explain(EVENT)
    assert found and found.matched == ["all"] and found.nearest == "nearer"
    assert found.rules["far"].summary == 'source is "shop", wanted "x" (and 1 more)'
    assert str(found).splitlines()[0] == "✓ all: matches"
    assert "nearest miss: nearer\n✗ does not match" in str(found)
    assert found.to_dict()["matched"] == ["all"]
    alone = sb.Matcher({"all": {"source": ["shop"]}}).explain(json.dumps(EVENT))
    assert alone.nearest is None and str(alone) == "✓ all: matches"
    assert not sb.Matcher().explain({})


def test_what_cannot_be_explained_is_refused() -> None:
    """As `match` refuses it."""
    with pytest.raises(sb.InvalidPattern):
        sb.explain({"a": "x"}, {})
    with pytest.raises(sb.SimbridgeError):
        sb.explain({"a": ["x"]}, "[]")


def test_large_and_deep_ones_are_explained_too() -> None:
    """A thousand combinations, hundreds of fields, nesting beyond Python's stack."""
    ten = [{"x": [f"a{i}"]} for i in range(10)]
    pattern: Any = {"a": {"$or": ten}, "b": {"$or": ten}, "c": {"$or": ten}}
    event = {"a": {"x": "a1"}, "b": {"x": "a2"}, "c": {"x": "A3"}}
    found = sb.explain(pattern, event)
    assert found.summary == (
        'c.x is "A3", wanted "a3": only the case differs: use {"equals-ignore-case": "a3"}'
    )
    deep: Any = ["x"]
    for _ in range(900):
        deep = {"a": deep}
    assert "missing" in sb.explain(json.dumps(deep, separators=(",", ":")), {"a": {"a": 1}}).summary
    wide = {f"k{i}": [f"v{i}"] for i in range(250)}
    assert "(and 249 more)" in sb.explain(wide, {f"K{i}": "x" for i in range(2000)}).summary
