"""Who may import whom, one door for each third party, and what importing simbridge costs."""

from __future__ import annotations

import ast
import inspect
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import simbridge as sb
from simbridge.bindings import BINDINGS, Binding

ROOT = Path(sb.__file__).parent
DOORS = {
    "pendulum": {"base.clock"},
    "botocore": {"api.model"},
    "anyio": {"hosts.engine", "hosts.asyncio", "hosts.trio", "adapters.pytest"},
    "trio": {"hosts.trio", "hosts.no_files", "hosts.trio_clock"},
    "outcome": {"hosts.trio"},
    "asyncio": {"hosts.asyncio"},
    "pytest": {"adapters.pytest"},
    "croniter": {"languages.schedule.unix"},
    "structlog": {"scenario.narrate"},
    "cloudpickle": {"whatif.workers"},
    "loky": {"whatif.workers"},
    "tqdm": {"whatif.workers"},
    "matplotlib": {"whatif.plots"},
    "pandas": {"whatif.export"},
    "json": {"base.json.text", "base.json.repeated", "actors.results", "whatif.arguments"},
    "msgspec.json": {
        "base.json.text",
        "base.json.repeated",
        "api.pagination",
        "languages.transform.jsontext",
        "trace.codec",
        "trace.file",
    },
}
# The floors of the house, the lowest first: a module may import its own room and those of floors below,
# so two rooms of one floor do not know each other.
FLOORS = [
    {"base"},
    {"kernel", "model"},
    {"storage"},
    {"languages"},
    {"hosts"},
    {"targets"},
    {"trace"},
    {"metrics"},
    {"api", "actors"},
    {"world"},
    {"scenario"},
    {"whatif"},
    {"adapters"},
    {"cli"},
    {"bindings", "__main__"},
]


OWN_NAMES = {
    ".".join(("simbridge", *path.relative_to(ROOT).with_suffix("").parts))
    for path in ROOT.rglob("*.py")
}


@cache
def modules() -> tuple[tuple[str, ast.Module], ...]:
    return tuple(
        (
            ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"),
            ast.parse(path.read_text(encoding="utf-8")),
        )
        for path in sorted(ROOT.rglob("*.py"))
    )


def imports(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith("_import"):
            yield from (one.value for one in node.args if isinstance(one, ast.Constant))
        elif isinstance(node, ast.Constant) and node.value in OWN_NAMES:
            yield node.value  # a table of modules that are imported on first use


def test_imports_point_down() -> None:
    """No module imports from a floor above it, or from another room of its own floor."""
    height = {name: number for number, floor in enumerate(FLOORS) for name in floor}
    for module, tree in modules():
        if module == "__init__":
            continue
        here = module.partition(".")[0]
        for name in imports(tree):
            there = name.removeprefix("simbridge.").partition(".")[0]
            if name.startswith("simbridge."):
                fits = there == here or height[there] < height[here]
                assert fits, f"{module} imports {name}"


def uses(tree: ast.Module) -> set[str]:
    """The libraries that a module imports, and `msgspec.json` if it names that."""
    found = {name.partition(".")[0] for name in imports(tree)} | set(imports(tree)) & DOORS.keys()
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and ast.unparse(node) in DOORS:
            found.add(ast.unparse(node))
    return found


def test_one_door_for_each_third_party() -> None:
    """A library is used where the table says, and nowhere else; `simbridge.base.json` says why for JSON."""
    users: dict[str, set[str]] = {name: set() for name in DOORS}
    for module, tree in modules():
        for name in uses(tree) & DOORS.keys():
            users[name].add(module)
    strangers = {name: users[name] - DOORS[name] for name in DOORS}
    assert not any(strangers.values()), strangers
    for name in ("json", "msgspec.json"):
        assert users[name] == DOORS[name]


def test_imports_stand_at_the_top_of_a_file() -> None:
    """No function imports. What is imported on first use goes through `base/lazy`."""
    for module, tree in modules():
        functions = [
            n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)
        ]
        inside = {node for function in functions for node in ast.walk(function)}
        assert not [n for n in inside if isinstance(n, ast.Import | ast.ImportFrom)], module
        called = {ast.unparse(n.func) for n in inside if isinstance(n, ast.Call)}
        late = {name for name in called if name.endswith(("import_module", "__import__"))}
        assert not late or module == "base.lazy", f"{module} calls {late}"


@pytest.mark.parametrize("binding", BINDINGS, ids=lambda it: f"{it.owner.__name__}.{it.method}")
def test_a_bound_method_is_declared_as_its_function_is(binding: Binding) -> None:
    """The class has the docstring and the signature; the function takes the same from a higher floor."""
    method, function = getattr(binding.owner, binding.method), binding.resolve()
    assert inspect.getdoc(method)
    declared, made = inspect.signature(method), inspect.signature(function)
    assert list(declared.parameters.values())[1:] == list(made.parameters.values())[1:]
    names = dict(modules())
    assert binding.module.removeprefix("simbridge.") in names
    assert binding.module not in set(imports(names[binding.owner.__module__.partition(".")[2]]))


@pytest.mark.parametrize("module", [name for name, _ in modules() if name != "__init__"])
def test_every_module_lists_its_names(module: str) -> None:
    """A module opens with why it is there, and what it gives others is a list."""
    tree = dict(modules())[module]
    assert ast.get_docstring(tree)
    names = {
        ast.unparse(n) for node in tree.body if isinstance(node, ast.Assign) for n in node.targets
    }
    assert "__all__" in names or len(tree.body) <= 2


def test_public_names_exist_and_are_sorted() -> None:
    """`simbridge.__all__` is the surface."""
    assert sb.__all__ == sorted(sb.__all__, key=str)
    assert all(hasattr(sb, name) for name in sb.__all__)


def test_importing_simbridge_is_light() -> None:
    """Whatever is large and not always needed stays away: botocore, trio, structlog, pytest, plots."""
    program = "import sys, simbridge; print(*sorted(m.partition('.')[0] for m in sys.modules))"
    loaded = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    ).stdout.split()
    heavy = {
        "asyncio",
        "boto3",
        "botocore",
        "cloudpickle",
        "croniter",
        "loky",
        "matplotlib",
        "moto",
    }
    heavy |= {"pandas", "pytest", "structlog", "tqdm", "trio"}
    assert not heavy & set(loaded)
