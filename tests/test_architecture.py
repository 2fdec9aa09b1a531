"""Which module may import which, one door for each third party, and what importing simbridge costs.

A module named in a string, as in `import_module("simbridge.whatif.plot")`, counts as imported: it is
loaded later, but it is a dependency all the same.
"""

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
ROOT_MODULE = "__init__"
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
# Modules that load another one late, by a name: what, and why it is not a plain import.
LATE = {
    "api": "the modules of the package, which are found by themselves",
    "base.lazy": "what is imported on first use: `lazy_import` and `optional_import`",
    "targets.services": "its modules, which are found by themselves",
}
LOADERS = ("import_module", "__import__", "lazy_import", "optional_import")
# Circles that are still there; remove a pair once its circle is gone.
PENDING_CIRCLES = {
    ("hosts.engine", "hosts.asyncio"),
    ("hosts.engine", "hosts.trio"),
}
# The layers, the lowest first: a module may import its own package and those of the layers below,
# so two packages of one layer do not know each other.
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


@cache
def modules() -> dict[str, ast.Module]:
    """Each module by its path below `simbridge`: `kernel.core`, `kernel`, and the package itself."""
    return {
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): ast.parse(
            path.read_text(encoding="utf-8")
        )
        for path in sorted(ROOT.rglob("*.py"))
    }


def imports(tree: ast.Module) -> Iterator[str]:
    """What a module imports by statements, and what it names in a string to load it late."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, "write the whole path: from simbridge.base import clock"
            assert node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            if node.value.partition("simbridge.")[2] in modules():
                yield node.value
        elif isinstance(node, ast.Call):
            yield from loaded_late(node)


def loaded_late(call: ast.Call) -> Iterator[str]:
    """The name, or its constant beginning, that a module is loaded by."""
    if called(call) in LOADERS and call.args:
        name = call.args[0]
        if isinstance(name, ast.JoinedStr) and isinstance(name.values[0], ast.Constant):
            name = name.values[0]
        if isinstance(name, ast.Constant):
            yield str(name.value).rstrip(".")


def called(call: ast.Call) -> str:
    return ast.unparse(call.func).rpartition(".")[2]


def inside(name: str) -> str | None:
    """The module below `simbridge` that an imported name is or is of; None: somebody else's."""
    if name.partition(".")[0] != "simbridge":
        return None
    path = name.removeprefix("simbridge").removeprefix(".")
    while path and path not in modules():
        path = path.rpartition(".")[0]
    return path or ROOT_MODULE


def arrows(trees: dict[str, ast.Module]) -> dict[str, list[str]]:
    """For each module the modules of simbridge that it imports, now or late."""
    return {
        module: sorted({there for there in map(inside, imports(tree)) if there} - {module})
        for module, tree in trees.items()
    }


def circle(graph: dict[str, list[str]]) -> list[str]:
    """A circle of imports, from a module back to it; empty if there is none."""
    done: set[str] = set()
    for start in graph:
        path: list[tuple[str, Iterator[str]]] = [(start, iter(graph[start]))]
        while start not in done:
            for there in path[-1][1]:
                names = [name for name, _ in path]
                if there in names:
                    return [*names[names.index(there) :], there]
                if there not in done:
                    path.append((there, iter(graph[there])))
                    break
            else:
                done.add(path.pop()[0])
    return []


def test_imports_point_down() -> None:
    """No module imports from a layer above it, or from another package of its own layer."""
    height = {name: number for number, floor in enumerate(FLOORS) for name in floor}
    for module, targets in arrows(modules()).items():
        for there in targets:
            here, room = module.partition(".")[0], there.partition(".")[0]
            if module != ROOT_MODULE:
                assert there != ROOT_MODULE, f"{module} imports the package itself"
                fits = room == here or height[room] < height[here]
                assert fits, f"{module} imports {there}"


