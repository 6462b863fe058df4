"""Figures of ways to set the rate, one row a method."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from allocation.analysis.axes import counts_axis, legend_above, money_axis, rows_axis, share_axis
from allocation.analysis.compared import BELOW_BEST
from allocation.analysis.style import BLUE, GREEN, ORANGE, VERMILION, Look, new_axes

_ROOM = 0.02
_OFFSET = 0.17


def plot_profit_by_method(frame: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Mean profit by method.

    Args:
        frame: As `method_frame` gives it.
        ax: Where to draw; a new figure by default.
    """
    ax = ax or new_axes()
    unit = _dots(frame, ax, "profit", Look(BLUE, "", "o"))
    money_axis(ax, f"mean profit ({unit})", "x")
    return ax


def plot_less_than_best(frame: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """How much less than the best method each earns, paired by replication.

    Args:
        frame: As `method_frame` gives it.
        ax: Where to draw; a new figure by default.
    """
    ax = ax or new_axes()
    unit = _dots(frame, ax, BELOW_BEST, Look(GREEN, "", "D"))
    ax.axvline(0, color="black", linewidth=1.0, zorder=1)
    money_axis(ax, f"less than the best, same customers ({unit})", "x")
    return ax


def plot_oversold_probability_by_method(frame: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """The probability that a launch oversells, by method.

    Args:
        frame: As `method_frame` gives it.
        ax: Where to draw; a new figure by default.
    """
    ax = ax or new_axes()
    _dots(frame, ax, "oversold_any", Look(VERMILION, "", "X"))
    share_axis(ax, "probability of overselling", "x")
    ax.set_xlim(-_ROOM, 1 + _ROOM)
    return ax


def plot_units_by_method(frame: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Mean oversold and unsold units by method.

    Args:
        frame: As `method_frame` gives it.
        ax: Where to draw; a new figure by default.
    """
    ax = ax or new_axes()
    _dots(frame, ax, "oversold_units", Look(VERMILION, "", "X"), "oversold", -_OFFSET)
    _dots(frame, ax, "unsold_units", Look(ORANGE, "", "s"), "unsold", _OFFSET)
    counts_axis(ax, "mean units", "x")
    top = max([1.0, *frame.loc[frame["unit"] == "units", "high"].tolist()])
    ax.set_xlim(-_ROOM * top, 1.05 * top)
    legend_above(ax)
    return ax


METHOD_PLOTS = (plot_profit_by_method, plot_less_than_best, plot_oversold_probability_by_method, plot_units_by_method)
"""The panels of the comparison, from top to bottom."""


def _dots(frame: pd.DataFrame, ax: Axes, measure: str, look: Look, label: str = "", offset: float = 0.0) -> str:
    """A point with its interval for each method, the first one on top; the unit of the measure."""
    own = frame[frame["measure"] == measure]
    y = np.arange(len(own), dtype=np.float64)
    errors = [(own["mean"] - own["low"]).clip(lower=0), (own["high"] - own["mean"]).clip(lower=0)]
    ax.errorbar(
        own["mean"], y + offset, xerr=errors, fmt=look.marker, color=look.color, capsize=4, elinewidth=1.4,
        label=label or None,
    )  # fmt: skip
    rows_axis(ax, [f"{row.method}{' (in force)' if row.in_force else ''}" for row in own.itertuples()])
    return str(own["unit"].iloc[0]) if len(own) else "money"
