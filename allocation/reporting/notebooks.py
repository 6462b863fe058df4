"""Where the notebooks of the reports are, and which of them a launch gets."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent.parent
REPORTS = ("overbooking", "priority", "calibration")
"""The reports, in the order in which they are read."""
NEEDS: Mapping[str, str] = {"calibration": "history"}
"""What a launch must have for some of them: those are not run without it."""


def notebook_folder() -> Path:
    """The folder of the shipped notebooks: inside an installed package, at the top level of a checkout."""
    shipped = _PACKAGE / "_shipped" / "notebooks"
    return shipped if shipped.is_dir() else _PACKAGE.parent / "notebooks"


def shipped_notebooks() -> Mapping[str, Path]:
    """The notebook of each report."""
    return {name: notebook_folder() / f"{name}.ipynb" for name in REPORTS}


def notebooks_of_launch(has: Collection[str] = ()) -> Mapping[str, Path]:
    """The notebooks that are run for a launch.

    Args:
        has: What there is of it beside its scenario, such as ``history``.
    """
    return {name: path for name, path in shipped_notebooks().items() if name not in NEEDS or NEEDS[name] in has}
