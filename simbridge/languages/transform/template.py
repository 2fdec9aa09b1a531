"""Input templates: text with `<placeholders>`.

Theory of operation. A template is cut once into literal text and placeholders; rendering looks up
each placeholder's value, turns it into text, and joins. There are two ways of turning (which AWS
chooses by the first character), and they differ more than one would like:

- **object templates**, whose text starts with `{`: a value is inserted as compact JSON.
  Inside a quoted string, a string goes in escaped, without quotes of its own, and anything else as
  its JSON, which for objects and arrays breaks the string (recorded, captured). A path that finds
  nothing gives `""`, or nothing inside a quoted string (recorded).
- **all others** (quoted strings, arrays, bare placeholders): a string goes in raw, unescaped; an
  object or array goes in without any of its double quotes: `{acc_id:0a787ecb-4015}`; a path that
  finds nothing leaves nothing (recorded, captured).

null is a value, `null` (captured). So `["<a>"]` is the way to an array of strings, and a string
that holds a quote breaks a string template (captured).

Whatever comes out must be JSON, or the delivery fails with INVALID_JSON and the broken text goes
to the dead-letter queue (captured, also for strings and arrays). Several quoted lines are JSON
enough (recorded). When nothing at all comes out, nothing arrives anywhere, the dead-letter queue
included, which takes no empty message (captured); `Rendered.valid` is then False, too.

What PutTargets checks is weaker than that: it puts `null` for each placeholder and reads the first
JSON value, no more. `hello <x>` is refused with the position in `hello null` (captured), and
`<x> hello` passes and delivers nothing (recorded).

Names that the map does not declare are refused only if there is a map at all: with
`InputPathsMap` left out, they pass and stay in the text as they are (captured). So do unknown names
that start with `aws.events.`, with or without a map (captured).
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping
from typing import Any, final

import msgspec

from simbridge.base import clock
from simbridge.base.errors import InvalidTransform
from simbridge.languages.transform import jsontext, paths

__all__ = ["EVENTS", "RESERVED", "Context", "Rendered", "Template", "parse"]


@final
class Context(msgspec.Struct, frozen=True):
    """What a template may say beside the event: the rule, and when the event was ingested.

    `ingested_us` is in microseconds since the epoch.
    """

    rule_arn: str
    rule_name: str
    ingested_us: int


@final
class Rendered(msgspec.Struct, frozen=True):
    """The exact body for the target, and whether it may be delivered (else INVALID_JSON)."""

    text: str
    valid: bool


@final
class Template(msgspec.Struct, frozen=True):
    """A compiled input template: literal texts and slots, and the paths of declared names."""

    parts: tuple[str | _Slot, ...]
    paths: dict[str, paths.Path]
    is_object: bool
    roots: jsontext.Roots

    def render(self, envelope: dict[str, Any], context: Context) -> Rendered:
        """The text for one event. `envelope` is the complete event, keys in delivery order."""
        inserted: dict[_Slot, str] = {}
        texts: list[str] = []
        for part in self.parts:
            if isinstance(part, _Slot) and part not in inserted:
                value = self._value(part.name, envelope, context)
                inserted[part] = _inserted(value, self.is_object, part.quoted)
            texts.append(inserted[part] if isinstance(part, _Slot) else part)
        text = "".join(texts)
        return Rendered(text, jsontext.well_formed(text, self.roots))

    def _value(self, name: str, envelope: dict[str, Any], context: Context) -> object:
        if name in RESERVED:
            return RESERVED[name](envelope, context)
        return self.paths[name].find(envelope)


def parse(target_id: str, text: str, declared: Mapping[str, str] | None) -> Template:
    """Compile a template with its map of paths (None: the target has no map).

    Raises `InvalidTransform` with AWS's text for what PutTargets refuses. AWS's order among several
    mistakes is not known; ours goes from the map to the names to the shape.
    """
    found = {name: _path(target_id, path) for name, path in (declared or {}).items()}
    is_object = text.lstrip(_BLANKS).startswith("{")
    names = {match[1]: None for match in _PLACEHOLDER.finditer(text)}
    for name in names:
        if declared is not None and not (name in found or name.startswith(_RESERVED_PREFIX)):
            raise InvalidTransform(  # recorded
                f"InputTemplate for target {target_id} contains invalid placeholder {name}."
            )
        if name in EVENTS and not is_object:
            raise InvalidTransform(  # captured for aws.events.event.json, believed for the other
                f"InputTemplate for target {target_id} contains placeholder {name}"
                " valid only for JSON template."
            )
    _check_shape(target_id, text)
    return Template(
        parts=_cut(text, {*found, *RESERVED}),
        paths=found,
        is_object=is_object,
        roots=jsontext.Roots.ONE if is_object else jsontext.Roots.MANY,
    )


class _Slot(msgspec.Struct, frozen=True):
    """A placeholder's place: `quoted` if it is inside a string of the template."""

    name: str
    quoted: bool


