"""Paths into an event: `$.detail.items[0].name`.

The little of JSONPath that EventBridge takes (docs, captured): the root `$`, then any number of
`.name` (letters, digits, `_`, `-`, `/`), `[n]` and `[*]`. Quoted brackets, `.*`, `..`, negative
indices and slices are refused (captured).

`[*]` makes the result a list: of all elements, or of what the rest of the path finds in them,
leaving out the elements in which it finds nothing. A name looks into objects only, a bracket into
arrays only; if the value before the first `[*]` is not an array, nothing is found (believed).
"""

from __future__ import annotations

import re
from typing import final

import msgspec

__all__ = ["Path", "parse"]


@final
class Path(msgspec.Struct, frozen=True):
    """A path, step by step: a name, an index, or None for `[*]`."""

    steps: tuple[str | int | None, ...]

    def find(self, root: object) -> object:
        """What the path leads to, null (None) included, or `msgspec.UNSET` if nowhere."""
        found = [root]
        spread = False
        for step in self.steps:
            if step is not None:
                found = [child for value in found if (child := _child(value, step)) is not _ABSENT]
            elif spread or isinstance(found[0], list):
                found = [child for value in found if isinstance(value, list) for child in value]
                spread = True
            else:
                return _ABSENT
            if not (found or spread):
                return _ABSENT
        return found if spread else found[0]


def parse(text: str) -> Path | None:
    """The path, or None for a text that AWS refuses as one."""
    if _PATH.fullmatch(text) is None:
        return None
    return Path(tuple(_step(*match.groups()) for match in _STEP.finditer(text)))


_ABSENT = msgspec.UNSET
_PATH = re.compile(r"\$(?:\.[A-Za-z0-9_/-]++|\[(?:[0-9]{1,10}|\*)\])*+")
_STEP = re.compile(r"\.([A-Za-z0-9_/-]++)|\[(?:([0-9]++)|\*)\]")


def _step(name: str | None, index: str | None) -> str | int | None:
    return int(index) if index else name


def _child(value: object, step: str | int) -> object:
    if isinstance(value, dict):
        return value.get(step, _ABSENT)
    if isinstance(value, list) and isinstance(step, int) and step < len(value):
        return value[step]
    return _ABSENT
