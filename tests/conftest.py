"""No test reaches out of this process and its own machine.

Every connection and look-up of a name is refused, and counted, because code that asks for credentials
swallows the error. A test whose subject needs sockets of this machine says so with
`@pytest.mark.loopback`.
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
_local = False


def _is_local(address: Any) -> bool:
    """A path of a Unix socket, or this machine's own address."""
    return isinstance(address, str | bytes) or address[0] in ("127.0.0.1", "::1", "localhost")


def _watch(event: str, args: tuple[Any, ...]) -> None:
    if event not in _REACHING_OUT:
        return
    if _local and _is_local(args[1] if event in ("socket.connect", "socket.sendto") else args):
        return
    _refused.append(f"{event} {args[1:] if event == 'socket.connect' else args}")
    raise AssertionError(f"a test reaches out: {_refused[-1]}")


sys.addaudithook(_watch)


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "loopback: talks to other processes of this machine")


@pytest.fixture(autouse=True)
def _no_network(request: pytest.FixtureRequest) -> Iterator[None]:
    global _local
    _local = request.node.get_closest_marker("loopback") is not None
    _refused.clear()
    yield
    _local = False
    assert _refused == []
