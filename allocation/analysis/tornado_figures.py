"""Figures of how the answer moves with what is assumed, one row an assumption."""

from __future__ import annotations

from textwrap import fill

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter
from numpy.typing import NDArray

from allocation.analysis.axes import legend_above, money_axis, rows_axis
from allocation.analysis.style import BLUE, ORANGE, Look, new_axes
from allocation.analysis.tables import rate_text

_LOOKS = {"low": Look(BLUE, "-", "o", ""), "high": Look(ORANGE, "-", "s", "//")}
_ROOM = 0.012
_OFFSET = {"low": -0.17, "high": 0.17}


def plot_tornado_profit(frame: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """By how much the profit changes when an assumption is lower or higher: bars from zero, with their intervals.

    Args:
        frame: As `tornado` gives it.
        ax: Where to draw; a new figure by default.
    """
    ax = ax or new_axes()
    for end, y, own in _rows(frame, ax):
        ax.barh(y, own["change"], 0.32, label=f"assumption {end}", **_LOOKS[end].of_area())
        ax.errorbar(own["change"], y, xerr=own["half_width"], fmt="none", ecolor="black", capsize=3, elinewidth=1.2)
    ax.axvline(0, color="black", linewidth=1.0, zorder=1)
    unit = frame["unit"].iloc[0] if len(frame) else "money"
    if not frame["change"].abs().max() > 0:
        ax.set_xlim(-1, 1)
    money_axis(ax, f"change of the mean profit at the rate looked at ({unit})", "x")
    if len(frame):
        legend_above(ax)
    return ax


def plot_tornado_best_rate(frame: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """The best rate when an assumption is lower or higher; whiskers are the rates not shown to be worse.

    Args:
        frame: As `tornado` gives it.
        ax: Where to draw; a new figure by default.
    """
    ax = ax or new_axes()
    for end, y, own in _rows(frame, ax):
        errors = [own["best_rate"] - own["best_low"], own["best_high"] - own["best_rate"]]
        look = _LOOKS[end]
        ax.errorbar(own["best_rate"], y, xerr=errors, fmt=look.marker, color=look.color, capsize=4, elinewidth=1.4)
    for rate in frame["rate"].unique():
        ax.axvline(rate, color="black", linestyle="--", linewidth=1.4, zorder=1, label=f"{rate_text(rate)} looked at")
    ax.xaxis.set_major_formatter(FuncFormatter(lambda rate, _: rate_text(round(rate, 4))))
    ax.set_xlabel("most profitable rate of those tried (units promised for a unit of supply)")
    if len(frame):
        low, high = float(frame["best_low"].min()), float(frame["best_high"].max())
        ax.set_xlim(min(low, float(frame["rate"].min())) - _ROOM, high + _ROOM)
        legend_above(ax)
    return ax


TORNADO_PLOTS = (plot_tornado_profit, plot_tornado_best_rate)
"""The panels of the tornado, from top to bottom."""


def _rows(frame: pd.DataFrame, ax: Axes) -> list[tuple[str, NDArray[np.float64], pd.DataFrame]]:
    """For each end its heights and rows; assumptions are named on the axis, the first one on top."""
    names = list(dict.fromkeys(frame["assumption"]))
    rows_axis(ax, [fill(name, 16) for name in names])
    ends = []
    for end, offset in _OFFSET.items():
        own = frame[frame["end"] == end]
        heights = np.array([names.index(name) for name in own["assumption"]], float) + offset
        ends.append((end, heights, own))
    return ends
