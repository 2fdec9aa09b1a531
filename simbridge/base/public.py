"""Show what a package publishes under the package's name, and keep its source within reach.

`simbridge.World` is defined in `simbridge.world.world`. Where a class says which module it is from (its
repr, a traceback, a pickle), the public name should appear: modules may move, the name may not.
trio, httpx and anyio assign `__module__ = "trio"` and so on for this. For a function that is enough. For
a class it is not: `inspect.getsource`, `typing.get_type_hints`, `doctest` and msgspec look into
`sys.modules[cls.__module__]` for the file and for the names in annotations, and fail.

So a class gets a `__module__` that reads as the package and is looked up as the module of its source:

>>> home = PublicModule("simbridge", "simbridge.world.world")
>>> print(home, {"simbridge.world.world": "found"}.get(home))
simbridge found

CPython 3.13 forgets the line of a class whose `__module__` is assigned (`__firstlineno__`), because for
any other text that line would be of the wrong file; here the file is the right one, so the line is kept.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping
from typing import Any, final

__all__ = ["PublicModule", "publish"]


@final
class PublicModule(str):
    """The name of a package for people, the name of a module within it for `sys.modules`.

    It equals both names and has the hash of the module's, so a dictionary or a set finds it by the module's
    only. A pickle and a copy hold the package's name as a plain `str`.
    """

    __slots__ = ("module",)
    module: str

    def __new__(cls, package: str, module: str) -> PublicModule:
        self = super().__new__(cls, package)
        self.module = module
        return self

    def __eq__(self, other: object) -> bool:
        return str.__eq__(self, other) is True or self.module == other

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash(self.module)

    def __reduce_ex__(self, protocol: object) -> tuple[type[str], tuple[str]]:
        return str, (str(self),)


def publish(package: str, namespace: Mapping[str, Any], names: Iterable[str]) -> None:
    """Let the classes and functions of these names say that they are of the package."""
    for name in names:
        thing = namespace[name]
        if inspect.isclass(thing):
            line = vars(thing).get("__firstlineno__")
            thing.__module__ = PublicModule(package, thing.__module__)
            if line is not None:
                type.__setattr__(thing, "__firstlineno__", line)
        elif inspect.isfunction(thing):
            thing.__module__ = package
