"""The one list of undocumented names of other libraries that the hosts use.

Any version of a library may move them. So a host checks all of them when it is imported. A version without
one of them is refused with an error that names the version, instead of a failure in the middle of a step.
"""

from __future__ import annotations

import platform
from pkgutil import resolve_name

from simbridge.base.errors import SimbridgeError

__all__ = ["PRIVATE_NAMES", "check"]

PRIVATE_NAMES = {
    "anyio": (
        "_backends._asyncio.AsyncIOBackend.current_default_thread_limiter",
        "_backends._asyncio.AsyncIOBackend.run_sync_in_worker_thread",
        "to_thread.get_async_backend",
    ),
    "asyncio": (
        "Handle._context",
        "Handle._run",
        "_get_running_loop",
        "_set_running_loop",
    ),
    "sniffio": ("current_async_library_cvar", "thread_local.name"),
    "trio": (
        "_core._entry_queue.EntryQueue.idempotent_queue",
        "_core._entry_queue.EntryQueue.queue",
        "_core._entry_queue.EntryQueue.run_sync_soon",
        "_core._entry_queue.EntryQueue.wakeup",
        "_core._run.Deadlines.add",
        "_core._run.Deadlines.expire",
        "_core._run.Deadlines.next_deadline",
        "_core._run.Deadlines.remove",
        "_core._run.GLOBAL_RUN_CONTEXT",
        "_core._run.Runner.deadlines",
        "_core._run.Runner.entry_queue",
        "_core._run.Runner.io_manager",
        "_core._run.Runner.trio_token",
        "_core._run._ALLOW_DETERMINISTIC_SCHEDULING",
        "_core._run._r",
        "_core._wakeup_socketpair.WakeupSocketpair.close",
        "_core._wakeup_socketpair.WakeupSocketpair.wait_woken",
        "_core._wakeup_socketpair.WakeupSocketpair.wakeup_thread_and_signal_safe",
        "_threads.start_thread_soon",
        "lowlevel.TrioToken._create",
    ),
}
"""What is used, by library: in its modules, and on instances of the classes named."""


def check(library: str) -> None:
    """Raise `SimbridgeError` when the library that is installed lacks one of these names."""
    for name in PRIVATE_NAMES[library]:
        try:
            resolve_name(f"{library}.{name}")
        except (ImportError, AttributeError) as error:
            raise SimbridgeError(
                f"simbridge does not know {_version_of(library)}: it has no {library}.{name}. "
                "Install an older version of it, or a newer version of simbridge"
            ) from error


def _version_of(library: str) -> str:
    if library == "asyncio":
        return f"the asyncio of Python {platform.python_version()}"
    # resolved here: importing it costs more than everything else in this module
    return f"{library} {resolve_name('importlib.metadata.version')(library)}"
