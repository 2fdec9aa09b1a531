"""Parses schedule expressions: `syntax` reads them, and a refusal gets a hint about what to write."""

from __future__ import annotations

from simbridge.base.errors import InvalidSchedule
from simbridge.languages.schedule.hints import refused
from simbridge.languages.schedule.syntax import REFUSED, Cron, Rate, read

__all__ = ["check", "check_text", "parse"]


def check(expression: str) -> None:
    """Raise `InvalidSchedule` for an expression that PutRule refuses."""
    parse(expression)


def check_text(expression: str) -> None:
    """Raise `InvalidSchedule` for a value that is not text."""
    if not isinstance(expression, str):
        raise InvalidSchedule(
            REFUSED, f"A schedule expression is text, 'rate(5 minutes)', not {expression!r}."
        )


def parse(expression: str) -> Rate | Cron:
    """The meaning of a schedule expression, or `InvalidSchedule` with AWS's text (recorded).

    The `detail` and the `proposals` of the error say what to write instead.
    """
    check_text(expression)
    try:
        return read(expression)
    except InvalidSchedule as error:
        complaint = error.detail
    raise InvalidSchedule(REFUSED, *refused.hint(expression, complaint))
