"""What is proposed for a pattern is accepted, means the operator meant, and matches what it should."""

from __future__ import annotations

import json
import pickle
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import simbridge as sb
from simbridge.languages.pattern.syntax import Field, Group, parse


def refusal(pattern: Any) -> sb.InvalidPattern:
    """The refusal of a pattern, whose proposals are accepted."""
    with pytest.raises(sb.InvalidPattern) as caught:
        parse(pattern if isinstance(pattern, str) else json.dumps(pattern))
    assert "\n" not in caught.value.detail
    for proposal in caught.value.proposals:
        parse(proposal)
    return caught.value


def operators(pattern: str) -> set[str]:
    """The operators in a pattern without $or; a plain value has none."""
    waiting: list[Any] = [parse(pattern).tree]
    found = set()
    while waiting:
        node = waiting.pop()
        if isinstance(node, Field):
            found |= {one.operator for one in node.conditions}
        elif isinstance(node, Group):
            waiting += node.entries
        else:
            waiting += node.branches
    return found


# (names, the operator meant, an operand, a value that matches, one that does not)
NAMES: list[tuple[str, str, Any, Any, Any]] = [
    (
        "prefx Prefix PREFIX prefixes prefix_ begins-with beginsWith begins_with startsWith "
        "starts-with StartsWith startswith",
        "prefix", "ab", "abc", "xab",
    ),
    ("sufix Suffix suffx endsWith ends-with ends_with EndsWith", "suffix", "bc", "abc", "bcd"),
    ("wild-card Wildcard wildcards wildcrad like glob LIKE", "wildcard", "a*c", "abc", "ab"),
    (
        "anythingbut anything_but anythingBut AnythingBut anything-but- not notEquals != ne nin",
        "anything-but", "a", "b", "a",
    ),
    (
        "equals_ignore_case equalsIgnoreCase EqualsIgnoreCase equal-ignore-case ignoreCase "
        "equals-ignorecase",
        "equals-ignore-case", "aB", "Ab", "b",
    ),
    ("exist Exists EXISTS exsts isPresent present", "exists", True, "x", None),
    ("numerics Numeric NUMERIC number num nummeric", "numeric", [">", 5], 6, 5),
    ("> gt greaterThan greater-than", "numeric", 5, 6, 5),
    (">= gte ge =>", "numeric", 5, 5, 4),
    ("< lt lessThan", "numeric", 5, 4, 5),
    ("between range", "numeric", [5, 7], 7, 8),
    ("CIDR Cidr ip ipAddress ip-address subnet", "cidr", "10.0.0.0/8", "10.1.2.3", "11.0.0.0"),
    ("contains Contains includes", "wildcard", "b", "abc", "ac"),
    ("regex regexp matchesRegex", "wildcard", "^a.*c$", "abc", "abd"),
    ("equals eq is == in equal", "", "a", "a", "b"),
]  # fmt: skip
PLACES = ['{"f": [%s]}', '{"detail": {"f": [%s]}}', '{"f": [%s, {"prefix": "#"}]}', '{"f": [[%s]]}']
CASES = [(name, *rest) for names, *rest in NAMES for name in names.split()]


@pytest.mark.parametrize(("name", "meant", "operand", "hit", "miss"), CASES)
def test_misspelled_operators(name: str, meant: str, operand: Any, hit: Any, miss: Any) -> None:
    """In every place the operator that was meant is proposed, with what follows it."""
    for place in PLACES:
        told = refusal(place % json.dumps({name: operand}))
        (proposal,) = told.proposals
        assert operators(proposal) - {"prefix"} <= {meant} and meant in operators(proposal)
        below = "detail" in place
        for value, matches in ((hit, True), (miss, False)):
            event = {} if value is None else {"f": value}
            assert sb.match(proposal, {"detail": event} if below else event) == matches
        assert "write" in told.detail


FIELD = [
    "prefix",
    "suffix",
    "wildcard",
    "anything-but",
    "equals-ignore-case",
    "exists",
    "numeric",
    "cidr",
]
FIELDS = {meant: (operand, hit) for _, meant, operand, hit, _ in NAMES[:7] + NAMES[11:12]}


