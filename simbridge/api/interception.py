"""Interception: code that makes its own `events` clients is served by a world, never by AWS.

Two things catch them: an `intercept` block, and a world that runs code. Either is an `Entry`, kept in
the context of the code it stands for, so that threads and tasks with worlds of their own do not mix.
Code without one (a worker thread that was started inside a block) is served by the block of the process
that was entered last, or by the world that began to run last, which refuses what comes from another
thread. Where both could be meant, and they are of different worlds, it is refused.

While there is any entry, two methods of botocore's classes are replaced. Requests are caught in
`Endpoint.make_request`, where botocore hands them to the network, before they are signed.
`Session.create_client` gets placeholder credentials for an `events` client, so that nothing goes
looking for real ones. aiobotocore subclasses both; what it overrides is replaced as well. Of botocore's
private names one is used, `Endpoint._event_emitter`.
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
    """Who serves the clients that code makes by itself."""

    @property
    def world(self) -> object:
        """What is the same object for all that serve the same world."""

    def answer(self, request: HttpRequest) -> Answered:
        """What the service sends back to a request."""

    def region(self) -> str:
        """The region of a client for which none is configured."""

    def check_asyncio(self) -> None:
        """Raise `SimbridgeError` where the code that runs is not on asyncio."""


@final
class Entry:
    """Code that is served: an `intercept` block, or what a world runs."""

    __slots__ = ("open", "server")

    def __init__(self, server: Server) -> None:
        self.server = server
        self.open = 0
        """How often it has been entered and not been left."""

    def __reduce__(self) -> tuple[Any, ...]:
        return Entry, (self.server,)


_Current = tuple[Entry, ...]
_here: ContextVar[_Current] = ContextVar("simbridge_serving", default=())
"""The entries that the running code lies in, the innermost last."""
_lock = threading.RLock()
_blocks: list[Entry] = []
"""The `intercept` blocks of the process, in the order in which they were entered."""
_runs: list[Entry] = []
"""The worlds of the process that run, in the order in which they began."""


@contextmanager
def intercepted(server: Server) -> Iterator[None]:
    """Serve every `events` client of the process, whoever made it, by `server`.

    Clients of other services go on to the network as before. Whoever comes later goes first; blocks
    may be left in any order and by any thread, and the last to leave gives botocore its methods back.
    """
    entry = Entry(server)
    _begin(entry, _blocks)
    _here.set((*_here.get(), entry))
    try:
        yield
    finally:
        _end(entry, _blocks)
        _here.set(tuple(other for other in _here.get() if other is not entry))


def enter(entry: Entry) -> Token[_Current]:
    """A world begins to run code. What it starts is the world's wherever its context goes."""
    _begin(entry, _runs)
    return _here.set((*_here.get(), entry))


def leave(entry: Entry, before: Token[_Current]) -> None:
    """The world has run it; `before` is what `enter` returned, in the same context."""
    _here.reset(before)
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
    """Who serves the code that is running."""
    for entry in reversed(_here.get()):
        if entry.open:  # a task may outlive the block it was started in
            return entry.server
    with _lock:
        servers = [entries[-1].server for entries in (_runs, _blocks) if entries]
    if len(servers) > 1 and servers[0].world is not servers[1].world:
        raise SimbridgeError(
            "this thread is in no intercept block and in no world that runs, and there are both: which "
            "one is meant is not certain. Hand the context to the thread: "
            "pool.submit(contextvars.copy_context().run, work)"
        )
    return servers[0] if servers else None


# -- botocore's methods ---------------------------------------------------------------------


@final
class _Method(NamedTuple):
    """A method of botocore's that is replaced while anything is served; `theirs` may be missing."""

    kind: type[Any]
    name: str
    theirs: Any
    ours: Any


_methods: list[_Method] = []
_children: list[tuple[type[Any], list[type[Any]]]] = []
"""The classes that `_methods` knows, and their subclasses."""


