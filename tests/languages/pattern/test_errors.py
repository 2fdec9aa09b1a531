"""Patterns that are refused: AWS's words, and the place at which its reader stood."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import simbridge as sb


def refusal(pattern: str) -> str:
    """What the service says about a pattern, behind its fixed beginning."""
    with pytest.raises(sb.InvalidPattern) as caught:
        sb.match(pattern, {})
    text = caught.value.text
    assert text.startswith("Event pattern is not valid. Reason: ")
    return text.removeprefix("Event pattern is not valid. Reason: ")


# (what stands in place of the match values of a field, the complaint)
VALUES = [
    ("42", '"a" must be an object or an array'),
    ('"x"', '"a" must be an object or an array'),
    ("[]", "Empty arrays are not allowed"),
    ("{}", "Empty objects are not allowed"),
    ('[{"foo": 1}]', "Unrecognized match type foo"),
    ('[{"EXISTS": true}]', "Unrecognized match type EXISTS"),
    ('[["x"]]', "Match value must be String, number, true, false, or null"),
    ("[{}]", "Match expression name not found"),
    ('[{"prefix": "x", "suffix": "y"}]', "Only one key allowed in match expression"),
    ('[{"prefix": 123}]', "prefix match pattern must be a string"),
    ('[{"prefix": ["x"]}]', "prefix match pattern must be a string"),
    ('[{"suffix": 123}]', "suffix match pattern must be a string"),
    ('[{"prefix": {"x": "y"}}]', "Unsupported prefix pattern: x"),
    ('[{"suffix": {"x": "y"}}]', "Unsupported suffix pattern: x"),
    ('[{"prefix": {}}]', "Prefix expression name not found"),
    ('[{"equals-ignore-case": 1}]', "equals-ignore-case match pattern must be a string"),
    ('[{"equals-ignore-case": ["x"]}]', "equals-ignore-case match pattern must be a string"),
    ('[{"equals-ignore-case": {"x": 1}}]', "equals-ignore-case match pattern must be a string"),
    ('[{"exactly": 1}]', "exact match pattern must be a string"),
    ('[{"wildcard": 1}]', "wildcard match pattern must be a string"),
    ('[{"wildcard": ["x"]}]', "wildcard match pattern must be a string"),
    ('[{"anything-but": {"wildcard": 1}}]', "wildcard match pattern must be a string"),
    ('[{"anything-but": {"wildcard": [1]}}]', "wildcard match pattern must be a string"),
    ('[{"wildcard": "a**b"}]', "Consecutive wildcard characters at pos 2"),
    ('[{"wildcard": "arn:aws:events:us-east-1:**"}]', "Consecutive wildcard characters at pos 26"),
    (r'[{"wildcard": "a\\x"}]', "Invalid escape character at pos 2"),
    ('[{"exists": "yes"}]', "exists match pattern must be either true or false."),
    ('[{"numeric": 10}]', "Value of numeric must be an array."),
    ('[{"numeric": [">", 0, ">", 0]}]', "Bad numeric range operator: >"),
    ('[{"numeric": [">", 0, "<"]}]', "Value of < must be numeric"),
    ('[{"numeric": ["foo", 1]}]', "Unrecognized numeric range operator: foo"),
    ('[{"numeric": [1]}]', "Invalid member in numeric match: 1"),
    ('[{"numeric": ["=", "1"]}]', "Value of equals must be numeric"),
    ('[{"numeric": [">", "1"]}]', "Value of > must be numeric"),
    ('[{"numeric": [">", 1, 2]}]', "Bad value in numeric range: 2"),
    ('[{"numeric": ["=", 1, "<", 2]}]', "Too many elements in numeric expression"),
    ('[{"numeric": [">", 1, "<", 2, "<"]}]', "Too many terms in numeric range expression"),
    ('[{"numeric": [">", 2, "<", 1]}]', "Bottom must be less than top"),
    ('[{"cidr": 10}]', "prefix match pattern must be a string"),
    ('[{"anything-but": ["a", null]}]', "Inside anything but list, start|null|boolean is not"),
    ('[{"anything-but": ["a", 1]}]', "Inside anything but list, either all values are number or"),
    ('[{"anything-but": null}]', "Value of anything-but must be an array or single string/number"),
    ('[{"anything-but": true}]', "Value of anything-but must be an array or single string/number"),
    ('[{"anything-but": {"prefix": {"equals-ignore-case": "x"}}}]', "Value of anything-but must"),
    ('[{"anything-but": {"equals-ignore-case": [1]}}]', "Inside anything-but/equals-ignore-case"),
    ('[{"anything-but": {"equals-ignore-case": 1}}]', "Inside anything-but/equals-ignore-case"),
    ('[{"anything-but": {"prefix": 1}}]', "prefix/suffix match pattern must be a string"),
    ('[{"anything-but": {"prefix": [1, "a"]}}]', "prefix/suffix match pattern must be a string"),
    ('[{"anything-but": {"suffix": [null]}}]', "prefix/suffix match pattern must be a string"),
    ('[{"anything-but": {"prefix": ""}}]', "Null prefix/suffix not allowed"),
    ('[{"anything-but": {"suffix": ""}}]', "Null prefix/suffix not allowed"),
    ('[{"anything-but": {"foo": "x"}}]', "Unsupported anything-but pattern: foo"),
    ('[{"anything-but": {}}]', "Anything-But expression name not found"),
    ('[{"anything-but": []}]', "Inside anything but list, either all values are number or string"),
]

# (a whole pattern, the complaint)
WHOLE = [
    ("{}", "Empty objects are not allowed"),
    ('["x"]', "Filter is not an object"),
    ("3", "Filter is not an object"),
    (
        "this is none",
        "Unrecognized token 'this': was expecting (JSON String, Number, Array, Object or token "
        "'null', 'true' or 'false')",
    ),
    (
        "{'bad': [1]}",
        "Unexpected character (''' (code 39)): was expecting double-quote to start field name",
    ),
    ('{"$or": {"a": [1]}}', "It must be an Array followed with $or."),
    ('{"$or": [1, 2]}', "Only JSON object is allowed in array of $or relationship."),
    ('{"$or": [{"a": [1]}]}', "There must have at least 2 Objects in $or relationship."),
    ('{"$or": []}', "There must have at least 2 Objects in $or relationship."),
    (
        '{"$or": [{"prefix": [1]}, {"a": [1]}]}',
        "prefix is Ruler reserved fieldName which cannot be used inside $or.",
    ),
    ('{"a": ["x"]', "Unexpected end-of-input: expected close marker for Object (start marker at"),
    ('{"a": ["x"} ', "Unexpected close marker '}': expected ']' (for Array starting at"),
    ('{"a" ["x"]}', "Unexpected character ('[' (code 91)): was expecting a colon to separate"),
    ('{"a": ["x" "y"]}', "Unexpected character ('\"' (code 34)): was expecting comma to separate"),
    ('{"a": [01]}', "Invalid numeric value: Leading zeroes not allowed"),
    ('{"a": ["\\q"]}', "Unrecognized character escape 'q' (code 113)"),
    ('{"a": ["x', "Unexpected end-of-input: was expecting closing quote for a string value"),
    ('{"a": [-x]}', "Unexpected character ('x' (code 120)) in numeric value: expected digit"),
    ('{"a": [1.x]}', "Unexpected character ('x' (code 120)) in numeric value: Decimal point not"),
    ('{"a": ["\t"]}', "Illegal unquoted character ((CTRL-CHAR, code 9)): has to be escaped using"),
]


@pytest.mark.parametrize(("values", "complaint"), VALUES)
def test_match_values(values: str, complaint: str) -> None:
    """Each wrong operand has the complaint of the service (fidelity 4.9)."""
    assert refusal(f'{{"a": {values}}}').startswith(complaint)


@pytest.mark.parametrize(("pattern", "complaint"), WHOLE)
def test_whole_patterns(pattern: str, complaint: str) -> None:
    """Wrong shapes, and JSON that is none, in the words of AWS's reader."""
    assert refusal(pattern).startswith(complaint)