@pytest.mark.parametrize("name", FIELD)
def test_an_operator_in_the_place_of_a_field(name: str) -> None:
    """Refused, it is put into an array; accepted as a field, `explain` says what was meant."""
    operand, hit = FIELDS[name]
    for place in ('{"f": %s}', '{"detail": {"a": {"f": %s}}}', '{"detail": {"f": %s, "g": [1]}}'):
        inside = {"f": hit, "g": 1, "a": {"f": hit}}
        event = {"detail": inside} if "detail" in place else inside
        if not isinstance(operand, list):
            (proposal,) = refusal(place % json.dumps({name: operand})).proposals
            assert sb.match(proposal, event) and name in operators(proposal)
        listed = operand if isinstance(operand, list) else [operand]
        found = sb.explain(place % json.dumps({name: listed}), event)
        (row,) = [row for row in found.rows if row.proposals]
        (told,) = row.proposals
        assert f"{name} is an operator, not a field: write " in row.hint and told.leaf in row.hint
        assert sb.match({told.path: json.loads(told.leaf)}, event)


def test_an_operator_right_below_detail() -> None:
    """It was meant for a field of it, for which it is proposed if it holds there."""
    event = {"detail": {"id": 7, "name": "abc"}}
    row = sb.explain({"detail": {"prefix": ["a"]}}, event).rows[-1]
    assert row.proposals == (("detail.name", '[{"prefix": "a"}]'),)
    row = sb.explain({"detail": {"prefix": ["x"]}}, event).rows[-1]
    assert not row.proposals and row.hint.endswith("it belongs in the array of a field")
    row = sb.explain({"prefix": ["a"]}, {"source": "abc"}).rows[-1]
    assert row.proposals == (("source", '[{"prefix": "a"}]'),)
    nested = sb.explain({"f": {"anything-but": {"prefix": ["a"]}}}, {"f": "b"}).rows[-1]
    assert nested.proposals == (("f", '[{"anything-but": {"prefix": "a"}}]'),)
    field = sb.explain({"detail": {"prefix": ["a"]}}, {"detail": {"prefix": "b", "name": "a"}})
    assert not field.rows[-1].proposals  # it is a field


