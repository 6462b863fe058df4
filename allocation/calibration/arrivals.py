"""When orders came: a table of arrivals, as a scenario says it, and how close it comes to the history."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from math import log, sqrt
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from allocation.calibration.history import History
from allocation.calibration.timing import Floats, decimal_of, exact_shares
from allocation.engine.instants import DAY_MS, HOUR_MS, from_milliseconds, local_midnight
from allocation.sampling.demand import arrival_shape
from allocation.scenario.schema import TableArrivals

POINTS_MAX = 30
_TICK = Decimal("0.000001")
"""Hours of a point are written so finely: 3.6 milliseconds."""
_STEPS = 400


@dataclass(frozen=True, slots=True, eq=False)
class ArrivalEstimate:
    """When orders came, since the first one.

    Attributes:
        opens: When the first one came; where only dates are known, the beginning of its day.
        arrivals: As a scenario says it: as many points, at most `POINTS_MAX`, as bring it within half of the band.
        hours: From `opens` to the last order.
        frame: ``hours`` since `opens`, ``share_in_history`` that has come by then with the ends ``_low`` and ``_high``
            of a band that holds at all hours together, and ``share_fitted``.
        distance: The largest difference between history and table at an order.
        band: Half-width of the band.
    """

    opens: datetime
    arrivals: TableArrivals
    hours: float
    frame: pd.DataFrame
    distance: float
    band: float


def estimate_arrivals(history: History, confidence: float = 0.95) -> ArrivalEstimate:
    """The arrival shape of a history.

    The half-width of the band is √(ln(2/α) / 2n), where α is 1 - confidence. Source: Massart, The tight constant in the
    Dvoretzky-Kiefer-Wolfowitz inequality, Annals of Probability 18 (1990), 1269-1283.
    """
    placed = np.sort(history.frame["placed"].to_numpy(np.int64))
    opens = int(placed[0])
    if history.is_dated[1]:
        zone = ZoneInfo(history.timezone or "UTC")
        opens = local_midnight(from_milliseconds(opens).astimezone(zone).toordinal(), zone)
        # An order of a date came by the end of its day.
        since = ((placed - opens) // DAY_MS + 1) * DAY_MS
    else:
        since = placed - opens + 1
    hours, first = np.unique(since / HOUR_MS, return_index=True)
    seen = np.append(first[1:], len(since)) / len(since)
    band = sqrt(log(2 / (1 - confidence)) / (2 * len(since)))
    points = _points(hours, seen, band / 2)
    shape = arrival_shape(points, int(np.ceil(float(points.points[-1][0]) * HOUR_MS)))
    fitted = shape.shares_at(hours * HOUR_MS)
    distance = float(np.abs(seen - fitted).max())
    few = np.unique(np.linspace(0, len(hours) - 1, _STEPS).astype(int))
    frame = pd.DataFrame(
        {
            "hours": hours[few],
            "share_in_history": seen[few],
            "share_in_history_low": np.clip(seen[few] - band, 0, 1),
            "share_in_history_high": np.clip(seen[few] + band, 0, 1),
            "share_fitted": fitted[few],
        }
    )
    return ArrivalEstimate(from_milliseconds(opens), points, float(hours[-1]), frame, distance, band)


def _points(hours: Floats, so_far: Floats, tolerance: float) -> TableArrivals:
    """Hours by which so many of the orders have come; one more where the lines between them are furthest off.

    Args:
        hours: Distinct and rising, above 0.
        so_far: The share of the orders that has come by then, rising to 1.
        tolerance: How far off lines may be.
    """
    at = [len(hours) - 1]
    while len(at) < min(POINTS_MAX, len(hours)):
        off = np.abs(np.interp(hours, [0.0, *hours[at]], [0.0, *so_far[at]]) - so_far)
        worst = int(off.argmax())
        if off[worst] <= tolerance:
            break
        at = sorted([*at, worst])
    rounded: list[Decimal] = []
    for hour in hours[at]:
        up = decimal_of(np.ceil(hour / float(_TICK)) * float(_TICK))
        rounded.append(max(up, rounded[-1] + _TICK) if rounded else up)
    shares = exact_shares(np.diff(so_far[at], prepend=0.0))
    return TableArrivals("table", tuple(zip(rounded, shares, strict=True)))
