"""Runs the runs of a sweep: in this process, or in many.

A scenario must reach another process. Functions are usually pickled by name, but another process often cannot
look up a swept scenario: it is in a script, in a cell of a notebook, in a file that `simbridge sweep` has
read, or in a test. So cloudpickle pickles it: by name if a new process with the same search path would find
the same file, and otherwise by value, with everything it refers to
(https://github.com/cloudpipe/cloudpickle#overriding-pickles-serialization-mechanism-for-importable-constructs).
The processes are loky's: they do not run the main script again (`if __name__ == "__main__"` is not needed),
and the pool notices a killed process instead of waiting for it. Your own executor gets the same bytes, so
Dask's or a pool of threads works too.

Only this module uses cloudpickle, loky and tqdm. It is imported when a sweep begins.
"""

from __future__ import annotations

import pickle
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import BrokenExecutor, CancelledError, Executor, Future, as_completed
from contextlib import ExitStack, contextmanager
from functools import lru_cache
from importlib.machinery import PathFinder
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any, Protocol, TypeVar

import cloudpickle
import loky
import tqdm

from simbridge.base.errors import RunFailed, SimbridgeError

__all__ = ["Plan", "run_all"]

Row = TypeVar("Row", covariant=True)


class Plan(Protocol[Row]):
    """Numbered work: sent to a worker process once, and then requested by number."""

    def __len__(self) -> int:
        """How many runs there are."""

    def functions(self) -> Sequence[Callable[..., Any]]:
        """The user's functions that it refers to."""

    def run(self, number: int) -> Row:
        """Do one."""

    def failed(self, number: int, error: BaseException) -> RunFailed:
        """The error for a run that raised this."""

    def name(self, number: int) -> str:
        """The name of a run, for messages."""


def run_all(
    plan: Plan[Row], workers: int | Executor | None, progress: bool | None, title: str
) -> list[Row]:
    """The rows of all runs, in the order of their numbers.

    `workers` is a number of processes (1: only this one; None: one for each core) or an executor.
    `progress` True shows a bar, False none, None one if stderr is a terminal. If runs fail, the error is
    that of the first in order. Raises `RunFailed` if a worker dies.
    """
    with tqdm.tqdm(
        total=len(plan), desc=title, unit="run", leave=False, disable=_hidden(progress)
    ) as bar:
        if isinstance(workers, Executor):
            return _collect(plan, workers, bar.update, cancel_rest=True)
        count = min(workers or loky.cpu_count(), len(plan))
        if count == 1:
            return [_run_here(plan, number, bar.update) for number in range(len(plan))]
        pool = loky.ProcessPoolExecutor(max_workers=count, initializer=_ignore_interrupts)
        try:
            rows = _collect(plan, pool, bar.update, cancel_rest=False)
        except BaseException:
            pool.shutdown(kill_workers=True)
            raise
        pool.shutdown()
        return rows


def _hidden(progress: bool | None) -> bool | None:
    return None if progress is None else not progress  # None: tqdm looks for a terminal itself


def _run_here(plan: Plan[Row], number: int, update: Callable[[], object]) -> Row:
    row = plan.run(number)
    update()
    return row


def _collect(
    plan: Plan[Row], executor: Executor, update: Callable[[], object], *, cancel_rest: bool
) -> list[Row]:
    """The rows in order. After an error, `cancel_rest` cancels the remaining work.

    That is for the user's executor. Our own is shut down as a whole, and would report cancelled work.
    """
    payload, folders = _pickled(plan), _folders(plan)
    futures: list[Future[Row]] = []
    rows: list[Row] = []
    try:
        for number in range(len(plan)):
            futures.append(executor.submit(_run, payload, folders, number))
        for done in as_completed(futures):
            update()
            if done.cancelled() or done.exception():
                break
        for future in futures:
            rows.append(future.result())
    except BrokenExecutor as error:
        raise RunFailed(
            f"a worker process died before {plan.name(len(rows))} was done; it may have run out of "
            "memory: try fewer workers, or workers=1 to see what happens"
        ) from error
    except CancelledError as error:
        raise RunFailed(f"{plan.name(len(rows))} was cancelled by its executor") from error
    finally:
        for future in futures[len(rows) :] if cancel_rest else ():
            future.cancel()
    return rows


def _run(payload: bytes, folders: tuple[str, ...], number: int) -> Any:
    """One run, in a worker."""
    plan = _unpickled(payload, folders)
    try:
        return plan.run(number)
    except SimbridgeError:
        raise
    except BaseException as error:  # workers ignore Ctrl-C, so the scenario has raised it
        raise plan.failed(number, error) from error


@lru_cache(maxsize=2)
def _unpickled(payload: bytes, folders: tuple[str, ...]) -> Plan[Any]:
    with _searching(folders):
        try:
            plan: Plan[Any] = pickle.loads(payload)
        except Exception as error:
            raise SimbridgeError(
                f"a worker cannot load the scenario: {type(error).__name__}: {error}; "
                "with workers=1 it runs in the process that has it"
            ) from error
    return plan


def _pickled(plan: Plan[Any]) -> bytes:
    with _by_value(plan):
        try:
            return bytes(cloudpickle.dumps(plan))
        except Exception as error:
            raise SimbridgeError(
                f"the scenario cannot be sent to other processes: {type(error).__name__}: {error}. "
                "Make what it holds inside the scenario, or sweep with workers=1"
            ) from error


@contextmanager
def _by_value(plan: Plan[Any]) -> Iterator[None]:
    """For a `with` block, pickle modules that a new process would not find by value."""
    names = dict.fromkeys(function.__module__ for function in plan.functions())
    with ExitStack() as stack:
        for name in names:
            module = sys.modules.get(name)
            registered = name in cloudpickle.list_registry_pickle_by_value()
            if (
                module is not None
                and name != "__main__"
                and not registered
                and not _findable(module)
            ):
                cloudpickle.register_pickle_by_value(module)
                stack.callback(cloudpickle.unregister_pickle_by_value, module)
        yield


def _findable(module: ModuleType) -> bool:
    """Whether a new process with the same search path would import this same module."""
    path, name, spec = None, "", None
    for part in module.__name__.split("."):
        name = f"{name}.{part}".lstrip(".")
        spec = PathFinder.find_spec(name, path)
        if spec is None:
            return False
        path = spec.submodule_search_locations
    return spec is not None and spec.origin == getattr(module, "__file__", None)


def _folders(plan: Plan[Any]) -> tuple[str, ...]:
    """The folders of files that were run, not imported: a script can import the modules beside it."""
    files = (
        function.__globals__.get("__file__")
        for function in plan.functions()
        if isinstance(function, FunctionType)
        and (function.__module__ == "__main__" or function.__module__ not in sys.modules)
    )
    return tuple(dict.fromkeys(str(Path(file).resolve().parent) for file in files if file))


@contextmanager
def _searching(folders: tuple[str, ...]) -> Iterator[None]:
    search = list(sys.path)
    sys.path[:0] = folders
    try:
        yield
    finally:
        sys.path[:] = search


def _ignore_interrupts() -> None:
    """Ctrl-C reaches every process of a terminal; the process that sweeps ends the others."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
