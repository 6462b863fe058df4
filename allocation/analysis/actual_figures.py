"""Figures of what happened beside what was forecast."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from allocation.analysis.axes import counts_axis, date_numbers, legend_above, time_axis
from allocation.analysis.style import BLACK, BLUE, GREEN, ORANGE, SKY, Look, new_axes

_FORECAST, _REST, _ACTUAL = Look(SKY, "--", ""), Look(ORANGE, "-.", ""), Look(BLACK, "-", "o")
_POINTS = {"prior": Look(GREEN, "-", "s"), "forecast": Look(BLUE, "-", "^"), "learned": Look(BLACK, "-", "o")}
_SHOWS = {"prior": "before the launch", "forecast": "forecast for now", "learned": "learned so far"}


def plot_orders_course(frame: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Orders so far: forecast, actual and the rest.

    Args:
        frame: As `course_bands` gives it.
        ax: Where to draw; a new figure by default.
    """
    return _plot_course(frame, ax, "orders so far")


def plot_cancellations_course(frame: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Reservations cancelled by customers so far; see `plot_orders_course`."""
    return _plot_course(frame, ax, "reservations cancelled so far")


def plot_held_course(frame: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Reservations that hold a promise; see `plot_orders_course`."""
    return _plot_course(frame, ax, "reservations held")


def plot_show_rates(frame: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """The show rate before the launch, as forecast for now, and as learned.

    Args:
        frame: As `show_rates` gives it.
        ax: Where to draw; a new figure by default.
    """
    ax = ax or new_axes()
    numbers = 100 * frame[["share", "share_low", "share_high"]].to_numpy(np.float64)
    for place, (known_from, (middle, low, high)) in enumerate(zip(frame["known_from"], numbers, strict=True)):
        look = _POINTS[known_from]
        whiskers = [[middle - low], [high - middle]]
        ax.errorbar([middle], [place], xerr=whiskers, color=look.color, marker=look.marker, linestyle="", capsize=4)
    ax.set_yticks(np.arange(len(frame)), [_SHOWS[name] for name in frame["known_from"]])
    ax.set_ylim(max(len(frame), 1) - 0.5, -0.5)
    ax.set_xlabel("show rate until the next release (%)")
    return ax


def _plot_course(frame: pd.DataFrame, ax: Axes | None, unit: str) -> Axes:
    ax = ax or new_axes()
    days = date_numbers(frame["at"])
    for name, label, look in (
        ("forecast", "forecast", _FORECAST),
        ("rest", "played on from the book", _REST),
    ):
        low, high = (frame[f"{name}{end}"].to_numpy(np.float64) for end in ("_low", "_high"))
        ax.fill_between(days, low, high, color=look.color, alpha=0.3, linewidth=0)
        ax.plot(days, frame[name].to_numpy(np.float64), color=look.color, linestyle=look.line, label=label)
    known = frame["actual"].notna().to_numpy()
    actual = frame["actual"].to_numpy(np.float64)[known]
    ax.plot(days[known], actual, color=_ACTUAL.color, marker=_ACTUAL.marker, markersize=4, label="actual")
    if len(frame):
        time_axis(ax, frame["at"].iloc[0], frame["at"].iloc[-1])
    else:
        ax.set_xlabel("time")
    counts_axis(ax, unit)
    tops = frame[["forecast_high", "rest_high", "actual"]].max()
    ax.set_ylim(0, float(np.nanmax([*tops, 1.0])) * 1.05)
    legend_above(ax, 2)
    return ax
