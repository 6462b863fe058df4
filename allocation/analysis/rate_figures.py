"""Figures over the rate of overbooking: the simulation with its intervals, and the closed form where it applies."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from allocation.analysis.axes import counts_axis, legend_above, money_axis, share_axis
from allocation.analysis.closed_form import CLOSED_FORM
from allocation.analysis.compared import SIMULATED
from allocation.analysis.style import BLACK, BLUE, GREEN, ORANGE, VERMILION, Look, new_axes
from allocation.analysis.tables import rate_text

_RATE_LABEL = "overbooking rate (units promised for a unit of supply)"
_LOOKS = {
    "profit": Look(BLUE, "-", "o"),
    "oversold_any": Look(VERMILION, "-", "X"),
    "oversold_units": Look(VERMILION, "-", "X"),
    "unsold_units": Look(ORANGE, "--", "s"),
}
_ROOM = 0.03


def plot_profit_by_rate(frame: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Mean profit by rate.

    Args:
        frame: As `rate_curve` or `with_closed_form` gives it.
        ax: Where to draw; a new figure by default.
    """
    ax = ax or new_axes()
    _series(frame, ax, "profit", "mean profit")
    units = frame.loc[frame["measure"] == "profit", "unit"].tolist() or ["money"]
    money_axis(ax, f"mean profit ({units[0]})")
    _finish(frame, ax)
    return ax


def plot_oversold_probability(frame: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """The probability that a launch oversells, by rate.

    Args:
        frame: As `rate_curve` or `with_closed_form` gives it.
        ax: Where to draw; a new figure by default.
    """
    ax = ax or new_axes()
    _series(frame, ax, "oversold_any", "launches that oversell")
    share_axis(ax, "probability of overselling")
    ax.set_ylim(-_ROOM, 1 + _ROOM)
    _finish(frame, ax)
    return ax


def plot_units_by_rate(frame: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Mean oversold and unsold units by rate.

    Args:
        frame: As `rate_curve` or `with_closed_form` gives it.
        ax: Where to draw; a new figure by default.
    """
    ax = ax or new_axes()
    _series(frame, ax, "oversold_units", "oversold")
    _series(frame, ax, "unsold_units", "unsold")
    counts_axis(ax, "mean units")
    own = frame[frame["unit"] == "units"]
    top = float(np.nanmax([1.0, *own["mean"], *own["high"]]))
    ax.set_ylim(-_ROOM * top, 1.05 * top)
    _finish(frame, ax)
    return ax


RATE_PLOTS = (plot_profit_by_rate, plot_oversold_probability, plot_units_by_rate)
"""The panels of the decision, from top to bottom."""


def _series(frame: pd.DataFrame, ax: Axes, measure: str, label: str) -> None:
    own = frame[frame["measure"] == measure]
    look = _LOOKS[measure]
    closed = own[own["source"] == CLOSED_FORM].sort_values("rate")
    points = own[own["source"] == SIMULATED].sort_values("rate")
    errors = [(points["mean"] - points["low"]).clip(lower=0), (points["high"] - points["mean"]).clip(lower=0)]
    # The closed form is a line through all rates; without it a thin line leads the eye.
    joined = {"linestyle": "none"} if len(closed) else {"linestyle": look.line, "linewidth": 1.0}
    ax.errorbar(
        points["rate"], points["mean"], yerr=errors, label=label, color=look.color, marker=look.marker, capsize=4,
        markersize=5, elinewidth=1.4, zorder=3, **joined,
    )  # fmt: skip
    if len(closed):
        name = f"{label}, closed form"
        ax.plot(closed["rate"], closed["mean"], color=look.color, linestyle=look.line, linewidth=1.3, label=name)


def _finish(frame: pd.DataFrame, ax: Axes) -> None:
    """Mark the rate in force and the best one, and name the axis."""
    in_force, best = (sorted(set(frame.loc[frame[column], "rate"])) for column in ("in_force", "best"))
    # Where several are the best, the one in force is, or else the one that promises least.
    if in_force and in_force[0] in best:
        marks = [(in_force[0], "in force and best", BLACK, "--")]
    else:
        marks = [(rate, "in force", BLACK, "--") for rate in in_force]
        marks += [(rate, "best", GREEN, ":") for rate in best[:1]]
    for rate, name, color, line in marks:
        ax.axvline(rate, color=color, linestyle=line, linewidth=1.6, zorder=1, label=f"{rate_text(rate)} {name}")
    ax.set_xlabel(_RATE_LABEL)
    if len(frame):
        legend_above(ax, 2)
