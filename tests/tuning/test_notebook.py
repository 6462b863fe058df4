"""The notebook runs from top to bottom in a kernel, without a person."""

from __future__ import annotations

import nbformat
import pytest
from nbclient import NotebookClient

from allocation.reporting.executing import OwnKernel
from allocation.reporting.notebooks import notebook_folder

WAIT = """import asyncio

while Out[1].last is None:
    await asyncio.sleep(0.05)
Out[1].last.words"""


@pytest.mark.slow
def test_the_notebook_runs(tmp_path):
    notebook = nbformat.read(notebook_folder() / "tuning.ipynb", as_version=4)
    # The panel is there first, and plays as soon as its cell is done.
    notebook.cells.append(nbformat.v4.new_code_cell(WAIT))
    resources = {"metadata": {"path": str(tmp_path)}}
    NotebookClient(notebook, timeout=600, kernel_manager_class=OwnKernel, resources=resources).execute()
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    assert [output.output_type for output in outputs] == ["execute_result", "execute_result"]
    assert outputs[1].data["text/plain"] == "'as in the scenario'"
    assert "application/vnd.jupyter.widget-view+json" in outputs[0].data
