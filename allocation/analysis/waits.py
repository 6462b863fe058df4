"""What a customer waits: from the order to the first promise, and to the unit, over many replications."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from allocation.engine.allocation_engine import AllocationEngine
from allocation.engine.book import Book
from allocation.engine.codes import Status
from allocation.engine.instants import milliseconds
from allocation.overbooking.rates import rates_of
from allocation.sampling import sample_tape
from allocation.scenario.schema import Scenario
from allocation.simulation.rated import rated_tape
from allocation.simulation.waiting import placed_at
from allocation.statistics import Interval, mean_interval

_DAY_MS = 86_400_000
_HELD = (Status.RESERVED, Status.CONFIRMED)
_POINTS = 240
PROMISE, UNIT = "first promise", "unit"
_MEASURES = ("reservations", "median_days_to_promise", "median_days_to_unit", "p90_days_to_unit")


@dataclass(frozen=True)
class Waits:
    """How long customers wait, over replications.

    Attributes:
        curve: One row for each event (`PROMISE`, `UNIT`), tier (best first) and number of ``days``: the mean ``share``
            of the tier's reservations to which it has come within so many days, with the ends ``low`` and ``high`` of
            its 95% t interval. A first promise can be lost again.
        by_wave: One row for each tier and ship date on which it got units in at least two replications: ``tier``,
            ``ship_date``, ``reservations``, ``median_days_to_promise``, ``median_days_to_unit`` and
            ``p90_days_to_unit``, means over those ``n`` replications, each with ``_half_width``.
        mean_days: From the order to the unit, over all who got one.
        replications, seed: What it rests on.
    """

    curve: pd.DataFrame
    by_wave: pd.DataFrame
    mean_days: Interval
    replications: int
    seed: int


def replicated_waits(scenario: Scenario, replications: int = 30, seed: int = 0) -> Waits:
    """Play replications 0, 1, ... and see who waited how long.

    Args:
        scenario: The launch and its policy.
        replications: How many, at least 2.
        seed: Of the draws.
    """
    rates, opens = rates_of(scenario), milliseconds(scenario.orders.opens)
    last = max(milliseconds(run.at) for run in scenario.schedule.release)
    grid = np.linspace(0, (last - opens) / _DAY_MS * 1.02, _POINTS)
    book = Book(scenario.policy)
    shares, rows, means = [], [], []
    for number in range(replications):
        rated = rated_tape(sample_tape(scenario, seed, number), rates, opens)
        engine = AllocationEngine.on(rated.columns, scenario.policy, book)
        rated.play(engine)
        waited = waits_of(engine)
        shares.append(_shares(waited, grid, engine.tiers))
        rows.append(_by_wave(waited, engine.tiers).assign(replication=number))
        means.append(float(waited["days_to_unit"].mean()))
    tiers = sorted(scenario.demand.tiers, key=lambda tier: (-scenario.policy.tiers[tier], tier))
    curve = _curve(np.array(shares), grid, list(scenario.demand.tiers), tiers)
    by_wave = _means(pd.concat(rows, ignore_index=True), tiers)
    return Waits(curve, by_wave, mean_interval(means), replications, seed)


def waits_of(engine: AllocationEngine) -> pd.DataFrame:
    """How long each reservation of a played launch waited.

    Returns:
        One row a reservation, in the order of the book: ``tier`` (its code), ``ship_date`` (a day number, of those who
        got a unit, else 0), ``days_to_promise`` (the first one) and ``days_to_unit``, since the order was placed; NaN
        where that did not come, or nobody knows when it was placed.
    """
    book = engine.book
    rows, log, commands = book.used("reservations"), book.used("log"), book.tables.commands
    placed = placed_at(engine)[rows["order"]]
    given = rows["status"] == Status.ALLOCATED
    days = {}
    for name, statuses in (("days_to_promise", _HELD), ("days_to_unit", (Status.ALLOCATED,))):
        reached = np.flatnonzero(np.isin(log["after"], statuses))
        # The first one counts, and the log is in the order of time.
        who, first = np.unique(log["reservation"][reached], return_index=True)
        at = np.full(len(rows), np.nan)
        at[who] = commands["at"][log["command"][reached[first]]]
        days[name] = np.where(placed >= 0, (at - placed) / _DAY_MS, np.nan)
    dates = np.where(given, book.tables.dates["day"][rows["assigned"]], 0)
    return pd.DataFrame({"tier": rows["tier"].copy(), "ship_date": dates, **days})


def waits_table(waits: Waits) -> pd.DataFrame:
    """`Waits.by_wave` for reading; ``launches`` is in how many of the replications somebody got a unit there."""
    return waits.by_wave.rename(columns={"n": "launches"})


def _shares(waited: pd.DataFrame, grid: NDArray[np.float64], tiers: Any) -> NDArray[np.float64]:
    """Shares served within so many days; shape (2, tiers, days)."""
    result = np.full((2, len(tiers), len(grid)), np.nan)
    for code in range(len(tiers)):
        own = waited[waited["tier"] == code]
        for event, name in enumerate(("days_to_promise", "days_to_unit")):
            served = np.sort(own[name].dropna().to_numpy())
            if len(own):
                result[event, code] = np.searchsorted(served, grid, side="right") / len(own)
    return result


def _curve(shares: NDArray[np.float64], grid: NDArray[np.float64], codes: list[str], tiers: list[str]) -> pd.DataFrame:
    parts = []
    for event, name in enumerate((PROMISE, UNIT)):
        for tier in tiers:
            own = shares[:, event, codes.index(tier)]
            own = own[~np.isnan(own[:, 0])]
            # A tier that nobody is of in all but one replication has no interval.
            found = [mean_interval(column) for column in own.T] if len(own) > 1 else []
            if found:
                ends = {
                    "share": [one.mean for one in found],
                    "low": [max(0.0, one.low) for one in found],
                    "high": [min(1.0, one.high) for one in found],
                }
                parts.append(pd.DataFrame({"event": name, "tier": tier, "days": grid, **ends}))
    return pd.concat(parts, ignore_index=True)


def _by_wave(waited: pd.DataFrame, tiers: Any) -> pd.DataFrame:
    served = waited[waited["ship_date"] > 0]
    grouped = served.groupby(["tier", "ship_date"])
    frame = pd.DataFrame({"reservations": grouped.size().astype(float)})
    frame["median_days_to_promise"] = grouped["days_to_promise"].median()
    frame["median_days_to_unit"] = grouped["days_to_unit"].median()
    frame["p90_days_to_unit"] = grouped["days_to_unit"].quantile(0.9)
    frame = frame.reset_index()
    return frame.assign(tier=[tiers[code] for code in frame["tier"]])


def _means(rows: pd.DataFrame, tiers: list[str]) -> pd.DataFrame:
    result = []
    for tier in tiers:
        for day, own in rows[rows["tier"] == tier].groupby("ship_date"):
            if len(own) <= 1:
                continue
            row: dict[str, Any] = {"tier": tier, "ship_date": date.fromordinal(int(str(day)))}
            for name in _MEASURES:
                found = mean_interval(own[name])
                row |= {name: found.mean, f"{name}_half_width": found.half_width}
            result.append(row | {"n": len(own)})
    return pd.DataFrame(result)
