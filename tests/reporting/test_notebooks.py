"""The shipped notebooks: clean in git, one cell of parameters, no logic."""

from __future__ import annotations

import ast

import nbformat
import pytest

from allocation.reporting import shipped_notebooks

NOTEBOOKS = shipped_notebooks()


@pytest.fixture(params=NOTEBOOKS)
def notebook(request):
    return nbformat.read(NOTEBOOKS[request.param], as_version=4)


def test_nothing_of_a_run_is_in_git(notebook):
    nbformat.validate(notebook)
    for cell in notebook.cells:
        assert not cell.get("outputs")
        assert cell.get("execution_count") is None


def test_exactly_one_cell_has_the_parameters(notebook):
    tagged = [cell for cell in notebook.cells if "parameters" in cell.metadata.get("tags", [])]
    assert len(tagged) == 1
    names = {node.targets[0].id for node in ast.parse(tagged[0].source).body}
    assert names == {"manifest"}


def test_cells_only_call_the_package(notebook):
    code = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
    logic = (ast.FunctionDef, ast.Lambda, ast.For, ast.While, ast.If, ast.IfExp, ast.ListComp, ast.BinOp, ast.Subscript)
    assert not [node for node in ast.walk(ast.parse(code)) if isinstance(node, logic)]
    modules = {n.module for n in ast.walk(ast.parse(code)) if isinstance(n, ast.ImportFrom)}
    assert modules == {"allocation"}
