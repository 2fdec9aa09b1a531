"""What is to be paid before anything happens: imports, a client, an idle year."""

from __future__ import annotations

import subprocess
import sys

import measure

import simbridge as sb

IMPORT = "import time; began = time.perf_counter(); import {0}; print(time.perf_counter() - began)"


def imports(module: str) -> float:
    """Imports per second of a module, each in a fresh process with its bytecode compiled."""
    done = subprocess.run(
        [sys.executable, "-c", IMPORT.format(module)], capture_output=True, text=True, check=True
    )
    return 1 / float(done.stdout)


def worlds() -> float:
    """Worlds made per second."""
    count = 200
    return measure.per_second(count, lambda: [sb.World() for _ in range(count)])


def clients() -> float:
    """Worlds made and asked for a client, per second; botocore has been loaded before."""
    count = 10
    return measure.per_second(count, lambda: [sb.World().client() for _ in range(count)])


def idle_years() -> float:
    """Years per second of a world in which nothing is due, each year one call of `run`."""
    world = sb.World()
    count = 1000
    return measure.per_second(count, lambda: [world.run(days=365) for _ in range(count)])


def main() -> None:
    """Print the table."""
    measure.title("Before anything happens")
    pair = measure.beside(lambda: imports("simbridge"), lambda: imports("boto3"), rounds=9)
    what = "import simbridge, fresh process"
    measure.row(what, pair, "import boto3", show=measure.as_time)
    for what, measurement in (
        ("a world", worlds),
        ("a world and its boto3 client", clients),
        ("a year of an idle world", idle_years),
    ):
        measure.alone(what, measure.median(measurement), measure.as_time)


if __name__ == "__main__":
    main()
