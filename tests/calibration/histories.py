"""Histories to calibrate from: what a simulated launch would have left behind, and rows of one's own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from allocation import load_scenario, simulate
from allocation.analysis.changes import status_changes
from allocation.scenario.schema import Scenario
from allocation.tape import Run

DENIED = ("not_selected", "oversold", "not_fulfilled", "insufficient_inventory")
EXAMPLE = {"demand.total": 900, "supply.0.expected.0.quantity": 300}
"""How the shipped example was drawn, from console-realistic with seed 1."""


def history_of(run: Run, scenario: Scenario) -> pd.DataFrame:
    """Every reservation of a run with its last status, as a shop would have exported it."""
    reservations, changes = run.reservations, status_changes(run)
    last = changes.groupby("row")["at"].max().reindex(range(len(reservations)))
    due = {pd.Timestamp(one.ship_date): one.at.isoformat() for one in scenario.schedule.release}
    denied = reservations["reason"].astype(object).isin(DENIED)
    placed = reservations["placed_at"].dt.tz_convert(scenario.timezone)
    return pd.DataFrame(
        {
            "placed": [at.isoformat(timespec="seconds") for at in placed],
            "status": np.where(denied, "DENIED", reservations["status"].astype(str)),
            "status_at": [at.tz_convert(scenario.timezone).isoformat(timespec="seconds") for at in last],
            "tier": reservations["tier"].astype(str),
            "quantity": reservations["quantity"],
            "due": reservations["requested_ship_date"].map(due),
        }
    )


def example_history() -> pd.DataFrame:
    scenario = load_scenario("console-realistic", EXAMPLE)
    return history_of(simulate(scenario, seed=1), scenario)


def write_csv(path: Path, rows: list[dict[str, Any]] | pd.DataFrame) -> Path:
    pd.DataFrame(rows).to_csv(path, index=False)
    return path
