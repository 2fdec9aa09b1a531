"""Interception: a world serves the `events` clients that code makes by itself; AWS never does.

Two things intercept them: an `intercept` block, and a world that runs code. Each is an `Entry` in the
context (`contextvars`) of that code, so that threads and tasks with worlds of their own do not mix. Code
without an entry, such as a worker thread that was started inside a block, is served by the block of the
process that was entered last, or by the world that began to run last, which refuses calls from another
thread. If both exist and belong to different worlds, the call is ambiguous and raises `SimbridgeError`.

While there is any entry, two methods of botocore's classes are replaced, and restored afterwards:

- `Endpoint.make_request`, where botocore hands a request to the network. It comes before signing, so no
  credentials are needed; the public hook `before-send` comes after it.
- `Session.create_client`, which gets placeholder credentials for an `events` client, so that botocore does
  not search for real ones. botocore has no hook before that search.

aiobotocore overrides both in subclasses; the overriding methods are replaced as well. One private name is
used, `Endpoint._event_emitter`: it calls the client's `response-received` hooks, as `make_request` itself
does, and no public attribute leads to it. `tests/api/test_interception_botocore.py` fails if botocore
renames any of these.
"""

from __future__ import annotations

import inspect
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar, Token
from functools import cache, wraps
from importlib.machinery import PathFinder
from typing import Any, NamedTuple, Protocol, final

from simbridge.api.model import (
    SERVICE,
    Answered,
    HttpRequest,
    botocore_module,
    request_of,
    respond,
    respond_async,
)
from simbridge.base.errors import SimbridgeError

__all__ = ["Entry", "Server", "enter", "intercepted", "leave"]


class Server(Protocol):
    """Serves the clients that code makes by itself."""

    @property
    def world(self) -> object:
        """The same object for all servers of the same world."""

    def answer(self, request: HttpRequest) -> Answered:
        """The response of the service to a request."""

    def region(self) -> str:
        """The region of a client for which none is configured."""

    def check_asyncio(self) -> None:
        """Raise `SimbridgeError` if the running code is not on asyncio."""


@final
class Entry:
    """Code that is served: that of an `intercept` block, or what a world runs."""

    __slots__ = ("open", "server")

    def __init__(self, server: Server) -> None:
        self.server = server
        self.open = 0
        """How many times it has been entered and not yet left."""

    def __reduce__(self) -> tuple[Any, ...]:
        return Entry, (self.server,)


_Current = tuple[Entry, ...]
_context_entries: ContextVar[_Current] = ContextVar("simbridge_serving", default=())
"""The entries of the running code, the innermost last."""
_lock = threading.RLock()
_blocks: list[Entry] = []
"""The open `intercept` blocks of the process, in the order in which they were entered."""
_runs: list[Entry] = []
"""The running worlds of the process, in the order in which they began."""


@contextmanager
def intercepted(server: Server) -> Iterator[None]:
    """Serve the `events` clients that are used inside the block by `server`, whenever they were made.

    Clients of other services use the network as before. The innermost block takes precedence. Blocks may
    be left in any order and by any thread; the last one restores botocore's methods.
    """
    entry = Entry(server)
    _begin(entry, _blocks)
    _context_entries.set((*_context_entries.get(), entry))
    try:
        yield
    finally:
        _end(entry, _blocks)
        _context_entries.set(tuple(other for other in _context_entries.get() if other is not entry))


def enter(entry: Entry) -> Token[_Current]:
    """A world begins to run code. Whatever inherits this context is served by the world."""
    _begin(entry, _runs)
    return _context_entries.set((*_context_entries.get(), entry))


def leave(entry: Entry, before: Token[_Current]) -> None:
    """The world has run the code; `before` is what `enter` returned, in the same context."""
    _context_entries.reset(before)
    _end(entry, _runs)


def _begin(entry: Entry, entries: list[Entry]) -> None:
    if _SESSION in sys.modules:
        botocore_module("session")  # not under the lock: another thread may be importing it
    with _lock:
        if not _blocks and not _runs:
            _patch()
        entries.append(entry)
        entry.open += 1


def _end(entry: Entry, entries: list[Entry]) -> None:
    with _lock:
        entries.remove(entry)
        entry.open -= 1
        if not _blocks and not _runs:
            _unpatch()


def _serving() -> Server | None:
    """The server of the running code; None if nothing intercepts."""
    for entry in reversed(_context_entries.get()):
        if entry.open:  # a task may outlive the block it was started in
            return entry.server
    with _lock:
        servers = [entries[-1].server for entries in (_runs, _blocks) if entries]
    if len(servers) > 1 and servers[0].world is not servers[1].world:
        raise SimbridgeError(
            "this thread is outside of every intercept block and running world, and the process has both, "
            "of different worlds: which one should serve the call is ambiguous. Pass the context to the "
            "thread: pool.submit(contextvars.copy_context().run, work)"
        )
    return servers[0] if servers else None


# -- botocore's methods ---------------------------------------------------------------------


@final
class _Method(NamedTuple):
    """A method of botocore and its replacement; `theirs` is None if the class had none of its own."""

    kind: type[Any]
    name: str
    theirs: Any
    ours: Any


_methods: list[_Method] = []
_subclasses: list[tuple[type[Any], list[type[Any]]]] = []
"""The classes that were searched for `_methods`, with their subclasses at that time."""


