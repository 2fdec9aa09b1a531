"""Every example in README.md and docs/ runs, and what a page shows is what is printed.

The blocks of a page share one namespace and one folder, in the order in which they stand there:

    ```python    is run; a block that starts with a file name in a comment is written to that file instead
    ```output    is what the block before it printed; whatever prints must be followed by one
    ```console   holds commands behind `$` and what they print; after a failure comes `$ echo $?`

`...` in an output stands for any text. Blocks of other languages are only read.
`SIMBRIDGE_REFRESH=1 pytest tests/docs` writes what is printed into the pages.
"""

from __future__ import annotations

import contextlib
import doctest
import io
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from sybil import Document, Example
from sybil.evaluators.doctest import OutputChecker
from sybil.evaluators.python import PythonEvaluator
from sybil.parsers.markdown import CodeBlockParser

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
REFRESH = bool(os.environ.get("SIMBRIDGE_REFRESH"))

FILE_NAME = re.compile(r"# (\S+\.py)\n")
COMMAND_TIMEOUT_S = 60


class Page:
    """Runs the examples of one page, in a folder of its own."""

    def __init__(self, path: Path, folder: Path, refresh: bool = False) -> None:
        self.path = path
        self.folder = folder
        self.refresh = refresh
        self.printed = ""
        self.edits: list[tuple[int, int, str]] = []
        self.run_python = PythonEvaluator()

    def play(self) -> None:
        """Run everything; in refresh mode, write the page with what was printed."""
        document = Document.parse(
            str(self.path),
            CodeBlockParser("python", self.python),
            CodeBlockParser("output", self.output),
            CodeBlockParser("console", self.console),
        )
        for example in document.examples():
            example.evaluate()
        assert not self.printed, f"{self.path.name} does not show this output:\n{self.printed}"
        text = document.text
        for start, end, new in reversed(self.edits):
            text = text[:start] + new + text[end:]
        if text != document.text:
            self.path.write_text(text, encoding="utf-8")

    def python(self, example: Example) -> str | None:
        """Run a block, or write it to the file that its first line names."""
        if self.printed:
            return (
                f"the example before this one printed what the page does not show:\n{self.printed}"
            )
        name = FILE_NAME.match(example.parsed)
        if name:
            file = self.folder / name[1]
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(example.parsed, encoding="utf-8")
            return None
        with contextlib.redirect_stdout(io.StringIO()) as printed:
            self.run_python(example)
        self.printed = printed.getvalue()
        return None

    def output(self, example: Example) -> str | None:
        """Compare with what the block before has printed."""
        printed, self.printed = self.printed, ""
        return self.compare(example, example.parsed, printed)

    def console(self, example: Example) -> str | None:
        """Run the commands of a block one after the other."""
        printed, status = "", 0
        for line in example.parsed.splitlines():
            if not line.startswith("$ "):
                continue
            if status and line != "$ echo $?":
                return f"a command ended with {status}:\n{printed}"
            done = subprocess.run(
                ["sh", "-c", f"(exit {status}); {line[2:]}"],
                cwd=self.folder,
                env=environment(),
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                timeout=COMMAND_TIMEOUT_S,
                check=False,
            )
            status = done.returncode
            printed += f"{line}\n{done.stdout}"
        if status:
            return f"a command ended with {status}:\n{printed}"
        return self.compare(example, example.parsed, printed)

    def compare(self, example: Example, want: str, got: str) -> str | None:
        got = "".join(line.rstrip() + "\n" for line in got.splitlines())
        if OutputChecker().check_output(want, got, doctest.ELLIPSIS):
            return None
        if self.refresh:
            start = example.start + example.document.text[example.start :].index("\n") + 1
            self.edits.append((start, start + len(want), with_ellipses(want, got)))
            return None
        case = doctest.Example("", want)
        return OutputChecker().output_difference(case, got, doctest.REPORT_NDIFF)


def with_ellipses(want: str, got: str) -> str:
    """What was printed, but a line that `...` stands in stays as it is where it still fits."""
    kept = [line for line in want.splitlines() if "..." in line and line.strip() != "..."]
    lines = []
    for line in got.splitlines():
        fits = [old for old in kept if OutputChecker().check_output(old, line, doctest.ELLIPSIS)]
        lines.append(fits[0] if fits else line)
    return "".join(line + "\n" for line in lines)


def environment() -> dict[str, str]:
    """What a command sees: this Python's programs first, no colours, no terminal of ours."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("AWS_", "PYTEST_", "COV_"))
    }
    path = f"{Path(sys.executable).parent}{os.pathsep}{kept['PATH']}"
    return {**kept, "PATH": path, "NO_COLOR": "1", "COLUMNS": "80", "PYTHONUNBUFFERED": "1"}


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_example_runs_and_prints_what_the_page_shows(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A reader who types what a page says sees what the page says."""
    shutil.copytree(ROOT / "scenarios", tmp_path / "scenarios")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    before = set(sys.modules)
    interrupts = signal.signal(
        signal.SIGINT, signal.default_int_handler
    )  # ignored in background jobs
    try:
        Page(path, tmp_path, REFRESH).play()
    finally:
        signal.signal(signal.SIGINT, interrupts)
        for name in set(sys.modules) - before:
            file = getattr(sys.modules[name], "__file__", None)
            if file and Path(file).is_relative_to(tmp_path):
                del sys.modules[name]


PAGE = """\
```python
# made.py
print("written, not run")
```

```python
print("one")
```

```output
{output}
```

```console
$ python made.py
{console}
```
"""


@pytest.mark.parametrize(
    ("output", "console", "complaint"),
    [
        ("one", "written, not run", None),
        ("o...", "written, ...", None),
        ("two", "written, not run", "one"),
        ("one", "run", "written, not run"),
        ("one", "written, not run\n$ false\n$ true", "ended with 1"),
    ],
)
def test_a_page_that_is_wrong_is_found(
    output: str, console: str, complaint: str | None, tmp_path: Path
) -> None:
    """The test of the pages can fail: a wrong output, a command that fails."""
    page = tmp_path / "page.md"
    page.write_text(PAGE.format(output=output, console=console))
    if complaint is None:
        Page(page, tmp_path).play()
    else:
        with pytest.raises(AssertionError, match=complaint):
            Page(page, tmp_path).play()


def test_a_refreshed_page_shows_what_is_printed(tmp_path: Path) -> None:
    """Old outputs are replaced; a line with `...` that still fits is kept."""
    page = tmp_path / "page.md"
    page.write_text(PAGE.format(output="two\nthree", console="written, ...\nand more"))
    Page(page, tmp_path, refresh=True).play()
    assert page.read_text() == PAGE.format(output="one", console="written, ...")


def test_an_output_that_is_not_shown_is_found(tmp_path: Path) -> None:
    """Whatever prints is followed by what it printed."""
    page = tmp_path / "page.md"
    page.write_text("```python\nprint(1)\n```\n")
    with pytest.raises(AssertionError, match="does not show this output"):
        Page(page, tmp_path).play()