def _patch() -> None:
    if _SESSION not in sys.modules:
        sys.meta_path.insert(0, _import)
        return
    # Every `world.run` passes here: what was found is kept for as long as it is true.
    for kind, name, theirs, _ in _methods:
        if kind.__dict__.get(name) is not theirs:
            _find()
            break
    else:
        for kind, children in _children:
            if kind.__subclasses__() != children:
                _find()
                break
        if not _methods:
            _find()
    for kind, name, _, ours in _methods:
        setattr(kind, name, ours)


def _unpatch() -> None:
    """Restore botocore's methods; where somebody has patched over ours, ours stays and passes on."""
    if sys.meta_path and _import in sys.meta_path:  # at exit there is none
        sys.meta_path.remove(_import)
    for kind, name, theirs, ours in _methods:
        if kind.__dict__.get(name) is ours:
            if theirs is None:
                delattr(kind, name)
            else:
                setattr(kind, name, theirs)


def _find() -> None:
    """Look for the methods to be replaced: botocore's, and what overrides them in subclasses."""
    _methods.clear()
    _children.clear()
    for base, name, replacement in (
        (botocore_module("endpoint").Endpoint, "make_request", _make_request),
        (botocore_module("session").Session, "create_client", _create_client),
    ):
        born: Any = classmethod(_born)  # type: ignore[arg-type]  # of any class
        _methods.append(_Method(base, "__init_subclass__", None, born))
        for kind in _lineage(base):
            _children.append((kind, kind.__subclasses__()))
            if (theirs := kind.__dict__.get(name)) is not None:
                _methods.append(_Method(kind, name, theirs, replacement(theirs)))


def _lineage(kind: type[Any]) -> Iterator[type[Any]]:
    yield kind
    child: type[Any]
    for child in kind.__subclasses__():
        yield from _lineage(child)


def _born(kind: type[Any], **_: Any) -> None:
    """A subclass has come, maybe because code that is served already has imported aiobotocore."""
    _again()


_SESSION = "botocore.session"
"""The module of botocore's that imports all others; whoever makes a client has imported it."""


@final
class _Import:
    """Waits for botocore: to import it for every world that runs would cost more than most runs."""

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        """Called for every import, as documented for `sys.meta_path`."""
        spec = PathFinder.find_spec(name, path, target) if name == _SESSION else None
        if spec is None or spec.loader is None:
            return None
        execute = spec.loader.exec_module

        def execute_and_patch(module: Any) -> None:
            execute(module)
            _again()

        spec.loader.exec_module = execute_and_patch  # type: ignore[method-assign]
        return spec


_import = _Import()


def _again() -> None:
    """Botocore, or a subclass in it, has come while something is served."""
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
    """Whether the client awaits what the endpoint returns: it is aiobotocore's."""
    return inspect.iscoroutinefunction(getattr(endpoint, "close", None))


def _create_client(original: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(original)
    def create_client(self: Any, *args: Any, **kwargs: Any) -> Any:
        service = kwargs.get("service_name", args[0] if args else None)
        server = _serving() if service == SERVICE else None
        if server is None:
            return original(self, *args, **kwargs)
        return original(self, **_at_rest(self, server, args, kwargs))

    return create_client


def _at_rest(
    session: Any, server: Server, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> dict[str, Any]:
    """The arguments of `create_client`, with which it looks nothing up outside of the process."""
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
    if str(mode).lower() == "auto":  # it would ask the metadata service where the machine stands
        standard = botocore_module("config").Config(defaults_mode="standard")
        given["config"] = standard if config is None else config.merge(standard)
    return given


PLACEHOLDER = "simbridge"


def _plain_create_client() -> Callable[..., Any]:
    """botocore's own method, whose parameters are those of all others."""
    function: Callable[..., Any] = inspect.unwrap(botocore_module("session").Session.create_client)
    return function