@pytest.mark.parametrize(
    ("pattern", "place"),
    [
        ('{"a": 42}', "line: 1, column: 9"),
        ('{"a": ["x"],\n "b": 42}', "line: 2, column: 9"),
        ('{"é": 42}', "line: 1, column: 9"),
        ('{"😀": 42}', "line: 1, column: 10"),
        ('{"a": [{"prefix": 123}]}', "line: 1, column: 22"),
        ('{"a": [{"wildcard": "a**b"}]}', "line: 1, column: 27"),
    ],
)
def test_the_place_is_named_once(pattern: str, place: str) -> None:
    """Line and column count from one, in UTF-16 units, and stand just behind what was read."""
    assert refusal(pattern).split("\n at ", 1)[1] == f'[Source: (String)"{pattern}"; {place}]'


@pytest.mark.parametrize(
    ("pattern", "column"),
    [
        ("{bad", 2),  # captured
        ("{'bad': 'quotation'}", 2),  # recorded
        ("{'a'", 2),
        ("{1}", 2),
        ('{,"a": [1]}', 2),
        ('{"a": [1],}', 11),
        ('{"a"["x"]}', 5),
        ('{"a":["x" "y"]}', 11),
        ('{"a":[😀]}', 7),
        ('{"😀":[x}', 9),
        ('{"a":[-x]}', 8),
        ('{"a":[1.x]}', 9),
        ('{"a":[1ex]}', 9),
        ('{"a":[+1]}', 7),
        ('{"a":["x"}', 10),
        ('{"a":["\\q"]}', 9),
        ('{"a":["\\u00zz"]}', 12),
        ('{"a":["\t"]}', 8),
        ('{"a":[01]}', 8),
    ],
)
def test_a_wrong_character_is_the_place(pattern: str, column: int) -> None:
    """Where one character is wrong, the place is that character and not the one behind it."""
    assert refusal(pattern).endswith(f"; line: 1, column: {column}]")


