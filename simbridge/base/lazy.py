"""Imports on first use, for modules that are large and that most programs do not need.

`import simbridge` stays light because nothing pulls in botocore, trio, structlog or matplotlib before it
is used. Every import that is not at the top of a file is a call of `lazy_import` with the full
name of a module, so tests/test_architecture.py finds it and holds it to the same rules as the others.
"""

from __future__ import annotations

import importlib
from typing import Any

from simbridge.base.errors import SimbridgeError

__all__ = ["lazy_import", "optional_import"]


def lazy_import(name: str) -> Any:
    """The module of this name, imported if nothing has imported it yet."""
    return importlib.import_module(name)


def optional_import(name: str, extra: str) -> Any:
    """An optional third party; raises `SimbridgeError` that names the extra if it is not installed."""
    try:
        return lazy_import(name)
    except ImportError as error:
        raise SimbridgeError(f"this needs {name}: pip install 'simbridge[{extra}]'") from error
