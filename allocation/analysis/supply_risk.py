"""Deliveries that come late or short: how often, by how much, and what it costs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd

from allocation.montecarlo import Sweep
from allocation.sampling import sample_arrivals
from allocation.scenario.schema import Delivery, Scenario, Short
from allocation.statistics import mean_interval, wilson_interval

Change = Callable[[Scenario], Scenario]
NO_RISK = "every delivery whole and on time"
DRAWS = 1000
"""How many replications' deliveries are looked at: they cost next to nothing."""
_TIMES = (2, 3)
_SHORT = (Decimal("0.05"), Decimal("0.1"), Decimal("0.2"))
_BINS = 8


def is_risky(scenario: Scenario) -> bool:
    """Whether a delivery may come late or short."""
    return any(_at_risk(delivery) for pool in scenario.supply for delivery in pool.expected)


def riskier() -> Iterator[tuple[str, Change]]:
    """No risk, and several times that of the scenario; a probability ends at 1."""
    yield NO_RISK, _times(0)
    for times in _TIMES:
        yield f"{times} times the risk", _times(times)


def shortened() -> Iterator[tuple[str, Change]]:
    """Every delivery comes short by a share, which is seen on its day."""
    for share in _SHORT:
        yield f"every delivery {share:.0%} short", _short_by(share)


def drawn_arrivals(scenario: Scenario, replications: int = DRAWS, seed: int = 0) -> pd.DataFrame:
    """How the deliveries of replications 0, 1, ... come.

    Returns:
        One row for each replication and delivery: ``replication``, ``ref``, ``planned_on`` and ``came_on`` (dates),
        ``planned_units``, ``came_units``, ``days_late`` and ``units_short``.
    """
    rows = [
        {
            "replication": number,
            "ref": arrival.ref,
            "planned_on": date.fromordinal(arrival.planned_day),
            "came_on": date.fromordinal(arrival.day),
            "planned_units": arrival.planned_units,
            "came_units": arrival.units,
            "days_late": arrival.day - arrival.planned_day,
            "units_short": arrival.planned_units - arrival.units,
        }
        for number in range(replications)
        for arrival in sample_arrivals(scenario, seed, number)
    ]
    columns = ["replication", "ref", "planned_on", "came_on", "planned_units", "came_units", "days_late", "units_short"]
    return pd.DataFrame(rows, columns=columns)


def delivery_risk(arrivals: pd.DataFrame) -> pd.DataFrame:
    """How often deliveries come late and short, and by how much if so.

    Args:
        arrivals: As `drawn_arrivals` gives them.

    Returns:
        One row for each delivery that came late or short at least once: ``delivery``, ``planned_on``,
        ``planned_units``; ``share_late`` and ``share_short`` with their Wilson intervals (``_low``, ``_high``);
        ``mean_days_late`` and ``mean_units_short`` of those that were.
    """
    rows = []
    for ref, own in arrivals.groupby("ref", sort=False):
        late, short = own["days_late"] > 0, own["units_short"] > 0
        if not (late.any() or short.any()):
            continue
        row = {"delivery": ref, "planned_on": own["planned_on"].iloc[0], "planned_units": own["planned_units"].iloc[0]}
        for name, is_so, column in (("late", late, "days_late"), ("short", short, "units_short")):
            row |= _share(f"share_{name}", int(is_so.sum()), len(own))
            row |= {f"mean_{column}": float(own.loc[is_so, column].mean())}
        rows.append(row)
    return pd.DataFrame(rows)