@pytest.mark.parametrize(
    ("pattern", "column"),
    [
        ("this is none", 5),
        ('{"a":[nul]}', 10),
        ('{"a":[NaN]}', 10),
        ("{", 2),
        ('{"a"', 5),
        ('{"a":["x', 9),
        ('{"a":[-', 8),
        ('{"a":[1.', 9),
        ('{"a":["\\', 9),
    ],
)
def test_a_wrong_token_or_an_end_is_followed_by_the_place(pattern: str, column: int) -> None:
    """An unknown word, and a text that ends too early, are told from behind what was read."""
    assert refusal(pattern).endswith(f"; line: 1, column: {column}]")


@pytest.mark.parametrize(
    "value",
    ['["a", null]', '["a", ["b"]]', '{"prefix": [1]}', '{"equals-ignore-case": [true]}'],
)
def test_inside_lists_of_anything_but_the_place_is_named_twice(value: str) -> None:
    """The service wraps one complaint in another."""
    found = refusal(f'{{"a": [{{"anything-but": {value}}}]}}')
    assert found.count("\n at [Source: (String)") == 2
    _, first, second = found.split("\n at ")
    assert first == second


@pytest.mark.parametrize(
    ("block", "complaint"),
    [
        ("bad-filter", "Malformed CIDR, one '/' required"),
        ("bad-/64filter", "Malformed CIDR, mask bits must be an integer"),
        ("xx.11.xx/8", "Nonstandard IP address: xx.11.xx"),
        ("10.0.0.0/-1", "Malformed CIDR, mask bits must not be negative"),
        ("10.0.0.0/32", "IPv4 mask bits must be < 32"),
        ("::/128", "IPv6 mask bits must be < 128"),
    ],
)
def test_blocks_of_addresses_are_refused_without_a_place(block: str, complaint: str) -> None:
    """The complaints about `cidr` carry no place."""
    assert refusal(json.dumps({"a": [{"cidr": block}]})) == complaint


