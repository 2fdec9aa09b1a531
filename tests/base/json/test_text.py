"""One error for whatever is wrong with a JSON text, and one answer to what JSON leaves open."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simbridge.base.json import (
    Every,
    InvalidJson,
    Repeating,
    TooDeep,
    decode,
    decode_detail,
    decode_object,
    encode,
    event_decoder,
    fits_int64,
    to_text,
)

decode_event = event_decoder(float)
DECODERS: list[Callable[[Any], Any]] = [decode, decode_object, decode_detail, decode_event]
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)  # fmt: skip


def nested(levels: int) -> str:
    """An object so many levels deep."""
    return '{"a":' * levels + "1" + "}" * levels


@pytest.mark.parametrize("read", DECODERS)
@pytest.mark.parametrize(
    "text", ["", "{", '{"a": 1} x', "{'a': 1}", '{"a": NaN}', b'{"a": "\xff"}']
)
def test_what_is_wrong_is_one_error(read: Callable[[Any], Any], text: str | bytes) -> None:
    """Whatever the decoder; its text names no library."""
    with pytest.raises(InvalidJson) as caught:
        read(text)
    assert str(caught.value) and "malformed" not in str(caught.value)


@pytest.mark.parametrize("read", DECODERS)
def test_depth(read: Callable[[Any], Any]) -> None:
    """Deeper than Python's stack is decoded; too deep is the same error, by a name of its own."""
    assert read(nested(1500))["a"]
    with pytest.raises(TooDeep):
        read(nested(100_000))
    with pytest.raises(TooDeep):
        cyclic: list[Any] = []
        cyclic.append(cyclic)
        encode(cyclic)


@pytest.mark.parametrize("read", [decode_object, decode_detail])
def test_an_object_is_wanted(read: Callable[[Any], Any]) -> None:
    """An array is not one."""
    with pytest.raises(InvalidJson, match="object"):
        read("[1]")


def test_lone_surrogates() -> None:
    """An error, a question mark or kept, as the caller says; a pair is a character."""
    text = '["\\ud800", "\\ud83d\\ude00"]'
    with pytest.raises(InvalidJson):
        decode(text)
    assert decode(text, lone_surrogates="replace") == ["?", "😀"]
    assert decode(text, lone_surrogates="keep") == ["\ud800", "😀"]
    assert decode_detail('{"a": "\\ud800"}') == decode_event('{"a": "\\ud800"}') == {"a": "?"}
    with pytest.raises(InvalidJson):
        encode("\ud800")
    assert encode("\ud800", lone_surrogates="replace") == b'"?"'


def test_duplicate_keys() -> None:
    """The last value counts; the detail and the event keep the others."""
    text = '{"a": 1, "b": {"c": 2, "c": 3}}'
    last = {"a": 1, "b": {"c": 3}}
    assert decode(text) == decode_object(text) == decode_detail(text) == decode_event(text) == last
    assert type(decode_object(text)) is dict and type(decode_detail(text)) is Repeating
    assert type(decode_event(text)["b"]) is Every
    assert decode_event(text)["b"].items() == [("c", 2), ("c", 3)]


@given(VALUES)
def test_encoding_and_decoding(value: Any) -> None:
    """They are inverses, and Python's own library reads the same."""
    assert decode(encode(value)) == value == json.loads(encode(value))
    assert decode(to_text(value)) == value == decode(to_text(value, ascii_only=False, indent=1))


def test_what_has_no_json_form() -> None:
    """It is the same error; NaN is written only if it is asked for."""
    for write in (encode, to_text):
        with pytest.raises(InvalidJson):
            write(object())
    with pytest.raises(InvalidJson):
        to_text(math.nan)
    assert to_text(math.nan, allow_nan=True) == "NaN"
    assert encode({1}, default=str) == b"[1]" and to_text({1}, default=sorted) == "[1]"


@pytest.mark.parametrize("number", [2**63 - 1, -(2**63), 10**17, 0])
def test_integers_that_fit_into_64_bits(number: int) -> None:
    """The bounds are in, one more is out; digits of a text or of a float do not count."""
    for text in (json.dumps([{"n": number}]), json.dumps([{"n": number}]).encode()):
        assert fits_int64(decode(text), text)
    for far in (2**63, -(2**63) - 1, 10**30):
        for text in (json.dumps([{"n": far}]), json.dumps([{"n": far}]).encode()):
            assert not fits_int64(decode(text), text)
    text = '["12345678901234567890", 0.12345678901234567890]'
    assert fits_int64(decode(text), text)
