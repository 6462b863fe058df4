"""Service levels by rate: how often every promise is kept, and which share of the promises is."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pandas as pd

from allocation.analysis.rate_curve import setting_of
from allocation.montecarlo import Sweep
from allocation.statistics import ratio_interval, wilson_interval

TYPE_1, TYPE_2 = "type 1", "type 2"


def service_by_rate(swept: Sweep, chosen: Decimal | float | None = None, confidence: float = 0.95) -> pd.DataFrame:
    """The service levels of each rate.

    **Type 1** is the probability that no promise is broken for want of stock, 1 - P(Z > C). **Type 2** is the share of
    the units still promised at the release that are served, 1 - E[(Z - C)+] / E[Z]: units allocated, of units allocated
    or oversold. A promise that rolls over to a later wave and is kept there counts as kept.

    Source: Talluri and van Ryzin, The Theory and Practice of Revenue Management (2004), section 4.2.

    Args:
        swept: Over rates, as `sweep_rates` gives it.
        chosen: The recommended rate, if there is one.
        confidence: Of each interval by itself.

    Returns:
        One row for each rate and level: ``rate``, ``level``, ``share`` with ``low`` and ``high`` (Wilson's interval for
        type 1; a t interval of the ratio for type 2, cut at 1), ``n``, and ``mark``: ``best`` for the largest mean
        profit, ``recommended``, both, or nothing.
    """
    rows = []
    profits = [float(swept.of(number)["profit"].mean()) for number in range(len(swept.settings))]
    best = profits.index(max(profits))
    recommended = None if chosen is None else setting_of(swept, chosen)
    for number, setting in enumerate(swept.settings):
        marks = [name for name, at in (("recommended", recommended), ("best", best)) if at == number]
        head = {"rate": float(setting.chosen[0]), "n": swept.replications, "mark": ", ".join(marks)}
        rows += [head | level for level in _levels(swept.of(number), confidence)]
    return pd.DataFrame(rows)[["rate", "level", "share", "low", "high", "n", "mark"]]


def _levels(own: pd.DataFrame, confidence: float) -> list[dict[str, object]]:
    kept = wilson_interval(int((~own["oversold_any"]).sum()), len(own), confidence)
    levels: list[dict[str, object]] = [
        {"level": TYPE_1, "share": kept.estimate, "low": kept.low, "high": kept.high},
    ]
    promised = (own["allocated_units"] + own["oversold_units"]).to_numpy(np.float64)
    if promised.any():
        served = ratio_interval(own["allocated_units"], promised, confidence)
        ends = {"low": max(served.low, 0.0), "high": min(served.high, 1.0)}
        levels.append({"level": TYPE_2, "share": served.mean} | ends)
    return levels


def service_table(frame: pd.DataFrame) -> pd.DataFrame:
    """`service_by_rate` for reading: one row a rate, with both levels and their intervals."""
    rates = list(dict.fromkeys(frame["rate"]))
    columns: dict[str, object] = {"rate": rates}
    marks = frame.drop_duplicates("rate").set_index("rate")["mark"]
    columns["remark"] = marks.loc[rates].to_numpy()
    names = {TYPE_1: "share_of_launches_that_keep_every_promise", TYPE_2: "share_of_promised_units_served"}
    for level, name in names.items():
        own = frame[frame["level"] == level].set_index("rate").reindex(rates)
        columns |= {name: own["share"].to_numpy(), f"{name}_low": own["low"].to_numpy()}
        columns[f"{name}_high"] = own["high"].to_numpy()
    return pd.DataFrame(columns)