_BLANKS = " \t\r\n"
_PLACEHOLDER = re.compile(r"<([A-Za-z0-9_.\-]++)>")
_PIECE = re.compile(r'\\.|"|<([A-Za-z0-9_.\-]++)>', re.DOTALL)
_KEY_MARK = re.compile(r"[ \t\r\n]*+:")


def _ingestion_time(envelope: dict[str, Any], context: Context) -> str:
    return clock.iso_micros(context.ingested_us)[: -len("000Z")] + "Z"


def _event(envelope: dict[str, Any], context: Context) -> dict[str, object]:
    """The event as AWS's own code sees it: other names, time in ms, no detail (recorded)."""
    return {
        "id": envelope["id"],
        "account": envelope["account"],
        "detailType": envelope["detail-type"],
        "time": clock.instant(dt.datetime.fromisoformat(envelope["time"])) // 1000,
        "source": envelope["source"],
        "region": envelope["region"],
        "resources": envelope["resources"],
        "version": envelope["version"],
    }


_RESERVED_PREFIX = "aws.events."
RESERVED: dict[str, Callable[[dict[str, Any], Context], object]] = {
    "aws.events.rule-arn": lambda envelope, context: context.rule_arn,
    "aws.events.rule-name": lambda envelope, context: context.rule_name,
    "aws.events.event.ingestion-time": _ingestion_time,
    "aws.events.event": _event,
    "aws.events.event.json": lambda envelope, context: envelope,
}
"""The variables that no map declares, and the value of each (fidelity 5.5)."""

EVENTS = ("aws.events.event", "aws.events.event.json")
"""Those that stand for an object, and only in object templates (captured)."""


def _path(target_id: str, text: str) -> paths.Path:
    path = paths.parse(text)
    if path is None:
        raise InvalidTransform(f"InputPath for target {target_id} is invalid.")  # captured
    return path


def _check_shape(target_id: str, text: str) -> None:
    if _names_a_key(text):
        raise InvalidTransform(  # captured
            f"InputTemplate placeholder present as a JSON object key for target {target_id}."
        )
    filled = _PLACEHOLDER.sub("null", text)
    offset = jsontext.fault(filled, jsontext.Roots.FIRST)
    if offset is not None:
        at = jsontext.where(filled, offset)
        raise InvalidTransform(f"Invalid InputTemplate for target {target_id} : {at}.")  # captured


def _names_a_key(text: str) -> bool:
    """Whether a placeholder is, or is part of, something that a colon follows."""
    if not text.lstrip(_BLANKS).startswith(("{", "[")):
        return False
    quoted = holds_placeholder = False
    for match in _PIECE.finditer(text):
        if match[0] == '"':
            quoted = not quoted
            if quoted:
                holds_placeholder = False
                continue
        elif match[1] is None:
            continue
        else:
            holds_placeholder = True
        if holds_placeholder and not quoted and _KEY_MARK.match(text, match.end()):
            return True
    return False


def _cut(text: str, known: set[str]) -> tuple[str | _Slot, ...]:
    """The template in pieces; unknown placeholders stay part of the text."""
    parts: list[str | _Slot] = []
    quoted = False
    start = 0
    for match in _PIECE.finditer(text):
        if match[0] == '"':
            quoted = not quoted
        elif match[1] in known:
            parts += [text[start : match.start()], _Slot(match[1], quoted)]
            start = match.end()
    return (*(part for part in parts if part != ""), text[start:])


def _inserted(value: object, in_object: bool, quoted: bool) -> str:
    if value is msgspec.UNSET:
        return '""' if in_object and not quoted else ""
    if isinstance(value, str) and not in_object:
        return value
    text = jsontext.emit(value)
    if in_object:
        return text[1:-1] if quoted and isinstance(value, str) else text
    return text.replace('"', "") if isinstance(value, dict | list) else text
