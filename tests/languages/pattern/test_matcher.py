"""Many patterns at once: names, copies, events of every form, and what hostile ones cost."""

from __future__ import annotations

import copy
import json
import pickle
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import simbridge as sb


def test_patterns_come_and_go() -> None:
    """Adding replaces, removing forgets, and a copy goes its own way."""
    matcher = sb.Matcher({"b": '{"source": [{"prefix": "x"}]}', "a": '{"source": ["x"]}'})
    assert matcher.match({"source": "x"}) == ["a", "b"]
    twin = copy.deepcopy(matcher)
    matcher.add("a", {"source": ["y"]})
    assert matcher.match({"source": "x"}) == ["b"]
    matcher.remove("b")
    assert matcher.match(b'{"source": "x"}') == []
    assert twin.match('{"source": "x"}') == ["a", "b"]
    assert (len(matcher), list(matcher), "a" in matcher, "b" in matcher) == (1, ["a"], True, False)
    with pytest.raises(sb.SimbridgeError, match="no pattern named 'b'"):
        matcher.remove("b")


def test_a_pattern_that_is_refused_changes_nothing() -> None:
    """The old one of that name stays."""
    matcher = sb.Matcher({"a": {"source": ["x"]}})
    with pytest.raises(sb.InvalidPattern):
        matcher.add("a", {"source": "x"})
    assert matcher.match({"source": "x"}) == ["a"]


@pytest.mark.parametrize("count", [0, 1, 40])
def test_a_matcher_can_be_pickled_and_copied(count: int) -> None:
    """Before it was asked anything, and after."""
    matcher = sb.Matcher({f"{i:02}": {"source": ["x", f"s{i}"]} for i in range(count)})
    for _ in range(2):
        for twin in (pickle.loads(pickle.dumps(matcher)), copy.copy(matcher)):
            assert twin.match({"source": "x"}) == sorted(matcher)
            assert list(twin) == list(matcher)
        matcher.match({"source": "x"})


def test_names_are_sorted_and_come_once() -> None:
    """Whatever the order of addition, and however many branches of `$or` hold."""
    both = {"$or": [{"a": [1]}, {"b": [1]}]}
    matcher = sb.Matcher(dict.fromkeys(("z", "é", "B", "a", "10", "9"), both))
    assert matcher.match({"a": 1, "b": 1}) == ["10", "9", "B", "a", "z", "é"]


def test_rules_added_one_by_one_between_events() -> None:
    """The index grows from single rules to pools and branches, and shrinks again."""
    matcher, names = sb.Matcher(), []
    for i in range(120):
        loose = {"prefix": f"k{i}"} if i % 2 else f"k{i}"
        matcher.add(f"{i:03}", {"source": ["s"], "detail": {"key": [loose, "all"]}})
        names.append(f"{i:03}")
        assert matcher.match({"source": "s", "detail": {"key": "all"}}) == names
        assert f"{i:03}" in matcher.match({"source": "s", "detail": {"key": f"k{i}"}})
    for i in range(119, -1, -1):
        matcher.remove(names.pop())
        assert matcher.match({"source": "s", "detail": {"key": "all"}}) == names
        assert not matcher.match({"source": "s", "detail": {"key": f"k{i}"}}) or i >= 10


def test_a_removed_rule_leaves_no_path_behind() -> None:
    """An event with arrays is matched while a removed rule, the only one on its path, is not swept out."""
    matcher = sb.Matcher({str(i): {"source": [{"prefix": "x"}], "n": [1]} for i in range(8)})
    matcher.add("gone", {"source": [{"prefix": "x"}], "detail": {"only": ["y"]}})
    assert matcher.match({"source": "xy", "n": 1}) == [str(i) for i in range(8)]
    matcher.remove("gone")
    assert matcher.match({"source": "xy", "n": [[1]]}) == [str(i) for i in range(8)]


