"""The pattern language: what matches what."""

from __future__ import annotations

from typing import Any

import pytest

import simbridge as sb

MISSING: Any = object()

# (match values, value in the event, whether they match); the subtle ones were recorded from the service
LEAVES: list[tuple[list[Any], Any, bool]] = [
    (["x"], "x", True),
    (["x"], "X", False),
    (["x"], "x ", False),
    (["x"], ["y", "x"], True),
    (["é"], "e\u0301", False),
    ([""], "", True),
    ([""], None, False),
    ([""], MISSING, False),
    ([300], 300.0, True),
    ([300], 3e2, True),
    ([300], "300", False),
    (["300"], 300, False),
    ([0], -0.0, True),
    ([1], True, False),
    ([True], True, True),
    ([True], 1, False),
    ([True], "true", False),
    ([None], None, True),
    ([None], "null", False),
    ([None], [], False),
    ([None], "", False),
    ([None], MISSING, False),
    ([None], [None], True),
    (["10.0.0.1"], "10.0.0.1", True),
    (["10.0.0.1"], "10.0.0.2", False),
    (["2001:db8::1"], "2001:0DB8:0:0:0:0:0:1", True),
    ([{"exactly": "x"}], "x", True),
    ([{"exactly": "::1"}], "0:0:0:0:0:0:0:1", False),
    ([{"prefix": ""}], "anything", True),
    ([{"prefix": ""}], 1, False),
    ([{"suffix": ""}], "", True),
    ([{"suffix": ".PNG"}], "image.png", False),
    ([{"prefix": {"equals-ignore-case": "EventB"}}], "EvEnTb", True),
    ([{"suffix": {"equals-ignore-case": ".PNG"}}], "a.png", True),
    ([{"equals-ignore-case": ""}], "", True),
    ([{"equals-ignore-case": ""}], "x", False),
    ([{"equals-ignore-case": "STRASSE"}], "straße", False),
    ([{"equals-ignore-case": "ς"}], "Σ", True),
    ([{"equals-ignore-case": "ς"}], "σ", False),
    ([{"wildcard": ""}], "", True),
    ([{"wildcard": ""}], "x", False),
    ([{"wildcard": "*"}], "", True),
    ([{"wildcard": "*"}], 1, False),
    ([{"wildcard": "a*b"}], "ab", True),
    ([{"wildcard": "a*a"}], "a", False),
    ([{"wildcard": "a*\nb"}], "a\n\nb", True),
    ([{"wildcard": "a\\*b"}], "a*b", True),
    ([{"wildcard": "a\\*b"}], "axb", False),
    ([{"wildcard": "a\\\\*"}], "a\\b", True),
    ([{"wildcard": "/U/*/dir/dir/doc.txt"}], "/U/ls/dir/dir/doc.txt", True),
    ([{"anything-but": "initializing"}], "pending", True),
    ([{"anything-but": "initializing"}], None, True),
    ([{"anything-but": "initializing"}], MISSING, False),
    ([{"anything-but": "initializing"}], {"a": 1}, False),
    ([{"anything-but": ["stopped", "running"]}], None, True),
    ([{"anything-but": ["stopped", "running"]}], MISSING, False),
    ([{"anything-but": ["stopped", "running"]}], "running", False),
    ([{"anything-but": ["stopped"]}], ["stopped", "x"], True),
    ([{"anything-but": ["stopped"]}], ["stopped"], False),
    ([{"anything-but": 0}], 789, True),
    ([{"anything-but": 0}], 0.0, False),
    ([{"anything-but": 0}], "0", True),
    ([{"anything-but": 0}], False, True),
    ([{"anything-but": [1, 2.5]}], 2.5, False),
    ([{"anything-but": {"prefix": "init"}}], 12, True),
    ([{"anything-but": {"prefix": "init"}}], None, True),
    ([{"anything-but": {"prefix": "init"}}], MISSING, False),
    ([{"anything-but": {"prefix": "init"}}], "post-init", True),
    ([{"anything-but": {"prefix": ["a", "b"]}}], "bc", False),
    ([{"anything-but": {"suffix": ".txt"}}], "file.txt.bak", True),
    ([{"anything-but": {"suffix": ".txt"}}], "file.txt", False),
    ([{"anything-but": {"equals-ignore-case": "initializing"}}], "INITIALIZING", False),
    ([{"anything-but": {"equals-ignore-case": ["a", "b"]}}], "B", False),
    ([{"anything-but": {"wildcard": ""}}], "x", True),
    ([{"anything-but": {"wildcard": ["*a", "b*"]}}], "bx", False),
    ([{"anything-but": {"wildcard": []}}], "x", False),
    ([{"numeric": [">", 100]}], 101.0, True),
    ([{"numeric": [">", 100]}], None, False),
    ([{"numeric": [">", 100]}], "300", False),
    ([{"numeric": [">", 100]}], 100, False),
    ([{"numeric": ["=", 3e2]}], 300, True),
    ([{"numeric": [">=", -1.5, "<", 2]}], -1.5, True),
    ([{"numeric": [">=", -1.5, "<", 2]}], 2, False),
    ([{"numeric": ["<", 5]}], True, False),
    ([{"numeric": [">", 100]}, {"anything-but": "101"}], "42", True),
    ([{"numeric": [">", 100]}, {"anything-but": "101"}], "101", False),
    ([{"cidr": "10.0.0.0/24"}], "10.0.0.255", True),
    ([{"cidr": "10.0.0.0/24"}], "10.0.0.256", False),
    ([{"cidr": "10.0.0.0/24"}], "10.0.1.0", False),
    ([{"cidr": "10.0.0.0/24"}], 123, False),
    ([{"cidr": "0.0.0.0/0"}], "255.255.255.255", True),
    ([{"cidr": "10.0.0.1/0"}], 1, True),  # captured: the digits of a number are compared, too
    ([{"cidr": "0.0.0.0/0"}], 301.8, True),
    ([{"cidr": "::/0"}], 12345678901, True),
    ([{"cidr": "0.0.0.0/0"}], 0, False),
    ([{"cidr": "0.0.0.0/0"}], -1, False),
    ([{"cidr": "0.0.0.0/0"}], "abc", False),
    ([{"cidr": "0.0.0.0/0"}], None, False),
    ([{"cidr": "0.0.0.0/0"}, {"numeric": [">", 500]}], 301.8, False),
    ([{"cidr": "0.0.0.0/0"}, 7], 301.8, False),
    ([{"cidr": "0.0.0.0/0"}, {"anything-but": "x"}], 301.8, True),
    ([{"cidr": "16.0.0.0/4"}], 15, True),  # 10000000 to 1FFFFFFF
    ([{"cidr": "16.0.0.0/4"}], 20, False),
    ([{"cidr": "100.64.0.0/10"}], 645, True),  # 64400000 to 647FFFFF
    ([{"cidr": "100.64.0.0/10"}], 648, False),
    ([{"cidr": "10.0.0.0/8"}], 10, False),  # 0A000000 to 0AFFFFFF
    ([{"cidr": "10.0.0.0/8"}], "a00::1", True),  # captured
    ([{"cidr": "10.0.0.7/8"}], "10.255.0.1", True),
    ([{"cidr": "10.0.0.7/8"}], "10.0.0.6", False),
    ([{"cidr": "::/0"}], "10.0.0.1", True),  # captured
    (
        [{"cidr": "2001:db8:1234:1a00::/64"}],
        "2001:0db8:1234:1a00:0000:0000:0000:0000",
        True,
    ),
    ([{"exists": True}], None, True),
    ([{"exists": True}], "x", True),
    ([{"exists": True}], {"inner": 1}, False),
    ([{"exists": True}], [], False),
    ([{"exists": True}], [{}], False),
    ([{"exists": True}], MISSING, False),
    ([{"exists": False}], MISSING, True),
    ([{"exists": False}], {"inner": 1}, True),
    ([{"exists": False}], [], True),
    ([{"exists": False}], None, False),
    ([{"exists": True}, {"prefix": "IGNORED"}], "my-value", True),
    ([{"anything-but": ["roses"]}, {"exists": False}], MISSING, True),
    ([{"anything-but": ["roses"]}, {"exists": False}], "roses", False),
    (["x"], [["x"]], True),
    (["x"], [[["y"]], [["x"]]], True),
]


