"""Figures of service levels over the rate of overbooking, with their bands."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator, PercentFormatter

from allocation.analysis.axes import legend_above, share_axis
from allocation.analysis.service import TYPE_1, TYPE_2
from allocation.analysis.style import BLACK, BLUE, GREEN, PURPLE, Look, new_axes
from allocation.analysis.tables import rate_text

_RATE_LABEL = "overbooking rate (units promised for a unit of supply)"
_ROOM = 0.03
_SPAN_MIN = 0.01


def plot_service_type_1(frame: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """The probability that a launch keeps every promise, by rate.

    Args:
        frame: As `service_by_rate` gives it.
        ax: Where to draw; a new figure by default.
    """
    ax = ax or new_axes()
    _band(frame, ax, TYPE_1, "type 1: every promise kept", Look(BLUE, "-", "o"))
    share_axis(ax, "share of launches")
    ax.set_ylim(-_ROOM, 1 + _ROOM)
    return ax


def plot_service_type_2(frame: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """The share of the promised units that are served, by rate; the axis does not begin at 0%.

    Args:
        frame: As `service_by_rate` gives it.
        ax: Where to draw; a new figure by default.
    """
    ax = ax or new_axes()
    own = _band(frame, ax, TYPE_2, "type 2: promised units served", Look(PURPLE, "--", "s"))
    low = min(float(own["low"].min()), 1 - _SPAN_MIN) if len(own) else 0.0
    ax.yaxis.set_major_formatter(PercentFormatter(1.0))
    ax.yaxis.set_major_locator(MaxNLocator(nbins=5, steps=[1, 2, 5, 10]))
    ax.set_ylabel("share of promised units")
    ax.set_ylim(low - _ROOM * (1 - low), 1 + _ROOM * (1 - low))
    return ax


SERVICE_PLOTS = (plot_service_type_1, plot_service_type_2)
"""The panels of the service levels, from top to bottom."""


def _band(frame: pd.DataFrame, ax: Axes, level: str, label: str, look: Look) -> pd.DataFrame:
    own = frame[frame["level"] == level].sort_values("rate")
    ax.fill_between(own["rate"], own["low"], own["high"], color=look.color, alpha=0.22, linewidth=0)
    ax.plot(own["rate"], own["share"], color=look.color, linestyle=look.line, marker=look.marker, label=label)
    marks = own[own["mark"] != ""]
    for rate, mark in zip(marks["rate"], marks["mark"], strict=True):
        color, line = (BLACK, "--") if "recommended" in mark else (GREEN, ":")
        ax.axvline(rate, color=color, linestyle=line, linewidth=1.6, zorder=1, label=f"{rate_text(rate)} {mark}")
    ax.set_xlabel(_RATE_LABEL)
    if len(own):
        legend_above(ax, 2)
    return own
