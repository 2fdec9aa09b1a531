"""Selects the input of a target: everything, a constant, a part of the event, a template.

`compile` reads the four keys of a target as boto3 shapes them (`Input`, `InputPath`,
`InputTransformer`, none of these) and refuses what PutTargets refuses, with the same words; `check`
is the same without the result, so the two cannot disagree. Lengths, key patterns and required
members are the request model's affair and checked before.

The result is one of four small records with one method, `render`. It holds data only, so a world
that contains compiled transforms can be copied and pickled.

Two oddities are AWS's: an empty `Input` is accepted and nothing is delivered; an empty `InputPath`
is accepted and finds nothing, which is `{}` (fidelity 5.4). A blank `Input` we treat like an empty one,
and an `Input` with something behind its first value we refuse (both believed).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, final

import msgspec

from simbridge.base.errors import InvalidTransform
from simbridge.languages.transform import jsontext, paths, template
from simbridge.languages.transform.template import Context, Rendered, Template

__all__ = ["Constant", "Selected", "Transform", "Whole", "check", "compile"]


@final
class Whole(msgspec.Struct, frozen=True):
    """The event as it is."""

    def render(self, envelope: dict[str, Any], context: Context) -> Rendered | None:
        """None: deliver the whole event."""
        return None


@final
class Constant(msgspec.Struct, frozen=True):
    """`Input`: the same text every time, byte for byte (captured)."""

    rendered: Rendered

    def render(self, envelope: dict[str, Any], context: Context) -> Rendered:
        """The constant."""
        return self.rendered


@final
class Selected(msgspec.Struct, frozen=True):
    """`InputPath`: what the path finds; None is the empty path, which finds nothing."""

    path: paths.Path | None

    def render(self, envelope: dict[str, Any], context: Context) -> Rendered:
        """What is found as compact JSON; `{}` if it is null or nothing (captured)."""
        value = msgspec.UNSET if self.path is None else self.path.find(envelope)
        if value is None or value is msgspec.UNSET:
            return Rendered("{}", True)
        return Rendered(jsontext.emit(value), True)


Transform = Whole | Constant | Selected | Template
"""Each has `render(envelope, context)`: the body for the target, or None for the whole event."""


def check(target_id: str, request: Mapping[str, Any]) -> None:
    """Raise `InvalidTransform` with AWS's text if PutTargets refuses the target's input."""
    compile({**request, "Id": target_id})


def compile(request: Mapping[str, Any]) -> Transform:
    """The transform of a target as PutTargets takes it (the keys Id, Input, InputPath and
    InputTransformer are read). Raises `InvalidTransform` for what `check` refuses.
    """
    target_id = request.get("Id", "")
    given = [key for key in _READERS if request.get(key) is not None]
    if len(given) > 1:
        raise InvalidTransform(  # recorded
            "Only one of Input, InputPath, or InputTransformer must be provided"
            f" for target {target_id}."
        )
    return _READERS[given[0]](target_id, request[given[0]]) if given else Whole()


def _input(target_id: str, text: str) -> Transform:
    blank = not text.strip(" \t\r\n")
    offset = None if blank else jsontext.fault(text, jsontext.Roots.ONE)
    if offset is not None:
        at = jsontext.where(text, offset)
        raise InvalidTransform(
            f"JSON syntax error in input for target {target_id}: {at}"
        )  # captured
    return Constant(Rendered(text, valid=not blank))


def _input_path(target_id: str, text: str) -> Transform:
    path = paths.parse(text)
    if path is None and text:
        raise InvalidTransform(f"InputPath for target {target_id} is invalid.")  # captured
    return Selected(path) if path is None or path.steps else Whole()


def _input_transformer(target_id: str, transformer: Mapping[str, Any]) -> Transform:
    return template.parse(target_id, transformer["InputTemplate"], transformer.get("InputPathsMap"))


_READERS: dict[str, Callable[[str, Any], Transform]] = {
    "Input": _input,
    "InputPath": _input_path,
    "InputTransformer": _input_transformer,
}
