"""A calibration in numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from allocation.calibration.calibrated import Calibration, remarks_on
from allocation.engine.instants import from_milliseconds

SHOWN = 20
"""Bad rows that are listed; of the others only the number is told."""


def summary_of(found: Calibration) -> dict[str, Any]:
    """A calibration as plain data for JSON: what was read, estimated and taken, and how well it is known."""
    estimates, history = found.estimates, found.estimates.history
    arrivals, unpaid = estimates.arrivals, estimates.unpaid
    return {
        "history": history.source,
        "sha256": history.digest,
        "rows": history.rows,
        "orders": estimates.orders,
        "omitted": history.omitted,
        "left_out": len(history.left_out),
        "left_out_first": [str(problem) for problem in history.left_out[:SHOWN]],
        "ends": from_milliseconds(history.ends).isoformat(),
        "taken": list(found.parts),
        "template": found.template.name,
        "scenario": found.scenario.name,
        "tiers": _plain(estimates.tiers),
        "quantities": _plain(estimates.quantities),
        "cancelled": _plain(estimates.cancelled),
        "unpaid": None if unpaid is None else _interval(unpaid.estimate, unpaid.low, unpaid.high),
        "timings": _plain(estimates.goodness),
        "arrivals": {
            "opens": arrivals.opens.isoformat(),
            "hours": arrivals.hours,
            "points": len(arrivals.arrivals.points),
            "max_distance": arrivals.distance,
            "band": arrivals.band,
        },
        "notes": list(remarks_on(found)),
    }


def _plain(frame: pd.DataFrame) -> list[Mapping[str, Any]]:
    return [{str(key): value for key, value in row.items()} for row in frame.to_dict("records")]


def _interval(share: float, low: float, high: float) -> dict[str, float]:
    return {"share": share, "share_low": low, "share_high": high}
