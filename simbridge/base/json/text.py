"""Decodes and encodes JSON texts, with one error for whatever is wrong with them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final, Literal

import msgspec

from simbridge.base.json.nesting import with_deeper_recursion
from simbridge.base.json.repeated import Repeating, as_text, every_value, has_repeated_key
from simbridge.base.json.surrogates import without_lone_surrogates

__all__ = [
    "DECODER_ERRORS",
    "InvalidJson",
    "TooDeep",
    "decode",
    "decode_detail",
    "decode_object",
    "encode",
    "event_decoder",
    "fast_decoder",
    "fits_int64",
    "to_text",
]

Order = Literal["sorted", "deterministic"] | None

_INT64: Final = range(-(2**63), 2**63)
DECODER_ERRORS: Final = (ValueError, msgspec.MsgspecError, RecursionError)
"""What a decoder or an encoder of msgspec raises, besides `TypeError`."""


class InvalidJson(ValueError):
    """A text is not valid JSON, not the kind of value that was asked for, or nested too deeply.

    For modules of simbridge, which say in their own error where the text came from.
    """


class TooDeep(InvalidJson):
    """A text or a value is nested too deeply for the decoder or the encoder."""


def _invalid(error: Exception) -> InvalidJson:
    """The error of a library, without what the name `InvalidJson` says already."""
    return InvalidJson(str(error).removeprefix("JSON is malformed: "))


_decode: Final = msgspec.json.Decoder().decode
_decode_object: Final = msgspec.json.Decoder(dict[str, Any]).decode
_decode_keeping_surrogates: Final = json.loads


def decode(
    text: str | bytes, *, lone_surrogates: Literal["refuse", "replace", "keep"] = "refuse"
) -> Any:
    """The value of a JSON text; the last value of a duplicate key.

    `lone_surrogates`: "refuse" makes one an error, "replace" a question mark. "keep" is slower, and what
    it returns cannot be encoded in UTF-8. Raises `InvalidJson`.
    """
    if lone_surrogates == "keep":
        return _decoded(_decode_keeping_surrogates, text, False)[0]
    return _decoded(_decode, text, lone_surrogates == "replace")[0]


def decode_object(text: str | bytes) -> dict[str, Any]:
    """The object of a JSON text; the last value of a duplicate key. Raises `InvalidJson`."""
    found: dict[str, Any] = _decoded(_decode_object, text, False)[0]
    return found


def decode_detail(text: str | bytes) -> dict[str, Any]:
    """The object of the text of an event's detail: `Repeating` if an object in it has a duplicate key.

    A lone surrogate is a question mark. Raises `InvalidJson`.
    """
    try:
        found = _decode_object(text)
    except DECODER_ERRORS:
        found, text = _decoded(_decode_object, text, True)
    return Repeating(found, as_text(text)) if has_repeated_key(text, found) else found


def fast_decoder(read_float: Callable[[str], object]) -> Callable[[str | bytes], Any]:
    """msgspec's own decoder, for a hot path; `read_float` reads a number with a point or an exponent.

    It raises one of `DECODER_ERRORS`, and the last value of a duplicate key counts. What it refuses is to
    be given to `event_decoder`, which reads more and has the right error.
    """
    return msgspec.json.Decoder(float_hook=read_float).decode


def event_decoder(read_float: Callable[[str], object]) -> Callable[[str | bytes], Any]:
    """A decoder of events for the matcher, which needs every value of a duplicate key and exact numbers.

    A lone surrogate is a question mark; an object with a duplicate key is an `Every`. The decoder returns
    any value and raises `InvalidJson`.
    """
    decode_any = fast_decoder(read_float)

    def decode_event(text: str | bytes) -> Any:
        found, text = _decoded(decode_any, text, True)
        if type(found) is dict and has_repeated_key(text, found):
            return every_value(text, decode_any)
        return found

    return decode_event


def _decoded(
    decoder: Callable[[str | bytes], Any], text: str | bytes, replace_surrogates: bool
) -> tuple[Any, str | bytes]:
    """The value of a text, and the text that was decoded in the end."""
    try:
        return with_deeper_recursion(decoder, text), text
    except RecursionError:
        raise TooDeep("nested too deeply") from None
    except DECODER_ERRORS as error:
        replaced = without_lone_surrogates(text) if replace_surrogates else None
        if replaced is None:
            raise _invalid(error) from error
    return _decoded(decoder, replaced, False)


@lru_cache(maxsize=16)
def _encoder(order: Order, default: Callable[[Any], object] | None) -> Callable[[object], bytes]:
    return msgspec.json.Encoder(enc_hook=default, order=order).encode


def encode(
    value: object,
    *,
    order: Order = None,
    default: Callable[[Any], object] | None = None,
    lone_surrogates: Literal["refuse", "replace"] = "refuse",
) -> bytes:
    """The compact JSON of a value, in UTF-8.

    `order`: None keeps the order of keys; "sorted" and "deterministic" are msgspec's, the latter also for
    sets. `default` replaces values of types that msgspec does not know. `lone_surrogates`: "replace" makes
    one a question mark. Raises `TooDeep`, and `InvalidJson` for a value that has no JSON form.
    """
    encoder = _encoder(order, default)
    try:
        try:
            return encoder(value)
        except RecursionError:
            return with_deeper_recursion(encoder, value)
    except RecursionError:
        raise TooDeep("nested too deeply") from None
    except UnicodeEncodeError as error:
        if lone_surrogates == "refuse":
            raise _invalid(error) from error
    except (TypeError, *DECODER_ERRORS) as error:
        raise _invalid(error) from error
    text = to_text(msgspec.to_builtins(value, enc_hook=default))
    return (without_lone_surrogates(text) or text).encode()


def to_text(
    value: object,
    *,
    indent: int | None = None,
    ascii_only: bool = True,
    allow_nan: bool = False,
    default: Callable[[Any], object] | None = None,
) -> str:
    """The JSON of a value for people: a space after every comma and colon, or lines with an indent.

    With `ascii_only` every other character is escaped, so a lone surrogate has a form as well. `default`
    replaces values of other types. Raises `InvalidJson` for what has no JSON form, and for NaN and the
    infinities; with `allow_nan` those are written as Python writes them.
    """
    encoder = json.JSONEncoder(
        ensure_ascii=ascii_only, allow_nan=allow_nan, indent=indent, default=default
    )
    try:
        return with_deeper_recursion(encoder.encode, value)
    except RecursionError:
        raise TooDeep("nested too deeply") from None
    except (TypeError, ValueError) as error:
        raise _invalid(error) from error


def fits_int64(value: object, text: str | bytes) -> bool:
    """Whether all integers of a JSON value fit into 64 bits with a sign (API reference).

    `text` is the value's JSON. Only a run of 19 digits can be an integer that is too large. Every ninth
    character shows whether there can be such a run, several times faster than looking at all of them.
    """
    if isinstance(text, str):
        if not _has_two_digits(text[::9]) or not _has_long_digits(text):
            return True
    elif not _has_two_digits_in_bytes(text[::9]) or not _has_long_digits_in_bytes(text):
        return True
    return _all_fit(value)


_has_two_digits: Final = re.compile(r"[0-9]{2}").search
_has_long_digits: Final = re.compile(r"[0-9]{19}").search
_has_two_digits_in_bytes: Final = re.compile(rb"[0-9]{2}").search
_has_long_digits_in_bytes: Final = re.compile(rb"[0-9]{19}").search


def _all_fit(value: object) -> bool:
    values = [value]
    while values:
        value = values.pop()
        if isinstance(value, dict):
            values.extend(value.values())
        elif isinstance(value, list):
            values.extend(value)
        elif isinstance(value, int) and value not in _INT64:
            return False
    return True
