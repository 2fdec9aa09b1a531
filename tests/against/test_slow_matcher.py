"""A second implementation of the pattern language, slow and obvious, as the judge of the quick one.

It shares no code with simbridge: patterns are plain Python objects, an event is flattened into a list
of leaves, each with the array elements around it, and a sub-rule holds if a leaf can be chosen for each
of its paths, in the order of the paths, such that no two chosen leaves lie in different elements of one
array (fidelity 4.10).
"""

from __future__ import annotations

import copy
import ipaddress
import itertools
import pickle
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import simbridge as sb

Members = dict[int, int]

# ------------------------------------------------------------------ the slow matcher


def slow_match(pattern: dict[str, Any], event: dict[str, Any]) -> bool:
    """Whether a valid pattern matches an event."""
    leaves = flatten(event)
    return any(holds(sorted(rule.items()), leaves, {}) for rule in subrules(pattern))


def subrules(pattern: dict[str, Any], prefix: str = "") -> list[dict[str, list[Any]]]:
    """Every way to choose the branches of `$or`; a path that comes again replaces the earlier one."""
    rules: list[dict[str, list[Any]]] = [{}]
    for key, value in pattern.items():
        if key == "$or":
            branches = [rule for branch in value for rule in subrules(branch, prefix)]
        elif isinstance(value, dict):
            branches = subrules(value, f"{prefix}{key}.")
        else:
            branches = [{prefix + key: value}]
        rules = [{**rule, **branch} for rule in rules for branch in branches]
    return rules


def flatten(event: dict[str, Any]) -> list[tuple[str, Any, Members]]:
    """The leaves of an event: dotted path, value, and the element entered of each array around it."""
    leaves: list[tuple[str, Any, Members]] = []
    numbers = itertools.count()

    def walk(value: Any, path: str, members: Members) -> None:
        if isinstance(value, dict):
            for key, inner in value.items():
                walk(inner, f"{path}.{key}" if path else key, members)
        elif isinstance(value, list):
            array = next(numbers)
            for index, inner in enumerate(value):
                inside = isinstance(inner, (dict, list))
                walk(inner, path, {**members, array: index} if inside else members)
        else:
            leaves.append((path, value, members))

    walk(event, "", {})
    return leaves


def holds(
    fields: list[tuple[str, list[Any]]], leaves: list[tuple[str, Any, Members]], chosen: Members
) -> bool:
    """Whether a leaf can be chosen for each field."""
    if not fields:
        return True
    (path, wanted), rest = fields[0], fields[1:]
    there = [
        (value, members)
        for leaf, value, members in leaves
        if leaf == path and all(chosen.get(array, one) == one for array, one in members.items())
    ]
    if not there and {"exists": False} in wanted and holds(rest, leaves, chosen):
        return True
    return any(
        any(accepts(one, value) for one in wanted) and holds(rest, leaves, {**chosen, **members})
        for value, members in there
    )


def accepts(wanted: Any, value: Any) -> bool:
    """Whether one match value accepts one leaf that is there."""
    if not isinstance(wanted, dict):
        return same(wanted, value)
    ((name, operand),) = wanted.items()
    if name == "exists":
        return bool(operand)
    if name == "anything-but":
        if not isinstance(operand, dict):
            return not any(same(one, value) for one in as_list(operand))
        ((inner, texts),) = operand.items()
        return texts != [] and not any(accepts({inner: text}, value) for text in as_list(texts))
    if name == "numeric":
        number = isinstance(value, (int, float)) and not isinstance(value, bool)
        return number and all(
            COMPARE[relation](value, bound)
            for relation, bound in zip(operand[::2], operand[1::2], strict=True)
        )
    return isinstance(value, str) and STRING[name](operand, value)


def same(wanted: Any, value: Any) -> bool:
    if isinstance(wanted, str) and isinstance(value, str):
        return wanted == value or (
            address(wanted) is not None and address(wanted) == address(value)
        )
    if isinstance(wanted, bool) or isinstance(value, bool) or wanted is None or value is None:
        return wanted is value
    return type(wanted) is not str and type(value) is not str and wanted == value


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def address(text: str) -> Any:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


