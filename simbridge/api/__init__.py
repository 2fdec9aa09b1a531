"""The control plane: what an API call checks, changes and answers.

Every module of this package is imported here, in the order of their names, so that the functions with
`@operation` in a new module are registered without an edit anywhere else.
"""

from importlib import import_module
from pkgutil import iter_modules

from simbridge.api.plane import OPERATIONS

__all__ = ["OPERATIONS"]

for _module in sorted(found.name for found in iter_modules(__path__)):
    import_module(f"{__name__}.{_module}")
