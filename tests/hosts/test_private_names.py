"""The undocumented names of other libraries: one list, checked before a host is used."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path
from pkgutil import resolve_name

import pytest

import simbridge as sb
from simbridge.hosts import asyncio as asyncio_host
from simbridge.hosts import trio as trio_host
from simbridge.hosts.private_names import PRIVATE_NAMES, check

HOSTS = Path(trio_host.__file__).parent
EACH = [(library, name) for library, names in PRIVATE_NAMES.items() for name in names]


@pytest.mark.parametrize("library", PRIVATE_NAMES)
def test_the_private_names_are_there(library: str) -> None:
    """In the versions that are installed."""
    check(library)


@pytest.mark.parametrize(("library", "name"), EACH)
def test_a_private_name_that_is_missing_is_an_error(
    library: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the library, its version and the name."""
    path, _, last = f"{library}.{name}".rpartition(".")
    owner = resolve_name(path)
    for holder in (owner, *getattr(owner, "__mro__", ()), *type(owner).__mro__):
        if last in vars(holder):
            monkeypatch.delattr(holder, last)
    with pytest.raises(
        sb.SimbridgeError,
        match=rf"does not know .*{library}.* \d+\.\d+.*: it has no {library}\.{name}",
    ):
        check(library)


@pytest.mark.parametrize(
    ("backend", "missing"),
    [("trio", "trio._core._run._r"), ("asyncio", "anyio.to_thread.get_async_backend")],
)
def test_a_host_says_so_when_it_is_needed(backend: str, missing: str) -> None:
    """Each time, as `SimbridgeError`; worlds without async code run."""
    owner, _, name = missing.rpartition(".")
    program = (
        "import anyio, anyio.to_thread, trio, simbridge as sb\n"
        f"del {owner}.{name}\n"
        "sb.run(lambda world: world.run(hours=1))\n"
        "async def story(world): await anyio.sleep(1)\n"
        "for _ in range(2):\n"
        f"    try: sb.run(story, backend={backend!r})\n"
        "    except sb.SimbridgeError as error: print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    lines = done.stdout.splitlines()
    assert len(lines) == 2
    assert all(f"it has no {missing}" in line for line in lines)


def test_every_private_name_that_is_touched_is_listed() -> None:
    """What begins with an underscore and is not a host's own, and what is taken from private modules."""
    listed = {part for _, name in EACH for part in name.split(".")}
    touched = set()
    for path in sorted(HOSTS.glob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node.module:
                assert "._" not in node.module, f"{path.name}: {node.module}"
            if not isinstance(node, ast.Attribute):
                continue
            base = node.value.id if isinstance(node.value, ast.Name) else ""
            private = node.attr.startswith("_") and not node.attr.startswith("__")
            if base in ("_scheduler", "_threads", "runner") or (private and base != "self"):
                touched.add(node.attr)
    assert touched - listed == set()
    assert "deadlines" in touched
    assert asyncio_host._AsyncIOBackend is resolve_name("anyio._backends._asyncio.AsyncIOBackend")
