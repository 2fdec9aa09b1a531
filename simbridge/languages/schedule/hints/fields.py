"""Corrects one field of a cron expression that AWS refuses.

Only mistakes that leave no doubt are corrected here: `/5` is `*/5`, `MO` is `MON`. Whether the whole
expression is then accepted, and what else is wrong, is for `refused` to find out.
"""

from __future__ import annotations

import re

from simbridge.languages.schedule.syntax import FIELDS, Field

__all__ = ["corrected"]

_EVERY = re.compile(r"\*?/(?P<step>[0-9]{1,9})|\*(?P<number>[0-9]{1,9})")
_NAME = re.compile(r"[A-Z]{2,}")
_DAYS = (2, 4)


def corrected(number: int, text: str) -> str:
    """A field in upper case, by its place from 0 on, as its author must have meant it."""
    field = FIELDS[number]
    if not text.strip(",") or (text == "?" and number not in _DAYS):
        return "*"
    return ",".join(_item(field, item) for item in text.split(",") if item)


def _item(field: Field, item: str) -> str:
    if match := _EVERY.fullmatch(item):
        step = match["step"] or match["number"]
        return str(field.low) if int(step) > field.high else f"*/{step}"
    return _NAME.sub(lambda match: _name(field, match[0]), item)


def _name(field: Field, word: str) -> str:
    """The one name that begins like this: MO is Monday."""
    names = field.names.split()
    found = [name for name in names if name.startswith(word)]
    return found[0] if len(found) == 1 and word[:3] not in names else word
