"""JSON as text: written compactly, and read up to the first fault."""

from __future__ import annotations

import json
import time
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simbridge.languages.transform.jsontext import Roots, emit, fault, well_formed, where

DEEP = 200_000

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)

EMITTED: list[tuple[object, str]] = [
    (None, "null"),
    (True, "true"),
    (12, "12"),
    (2**70, "1180591620717411303424"),
    (1.5, "1.5"),
    (Decimal("1.10"), "1.10"),
    ("a", '"a"'),
    ('say "é"\n\\', '"say \\"é\\"\\n\\\\"'),
    ("\ud800", '"\\ud800"'),
    ([], "[]"),
    ({}, "{}"),
    ([[], {}], "[[],{}]"),
    ({"b": 1, "a": [1, "x", None]}, '{"b":1,"a":[1,"x",null]}'),
    ({"\ud800": [1, {"k": "\udfff"}], "b": {}}, '{"\\ud800":[1,{"k":"\\udfff"}],"b":{}}'),
]

# text, and where it stops being exactly one JSON value
FAULTS = [
    ('{"a": [1, -2.5e+3, true, null, "\\u00e9\\n"]}', None),
    (" 0 ", None),
    ("", 0),
    ("  ", 2),
    ("not-json", 0),
    ("nulls", 0),
    ("01", 0),
    ("1.", 0),
    ("NaN", 0),
    ("-Infinity", 0),
    ('"open', 0),
    ('"tab\there"', 0),
    ('"\\q"', 0),
    ("[1,]", 3),
    ("[1 2]", 3),
    ("[,1]", 1),
    ("[1", 2),
    ('{"a":}', 5),
    ('{"a" 1}', 5),
    ("{a: 1}", 1),
    ('{"a":1,}', 7),
    ("{1: 2}", 1),
    ("{]", 1),
    ("[}", 1),
    ("]", 0),
    ("1 2", 2),
    ('"a"\n"b"', 4),
    ("\ufeff{}", 0),
]


@pytest.mark.parametrize(("value", "text"), EMITTED)
def test_values_are_written_compactly(value: object, text: str) -> None:
    """Keys keep their order, nothing is escaped that need not be."""
    assert emit(value) == text


@given(VALUES)
def test_what_is_written_can_be_read(value: object) -> None:
    """Emitting and parsing is the identity, and no fault is found between."""
    text = emit(value)
    assert json.loads(text) == value
    assert fault(text, Roots.ONE) is None
    assert well_formed(text, Roots.ONE)


def test_depth_is_no_limit() -> None:
    """Nesting far beyond the interpreter's recursion limit is written, read and judged."""
    value: object = {"k": "v"}
    for _ in range(DEEP):
        value = [value]
    text = emit(value)
    assert text == "[" * DEEP + '{"k":"v"}' + "]" * DEEP
    assert well_formed(text, Roots.ONE)
    assert fault(text[:-1], Roots.ONE) == len(text) - 1


@pytest.mark.parametrize(("text", "offset"), FAULTS)
def test_the_fault_is_where_the_first_wrong_token_starts(text: str, offset: int | None) -> None:
    """A text is one JSON value, or the offset says where it ceases to be."""
    assert fault(text, Roots.ONE) == offset
    assert well_formed(text, Roots.ONE) == (offset is None)


@pytest.mark.parametrize("text", ['"a"\n"b"', "1 2", "null {} []", '"a""b"'])
def test_many_values(text: str) -> None:
    """A text of several values is fine where many are allowed."""
    assert well_formed(text, Roots.MANY)
    assert not well_formed(text, Roots.ONE)


@pytest.mark.parametrize("text", ["", " ", "null x", '"a" "b', "1 ]"])
def test_many_is_not_anything(text: str) -> None:
    """Each of several values must be JSON, and there must be one."""
    assert not well_formed(text, Roots.MANY)


def test_only_the_first_value_counts_if_so_asked() -> None:
    """With Roots.FIRST, nothing behind the first value is looked at."""
    assert fault("null and void", Roots.FIRST) is None
    assert fault("void and null", Roots.FIRST) == 0


def test_numbers_that_python_cannot_hold_are_still_json() -> None:
    """Judging a text is not reading its values."""
    assert well_formed("1e999", Roots.ONE)
    assert well_formed("9" * 10_000, Roots.ONE)
    assert well_formed('"\\ud800"', Roots.ONE)
    assert well_formed('"\ud800"', Roots.ONE)


@pytest.mark.parametrize(
    ("text", "offset", "shown"),
    [
        ("not-json", 0, '[Source: (String)"not-json"; line: 1, column: 1]'),
        ("[1,\n x]", 5, '[Source: (String)"[1,\n x]"; line: 2, column: 2]'),
        (
            "x" * 502,
            501,
            f'[Source: (String)"{"x" * 500}"[truncated 2 chars]; line: 1, column: 502]',
        ),
    ],
)
def test_positions_are_written_as_aws_does(text: str, offset: int, shown: str) -> None:
    """The text (its first 500 characters), then line and column, both from 1."""
    assert where(text, offset) == shown


@given(st.text('{}[],:"\\ 01.-eEtrufalsn\n\té', max_size=12))
def test_the_loop_agrees_with_msgspec(text: str) -> None:
    """An independent parser gives the same verdict on any short text."""
    try:
        msgspec.json.decode(text, type=msgspec.Raw)
        fine = True
    except msgspec.DecodeError:
        fine = False
    assert (fault(text, Roots.ONE) is None) == fine


@pytest.mark.parametrize(
    "text",
    [
        '"' + "a" * 500_000,
        '"' + "\\\\" * 250_000,
        "[" * 500_000,
        "1" * 500_000 + "x",
        " " * 500_000,
    ],
    ids=["open string", "escapes", "brackets", "digits", "blanks"],
)
def test_long_texts_take_linear_time(text: str) -> None:
    """No text makes the scanner go back over what it has read."""
    start = time.process_time()
    assert fault(text, Roots.MANY) is not None
    assert time.process_time() - start < 5
