"""Every notebook, executed again from the top, gives the outputs that are stored in it.

`SIMBRIDGE_REFRESH=1 pytest tests/docs` stores them anew.
"""

from __future__ import annotations

import os
import warnings
from pathlib import Path
from typing import Any

import nbformat
import pytest

with warnings.catch_warnings():  # what Jupyter's own packages warn of is not ours to mend
    warnings.simplefilter("ignore")
    from nbclient import NotebookClient

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
REFRESH = bool(os.environ.get("SIMBRIDGE_REFRESH"))

# A cell warns as loudly as a test. What runs between cells (the kernel itself) is left alone.
STRICT = """\
import warnings
__ip = get_ipython()
__ip.events.register("pre_run_cell", lambda info: warnings.simplefilter("error"))
__ip.events.register("post_run_cell", lambda result: warnings.resetwarnings())
"""


def shown(cell: Any) -> list[dict[str, Any]]:
    """What a reader sees under a cell; texts that were printed in one go or in two are the same."""
    outputs: list[dict[str, Any]] = []
    for output in cell.get("outputs", []):
        if output["output_type"] == "stream":
            if outputs and outputs[-1].get("name") == output["name"]:
                outputs[-1]["text"] += output["text"]
            else:
                outputs.append({"name": output["name"], "text": output["text"]})
        else:
            outputs.append({"data": dict(output.get("data", {}))})
    return outputs


def execute(notebook: Any, folder: Path) -> Any:
    """The notebook with the outputs of a new kernel, without what depends on the machine."""
    fresh = nbformat.from_dict(notebook)
    fresh.cells.insert(0, nbformat.v4.new_code_cell(STRICT, id="strict"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        client = NotebookClient(
            fresh, timeout=60, kernel_name="python3", record_timing=False, resources={}
        )
        client.execute(cwd=str(folder), env=environment())
    del fresh.cells[0]
    for number, cell in enumerate(c for c in fresh.cells if c.cell_type == "code"):
        cell.execution_count = number + 1
        for output in cell.outputs:
            if output["output_type"] == "execute_result":
                output["execution_count"] = number + 1
    fresh.metadata = notebook.metadata
    return fresh


def environment() -> dict[str, str]:
    """No colours, no AWS settings of ours; the kernel finds simbridge where this process did."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return {**kept, "NO_COLOR": "1", "PYDEVD_DISABLE_FILE_VALIDATION": "1"}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_shows_what_it_stores(path: Path, tmp_path: Path) -> None:
    """Outputs are compared, not only errors: a world is deterministic."""
    stored = nbformat.read(path, as_version=4)
    fresh = execute(stored, tmp_path)
    if REFRESH and [shown(cell) for cell in fresh.cells] != [shown(cell) for cell in stored.cells]:
        nbformat.write(fresh, path)
        return
    for old, new in zip(stored.cells, fresh.cells, strict=True):
        assert shown(new) == shown(old), old.source


def test_notebooks_are_there_and_end_with_outputs() -> None:
    """A notebook is stored as it looks after "run all"."""
    assert NOTEBOOKS
    for path in NOTEBOOKS:
        code = [c for c in nbformat.read(path, as_version=4).cells if c.cell_type == "code"]
        assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
        assert code[-1].outputs