@pytest.mark.parametrize(("values", "value", "matches"), LEAVES)
def test_match_values_and_a_value(values: list[Any], value: Any, matches: bool) -> None:
    """In one pattern alone, and among others that make a matcher sort and index."""
    event = {"detail": {} if value is MISSING else {"k": value}}
    pattern = {"detail": {"k": values}}
    assert sb.match(pattern, event) is matches
    others = {
        f"other {i}": {"detail": {"k": [f"other {i}", {"prefix": f"{i}!"}]}} for i in range(9)
    }
    exact = {f"exact {i}": {"source": ["s"], "detail": {"k": [f"exact {i}"]}} for i in range(20)}
    matcher = sb.Matcher({**others, "it": pattern, **exact})
    assert matcher.match(event) == ["it"] * matches


# (pattern, event, whether they match)
TREES: list[tuple[Any, Any, bool]] = [
    ({"a": {"b": ["x"]}}, {"a": {"b": "x", "c": 1}}, True),
    ({"a": {"b": ["x"]}, "c": [1]}, {"a": {"b": "x"}}, False),
    ({"MY_KEY": ["x"]}, {"my_key": "x"}, False),
    ({"replay-name": [{"exists": True}]}, {"replay-name": "r"}, True),
    ({"detail": {"my-key": ["x"]}}, {"detail": '{"my-key": "x"}'}, False),
    ({"resources": [{"exists": True}]}, {"resources": []}, False),
    ({"l1": {"x": {"y": [{"exists": False}]}}}, {"l1": {"z": 1}}, True),
    ({"l1": {"x": {"y": [{"exists": False}]}}}, {"l1": {"x": "scalar"}}, True),
    ({"p": {"S": [{"exists": True}]}}, {"p": {"S": "x"}}, True),
    ({"h": {"S": [{"anything-but": ["roses"]}, {"exists": False}]}}, {"h": {"N": 1}}, True),
    ({"h": {"S": [{"anything-but": ["roses"]}, {"exists": False}]}}, {}, True),
    # dots in keys are steps
    ({"detail": {"state.status": ["r"]}}, {"detail": {"state": {"status": "r"}}}, True),
    ({"detail": {"state": {"status": ["r"]}}}, {"detail": {"state.status": "r"}}, True),
    ({"detail.state.status": ["r"]}, {"detail": {"state.status": "r"}}, True),
    ({"state.status": ["r"]}, {"state.status": {"status": "r"}}, False),
    ({"a.b": ["x"]}, {"a.b": "y", "a": {"b": "x"}}, True),
    ({"a.b": ["x"]}, {"a.b": "x", "a": {"b": "y"}}, True),
    # the later array for a path counts
    ({"a": {"b": ["x"]}, "a.b": ["y"]}, {"a": {"b": "y"}}, True),
    ({"a": {"b": ["x"]}, "a.b": ["y"]}, {"a": {"b": "x"}}, False),
    # arrays of objects: all fields in one element
    ({"i": {"id": [{"exists": True}]}}, {"i": [{"n": 1}, {"id": 2}]}, True),
    ({"i": {"k": ["a"], "n": [2]}}, {"i": [{"k": "a", "n": 1}, {"k": "b", "n": 2}]}, False),
    ({"i": {"k": ["a"], "n": [2]}}, {"i": [{"k": "b", "n": 1}, {"k": "a", "n": 2}]}, True),
    ({"i": {"k": ["a"]}, "j": {"n": [2]}}, {"i": [{"k": "a"}], "j": [{"n": 1}, {"n": 2}]}, True),
    ({"i": {"a": {"x": [1], "y": [2]}}}, {"i": [{"a": [{"x": 1}, {"y": 2}]}]}, False),
    ({"i": {"a": {"x": [1], "y": [2]}}}, {"i": [{"a": {"x": 1}}, {"a": {"x": 1, "y": 2}}]}, True),
    ({"i": {"x": [1], "y": [2]}}, {"i": [[{"x": 1}, {"y": 2}], [{"x": 1, "y": 2}]]}, True),
    ({"i": {"x": [1], "y": [2]}}, {"i": [[{"x": 1}, {"y": 2}], [{"y": 2}, {"x": 1}]]}, False),
    ({"i": ["x"], "i.b": [1]}, {"i": ["x", {"b": 1}]}, True),
    ({"i": {"k": ["a"], "n": [{"exists": False}]}}, {"i": [{"k": "a", "n": 1}]}, False),
    ({"i": {"k": ["a"], "n": [{"exists": False}]}}, {"i": [{"k": "a", "n": 1}, {"k": "a"}]}, True),
    # $or
    ({"$or": [{"a": [1]}, {"b": [2]}]}, {"b": 2}, True),
    ({"$or": [{"a": [1]}, {"b": [2]}], "c": [3]}, {"b": 2}, False),
    ({"$or": [{"a": [1]}, {"b": [2]}], "c": [3]}, {"b": 2, "c": 3}, True),
    ({"d": {"$or": [{"a": [1]}, {"$or": [{"b": [2]}, {"c": [3]}]}]}}, {"d": {"c": 3}}, True),
    ({"d": {"$or": [{"a": [1]}, {"b": [2]}]}, "$or": [{"x": [1]}, {"y": [1]}]}, {"y": 1}, False),
    (
        {"i": {"$or": [{"k": ["a"]}, {"k": ["b"]}], "n": [2]}},
        {"i": [{"k": "a", "n": 1}, {"k": "b", "n": 2}]},
        True,
    ),
]