COMPLEX = (
    "Rule is too complex - try using fewer wildcard characters or fewer repeating character "
    "sequences after a wildcard character"
)


@pytest.mark.parametrize(
    "values",
    [
        [{"wildcard": "*a" * 10}],
        [{"wildcard": "*:*:*:*:*:event-bus/*"}],
        [{"wildcard": "*a*a*a"}, {"wildcard": "*aa*a*a"}],
    ],
)
def test_too_many_wildcards_are_refused_without_a_place(values: list[object]) -> None:
    """Stars that one value could occupy in too many ways at once; several texts add up."""
    assert refusal(json.dumps({"a": values})) == COMPLEX
    assert refusal(json.dumps({"detail": {"$or": [{"a": values}, {"b": [1]}]}})) == COMPLEX


@pytest.mark.parametrize("text", ["*a*a*a*a*a", "arn:aws:events:us-east-1:*:event-bus/*", "*", ""])
def test_wildcards_of_ordinary_size_are_taken(text: str) -> None:
    """Recorded as accepted by the service."""
    assert sb.match({"a": [{"wildcard": text}]}, {"a": text.replace("*", "")})


def test_a_thousand_combinations_and_no_more() -> None:
    """`$or` multiplies: ten by ten by ten is allowed."""
    ten = [{"x": [i]} for i in range(10)]
    three = {"a": {"$or": ten}, "b": {"$or": ten}, "c": {"$or": ten}}
    assert sb.match(three, {"a": {"x": 9}, "b": {"x": 0}, "c": {"x": 5}})
    assert "1000 combinations" in refusal(json.dumps({**three, "$or": [{"d": [1]}, {"e": [1]}]}))
    assert "1000 combinations" in refusal(
        json.dumps({f"k{i}": {"$or": [{"a": [1]}, {"b": [1]}]} for i in range(200)})
    )


def test_fields_and_nesting_have_a_bound() -> None:
    """256 fields, and Jackson's depth of 1,000."""
    assert sb.match({f"k{i}": [i] for i in range(256)}, {f"k{i}": i for i in range(256)})
    assert refusal(json.dumps({f"k{i}": [i] for i in range(257)})).startswith("Size of rule")
    assert refusal('{"a":' * 1000 + '["x"]' + "}" * 1000).startswith(
        "Document nesting depth (1001)"
    )


def test_a_long_pattern_is_quoted_in_part() -> None:
    """The place quotes the first 500 characters."""
    found = refusal(json.dumps({"a": ["x" * 600], "b": 1}))
    assert "[truncated 119 chars]; line: 1, column: " in found


def test_patterns_that_are_no_json_at_all() -> None:
    """Python objects that JSON does not have are refused with a word on what to pass."""
    for wrong in (None, 3, ["x"], {"a": [object()]}):
        with pytest.raises(sb.SimbridgeError, match=r"pattern"):
            sb.match(wrong, {})  # type: ignore[arg-type]


PIECES = [
    "{", "}", "[", "]", ":", ",", '"', "\\", "\\u00e9", "\\ud83d", "1", "-", "0.5", "1e999", "e",
    "true", "nul", "NaN", " ", "\n", "\t", "\0", "é", "😀", '"a"', '"detail"', '"$or"', '"prefix"',
    '"wildcard"', '"anything-but"', '"numeric"', '"cidr"', '"exists"', '">"', '"*a*"', '"::/0"',
    '{"a":', '["x"]', '{"b":[1]}',
]  # fmt: skip


@settings(max_examples=1500, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=25).map("".join) | st.text(max_size=30))
def test_any_text_is_taken_or_refused(text: str) -> None:
    """Whatever the text, the parser ends, and raises nothing but `InvalidPattern`."""
    for pattern in (text, '{"a": [' + text, '{"$or": [{"a": ' + text):
        try:
            matched = sb.match(pattern, {"a": "x"})
        except sb.InvalidPattern as error:
            assert str(error).startswith("Event pattern is not valid. Reason: ")
        else:
            assert matched in (True, False)