@pytest.mark.parametrize(
    ("leaf", "mended"),
    [
        ('"x"', '["x"]'),
        ("42", "[42]"),
        ("null", "[null]"),
        ("[]", '[{"exists": true}]'),
        ("{}", '[{"exists": true}]'),
        ("[{}]", '[{"exists": true}]'),
        ('[["x"], [1, ["y"]]]', '["x", 1, "y"]'),
        ('[{"prefix": "x", "suffix": "y"}]', '[{"wildcard": "x*y"}]'),
        ('[{"prefix": 123}]', '[{"prefix": "123"}]'),
        ('[{"prefix": ["x", "y"]}]', '[{"prefix": "x"}, {"prefix": "y"}]'),
        ('[{"suffix": {"ignoreCase": "y"}}]', '[{"suffix": {"equals-ignore-case": "y"}}]'),
        ('[{"equals-ignore-case": ["x", true]}]',
         '[{"equals-ignore-case": "x"}, {"equals-ignore-case": "true"}]'),
        ('[{"exactly": ["x", 1]}]', '["x", 1]'),
        ('[{"wildcard": ["x*"]}]', '[{"wildcard": "x*"}]'),
        ('[{"wildcard": "a***b"}]', '[{"wildcard": "a*b"}]'),
        ('[{"wildcard": "C:\\\\dir\\\\*"}]', '[{"wildcard": "C:\\\\\\\\dir\\\\*"}]'),
        ('[{"exists": "false"}]', '[{"exists": false}]'),
        ('[{"exists": [true]}]', '[{"exists": true}]'),
        ('[{"exists": 0}]', '[{"exists": false}]'),
        ('[{"numeric": 10}]', '[{"numeric": ["=", 10]}]'),
        ('[{"numeric": [10]}]', '[{"numeric": ["=", 10]}]'),
        ('[{"numeric": ["=", "10"]}]', '[{"numeric": ["=", 10]}]'),
        ('[{"numeric": ["==", 10]}]', '[{"numeric": ["=", 10]}]'),
        ('[{"numeric": ["!=", 10]}]', '[{"anything-but": 10}]'),
        ('[{"numeric": "> 5"}]', '[{"numeric": [">", 5]}]'),
        ('[{"numeric": [">5", "<= 1e1"]}]', ""),
        ('[{"numeric": [">5", "<=10"]}]', '[{"numeric": [">", 5, "<=", 10]}]'),
        ('[{"numeric": ["<", 5, ">", 1]}]', '[{"numeric": [">", 1, "<", 5]}]'),
        ('[{"numeric": {">": 5, "<": 10}}]', '[{"numeric": [">", 5, "<", 10]}]'),
        ('[{"gte": 5, "lt": 7}]', '[{"numeric": [">=", 5, "<", 7]}]'),
        ('[{"numeric": [">", 2, "<", 1]}]', ""),
        ('[{"cidr": "10.0.0.1"}]', '["10.0.0.1"]'),
        ('[{"cidr": "::1/128"}]', '["::1"]'),
        ('[{"cidr": ["10.0.0.0/8"]}]', '[{"cidr": "10.0.0.0/8"}]'),
        ('[{"cidr": 10}]', ""),
        ('[{"cidr": "localhost"}]', ""),
        ('[{"anything-but": [["a"], "b"]}]', '[{"anything-but": ["a", "b"]}]'),
        ('[{"anything-but": {"startsWith": ["x", "y"]}}]', '[{"anything-but": {"prefix": ["x", "y"]}}]'),
        ('[{"anything-but": {"exists": true}}]', '[{"exists": false}]'),
        ('[{"anything-but": {"suffix": 1}}]', '[{"anything-but": {"suffix": "1"}}]'),
        ('[{"anything-but": ["a", 1]}]', ""),
        ('[{"anything-but": null}]', ""),
        ('[{"foo": 1}]', ""),
        ('[{"prefix": "a", "exists": true}]', ""),
        ('[{"equals-ignore-case": {"x": 1}}]', ""),
    ],
)  # fmt: skip
def test_shapes_and_operands(leaf: str, mended: str) -> None:
    """A wrong shape is put right where it is clear what was meant, else the operand is described."""
    told = refusal(f'{{"a": {{"b": {leaf}}}}}')
    assert list(told.proposals) == ([f'{{"a": {{"b": {mended}}}}}'] if mended else [])
    assert told.detail.endswith(".") and (mended in told.detail)


@pytest.mark.parametrize(
    ("pattern", "mended"),
    [
        ("{'source': ['a'],}", '{"source": ["a"]}'),
        ('{"a": [true, null,]}', '{"a": [true, null]}'),
        ('{"a": [True, None]}', '{"a": [true, null]}'),
        ('[{"a": ["x"]}]', '{"a": ["x"]}'),
        ('[{"a": ["x"]}, {"b": [1]}]', '{"$or": [{"a": ["x"]}, {"b": [1]}]}'),
        ("{'a': ['true', true],}", '{"a": ["true", true]}'),
        ("{'a': [1], 'a': [2]}", ""),
        ("[" * 2000, ""),
        ('{"a":' + "[" * 900 + "]" * 900 + "}", ""),
        ("{}", '{"source": [{"prefix": ""}]}'),
        ('{"$or": {"a": [1], "b": [2]}}', '{"$or": [{"a": [1]}, {"b": [2]}]}'),
        ('{"or": [{"a": "x"}, {"b": [2]}]}', '{"$or": [{"a": ["x"]}, {"b": [2]}]}'),
        ('{"$or": [{"a": [1]}], "b": [2]}', '{"a": [1], "b": [2]}'),
        ('{"detail": {"prefix": "a"}}', '{"detail": {"prefix": ["a"]}}'),
        ('{"detail": {"status": "a"}}', '{"detail": {"status": ["a"]}}'),  # nearly "starts"
        ('{"detail": {"ip": "a", "number": 5}}', '{"detail": {"ip": ["a"], "number": [5]}}'),
        ('{"$or": [{"prefix": [1]}, {"a": [1]}]}', ""),
        ('{"a": 1, "a": 2}', ""),
        ('["x"]', ""),
        ('"x"', ""),
        ('{"a": ["x"]', ""),
        ("", ""),
    ],
)
def test_whole_patterns(pattern: str, mended: str) -> None:
    """Python's spelling, alternatives, empty objects, fields that look like operators."""
    assert list(refusal(pattern).proposals) == ([mended] if mended else [])


