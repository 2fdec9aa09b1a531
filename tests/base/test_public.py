"""The name that a class shows and the module it is found in."""

from __future__ import annotations

import copy
import pickle
import sys
import types

import pytest

from simbridge.base.public import PublicModule, publish

HERE = __name__


class Shown:
    """A class that is published."""

    field: types.ModuleType


def shown() -> None:
    """A function that is published."""


def test_it_reads_as_the_package_and_is_found_as_the_module() -> None:
    """As text it is the package; `sys.modules` finds the module."""
    name = PublicModule("json", "json.decoder")
    assert (str(name), f"{name}", repr(name), name.upper()) == ("json", "json", "'json'", "JSON")
    assert sys.modules[name] is sys.modules["json.decoder"]
    assert name == "json"
    assert name == "json.decoder"
    assert name != "json.encoder"
    assert (name != "json") is False


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_copy_is_plain_text(protocol: int) -> None:
    """What leaves the process is the public name as a `str`."""
    name = PublicModule("json", "json.decoder")
    for other in (copy.copy(name), pickle.loads(pickle.dumps(name, protocol)), str(name)):
        assert isinstance(other, str)
        assert type(other) is not PublicModule
        assert other == "json"


def test_publishing_leaves_the_line_of_a_class(monkeypatch: pytest.MonkeyPatch) -> None:
    """Python 3.13 forgets it when the module is assigned; earlier ones have none."""
    monkeypatch.setattr(Shown, "__module__", HERE)
    Shown.__firstlineno__ = 7  # type: ignore[attr-defined]
    names = {"Shown": Shown, "shown": shown, "__version__": "1"}
    monkeypatch.setattr(shown, "__module__", HERE)

    publish("here", names, names)

    assert (Shown.__module__, shown.__module__) == ("here", "here")
    assert vars(Shown)["__firstlineno__"] == 7
    assert vars(Shown)["__module__"].module == HERE
    assert type(shown.__module__) is str
