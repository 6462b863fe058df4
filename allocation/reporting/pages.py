"""From an executed notebook to a page that opens offline, on a phone too."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from nbconvert.exporters import HTMLExporter
from nbformat import NotebookNode

_FOLDER = Path(__file__).resolve().parent
WHAT_IF = "What-if: simulated from the scenario, no actuals"
_RECORDED = {"tape": "a recorded tape", "run": "a run folder", "snapshot": "a snapshot of the open book"}
STYLE = (_FOLDER / "page.css").read_text(encoding="utf-8")


def report_page(notebook: NotebookNode, launch: str, day: date, recorded: str | None = None) -> str:
    """The page of an executed notebook: its text, figures and tables, without its code.

    Nothing in it is loaded from elsewhere: styles and pictures are in the page, and there are no scripts.

    Args:
        notebook: With its outputs.
        launch: What the report is about.
        day: Of the report.
        recorded: What was recorded of the launch: ``tape``, ``run`` or ``snapshot``; None for a what-if.
    """
    exporter = HTMLExporter(  # type: ignore[no-untyped-call]
        template_name="report",
        extra_template_basedirs=[str(_FOLDER / "templates")],
        exclude_input=True,
        exclude_input_prompt=True,
        exclude_output_prompt=True,
        exclude_anchor_links=True,
    )
    report = {"launch": launch, "date": day.isoformat(), "style": STYLE, "title": _title(notebook)}
    resources = {"report": report | {"basis": basis_words(recorded)}}
    page, _ = exporter.from_notebook_node(notebook, resources=resources)
    return "\n".join(line.rstrip() for line in page.splitlines()) + "\n"


def basis_words(recorded: str | None) -> str:
    """What a report starts from."""
    return WHAT_IF if recorded is None else f"From actuals: {_RECORDED[recorded]}"


def _title(notebook: NotebookNode) -> str:
    """The first heading."""
    lines = (line for cell in notebook.cells if cell.cell_type == "markdown" for line in cell.source.splitlines())
    return next((line.removeprefix("# ") for line in lines if line.startswith("# ")), "Report")
