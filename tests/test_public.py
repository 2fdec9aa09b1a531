"""The public surface: what a user receives can be named, and says that it is `simbridge`'s."""

from __future__ import annotations

import copy
import doctest
import inspect
import pickle
import sys
import traceback
import types
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cloudpickle
import pytest

import simbridge as sb

NAMES = [name for name in sb.__all__ if inspect.isclass(getattr(sb, name))]
FUNCTIONS = [name for name in sb.__all__ if inspect.isfunction(getattr(sb, name))]
# Public classes have a few methods that only simbridge calls: what a fault does to an attempt.
INTERNAL = {"Scripted.effect"}
EVENT = {"source": "shop", "detail-type": "OrderPlaced", "detail": {}}


def home(thing: Any) -> str:
    """The module that a class or a function is defined in."""
    return str(getattr(thing.__module__, "module", thing.__module__))


def types_in(annotation: object) -> Iterator[type]:
    """The classes of an annotation: those of `dict[str, list[Event]] | None` are dict, str, list, Event."""
    if isinstance(annotation, list | tuple):
        for part in annotation:
            yield from types_in(part)
        return
    origin = typing.get_origin(annotation)
    if origin is not None:
        yield from types_in(origin)
        yield from types_in(typing.get_args(annotation))
    elif isinstance(annotation, type):
        yield annotation


def answers(thing: Any) -> Iterator[tuple[str, object]]:
    """What using a public thing gives: results of a function, of methods and properties, and fields."""
    if inspect.isfunction(thing):
        yield thing.__name__, typing.get_type_hints(thing).get("return")
    elif inspect.ismodule(thing):
        for name in thing.__all__:
            yield from answers(getattr(thing, name))
            if inspect.isclass(getattr(thing, name)):
                yield name, getattr(thing, name)
    elif inspect.isclass(thing):
        yield from answers_of_a_class(thing)


def answers_of_a_class(thing: type) -> Iterator[tuple[str, object]]:
    for name, annotation in typing.get_type_hints(thing).items():
        if not name.startswith("_"):
            yield f"{thing.__name__}.{name}", annotation
    for base in thing.__mro__:
        for name, member in vars(base).items():
            if home(base).startswith("simbridge") and (
                name in ("__getitem__", "__iter__", "__enter__") or not name.startswith("_")
            ):
                function = getattr(member, "fget", None) or getattr(member, "__func__", member)
                if inspect.isfunction(function):
                    hints = typing.get_type_hints(inspect.unwrap(function))
                    yield f"{thing.__name__}.{name}", hints.get("return")


def test_what_a_user_receives_can_be_named() -> None:
    """Each class that a public name gives, by its annotations, is in `simbridge.__all__` or not ours."""
    public = {id(getattr(sb, name)) for name in sb.__all__}
    missing = {
        f"{home(found)}.{found.__name__}, from {where}"
        for name in sb.__all__
        for where, annotation in answers(getattr(sb, name))
        for found in types_in(annotation)
        if where not in INTERNAL
        if home(found).startswith("simbridge") and id(found) not in public
    }
    assert not missing, f"export them in simbridge/__init__.py: {sorted(missing)}"


def test_the_walk_over_annotations_finds_classes() -> None:
    """The test before this one can fail."""
    found = dict(answers(sb.World))
    assert found["World.trace"] is sb.Trace
    assert sb.Delivery in types_in(dict(answers(sb.Trace))["Trace.deliveries"])
    assert list(types_in(dict[str, list[sb.Event]] | None)) == [
        types.UnionType,
        dict,
        str,
        list,
        sb.Event,
        type(None),
    ]


@pytest.mark.parametrize("name", [*NAMES, *FUNCTIONS])
def test_it_says_simbridge(name: str) -> None:
    """The name, the module, and the repr of a class are the public ones."""
    thing = getattr(sb, name)
    assert thing.__qualname__ == name
    assert thing.__module__ == "simbridge"
    assert f"{thing.__module__}.{name}" == f"simbridge.{name}"
    if name in NAMES:
        assert repr(thing) == f"<class 'simbridge.{name}'>"


@pytest.mark.parametrize("name", [*NAMES, *FUNCTIONS])
def test_its_source_is_found(name: str) -> None:
    """`inspect.getsource` and `inspect.getfile` find the definition, not the package's `__init__`."""
    thing = getattr(sb, name)
    source = inspect.getsource(thing)
    assert f"class {name}" in source or f"def {name}(" in source
    assert source in Path(inspect.getfile(inspect.unwrap(thing))).read_text(encoding="utf-8")
    assert inspect.getdoc(thing)


@pytest.mark.parametrize("name", [*NAMES, *FUNCTIONS])
def test_its_annotations_are_understood(name: str) -> None:
    """`typing.get_type_hints` finds the names that annotations use."""
    thing = getattr(sb, name)
    assert set(typing.get_type_hints(thing)) >= set(inspect.get_annotations(thing))


@pytest.mark.parametrize("name", [*NAMES, *FUNCTIONS])
@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_it_is_pickled_by_its_public_name(name: str, protocol: int) -> None:
    """A pickle outlives a move between modules; cloudpickle, which sweeps use, agrees."""
    thing = getattr(sb, name)
    for text in (pickle.dumps(thing, protocol), cloudpickle.dumps(thing, protocol)):
        assert pickle.loads(text) is thing
        assert b"simbridge." not in text
    assert copy.deepcopy(thing) is thing


def test_values_are_pickled_and_shown() -> None:
    """Instances: a named tuple, a frozen dataclass, an error."""
    world = sb.World(stand_ins="auto")
    world.client().put_rule(Name="r", EventPattern='{"source": ["s"]}')
    record = world.trace[0]
    explanation = sb.explain({"source": ["s"]}, EVENT)
    with pytest.raises(sb.InvalidPattern) as caught:
        sb.match("{", EVENT)

    assert repr(record).startswith("Record(time=")
    assert pickle.loads(pickle.dumps(record)) == record
    assert repr(explanation.rows[0]).startswith("Row(kind=")
    assert pickle.loads(pickle.dumps(explanation.rows)) == explanation.rows
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)
    shown = traceback.format_exception_only(caught.value)
    assert shown[0].startswith("simbridge.InvalidPattern: ")


def test_doctest_finds_the_examples_of_public_classes() -> None:
    """A class counts as one of the module that it is written in."""
    for name in NAMES:
        thing = getattr(sb, name)
        found = doctest.DocTestFinder(exclude_empty=False).find(sys.modules[home(thing)])
        assert any(case.name.endswith(f".{name}") for case in found), name
