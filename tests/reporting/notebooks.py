"""Small notebooks, to be run in place of the shipped ones."""

from __future__ import annotations

import nbformat


def notebook_of(path, *cells):
    """A notebook with a cell of parameters and these cells."""
    notebook = nbformat.v4.new_notebook()
    parameters = nbformat.v4.new_code_cell('manifest = ""')
    parameters.metadata["tags"] = ["parameters"]
    notebook.cells = [nbformat.v4.new_markdown_cell("# A report"), parameters]
    notebook.cells += [nbformat.v4.new_code_cell(cell) for cell in cells]
    for number, cell in enumerate(notebook.cells):
        cell.id = f"cell-{number}"
    nbformat.write(notebook, path)
    return path


SUMMARY = """
import json, pathlib
asked = json.loads(pathlib.Path(manifest).read_text())
place = pathlib.Path(manifest).parent / "summary.json"
content = {"title": "A launch", "currency": "USD", "seed": asked["seed"], "replications": 1, "rate": "1.05"}
content |= {"basis": "what-if", "means": {}, "alert_share": 0.0, "answer": "an answer"}
content |= {"summary": dict.fromkeys(
    ["orders", "confirmed_at_cutoff_units", "allocated_units", "oversold_units", "unsold_units", "profit"], 7
)}
place.write_text(json.dumps(content))
"""
"""Keeps the numbers that every report keeps, without working them out."""
