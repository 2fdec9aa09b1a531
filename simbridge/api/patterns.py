"""Checks event patterns in requests: the service refuses some that the pattern language allows."""

from __future__ import annotations

from simbridge.base.errors import ServiceError
from simbridge.languages.pattern.syntax import parse

__all__ = ["check_pattern"]


def check_pattern(text: str) -> None:
    """Raise `InvalidPattern` for an invalid pattern, `ServiceError` for one that the service fails on.

    `anything-but` with an inner operator and an empty list is an internal failure without a text
    (captured for `prefix`, believed for the other inner operators). The engine itself accepts it, and so
    does `sb.match`.
    """
    if parse(text).excludes_nothing:
        raise ServiceError("InternalFailure", "", 500)