def risk_distribution(arrivals: pd.DataFrame) -> pd.DataFrame:
    """How late and how short deliveries come, over those that may.

    Returns:
        One row for each delivery, kind (``days late``, ``units short``) and class (each value where they are few, else
        zero and up to eight classes of one width): ``delivery``, ``kind``, ``lowest``, ``highest``, and ``share`` of
        the replications with its Wilson interval ``share_low``, ``share_high``. A delivery without that risk has none.
    """
    rows: list[dict[str, Any]] = []
    for ref, own in arrivals.groupby("ref", sort=False):
        for kind, column in (("days late", "days_late"), ("units short", "units_short")):
            values = own[column].to_numpy(np.int64)
            if not values.any():
                continue
            for low, high in _classes(values):
                inside = int(((values >= low) & (values <= high)).sum())
                head = {"delivery": ref, "kind": kind, "lowest": low, "highest": high}
                rows.append(head | _share("share", inside, len(values)))
    return pd.DataFrame(rows, columns=["delivery", "kind", "lowest", "highest", "share", "share_low", "share_high"])


def risk_outcomes(swept: Sweep, arrivals: pd.DataFrame) -> pd.DataFrame:
    """What the launches came to in which deliveries came late or short, and what that cost.

    Args:
        swept: Has a variant `NO_RISK`.
        arrivals: Of the same replications.

    Returns:
        One row for each thing that happened (``deliveries``): ``launches``, ``mean_profit``, and ``cost``: how much
        more the same customers bring where every delivery is whole and on time, each with ``_half_width``; NaN where
        there are fewer than two launches. Without that variant no rows.
    """
    names = [setting.chosen[0] for setting in swept.settings]
    if NO_RISK not in names:
        return pd.DataFrame(columns=["deliveries", "launches"])
    own = arrivals[arrivals["replication"] < swept.replications].groupby("replication")
    late, short = own["days_late"].max() > 0, own["units_short"].max() > 0
    profit, certain = (swept.of(number)["profit"].to_numpy() for number in (0, names.index(NO_RISK)))
    happened = {
        "whole and on time": ~late & ~short,
        "some late, none short": late & ~short,
        "some short, none late": short & ~late,
        "some late, some short": late & short,
        "all": late | True,
    }
    rows = []
    for name, is_so in happened.items():
        chosen = is_so.to_numpy()
        if chosen.any():
            row = {"deliveries": name, "launches": int(chosen.sum())}
            row |= _mean("mean_profit", profit[chosen]) | _mean("cost", (certain - profit)[chosen])
            rows.append(row)
    return pd.DataFrame(rows)


def _at_risk(delivery: Delivery) -> bool:
    risks = (delivery.late, delivery.short)
    return any(risk is not None and risk.probability > 0 for risk in risks)


def _changed(scenario: Scenario, change: Callable[[Delivery], Delivery]) -> Scenario:
    supply = tuple(replace(pool, expected=tuple(map(change, pool.expected))) for pool in scenario.supply)
    return replace(scenario, supply=supply, published=())


def _times(times: int) -> Change:
    def change(delivery: Delivery) -> Delivery:
        late, short = delivery.late, delivery.short
        if late is not None:
            late = replace(late, probability=min(Decimal(1), late.probability * times))
        if short is not None:
            short = replace(short, probability=min(Decimal(1), short.probability * times))
        return replace(delivery, late=late, short=short)

    return lambda scenario: _changed(scenario, change)


def _short_by(share: Decimal) -> Change:
    short = Short(Decimal(1), share)
    return lambda scenario: _changed(scenario, lambda delivery: replace(delivery, short=short, notice_days=0))


def _share(name: str, count: int, n: int) -> dict[str, float]:
    found = wilson_interval(count, n)
    return {name: found.estimate, f"{name}_low": found.low, f"{name}_high": found.high}


def _mean(name: str, values: Any) -> dict[str, float]:
    if len(values) <= 1:
        return {name: float(values.mean()), f"{name}_half_width": float("nan")}
    found = mean_interval(values)
    return {name: found.mean, f"{name}_half_width": found.half_width}


def _classes(values: Any) -> Sequence[tuple[int, int]]:
    """The values themselves where they are few; else zero by itself, and classes of one width up to the largest."""
    found = np.unique(values).tolist()
    if len(found) <= _BINS:
        return [(value, value) for value in found]
    largest = int(values.max())
    width = -(-largest // _BINS)
    return [(0, 0), *((low, min(low + width - 1, largest)) for low in range(1, largest + 1, width))]
