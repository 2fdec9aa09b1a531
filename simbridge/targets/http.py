"""What the targets that are called by HTTP share: path values, headers and the timeout.

Which headers a target cannot set is documented. What happens to one that is set nevertheless is not:
here it is left out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from urllib.parse import quote

from simbridge.base.clock import SECOND
from simbridge.targets.failures import Failure, FailureKind

__all__ = ["FAILURES", "TIMEOUT_US", "blank_value", "filled", "headers"]

# User guide, "API destinations" and "API Gateway targets": the maximum client execution timeout.
TIMEOUT_US = 5 * SECOND

_NUMBER_OF_PATH_VALUES = FailureKind(
    "PathParameterValues and the `*` of a path differ in number.",
    "The path {path} takes {wanted} path parameter values, not {given}.",
)
_BLANK_PATH_VALUE = FailureKind(
    "A `$.path` in PathParameterValues finds nothing in the event.",
    "A path parameter value must not be blank.",
)
_INVALID_HEADER = FailureKind(
    "A `$.path` in a header finds a text that no header can carry.",
    "The value of the header {name} is not valid.",
)
FAILURES = (_NUMBER_OF_PATH_VALUES, _BLANK_PATH_VALUE, _INVALID_HEADER)

_HEADER_VALUE = re.compile(r"[\t\x20-\x7e]*")


def filled(path: str, values: Sequence[str]) -> str | Failure:
    """A path with its `*` replaced, from left to right, by the values, percent-encoded.

    As many values as `*` are wanted: a mismatch passes PutTargets (captured) and fails here.
    """
    pieces = path.split("*")
    if len(pieces) != len(values) + 1:
        wanted = len(pieces) - 1
        return _NUMBER_OF_PATH_VALUES.because(path=path, wanted=wanted, given=len(values))
    blank = blank_value(values)
    if blank is not None:
        return blank
    quoted = [quote(value, safe="") for value in values]
    return "".join(piece + value for piece, value in zip(pieces, [*quoted, ""], strict=True))


def blank_value(values: Sequence[str]) -> Failure | None:
    """The failure of a blank path value; None if no value is blank."""
    return None if all(value.strip() for value in values) else _BLANK_PATH_VALUE.because()


def headers(parameters: Mapping[str, object], own: re.Pattern[str]) -> dict[str, str] | Failure:
    """The headers of a target without those that are the service's own."""
    given = parameters.get("HeaderParameters") or {}
    assert isinstance(given, dict)
    kept = {name: value for name, value in given.items() if not own.fullmatch(name)}
    for name, value in kept.items():
        if not _HEADER_VALUE.fullmatch(value):
            return _INVALID_HEADER.because(name=name)
    return kept