@pytest.mark.parametrize(("pattern", "event", "matches"), TREES)
def test_patterns_and_events(pattern: Any, event: Any, matches: bool) -> None:
    """Nesting, dots, arrays, `$or`."""
    assert sb.match(pattern, event) is matches


def test_an_array_that_is_written_twice_counts_once() -> None:
    """The last one wins in a pattern; in an event every value counts."""
    assert sb.match('{"a": ["x"], "a": ["y"]}', '{"a": "z", "a": "y"}')
    assert sb.match('{"a": ["x"], "a": ["y"]}', '{"a": "y", "a": "z"}')
    assert not sb.match('{"a": ["x"], "a": ["y"]}', '{"a": "x"}')


@pytest.mark.parametrize(
    ("pattern", "event", "matches"),
    [
        ("12345678901234567890123", "12345678901234567890123", True),
        ("12345678901234567890123", "12345678901234567890124", False),
        ("0.1234567890123456789", "0.1234567890123456789", True),
        ("0.1234567890123456789", "0.1234567890123456788", False),
        ("1e400", "1e400", True),
        ("1e400", "1E400", False),
        ("100000000000000000000", "1e20", True),
        ("9007199254740993", "9007199254740992", False),
    ],
)
def test_numbers_that_no_double_can_hold(pattern: str, event: str, matches: bool) -> None:
    """They equal their own spelling and nothing else."""
    assert sb.match(f'{{"a": [{pattern}]}}', f'{{"a": {event}}}') is matches
    assert sb.match('{"a": [{"anything-but": 1}]}', f'{{"a": {event}}}')