def in_block(block: str, value: str) -> bool:
    found = address(value)
    return found is not None and found in ipaddress.ip_network(block)


def affix(operand: Any, value: str, end: slice) -> bool:
    if isinstance(operand, dict):
        text = operand["equals-ignore-case"]
        return affix(text.lower(), value.lower(), end)
    return value.startswith(operand) if end == FIRST else value.endswith(operand)


def star(text: str, value: str) -> bool:
    parts = re.findall(r"\\.|.", text, re.DOTALL)
    rule = "".join(".*" if part == "*" else re.escape(part[-1]) for part in parts)
    return re.fullmatch(rule, value, re.DOTALL) is not None


FIRST, LAST = slice(0, 1), slice(-1, None)
COMPARE = {
    "=": lambda a, b: a == b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}
STRING = {
    "exactly": lambda text, value: text == value,
    "prefix": lambda text, value: affix(text, value, FIRST),
    "suffix": lambda text, value: affix(text, value, LAST),
    "equals-ignore-case": lambda text, value: text.lower() == value.lower(),
    "wildcard": star,
    "cidr": in_block,
}

# ------------------------------------------------------- patterns and events to try

WORDS = ["", "a", "b", "ab", "aB", "AB", "ba", "a*b", "a\\b", "é", "10.0.0.1", "10.0.0.200", "::1"]
NUMBERS = [-1, 0, 1, 1.5, 2, 3.0, 100000, 1e300]
KEYS = ["a", "b", "c"]

words = st.sampled_from(WORDS)
texts = words.filter(bool)
numbers = st.sampled_from(NUMBERS)
scalars = st.one_of(words, words, numbers, st.sampled_from([True, False, None]))
stars = st.sampled_from(["", "*", "a*", "*b", "a*b", "*a*", "a\\*b", "\\\\*", "*.0.*"])
caseless = st.fixed_dictionaries({"equals-ignore-case": words})