def test_each_package_is_on_one_layer() -> None:
    """A package that is added has to be put somewhere."""
    rooms = [room for floor in FLOORS for room in floor]
    assert sorted(rooms) == sorted({name.partition(".")[0] for name in modules()} - {ROOT_MODULE})


def test_no_circles() -> None:
    """No module leads back to itself by imports, inside of a package or between packages."""
    graph = arrows(modules())
    for module, there in PENDING_CIRCLES:
        graph[module] = [name for name in graph.get(module, []) if name != there]
    assert not circle(graph), " -> ".join(circle(graph))


@pytest.mark.parametrize(("module", "there"), sorted(PENDING_CIRCLES))
def test_a_pending_circle_is_there(module: str, there: str) -> None:
    """The list of circles that are still there holds no others."""
    graph = arrows(modules())
    assert there in graph.get(module, []), f"remove {(module, there)} from PENDING_CIRCLES"
    assert circle({**{name: [] for name in graph}, **between(graph, module, there)})


def between(graph: dict[str, list[str]], module: str, there: str) -> dict[str, list[str]]:
    """The part of the graph that lies on ways from `there` to `module`, with the arrow back."""
    reached, waiting = {there}, [there]
    while waiting:
        for name in graph[waiting.pop()]:
            if name not in reached and name != module:
                reached.add(name)
                waiting.append(name)
    part = {name: graph[name] for name in reached}
    return {**part, module: [there]}


@pytest.mark.parametrize(
    ("texts", "found"),
    [
        ({"a": "import simbridge.kernel", "kernel": ""}, False),
        ({"kernel": "import simbridge.base", "base": "import simbridge.kernel"}, True),
        ({"kernel": "import simbridge.base", "base": "N = 'simbridge.kernel'"}, True),
        ({"kernel": "def f():\n    from simbridge.base import x", "base": "X = 1"}, False),
    ],
)
def test_a_circle_is_found(texts: dict[str, str], found: bool) -> None:
    """The search sees statements, strings and imports in functions."""
    graph = arrows({name: ast.parse(text) for name, text in texts.items()})
    assert bool(circle(graph)) == bool(found)


def test_no_statement_imports_inside_a_function() -> None:
    """What a module needs is at its top; what is loaded late is in the table, with the reason."""
    for module, tree in modules().items():
        for function in ast.walk(tree):
            if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
                for node in ast.walk(function):
                    found = isinstance(node, ast.Import | ast.ImportFrom)
                    assert not found, f"{module}, line {node.lineno}: import it at the top"


def test_what_is_loaded_late_is_in_the_table() -> None:
    """`import_module` is called where `LATE` says, and nowhere else."""
    callers = {
        module
        for module, tree in modules().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and called(node) in ("import_module", "__import__")
    }
    assert callers == set(LATE)


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
    for module, tree in modules().items():
        for name in uses(tree) & DOORS.keys():
            users[name].add(module)
    strangers = {name: users[name] - DOORS[name] for name in DOORS}
    assert not any(strangers.values()), strangers
    for name in ("json", "msgspec.json"):
        assert users[name] == DOORS[name]


@pytest.mark.parametrize("binding", BINDINGS, ids=lambda it: f"{it.owner.__name__}.{it.method}")
def test_a_bound_method_is_declared_as_its_function_is(binding: Binding) -> None:
    """The class has the docstring and the signature; the function takes the same from a higher floor."""
    method, function = getattr(binding.owner, binding.method), binding.resolve()
    assert inspect.getdoc(method)
    declared, made = inspect.signature(method), inspect.signature(function)
    assert list(declared.parameters.values())[1:] == list(made.parameters.values())[1:]
    names = modules()
    assert binding.module.removeprefix("simbridge.") in names
    assert binding.module not in set(
        imports(names[binding.owner.__module__.module.partition(".")[2]])
    )


@pytest.mark.parametrize("module", [name for name in modules() if name != ROOT_MODULE])
def test_every_module_lists_its_names(module: str) -> None:
    """A module opens with why it is there, and what it gives others is a list."""
    tree = modules()[module]
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
