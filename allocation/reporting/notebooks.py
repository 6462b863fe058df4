"""Where the notebooks are, and which of them are reports."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent.parent
REPORTS = ("overbooking", "priority")
"""The reports that are run for every launch, in the order in which they are read."""
INTERACTIVE = ("tuning",)
"""Notebooks for people: they wait for somebody to move a slider, so no night runs them, and they take no manifest."""


def notebook_folder() -> Path:
    """The folder of the shipped notebooks: inside an installed package, at the top level of a checkout."""
    shipped = _PACKAGE / "_shipped" / "notebooks"
    return shipped if shipped.is_dir() else _PACKAGE.parent / "notebooks"


def shipped_notebooks() -> Mapping[str, Path]:
    """The notebook of each report."""
    return {name: notebook_folder() / f"{name}.ipynb" for name in REPORTS}