def some(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return strategy | st.lists(strategy, min_size=1, max_size=3)


def operator(name: str, operand: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return operand.map(lambda value: {name: value})


ranges = st.one_of(
    st.tuples(st.sampled_from(list(COMPARE)), numbers).map(list),
    st.tuples(st.sampled_from([">", ">="]), numbers, st.sampled_from(["<", "<="]), numbers)
    .map(list)
    .filter(lambda found: found[1] < found[3]),
)
operators = st.one_of(
    operator("exists", st.booleans()),
    operator("exists", st.just(False)),
    operator("exactly", words),
    operator("prefix", words | caseless),
    operator("suffix", words | caseless),
    operator("equals-ignore-case", words),
    operator("wildcard", stars),
    operator("numeric", ranges),
    operator("cidr", st.sampled_from(["10.0.0.0/25", "10.0.0.0/8", "::/64"])),
    operator("anything-but", some(words) | some(numbers)),
    operator("anything-but", operator("prefix", some(texts)) | operator("suffix", some(texts))),
    operator("anything-but", operator("equals-ignore-case", some(words))),
    operator("anything-but", operator("wildcard", some(stars) | st.just([]))),
)
leaf_arrays = st.lists(scalars | operators, min_size=1, max_size=3)
plain_arrays = st.lists(words | numbers, min_size=1, max_size=2)
pattern_keys = st.sampled_from([*KEYS, "a.b", "b.c", "a.b.c"])


def patterns(leaves: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    fields = st.dictionaries(pattern_keys, leaves, min_size=1, max_size=3)
    deeper = st.recursive(
        fields,
        lambda inner: st.one_of(
            st.dictionaries(pattern_keys, inner | leaves, min_size=1, max_size=3),
            st.builds(
                lambda beside, branches: {**beside, "$or": branches},
                st.dictionaries(pattern_keys, leaves, max_size=2),
                st.lists(inner, min_size=2, max_size=3),
            ),
        ),
        max_leaves=6,
    )
    return deeper


def is_simple_enough(pattern: dict[str, Any]) -> bool:
    """Whether the service would take a pattern with so many wildcards."""
    try:
        sb.Matcher({"": pattern})
    except sb.InvalidPattern as error:
        assert "too complex" in str(error)
        return False
    return True


any_patterns = patterns(leaf_arrays).filter(is_simple_enough)
presence = st.sampled_from([["a"], [{"exists": False}], ["b", {"exists": False}], [1]])
values = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(st.sampled_from(KEYS), inner, max_size=3),
    ),
    max_leaves=12,
)
events = st.dictionaries(st.sampled_from(KEYS), values, max_size=3)
dotted_events = st.dictionaries(
    st.sampled_from([*KEYS, "a.b", "b.c", "a.b.c"]),
    st.recursive(
        scalars,
        lambda inner: st.one_of(
            st.lists(inner, max_size=3),
            st.dictionaries(st.sampled_from([*KEYS, "b.c"]), inner, max_size=3),
        ),
        max_leaves=8,
    ),
    max_size=3,
)

# ------------------------------------------------------------------------ the laws


@settings(max_examples=500, deadline=None)
@given(any_patterns, events)
def test_one_pattern(pattern: dict[str, Any], event: dict[str, Any]) -> None:
    """Every operator, `$or`, nesting, arrays of objects and of arrays: the same verdict."""
    assert sb.match(pattern, event) is slow_match(pattern, event)


@settings(max_examples=400, deadline=None)
@given(patterns(presence), dotted_events)
def test_missing_fields_and_dots_in_the_keys_of_events(
    pattern: dict[str, Any], event: dict[str, Any]
) -> None:
    """Fields that have to be missing inside arrays, and events that spell a path in several ways."""
    assert sb.match(pattern, event) is slow_match(pattern, event)


@settings(max_examples=120, deadline=None)
@given(
    st.lists(any_patterns | patterns(plain_arrays) | patterns(presence), max_size=40),
    st.lists(events | dotted_events, max_size=5),
)
def test_many_patterns_in_one_matcher(
    rules: list[dict[str, Any]], happened: list[dict[str, Any]]
) -> None:
    """A matcher of many patterns finds what each of them finds alone."""
    matcher = sb.Matcher({str(index): rule for index, rule in enumerate(rules)})
    for event in happened:
        wanted = sorted(str(i) for i, rule in enumerate(rules) if slow_match(rule, event))
        assert matcher.match(event) == wanted


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(["add", "add", "add", "remove", "copy", "pickle"]),
                  st.integers(0, 60), patterns(plain_arrays) | any_patterns),
        max_size=120,
    ),
    events,
)  # fmt: skip
def test_patterns_that_come_and_go(
    steps: list[tuple[str, int, dict[str, Any]]], event: dict[str, Any]
) -> None:
    """After any sequence of additions, replacements, removals and copies the verdicts are the same."""
    matcher, rules = sb.Matcher(), dict[str, dict[str, Any]]()
    for step, number, pattern in steps:
        name = str(number)
        if step == "add":
            matcher.add(name, pattern)
            rules[name] = pattern
        elif step == "copy":
            matcher = copy.deepcopy(matcher)
        elif step == "pickle":
            matcher = pickle.loads(pickle.dumps(matcher))
        elif name in rules:
            matcher.remove(name)
            del rules[name]
        assert (name in matcher) == (name in rules)
        if number % 3 == 0:
            matcher.match(event)  # so that later steps meet a matcher that is compiled
    assert sorted(matcher) == sorted(rules)
    assert matcher.match(event) == sorted(n for n, rule in rules.items() if slow_match(rule, event))


@pytest.mark.parametrize("count", [3, 30, 300, 3000])
def test_exact_rules_in_number(count: int) -> None:
    """Shelves, lone rules and pools, whichever a number of rules leads to, agree with the judge."""
    rules = {
        f"{i:04}": {
            "source": [f"s{i % 7}", f"s{i % 5}"],
            "detail": {"kind": [f"k{i % 50}"], "size": [i % 11, {"numeric": [">", 5000 - i]}]},
        }
        for i in range(count)
    }
    matcher = sb.Matcher(rules)
    for i in range(12):
        detail: Any = {"kind": f"k{i}", "size": 400 * i}
        for one in (detail, [detail, {"kind": "k3"}, {"size": 3}]):
            event = {"source": f"s{i % 7}", "detail": one}
            wanted = [name for name, rule in rules.items() if slow_match(rule, event)]
            assert matcher.match(event) == wanted
