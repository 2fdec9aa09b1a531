"""Patterns and events that are nested deeply: right, and in proportion to the depth."""

from __future__ import annotations

import tracemalloc
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import simbridge as sb


def _nested(keys: Sequence[str], leaf: object) -> dict[str, object]:
    for key in reversed(keys):
        leaf = {key: leaf}
    assert isinstance(leaf, dict)
    return leaf


@settings(deadline=None)
@given(
    st.lists(st.integers(1, 4), min_size=1, max_size=8),
    st.lists(st.integers(1, 4), min_size=1, max_size=8),
    st.booleans(),
)
def test_dots_on_long_ways(cuts: list[int], others: list[int], many: bool) -> None:
    """However the steps of a long path are put together into keys, it is the same path."""
    size = min(sum(cuts), sum(others))

    def keys(sizes: list[int]) -> list[str]:
        names, at = [f"s{number}" for number in range(size)], 0
        found = []
        for one in [*sizes, size]:
            if at < size:
                found.append(".".join(names[at : at + one]))
                at += one
        return found

    patterns = {"": _nested(keys(cuts), ["x"])}
    if many:  # enough for a pool
        patterns |= {f"r{number}": {f"k{number}": ["x"]} for number in range(20)}
        patterns |= {"other": _nested(keys(cuts), [{"prefix": "y"}])}
    matcher = sb.Matcher(patterns)
    assert matcher.match(_nested(keys(others), "x")) == [""]
    assert matcher.match(_nested(keys(others)[:-1] or ["s"], "x")) == []
    assert sb.explain(patterns[""], _nested(keys(others), "x")).matched


@pytest.mark.parametrize("event", ["flat", "deep", "arrays", "dotted"])
def test_deep_patterns_take_little_memory(event: str) -> None:
    """What 960 levels need is in proportion to the levels: every way of asking stays below 4 MB."""
    levels = 960
    pattern = '{"a":' * levels + '["x"]' + "}" * levels
    events: dict[str, dict[str, object]] = {
        "flat": {"a": 1},
        "deep": _nested(["a"] * levels, "x"),
        "arrays": _nested(["a"] * levels, ["x", {}]),
        "dotted": {".".join("a" * levels): "x"},
    }
    tracemalloc.start()
    try:
        matched = sb.match(pattern, events[event])
        assert matched is (event != "flat")
        assert sb.explain(pattern, events[event]).matched is matched
        assert (
            len(sb.Matcher({str(n): pattern for n in range(9)}).match(events[event])) == 9 * matched
        )
        assert tracemalloc.get_traced_memory()[1] < 4_000_000
    finally:
        tracemalloc.stop()
