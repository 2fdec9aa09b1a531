"""What holds for every test: nothing reaches out of this process, and no CI server is seen.

Every connection and look-up of a name is refused, and counted, because code that asks for credentials
swallows the error. pytest prints a longer summary on a CI server; the runs of pytest that tests start
print the same everywhere.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import pytest

_REACHING_OUT = frozenset(
    {"socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto"}
)
_refused: list[str] = []


def _refuse(event: str, args: tuple[Any, ...]) -> None:
    if event in _REACHING_OUT:
        _refused.append(f"{event} {args}")
        raise AssertionError(f"a test reaches out: {_refused[-1]}")


sys.addaudithook(_refuse)


@pytest.fixture(autouse=True)
def _no_network() -> Iterator[None]:
    _refused.clear()
    yield
    assert _refused == []


@pytest.fixture(autouse=True)
def _no_ci_server() -> Iterator[None]:
    with (
        pytest.MonkeyPatch.context() as patch
    ):  # its own, so that a test's is undone at its usual time
        for variable in ("CI", "BUILD_NUMBER"):
            patch.delenv(variable, raising=False)
        yield
