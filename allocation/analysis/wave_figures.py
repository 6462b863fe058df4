"""Figures of waves: units of each, supply over time, variants compared, delivery risk, and what a customer waits."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from allocation.analysis.axes import counts_axis, legend_above, money_axis, share_axis
from allocation.analysis.series_figures import plot_lines
from allocation.analysis.style import (
    BLACK,
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    SERIES_LOOKS,
    SKY,
    VERMILION,
    Look,
    new_axes,
    tier_looks,
)
from allocation.analysis.waits import PROMISE, UNIT
from allocation.analysis.wave_units import SERIES

_LOOKS = {
    "expected_units": Look(GREY, "-", "", "//"),
    "came_units": Look(SKY, "-", "", ""),
    "confirmed_at_cutoff_units": Look(BLUE, "-", "", "\\\\"),
    "allocated_units": SERIES_LOOKS["allocated"],
}
_SUPPLY = {
    "supply_units": ("supply", Look(BLACK, "--", "")),
    "arrived_units": ("arrived", Look(SKY, "-.", "s")),
    "promised_units": ("promised or given out", Look(BLUE, "-", "o")),
}
_DIFFERENCES = {
    "profit": Look(BLUE, "", "o"),
    "allocated_units": Look(GREEN, "", "^"),
    "oversold_units": Look(VERMILION, "", "X"),
    "days_to_unit": Look(ORANGE, "", "s"),
}
_WIDTH = 0.2
_LEVEL_MAX = 4


def plot_wave_units(frame: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Units expected, come in time, confirmed and given out, by ship date.

    Args:
        frame: As `wave_units` gives it.
        ax: Where to draw; a new figure by default.
    """
    ax = ax or new_axes()
    x = np.arange(len(frame), dtype=np.float64)
    for place, (name, label) in enumerate(SERIES.items()):
        at = x + (place - (len(SERIES) - 1) / 2) * _WIDTH
        ax.bar(at, frame[name], _WIDTH * 0.94, label=label, **_LOOKS[name].of_area())
        ax.errorbar(at, frame[name], yerr=frame[f"{name}_half_width"], fmt="none", ecolor="black", capsize=3)
    ax.set_xticks(x, [f"{day}" for day in frame["ship_date"]])
    # A single wave does not fill the figure.
    ax.set_xlim(-0.8, max(len(frame) - 0.2, 1.0) if len(frame) > 1 else 0.8)
    ax.set_xlabel("ship date")
    ax.grid(visible=False, axis="x")
    counts_axis(ax, "units")
    legend_above(ax, 2)
    return ax


