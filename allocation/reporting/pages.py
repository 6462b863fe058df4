"""From an executed notebook to a page that opens offline, on a phone too."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from nbconvert.exporters import HTMLExporter
from nbformat import NotebookNode

_FOLDER = Path(__file__).resolve().parent
STYLE = (_FOLDER / "page.css").read_text(encoding="utf-8")


def report_page(notebook: NotebookNode, launch: str, day: date) -> str:
    """The page of an executed notebook: its text, figures and tables, without its code.

    Nothing in it is loaded from elsewhere: styles and pictures are in the page, and there are no scripts.

    Args:
        notebook: With its outputs.
        launch: What the report is about.
        day: Of the report.
    """
    exporter = HTMLExporter(  # type: ignore[no-untyped-call]
        template_name="report",
        extra_template_basedirs=[str(_FOLDER / "templates")],
        exclude_input=True,
        exclude_input_prompt=True,
        exclude_output_prompt=True,
        exclude_anchor_links=True,
    )
    resources = {"report": {"launch": launch, "date": day.isoformat(), "style": STYLE, "title": _title(notebook)}}
    page, _ = exporter.from_notebook_node(notebook, resources=resources)
    return "\n".join(line.rstrip() for line in page.splitlines()) + "\n"


def _title(notebook: NotebookNode) -> str:
    """The first heading."""
    lines = (line for cell in notebook.cells if cell.cell_type == "markdown" for line in cell.source.splitlines())
    return next((line.removeprefix("# ") for line in lines if line.startswith("# ")), "Report")
