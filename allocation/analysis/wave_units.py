"""What each wave had: what was expected for it, what came in time, and what of it was promised and given out."""

from __future__ import annotations

from datetime import date

import pandas as pd

from allocation.analysis.waves import WaveStudy, ship_dates, wave_of
from allocation.statistics import mean_interval

SERIES = {
    "expected_units": "expected",
    "came_units": "came in time",
    "confirmed_at_cutoff_units": "confirmed",
    "allocated_units": "given out",
}
"""The units of a wave that a figure shows, with what they are called."""


def wave_units(study: WaveStudy, arrivals: pd.DataFrame) -> pd.DataFrame:
    """Units of each wave of the launch as configured.

    Args:
        study: For its replications.
        arrivals: Of the same replications, as `drawn_arrivals` gives them.

    Returns:
        One row for each date that is released: ``ship_date``; ``expected_units``: on hand from the start and planned
        to arrive by it, after the date before; ``came_units``: those that did arrive in that time;
        ``confirmed_at_cutoff_units`` and ``allocated_units``: all means over the replications with ``_half_width``.
    """
    played = study.swept.of(0)
    dates, n = ship_dates(study.scenario), study.swept.replications
    arrivals = arrivals[arrivals["replication"] < n]
    expected, came = (_by_wave(study, arrivals, dates, f"{name}_on", f"{name}_units") for name in ("planned", "came"))
    rows = []
    for day in dates:
        own = {"expected_units": expected[day], "came_units": came[day]}
        for name in ("confirmed_at_cutoff_units", "allocated_units"):
            column = f"waves.{day.isoformat()}.{name}"
            own[name] = played[column].astype(float).tolist() if column in played else [0.0] * n
        row: dict[str, object] = {"ship_date": day}
        for name, values in own.items():
            found = mean_interval(values)
            row |= {name: found.mean, f"{name}_half_width": found.half_width}
        rows.append(row)
    return pd.DataFrame(rows)


def _by_wave(
    study: WaveStudy, arrivals: pd.DataFrame, dates: list[date], day: str, units: str
) -> dict[date, list[float]]:
    """Of each date, the units of each replication; what is too late for every release is of none."""
    n = study.swept.replications
    on_hand = sum(pool.on_hand for pool in study.scenario.supply)
    result = {one: [float(on_hand) if one == dates[0] else 0.0] * n for one in dates}
    for row in arrivals.to_dict("records"):
        wave = wave_of(dates, row[day])
        if wave is not None:
            result[wave][row["replication"]] += row[units]
    return result