@pytest.mark.parametrize(
    ("pattern", "mended"),
    [
        ({"source": ["a"], "detail": {}}, {"source": ["a"]}),
        ({"source": ["a"], "detail": []}, {"source": ["a"]}),
        ({"source": ["a"], "detail": [[], {}]}, {"source": ["a"]}),
        ({"detail": {}}, {"source": [{"prefix": ""}]}),
        ({"detail": "{}"}, {"source": [{"prefix": ""}]}),
        (
            {"$or": [{"detail": {}}, {"detail": {"k": [1]}}]},
            {"$or": [{"source": [{"prefix": ""}]}, {"detail": {"k": [1]}}]},
        ),
        ({"detail": '{"total":[150]}'}, {"detail": {"total": [150]}}),
        ({"detail": '{"total":150,"a":{"b":"c"}}'}, {"detail": {"total": [150], "a": {"b": ["c"]}}}),
        ({"detail": {"order": '{"total":[150]}'}}, {"detail": {"order": {"total": [150]}}}),
        ({"detail": {"k": '{"prefix":"a"}'}}, {"detail": {"k": [{"prefix": "a"}]}}),
        ({"detail": {"k": "{prefix: a}"}}, {"detail": {"k": [{"prefix": "a"}]}}),
        ({"detail": {"k": '["a"]'}}, {"detail": {"k": ["a"]}}),
        ({"detail": [{"a": [1]}]}, {"detail": {"a": [1]}}),
        ({"detail": [{"status": ["bad"]}]}, {"detail": {"status": ["bad"]}}),  # nearly "starts"
        ({"detail": [{"a": [1]}, {"b": [2]}]}, {"detail": {"$or": [{"a": [1]}, {"b": [2]}]}}),
        ({"detail": {"k": [{"status": ["bad"]}]}}, {"detail": {"k": {"status": ["bad"]}}}),
        ({"detail": {"k": [{"anything-but": {"status": ["bad"]}}]}}, None),
        ({"detail": {"items": [{"sku": ["x"]}]}}, {"detail": {"items": {"sku": ["x"]}}}),
        ({"detail": {"detail": {}}}, {"detail": {"detail": [{"exists": True}]}}),
        ({"detail": {"k": [[]]}}, {"detail": {"k": [{"exists": True}]}}),
        ({"detail": {"k": [[], [[]]]}}, {"detail": {"k": [{"exists": True}]}}),
        ({"detail": "x"}, None),
        ({"detail": 5}, None),
        ({"detail": [["x"]]}, None),
        ({"detail": [{"prefx": "x"}]}, {"detail": {"prefx": ["x"]}}),
        ({"detail": [{"prefix": "x"}], "source": "a"}, None),
        ({"EventPattern": {"source": "a"}}, {"source": ["a"]}),
        ({"EventPattern": '{"source": ["a"]}'}, {"source": ["a"]}),
        ({"Name": "r", "EventPattern": {"source": ["a"]}}, {"source": ["a"]}),
        ({"event-pattern": {"detail": {"k": "a"}}}, {"detail": {"k": ["a"]}}),
        ({"Pattern": {"source": "a"}}, {"source": ["a"]}),
        ({"detail": {"pattern": {"k": "a"}}}, {"detail": {"pattern": {"k": ["a"]}}}),
        ({"detail": {"k": [{"numeric": ["between", 1, 200]}]}},
         {"detail": {"k": [{"numeric": [">=", 1, "<=", 200]}]}}),
        ({"detail": {"k": [{"numeric": ["from", 1, "to", 200]}]}},
         {"detail": {"k": [{"numeric": [">=", 1, "<=", 200]}]}}),
        ({"detail": {"k": [{"range": [1, 200]}]}},
         {"detail": {"k": [{"numeric": [">=", 1, "<=", 200]}]}}),
    ],
)  # fmt: skip
def test_wrong_places(pattern: Any, mended: Any) -> None:
    """Detail is an object without a value; patterns in strings, arrays and parameters are taken out."""
    told = refusal(pattern)
    assert list(map(json.loads, told.proposals)) == ([] if mended is None else [mended])
    assert told.detail


