"""What `python -m build` makes: an sdist of what git tracks, and a wheel from which the README runs.

They need `build` and hatchling, and an environment that packages are installed into, so they run in an
environment of their own: `make dist-test`. Elsewhere these tests are skipped.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import venv
import zipfile
from email.parser import HeaderParser
from pathlib import Path

import pytest

pytest.importorskip("build")
pytest.importorskip("hatchling")

ROOT = Path(__file__).parents[2]
BLOCK = re.compile(r"^```(python|output)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
STRAYS = (
    "notes.txt",
    ".env",
    "simbridge/__pycache__/x.pyc",
    "dist/old.whl",
    ".venv/bin/x",
    "data/x",
)


def run(*command: str | Path, cwd: Path) -> str:
    """What a command prints; nothing of this checkout, of AWS or of pytest is in its environment."""
    hidden = ("AWS_", "PYTEST_", "PYTHON", "VIRTUAL_ENV")
    env = {name: value for name, value in os.environ.items() if not name.startswith(hidden)}
    done = subprocess.run(
        [*map(str, command)], cwd=cwd, env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="session")
def tracked() -> set[str]:
    """The files that git tracks, as they are in this checkout."""
    if not (ROOT / ".git").exists():
        pytest.skip("not a checkout of git")
    listed = run("git", "ls-files", "-z", cwd=ROOT).split("\0")
    return {name for name in listed if name and (ROOT / name).is_file()}


@pytest.fixture(scope="session")
def built(tracked: set[str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sdist, and the wheel that is made from it."""
    source = tmp_path_factory.mktemp("source")
    for name in tracked:
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, source / name)
    for name in STRAYS:
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_text("x", encoding="utf-8")
    folder = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, ".", cwd=source)
    return folder


@pytest.fixture(scope="session")
def wheel(built: Path) -> Path:
    (path,) = built.glob("*.whl")
    return path


@pytest.fixture(scope="session")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of an empty environment into which the wheel is installed, with what it needs."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=True)
    python = folder / "bin" / "python"
    constraints = ROOT / "constraints.txt"
    run(python, "-m", "pip", "install", "--quiet", "-c", constraints, wheel, cwd=folder)
    return python


def test_the_sdist_is_what_git_tracks(built: Path, tracked: set[str]) -> None:
    """Every tracked file and no other, but for the metadata that is added."""
    (path,) = built.glob("*.tar.gz")
    with tarfile.open(path) as archive:
        names = {member.name.partition("/")[2] for member in archive if member.isfile()}
    assert names - tracked == {"PKG-INFO"}
    assert not tracked - names, "add them to tool.hatch.build.targets.sdist in pyproject.toml"


def test_the_wheel_is_the_package(wheel: Path, tracked: set[str]) -> None:
    """The tracked files below simbridge/, the marker for type checkers among them, and metadata."""
    names = set(zipfile.ZipFile(wheel).namelist())
    package = {name for name in names if ".dist-info/" not in name}
    assert package == {name for name in tracked if name.startswith("simbridge/")}
    assert "simbridge/py.typed" in package
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in names)


def test_the_metadata_is_that_of_the_project(wheel: Path) -> None:
    """Name, version, Python, extras, commands and the plugin of pytest."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    archive = zipfile.ZipFile(wheel)
    folder = next(name.partition("/")[0] for name in archive.namelist() if ".dist-info/" in name)
    metadata = HeaderParser().parsestr(archive.read(f"{folder}/METADATA").decode())
    entries = archive.read(f"{folder}/entry_points.txt").decode()

    assert folder == f"simbridge-{metadata['Version']}.dist-info"
    assert metadata["Requires-Python"] == project["requires-python"]
    assert set(metadata.get_all("Provides-Extra")) == set(project["optional-dependencies"])
    assert metadata["Description-Content-Type"] == "text/markdown"
    assert "simbridge = simbridge.cli.main:main" in entries
    assert "[pytest11]\nsimbridge = simbridge.adapters.pytest" in entries


def test_the_readme_runs_from_the_wheel(installed: Path, tmp_path: Path) -> None:
    """Each example of the README, one after the other, prints what the README shows."""
    blocks = BLOCK.findall((ROOT / "README.md").read_text(encoding="utf-8"))
    program = tmp_path / "readme.py"
    program.write_text("\n".join(text for kind, text in blocks if kind == "python"))
    printed = run(installed, "-I", program, cwd=tmp_path)
    shown = "".join(text for kind, text in blocks if kind == "output")
    assert [line.rstrip() for line in printed.splitlines()] == shown.splitlines()
    assert blocks


def test_the_command_runs_from_the_wheel(installed: Path, tmp_path: Path) -> None:
    """`simbridge` is a command, and what it imports is the wheel's, complete in its needs."""
    command = installed.parent / "simbridge"
    scenario = shutil.copy(ROOT / "scenarios" / "order_fan_out.py", tmp_path)
    place = "import simbridge; print(simbridge.__file__, simbridge.__version__)"
    file, version = run(installed, "-I", "-c", place, cwd=tmp_path).split()

    assert Path(file).is_relative_to(installed.parents[1])
    assert version in run(command, "--version", cwd=tmp_path)
    assert "digest" in run(command, "run", scenario, cwd=tmp_path)
    run(installed, "-m", "pip", "check", cwd=tmp_path)
