"""Tuning a launch by hand: what can be turned, what every setting comes to, and the panel in a notebook."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from allocation.scenario.schema import Scenario
from allocation.tuning.tuner import REPLICATIONS, Tuner

if TYPE_CHECKING:
    from allocation.tuning.panel import Panel

__all__ = ["Tuner", "tune"]


def tune(
    scenario: str | Path | Scenario,
    replications: int = REPLICATIONS,
    seed: int = 0,
    *,
    folder: str | Path = ".",
    workers: int | None = None,
) -> Panel:
    """Open a panel with sliders and menus for a launch; figures and tables follow every move.

    Every move plays the same replications, so moves compare the same customers. It needs a Jupyter front end with
    ipywidgets, such as the project's JupyterLab.

    Args:
        scenario: The name of a shipped one, a file, or a scenario.
        replications: How many a move, at least 2.
        seed: Of the draws.
        folder: Where scenarios are saved.
        workers: Threads; None is one a core.

    Raises:
        ScenarioError: There is no such scenario, or it is not valid.
        SettingError: A number is out of its range.
    """
    from allocation.tuning.panel import Panel  # noqa: PLC0415 - widgets are loaded when somebody asks for them

    return Panel(Tuner.of(scenario, replications, seed, workers=workers), Path(folder))
