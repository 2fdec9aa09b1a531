"""Patterns that a request carries: what the service refuses beyond the language itself."""

from __future__ import annotations

from simbridge.base.errors import ServiceError
from simbridge.languages.pattern.syntax import parse

__all__ = ["check_pattern"]


def check_pattern(text: str) -> None:
    """Refuse a pattern that is not valid, or that the service breaks on.

    `anything-but` with an inner operator and an empty list is an internal failure without a word
    (captured for `prefix`, believed for the other inner operators); the engine itself takes it, so
    `sb.match` does. Raises `InvalidPattern` and `ServiceError`.
    """
    if parse(text).excludes_nothing:
        raise ServiceError("InternalFailure", "", 500)