def test_a_value_that_was_seen_is_seen_again() -> None:
    """Answers are remembered for a bounded number of values; the verdicts do not change."""
    rules = {f"p{i}": {"k": [{"prefix": f"{i}-"}, {"wildcard": f"*-{i}"}]} for i in range(30)}
    matcher = sb.Matcher({**rules, "not": {"k": [{"anything-but": ["5-5"]}]}})
    for _ in range(2):
        for number in range(5000):
            found = matcher.match_parsed({"k": f"{number % 40}-{number}"})
            wanted = [f"p{number % 40}"] if number % 40 < 30 else []
            wanted += [f"p{number}"] if number < 30 and number != number % 40 else []
            assert found == sorted({*wanted, *(["not"] if number != 5 else [])})


WORDS = st.text("ab1", max_size=7)
STARS = st.lists(st.text("ab1", min_size=1, max_size=6), min_size=1, max_size=4).flatmap(
    lambda pieces: st.sampled_from(["*".join(pieces), "*".join(["", *pieces, ""]), "*"])
)
TEXTS: dict[str, st.SearchStrategy[Any]] = {
    "prefix": WORDS.filter(bool),
    "suffix": WORDS.filter(bool),
    "equals-ignore-case": WORDS,
    "wildcard": STARS,
}
TESTS = st.one_of(
    *(texts.map(lambda text, name=name: {name: text}) for name, texts in TEXTS.items()),
    *(
        st.lists(texts, min_size=1, max_size=3).map(
            lambda found, name=name: {"anything-but": {name: found}}
        )
        for name, texts in TEXTS.items()
    ),
)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(TESTS, min_size=5, max_size=40),
    st.lists(WORDS | st.text("aAbB1\u0130", max_size=12), min_size=1, max_size=20),
)
def test_many_tests_of_strings_on_one_field(tests: list[Any], values: list[str]) -> None:
    """What sorts tests of strings before they are asked hides none that would have said yes."""
    assert_the_same_together(tests, values)


def test_many_blocks_on_one_field() -> None:
    """The same for addresses of both versions, and blocks of every size and with bits below the mask."""
    old = [f"10.{a}.{b}.{c}" for a in (0, 1, 128) for b in (0, 127) for c in (0, 1, 255)]
    new = [f"a{a}:{b}::{c}" for a in ("00", "01", "80") for b in (0, 8000) for c in (0, 1, "ffff")]
    blocks = [f"{one}/{mask}" for at, one in enumerate(old) for mask in range(at % 3, 32, 3)]
    blocks += [f"{one}/{mask}" for at, one in enumerate(new) for mask in range(at % 7, 128, 7)]
    tests: list[Any] = [*old[::2], *new[::2], *({"cidr": block} for block in blocks)]
    assert_the_same_together(tests, [*old, *new, "9.255.255.255", "b::", "::", "text", ""])


def assert_the_same_together(tests: list[Any], values: list[str]) -> None:
    """A matcher of all tests finds what matchers of one test find, where nothing is sorted."""
    alone = {}
    for number, one in enumerate(tests):
        try:
            alone[f"{number:04}"] = sb.Matcher({"": {"key": [one]}})
        except sb.InvalidPattern as refused:
            assert "complex" in str(refused)
    together = sb.Matcher({name: {"key": [tests[int(name)]]} for name in alone})
    for value in values:
        event = {"key": value}
        wanted = [name for name, matcher in alone.items() if matcher.match(event)]
        assert together.match(event) == wanted


@pytest.mark.parametrize(
    "event", ["", "{", "3", "[]", "null", b"\xff", '{"a": NaN}', "[" * 100_000]
)
def test_an_event_that_is_none_is_refused(event: str | bytes) -> None:
    """With a word on what is wrong."""
    with pytest.raises(sb.SimbridgeError, match="event"):
        sb.Matcher({"a": '{"source": ["x"]}'}).match(event)


@pytest.mark.parametrize(
    "event", [{"source": {"x", "y"}, "a": object()}, {"source": float("nan")}, 3, None]
)
def test_python_objects_that_json_does_not_have(event: Any) -> None:
    """Are refused like a text that is not JSON."""
    with pytest.raises(sb.SimbridgeError, match="event"):
        sb.match({"source": ["x"]}, event)