def _patch() -> None:
    if _SESSION not in sys.modules:
        sys.meta_path.insert(0, _import)
        return
    # Every `world.run` comes here: what was found is reused while it is up to date.
    for kind, name, theirs, _ in _methods:
        if kind.__dict__.get(name) is not theirs:
            _find_methods()
            break
    else:
        for kind, children in _subclasses:
            if kind.__subclasses__() != children:
                _find_methods()
                break
        if not _methods:
            _find_methods()
    for kind, name, _, ours in _methods:
        setattr(kind, name, ours)


def _unpatch() -> None:
    """Restore botocore's methods. If other code has patched over ours, ours stays and calls the original."""
    if sys.meta_path and _import in sys.meta_path:  # at interpreter exit it is empty
        sys.meta_path.remove(_import)
    for kind, name, theirs, ours in _methods:
        if kind.__dict__.get(name) is ours:
            if theirs is None:
                delattr(kind, name)
            else:
                setattr(kind, name, theirs)


def _find_methods() -> None:
    """Find the methods to replace: botocore's, and those that override them in subclasses."""
    _methods.clear()
    _subclasses.clear()
    for base, name, replacement in (
        (botocore_module("endpoint").Endpoint, "make_request", _make_request),
        (botocore_module("session").Session, "create_client", _create_client),
    ):
        born: Any = classmethod(_on_subclass)  # type: ignore[arg-type]  # of any class
        _methods.append(_Method(base, "__init_subclass__", None, born))
        for kind in _with_subclasses(base):
            _subclasses.append((kind, kind.__subclasses__()))
            if (theirs := kind.__dict__.get(name)) is not None:
                _methods.append(_Method(kind, name, theirs, replacement(theirs)))


def _with_subclasses(kind: type[Any]) -> Iterator[type[Any]]:
    yield kind
    child: type[Any]
    for child in kind.__subclasses__():
        yield from _with_subclasses(child)


def _on_subclass(kind: type[Any], **_: Any) -> None:
    """A subclass was defined, perhaps because code that is being served imported aiobotocore."""
    _patch_again()


_SESSION = "botocore.session"
"""The module of botocore that imports all others; code that makes a client has imported it."""


@final
class _Import:
    """Patches botocore once it is imported: importing it here would cost more than most runs."""

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        """Called for every import, as documented for `sys.meta_path`."""
        spec = PathFinder.find_spec(name, path, target) if name == _SESSION else None
        if spec is None or spec.loader is None:
            return None
        execute = spec.loader.exec_module

        def execute_and_patch(module: Any) -> None:
            execute(module)
            _patch_again()

        spec.loader.exec_module = execute_and_patch  # type: ignore[method-assign]
        return spec


_import = _Import()


def _patch_again() -> None:
    """Patch anew: botocore was imported, or a subclass defined, while something is served."""
    with _lock:
        if _blocks or _runs:
            _unpatch()
            _patch()


def _make_request(original: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(original)
    def make_request(self: Any, operation_model: Any, request_dict: dict[str, Any]) -> Any:
        server = _serving() if operation_model.service_model.service_name == SERVICE else None
        if server is None:
            return original(self, operation_model, request_dict)
        if _is_async(self.__class__):
            return _answer_async(self, server, operation_model, request_dict)
        answered = server.answer(_request(operation_model, request_dict))
        return respond(answered, operation_model, request_dict, self._event_emitter)

    return make_request


def _request(operation_model: Any, request_dict: dict[str, Any]) -> HttpRequest:
    return request_of(operation_model, request_dict, request_dict["context"]["client_region"])


async def _answer_async(
    endpoint: Any, server: Server, operation_model: Any, request_dict: dict[str, Any]
) -> Any:
    server.check_asyncio()
    answered = server.answer(_request(operation_model, request_dict))
    return await respond_async(answered, operation_model, request_dict, endpoint._event_emitter)


@cache
def _is_async(endpoint: type[Any]) -> bool:
    """Whether the client awaits what the endpoint returns, as aiobotocore's does."""
    return inspect.iscoroutinefunction(getattr(endpoint, "close", None))


def _create_client(original: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(original)
    def create_client(self: Any, *args: Any, **kwargs: Any) -> Any:
        service = kwargs.get("service_name", args[0] if args else None)
        server = _serving() if service == SERVICE else None
        if server is None:
            return original(self, *args, **kwargs)
        return original(self, **_offline_arguments(self, server, args, kwargs))

    return create_client


def _offline_arguments(
    session: Any, server: Server, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> dict[str, Any]:
    """Arguments for `create_client` with which it looks up nothing outside of the process."""
    given = inspect.signature(_plain_create_client()).bind(session, *args, **kwargs).arguments
    del given["self"]
    keys = given.get("aws_access_key_id"), given.get("aws_secret_access_key")
    if keys == (None, None):
        given |= dict.fromkeys(("aws_access_key_id", "aws_secret_access_key"), PLACEHOLDER)
    config, default = given.get("config"), session.get_default_client_config()
    configs = [one for one in (config, default) if one is not None]
    regions = [given.get("region_name"), *(one.region_name for one in configs)]
    if not any(regions) and session.get_config_variable("region") is None:
        given["region_name"] = server.region()
    modes = [one.defaults_mode for one in configs if one.defaults_mode]
    mode = modes[0] if modes else session.get_config_variable("defaults_mode")
    if str(mode).lower() == "auto":  # it would ask the metadata service for the region
        standard = botocore_module("config").Config(defaults_mode="standard")
        given["config"] = standard if config is None else config.merge(standard)
    return given


PLACEHOLDER = "simbridge"


def _plain_create_client() -> Callable[..., Any]:
    """botocore's own method; those that override it have the same parameters."""
    function: Callable[..., Any] = inspect.unwrap(botocore_module("session").Session.create_client)
    return function
