"""The notebook runs from top to bottom in a kernel, without a person."""

from __future__ import annotations

import nbformat
import pytest
from nbclient import NotebookClient

from allocation.reporting.executing import OwnKernel
from allocation.reporting.notebooks import notebook_folder


@pytest.mark.slow
def test_the_notebook_runs(tmp_path):
    notebook = nbformat.read(notebook_folder() / "tuning.ipynb", as_version=4)
    resources = {"metadata": {"path": str(tmp_path)}}
    NotebookClient(notebook, timeout=120, kernel_manager_class=OwnKernel, resources=resources).execute()
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    assert [output.output_type for output in outputs] == ["execute_result"]
    assert "application/vnd.jupyter.widget-view+json" in outputs[0].data