def test_a_parsed_event_may_only_hold_what_a_reader_returns() -> None:
    """Where a rule looks, another type is an error and not a silent miss."""
    matcher = sb.Matcher({"a": {"source": ["x"]}, "b": {"l": {"k": ["x"]}}})
    for wrong in ({"source": b"x"}, {"source": [b"x"]}, {"l": [{"k": b"x"}]}):
        with pytest.raises(sb.SimbridgeError, match="bytes"):
            matcher.match_parsed(wrong)


# --------------------------------------------------------------------- hostile ones


@pytest.mark.parametrize("depth", [100, 1_000, 20_000])
def test_depth_is_no_matter(depth: int) -> None:
    """Objects and arrays nested deeper than Python's stack are walked all the same."""
    objects: Any = "x"
    arrays: Any = [{"b": 1, "c": 2}]
    for _ in range(depth):
        objects = {"a": objects}
        arrays = [arrays, "y", {"b": 1}, {"c": 3}]
    matcher = sb.Matcher({"p": {"a": {"a": ["x"]}}, "q": {"l": {"b": [1], "c": [2]}}})
    assert matcher.match({"a": objects}) == []
    assert matcher.match({"l": arrays}) == ["q"]


def test_many_combinations_and_many_elements() -> None:
    """A thousand combinations and two thousand objects: each object is looked at once."""
    ten = [{"p": [i]} for i in range(10)]
    pattern = {"l": {"x": {"$or": ten}, "y": {"$or": ten}, "z": {"$or": ten}}}
    events = [{"x": {"p": i % 10}, "y": {"p": i // 10 % 10}, "z": {"p": 77}} for i in range(2000)]
    assert not sb.match(pattern, {"l": events})
    assert sb.match(pattern, {"l": [*events, {"x": {"p": 1}, "y": {"p": 1}, "z": {"p": 9}}]})


def test_wildcards_do_not_go_back() -> None:
    """A quarter of a million characters against stars that nearly fit."""
    value = "a" * 250_000
    assert not sb.match({"k": [{"wildcard": "*a*a*a*b"}]}, {"k": value})
    assert sb.match({"k": [{"anything-but": {"wildcard": "*aab*ab*"}}]}, {"k": value})


def test_a_path_that_is_spelled_in_too_many_ways() -> None:
    """Two arrays for one path: tried like AWS's engine does, and refused when that has no end."""
    pattern = {"a": {"b": {"c": [{"exists": True}], "d": [{"exists": True}], "e": [1]}}}
    few = {"a": [{"b": {"c": 1, "e": 1}}], "a.b": [{"d": 1}]}
    assert sb.match(pattern, few)
    many = {
        "a": [{"b": {"c": i, "d": i}} for i in range(1000)],
        "a.b": [{"c": i, "d": i} for i in range(1000)],
    }
    assert not sb.match(pattern, many)
    many["a"].append({"b": {"e": 1}})
    with pytest.raises(sb.SimbridgeError, match="dotted keys"):
        sb.match(pattern, many)


scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5)
)
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["a", "b", "a.b", "."]) | st.text(max_size=3), inner)
    ),
    max_leaves=20,
)
FEW = {
    "plain": {"a": ["x", 1, None]},
    "or": {"$or": [{"a": {"b": [{"exists": False}]}}, {"a.b.a": [{"numeric": [">", 0]}]}]},
    "deep": {"a": {"b": {"a": [{"anything-but": ["x"]}], "b": [{"cidr": "::/0"}]}}},
    "odd": {".": [{"equals-ignore-case": "İß"}], "a": {"": [{"wildcard": "*a*"}]}},
}
MANY = {f"many {i}": {"a": [f"{i}", {"suffix": f"{i}"}]} for i in range(20)}
MATCHER = sb.Matcher({**FEW, **MANY})


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(st.sampled_from(["a", "b", "a.b", ".", "a.b.a"]), values))
def test_any_event_has_an_answer(event: dict[str, Any]) -> None:
    """Parsed or as text, the same names, no error, and an explanation that agrees."""
    found = MATCHER.match_parsed(event)
    assert found == MATCHER.match(json.dumps(event)) == MATCHER.match(event)
    for name, pattern in FEW.items():
        explanation = sb.explain(pattern, event)
        assert bool(explanation) == (name in found)
        assert str(explanation) and explanation.summary
