"""Where the notebooks are, which of them are reports, and what a launch must have for those."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent.parent
REPORTS = ("actuals", "overbooking", "priority", "waves", "release_review", "calibration")
"""The reports, in the order in which they are read."""
NEEDS: Mapping[str, str] = {"actuals": "actuals", "calibration": "history"}
"""What a launch must have for a report to be run for it; the others are run for every launch."""

INTERACTIVE = ("tuning",)
"""Notebooks for people: they wait for somebody to move a slider, so no night runs them, and they take no manifest."""


def in_reading_order(reports: Iterable[str]) -> list[str]:
    """Names of reports, each once, in the order in which they are read; unknown ones last."""
    return sorted(set(reports), key=lambda name: (REPORTS.index(name) if name in REPORTS else len(REPORTS), name))


def notebook_folder() -> Path:
    """The folder of the shipped notebooks: inside an installed package, at the top level of a checkout."""
    shipped = _PACKAGE / "_shipped" / "notebooks"
    return shipped if shipped.is_dir() else _PACKAGE.parent / "notebooks"


def shipped_notebooks() -> Mapping[str, Path]:
    """The notebook of each report."""
    return {name: notebook_folder() / f"{name}.ipynb" for name in REPORTS}