def test_a_list_as_a_pattern() -> None:
    """It is refused as its JSON is, and the object in it is proposed."""
    for one in ([{"a": [1]}], ({"a": [1]},)):
        with pytest.raises(sb.InvalidPattern, match="Filter is not an object") as caught:
            sb.explain(one, {"a": 1})  # type: ignore[arg-type]
        assert caught.value.proposals == ('{"a": [1]}',)


def test_a_refusal_can_be_pickled() -> None:
    """With its proposals; the client hears AWS's words alone."""
    told = refusal('{"source": "shop"}')
    again = pickle.loads(pickle.dumps(told))
    assert again.proposals == told.proposals == ('{"source": ["shop"]}',)
    assert told.detail == 'Match values belong in an array: write "source": ["shop"].'
    events = sb.World(seed=1).client("events")
    with pytest.raises(events.exceptions.InvalidEventPatternException) as caught:
        events.put_rule(Name="r", EventPattern='{"source": "shop"}')
    assert caught.value.response["Error"]["Message"] == told.text


def test_half_of_a_surrogate_pair() -> None:
    """It is proposed as it is read: a trace cannot hold it."""
    world = sb.World(seed=1)
    events = world.client("events")
    pattern = '{"a": "\\ud800", "b": {"\\udfff": 1}}'
    assert refusal(pattern).proposals == ('{"a": ["?"], "b": {"?": [1]}}',)
    with pytest.raises(events.exceptions.InvalidEventPatternException):
        events.put_rule(Name="r", EventPattern=pattern)
    assert "?" in str(world.trace) and world.trace.digest()
    spelled = sb.explain({"a": ['{"prefix": "\\ud800"}']}, {"a": "?"})
    assert "\ud800" not in str(spelled)


JSON = st.recursive(
    st.sampled_from(["a", "a*", "^a", 1, 1.5, True, None, "", "10.0.0.0/8", ">", "> 5"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "a",
                    "b",
                    "f",
                    "$or",
                    "detail",
                    "prefix",
                    "numeric",
                    "anything-but",
                    "exists",
                    "cidr",
                    "wildcard",
                    "not",
                    ">",
                    "startsWith",
                    "equals-ignore-case",
                    "between",
                ]
            ),
            inner,
            max_size=3,
        )
    ),
    max_leaves=12,
)


@settings(max_examples=500, deadline=None)
@given(JSON)
def test_any_json(pattern: Any) -> None:
    """Whatever the JSON, what is proposed is accepted, and proposed again by nobody."""
    try:
        parse(json.dumps(pattern))
    except sb.InvalidPattern:
        for proposal in refusal(pattern).proposals:
            assert proposal != json.dumps(pattern)


@settings(max_examples=300, deadline=None)
@given(JSON, JSON)
def test_any_explanation(pattern: Any, detail: Any) -> None:
    """Whatever the pattern and the event, what explain proposes matches."""
    event = {"detail": detail, "a": "abc", "f": 7}
    try:
        found = sb.explain(json.dumps(pattern), event)
    except sb.InvalidPattern:
        return
    for row in found.rows:
        for proposal in row.proposals:
            assert sb.match({proposal.path: json.loads(proposal.leaf)}, event)


@given(st.text(max_size=200))
def test_any_text(text: str) -> None:
    """Whatever the text, it is read or refused."""
    try:
        parse(text)
    except sb.InvalidPattern:
        refusal(text)
