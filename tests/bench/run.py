"""Run the benchmarks: every `bench_*.py` of this folder, each in a process of its own.

    python tests/bench/run.py              all of them
    python tests/bench/run.py coroutines   only bench_coroutines.py

A benchmark is a module with `main()`, which prints. A new one is picked up by its name. Processes
are fresh so that neither memory nor imports of one benchmark weigh on the next.
"""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path

import measure


def main(wanted: list[str]) -> int:
    """Run the named benchmarks, or all; 1 if one of them fails."""
    found = {path.stem.removeprefix("bench_"): path.stem for path in _modules()}
    unknown = [name for name in wanted if name not in found]
    if unknown:
        print(f"no benchmark is called {', '.join(unknown)}; there are {', '.join(found)}")
        return 1
    print(measure.machine(), flush=True)
    codes = [
        subprocess.run([sys.executable, __file__, "--here", found[name]]).returncode
        for name in wanted or found
    ]
    return int(any(codes))


def _modules() -> list[Path]:
    return sorted(Path(__file__).parent.glob("bench_*.py"))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--here"]:
        importlib.import_module(sys.argv[2]).main()
    else:
        sys.exit(main(sys.argv[1:]))