def test_what_comes_behind_the_pattern_is_not_read() -> None:
    """AWS's reader stops at the closing brace."""
    assert sb.match('{"a": ["x"]} and more', {"a": "x"})


@pytest.mark.parametrize(
    ("pattern", "event", "matched"),
    [
        ('{"a":{"x":[1]},"a":{"y":[2]}}', {"a": {"x": 1, "y": 2}}, True),
        ('{"a":{"x":[1]},"a":{"y":[2]}}', {"a": {"y": 2}}, False),
        ('{"a":{"x":[1]},"a":{"y":[2]}}', {"a": {"x": 1}}, False),
        ('{"a":{"x":[1],"y":[2]},"a":{"x":[3]}}', {"a": {"x": 3, "y": 2}}, True),
        ('{"a":[1],"a":{"x":[2]}}', {"a": {"x": 2}}, False),
        ('{"$or":[{"a":[1]},{"b":[1]}],"a":[0]}', {"a": 0}, True),
        ('{"$or":[{"a":[1]},{"b":[1]}],"a":[0]}', {"a": 1, "b": 1}, False),
        ('{"a":[0],"$or":[{"a":[1]},{"b":[1]}]}', {"a": 1}, True),
        ('{"a":[0],"$or":[{"a":[1]},{"b":[1]}]}', {"a": 0, "b": 1}, True),
        ('{"a":[0],"$or":[{"a":[1]},{"b":[1]}]}', {"a": 0}, False),
    ],
)
def test_objects_of_one_key_add_up_and_arrays_replace(
    pattern: str, event: dict[str, Any], matched: bool
) -> None:
    """Two objects for a key both hold, of two arrays the later one; also across `$or` (captured)."""
    assert sb.match(pattern, event) is matched