def plot_supply_and_promises(frame: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Supply, what of it has arrived, and what is promised.

    Args:
        frame: As `supply_and_promises` gives it.
        ax: Where to draw; a new figure by default.
    """
    return plot_lines(frame, ax, _SUPPLY, "units")


def plot_profit_change(frame: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """How the profit of each variant differs from the launch as configured.

    Args:
        frame: As `compared_with_configured` gives it.
        ax: Where to draw; a new figure by default.
    """
    ax = ax or new_axes()
    _changes(frame, ax, "profit")
    unit = frame.loc[frame["measure"] == "profit", "unit"].iloc[0]
    money_axis(ax, f"change of mean profit ({unit})", "x")
    return ax


def plot_units_change(frame: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """How units given out and oversold differ from the launch as configured.

    Args:
        frame: As `compared_with_configured` gives it.
        ax: Where to draw; a new figure by default.
    """
    ax = ax or new_axes()
    _changes(frame, ax, "allocated_units", "given out", -0.15)
    _changes(frame, ax, "oversold_units", "oversold", 0.15)
    money_axis(ax, "change of mean units", "x")
    legend_above(ax)
    return ax


def plot_wait_change(frame: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """How the mean wait for a unit differs from the launch as configured.

    Args:
        frame: As `compared_with_configured` gives it.
        ax: Where to draw; a new figure by default.
    """
    ax = ax or new_axes()
    _changes(frame, ax, "days_to_unit")
    ax.set_xlabel("change of the mean wait of who gets a unit (days)")
    return ax


VARIANT_PLOTS = (plot_profit_change, plot_units_change, plot_wait_change)
"""The panels of a comparison of variants, from top to bottom."""


def plot_days_late(frame: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """How many days late deliveries come.

    Args:
        frame: As `risk_distribution` gives it.
        ax: Where to draw; a new figure by default.
    """
    return _distribution(frame, ax, "days late", "days late")


def plot_units_short(frame: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """How many units short deliveries come.

    Args:
        frame: As `risk_distribution` gives it.
        ax: Where to draw; a new figure by default.
    """
    return _distribution(frame, ax, "units short", "units short")


RISK_PLOTS = (plot_days_late, plot_units_short)
"""The panels of a delivery's risk."""


def plot_promise_curve(frame: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Share of each tier that had a promise within so many days of ordering.

    Args:
        frame: As `Waits.curve`.
        ax: Where to draw; a new figure by default.
    """
    return _curve(frame, ax, PROMISE, "share promised")


def plot_unit_curve(frame: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Share of each tier that has a unit within so many days of ordering.

    Args:
        frame: As `Waits.curve`.
        ax: Where to draw; a new figure by default.
    """
    return _curve(frame, ax, UNIT, "share with a unit")


WAIT_PLOTS = (plot_promise_curve, plot_unit_curve)
"""The panels of what a customer waits."""


def _changes(frame: pd.DataFrame, ax: Axes, measure: str, label: str = "", offset: float = 0.0) -> None:
    """A point with its interval for each variant but the configured one, the first on top."""
    own = frame[frame["measure"] == measure].iloc[1:]
    y, look = np.arange(len(own), dtype=np.float64), _DIFFERENCES[measure]
    ax.errorbar(
        own["difference"], y + offset, xerr=own["difference_half_width"], fmt=look.marker, color=look.color,
        capsize=4, elinewidth=1.4, label=label or None,
    )  # fmt: skip
    ax.axvline(0, color="black", linewidth=1.0, zorder=1)
    reach = (own["difference"].abs() + own["difference_half_width"]).max()
    if reach:
        ax.margins(x=0.1)
    else:
        ax.set_xlim(-10, 10)
    ax.set_yticks(y, list(own["variant"]))
    ax.set_ylim(len(own) - 0.5, -0.5)
    ax.grid(visible=False, axis="y")


def _distribution(frame: pd.DataFrame, ax: Axes | None, kind: str, label: str) -> Axes:
    ax = ax or new_axes()
    of_kind = frame[frame["kind"] == kind]
    classes = sorted({(low, high) for low, high in of_kind[["lowest", "highest"]].to_numpy().tolist()})
    names = [f"{low:,}" if low == high else f"{low:,} to {high:,}" for low, high in classes]
    deliveries = list(dict.fromkeys(of_kind["delivery"]))
    looks = (_LOOKS["confirmed_at_cutoff_units"], Look(ORANGE, "", "", "//"), Look(GREEN, "", "", ".."))
    width = 0.8 / max(len(deliveries), 1)
    for i, delivery in enumerate(deliveries):
        own = of_kind[of_kind["delivery"] == delivery]
        found = [classes.index((low, high)) for low, high in own[["lowest", "highest"]].to_numpy().tolist()]
        x = np.array(found, np.float64)
        at = x + (i - (len(deliveries) - 1) / 2) * width
        errors = [(own["share"] - own["share_low"]).clip(lower=0), (own["share_high"] - own["share"]).clip(lower=0)]
        ax.bar(at, own["share"], width * 0.94, label=delivery, **looks[i % len(looks)].of_area())
        ax.errorbar(at, own["share"], yerr=errors, fmt="none", ecolor="black", capsize=3)
    ax.set_xticks(range(len(names)), names, fontsize=8.5, rotation=0 if len(names) <= _LEVEL_MAX else 30, ha="center")
    ax.set_xlabel(label if deliveries else f"{label}: none may be")
    ax.grid(visible=False, axis="x")
    share_axis(ax, "share of launches")
    if deliveries:
        legend_above(ax)
    return ax


def _curve(frame: pd.DataFrame, ax: Axes | None, event: str, label: str) -> Axes:
    ax = ax or new_axes()
    own = frame[frame["event"] == event]
    for tier, look in tier_looks(list(dict.fromkeys(own["tier"]))).items():
        rows = own[own["tier"] == tier]
        ax.step(rows["days"], rows["share"], where="post", label=tier, **look.of_line())
        ax.fill_between(rows["days"], rows["low"], rows["high"], step="post", color=look.color, alpha=0.3, linewidth=0)
    share_axis(ax, label)
    ax.set_ylim(0, 1.04)
    ax.set_xlim(0, own["days"].max())
    ax.set_xlabel("days since the order")
    legend_above(ax)
    return ax
