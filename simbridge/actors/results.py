"""Converts the result of a handler to JSON: as the answer of a function, or as the trace keeps it.

The Python runtime of Lambda writes a function's result as `json.dumps` does, and a Decimal as a number
(https://github.com/aws/aws-lambda-python-runtime-interface-client). A result that it cannot write (dates,
sets, bytes, your objects) is a failure of the function. NaN and the infinities are written as words that are
not JSON; here they are read as null.

The result of any other handler is not an answer, so it cannot fail. The trace keeps it as JSON if it has a
JSON form (a set is sorted), and otherwise the name of its type.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from decimal import Decimal
from functools import partial
from typing import Any

from simbridge.base.json import (
    InvalidJson,
    decode,
    encode,
    with_deeper_recursion,
    without_lone_surrogates,
)

__all__ = ["kept", "marshalled"]


def marshalled(result: Any) -> Any:
    """The JSON value that a Lambda function has answered.

    Raises what Lambda's runtime would report: `TypeError`, `ValueError` or `RecursionError`.
    """
    if result is None:
        return None
    text = with_deeper_recursion(_dumps, result)
    text = without_lone_surrogates(text) or text
    try:
        return decode(text)
    except InvalidJson:
        plain = json.loads(text, parse_constant=lambda word: None)
        return decode(json.dumps(plain))


def kept(result: Any) -> Any:
    """The result as JSON, in an order that does not depend on hashing; or the name of its type."""
    for write in _ENCODERS:
        try:
            return decode(write(result))
        except (TypeError, ValueError, RecursionError):
            continue  # without a JSON form it is shown by its type, which is the same in every run
    return type(result).__name__


def _number(value: Any) -> int | float:
    if isinstance(value, Decimal):
        if value.is_nan():
            return math.nan
        return json.loads(str(value)) if value.is_finite() else float(value)
    raise TypeError(f"Object of type {type(value).__name__} is not JSON serializable")


_dumps = partial(json.dumps, default=_number)

_ENCODERS: tuple[Callable[[Any], str | bytes], ...] = (
    partial(json.dumps, allow_nan=False),
    partial(encode, order="deterministic"),
)
