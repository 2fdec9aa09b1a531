"""Methods whose work is done above the package of their class: the one table of them.

A user writes `result.report("report.html")`, and the page is made by a module that reads the result. If
the class imported that module, the two would import each other. So the class declares the method with
its signature and docstring, and a row here names the function that does the work, which takes the
instance first. `simbridge/__init__.py` applies the table. The module of a function is imported on the first
call, because it may need a large library.

Adding a row: declare the method with a body of `raise NotImplementedError`, write the function with the
same parameters, and name both here. tests/test_architecture.py compares the signatures.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, NamedTuple, final

from simbridge.base.lazy import lazy_import, optional_import
from simbridge.whatif.result import Sweep

__all__ = ["BINDINGS", "Binding", "bind"]


@final
class Binding(NamedTuple):
    """A method that a class declares, and the function that does its work."""

    owner: type
    method: str
    module: str
    function: str
    library: str = ""
    extra: str = ""
    """The optional library that the module imports, and the extra of simbridge that installs it."""

    def resolve(self) -> Callable[..., Any]:
        """The function; imports its module. Raises `SimbridgeError` if its library is missing."""
        if self.library:
            optional_import(self.library, self.extra)
        function: Callable[..., Any] = getattr(lazy_import(self.module), self.function)
        return function


BINDINGS = (
    Binding(Sweep, "plot", "simbridge.whatif.plots", "figure", "matplotlib", "plot"),
    Binding(Sweep, "report", "simbridge.whatif.report", "write_report"),
)


def bind() -> None:
    """Give each class of the table its methods."""
    for binding in BINDINGS:
        setattr(binding.owner, binding.method, _method(binding))


def _method(binding: Binding) -> Callable[..., Any]:
    @functools.wraps(getattr(binding.owner, binding.method))
    def method(self: Any, *args: Any, **options: Any) -> Any:
        return binding.resolve()(self, *args, **options)

    return method
