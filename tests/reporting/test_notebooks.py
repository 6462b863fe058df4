"""The shipped notebooks: clean in git, one cell of parameters, no logic."""

from __future__ import annotations

import ast

import nbformat
import pytest

from allocation.reporting import shipped_notebooks
from allocation.reporting.notebooks import INTERACTIVE, REPORTS, notebook_folder

NOTEBOOKS = {path.stem: path for path in notebook_folder().glob("*.ipynb")}


@pytest.fixture(params=sorted(NOTEBOOKS))
def notebook(request):
    return nbformat.read(NOTEBOOKS[request.param], as_version=4)


def test_every_notebook_is_a_report_or_for_people():
    assert set(REPORTS).isdisjoint(INTERACTIVE)
    assert set(NOTEBOOKS) == {*REPORTS, *INTERACTIVE}
    assert set(shipped_notebooks()) == set(REPORTS)


def test_nothing_of_a_run_is_in_git(notebook):
    nbformat.validate(notebook)
    for cell in notebook.cells:
        assert not cell.get("outputs")
        assert cell.get("execution_count") is None


@pytest.mark.parametrize("name", REPORTS)
def test_exactly_one_cell_of_a_report_has_the_parameters(name):
    notebook = nbformat.read(NOTEBOOKS[name], as_version=4)
    tagged = [cell for cell in notebook.cells if "parameters" in cell.metadata.get("tags", [])]
    assert len(tagged) == 1
    names = {node.targets[0].id for node in ast.parse(tagged[0].source).body}
    assert names == {"manifest"}


def test_cells_only_call_the_package(notebook):
    code = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
    logic = (ast.FunctionDef, ast.Lambda, ast.For, ast.While, ast.If, ast.IfExp, ast.ListComp, ast.BinOp, ast.Subscript)
    assert not [node for node in ast.walk(ast.parse(code)) if isinstance(node, logic)]
    nodes = list(ast.walk(ast.parse(code)))
    modules = {n.module for n in nodes if isinstance(n, ast.ImportFrom)}
    modules |= {alias.name for n in nodes if isinstance(n, ast.Import) for alias in n.names}
    assert modules == {"allocation"}
