"""A launch as it is planned: units ordered against units of supply."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from allocation.analysis.axes import counts_axis, label_bars
from allocation.analysis.style import GREY, Look, new_axes, tier_looks
from allocation.overbooking.scenario_shows import mean_orders, mean_quantity, supply_units
from allocation.scenario.schema import Scenario

_SUPPLY = Look(GREY, "-", "s", "")


def units_ordered(scenario: Scenario) -> pd.DataFrame:
    """Mean units ordered by tier, and units of supply as planned.

    Returns:
        One row a tier, best first (``kind`` ``orders``), and one of the supply (``supply``): ``name``, ``units``.
    """
    orders, lines = mean_orders(scenario), _mean_lines(scenario)
    tiers = sorted(orders, key=lambda tier: (-scenario.policy.tiers[tier], tier))
    rows = [("orders", tier, orders[tier] * lines * mean_quantity(scenario)) for tier in tiers]
    return pd.DataFrame([*rows, ("supply", "supply", float(supply_units(scenario)))], columns=["kind", "name", "units"])


def wave_frame(scenario: Scenario) -> pd.DataFrame:
    """The supply of every pool as planned.

    Returns:
        One row for what is on hand and for each delivery: ``sku``, ``location``, ``date`` (None: on hand at opening),
        ``units`` and ``risk`` (late, short or both, else empty).
    """
    rows: list[tuple[str, str, date | None, int, str]] = []
    for pool in scenario.supply:
        if pool.on_hand or not pool.expected:
            rows.append((pool.sku, pool.location, None, pool.on_hand, ""))
        for delivery in pool.expected:
            risks = [name for name, risk in (("late", delivery.late), ("short", delivery.short)) if risk is not None]
            rows.append((pool.sku, pool.location, delivery.date, delivery.quantity, " or ".join(risks)))
    return pd.DataFrame(rows, columns=["sku", "location", "date", "units", "risk"])


def plot_orders_and_supply(frame: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Mean units ordered by each tier, and the units of supply.

    Args:
        frame: As `units_ordered` gives it.
        ax: Where to draw; a new figure by default.
    """
    ax = ax or new_axes()
    y, units = np.arange(len(frame), dtype=np.float64), frame["units"].to_numpy(np.float64)
    looks = tier_looks(frame.loc[frame["kind"] == "orders", "name"].tolist())
    for height, name, kind, mean in zip(y, frame["name"], frame["kind"], units, strict=True):
        look = looks[name] if kind == "orders" else _SUPPLY
        ax.barh(height, mean, 0.62, **look.of_area())
    ax.set_yticks(y, frame["name"].tolist())
    ax.invert_yaxis()
    ax.grid(visible=False, axis="y")
    counts_axis(ax, "units, as planned", "x")
    label_bars(ax, y, units, [f"{mean:,.0f}" for mean in units])
    return ax


def _mean_lines(scenario: Scenario) -> float:
    """Lines of an order."""
    return float(sum(lines * share for lines, share in scenario.demand.lines_per_order.items()))
