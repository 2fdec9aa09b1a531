"""The oldest versions that pyproject.toml promises are those that `make test-lowest` installs."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]


def bounds(requirements: list[str]) -> dict[str, str]:
    """The lower bound of each; there is no other part to a requirement."""
    found = {}
    for requirement in requirements:
        match = re.fullmatch(r"([\w-]+)(?:\[[\w,]+\])?>=([\d.]+)", requirement)
        assert match, requirement
        found[match[1]] = match[2]
    return found


def test_the_pins_are_the_lower_bounds() -> None:
    """Of the dependencies and of the extras for users, each and no other."""
    text = (ROOT / "constraints-lowest.txt").read_text(encoding="utf-8")
    pins = [line for line in text.splitlines() if not line.startswith("#")]
    promised = bounds(PROJECT["dependencies"])
    for extra in ("pandas", "plot", "pytest"):
        promised |= bounds(EXTRAS[extra])
    assert pins == [f"{name}=={version}" for name, version in sorted(promised.items())]


def test_a_library_has_one_lower_bound() -> None:
    """Whichever extras name it."""
    promised = bounds(PROJECT["dependencies"])
    for requirements in EXTRAS.values():
        for name, version in bounds(requirements).items():
            assert promised.setdefault(name, version) == version
