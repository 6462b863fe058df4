"""Figures of series over time. Each takes a frame of `over_time` and draws it on the axes that it is given."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from allocation.analysis.axes import counts_axis, date_numbers, days_between, legend_above, time_axis
from allocation.analysis.steps import between, thinned
from allocation.analysis.style import BLACK, SERIES_LOOKS, Look, in_style, new_axes

Plot = Callable[[pd.DataFrame, Axes], Axes]
Spans = tuple[pd.Timestamp, pd.Timestamp, pd.Timestamp]
_AFTERGLOW = 0.06


def plot_orders_against_supply(frame: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Units ordered so far, beside supply and limit.

    Args:
        frame: As `orders_against_supply` gives it.
        ax: Where to draw; a new figure by default.
    """
    names = {"units": "ordered", "limit_units": "limit (supply × rate)", "supply_units": "supply"}
    return plot_lines(frame, ax, _looked(names), "units")


def plot_queue_sizes(frame: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Active reservations, those of them that are held, and the wait-list.

    Args:
        frame: As `queue_sizes` gives it.
        ax: Where to draw; a new figure by default.
    """
    names = {"active": "in the queue", "held": "of these held", "waitlisted": "on the wait-list"}
    return plot_lines(frame, ax, _looked(names), "reservations")


def plot_moves(frame: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Reservations that were displaced and promoted so far.

    Args:
        frame: As `moves` gives it.
        ax: Where to draw; a new figure by default.
    """
    names = {"displaced": "displaced at least once", "promoted": "promoted at least once"}
    return plot_lines(frame, ax, _looked(names), "reservations")


def plot_promised_units(frame: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Units by how firm their promise is, stacked, beside supply and limit.

    Args:
        frame: As `promised_units` gives it.
        ax: Where to draw; a new figure by default.
    """
    ax = ax or new_axes()
    layers = {"allocated": "allocated", "confirmed": "confirmed", "reserved": "reserved"}
    series = thinned(frame, [*layers, "supply_units", "limit_units"])
    days = date_numbers(series["at"])
    floor = np.zeros(len(series))
    for name, label in layers.items():
        top = floor + series[name].to_numpy()
        look = SERIES_LOOKS[name]
        style = look.of_area() | {"linewidth": 0.0}
        ax.fill_between(days, floor, top, step="post", label=label, **style)
        floor = top
    for name, label in (("limit_units", "limit (supply × rate)"), ("supply_units", "supply")):
        look = SERIES_LOOKS[name]
        ax.step(days, series[name], where="post", label=label, **look.of_line())
    _draw_range(ax, series, days, "promised", BLACK)
    tops = [*floor, *series["limit_units"], *series["supply_units"]]
    _finish(ax, series, "units", max(tops, default=0))
    return ax


def draw_in_two_spans(plot: Plot, frame: pd.DataFrame, spans: Spans) -> Figure:
    """The same series twice: while orders came in, with its own scale of time, and from there to the end.

    Orders come in within hours, and releases are weeks later: on one scale, one of them would be a line.

    Args:
        plot: Draws the frame on axes.
        frame: Has an ``at``.
        spans: When orders open, when they close, and when everything is over.
    """
    opens, closes, ends = spans
    with in_style():
        figure = Figure(figsize=(6.4, 4.1))
        left, right = figure.subplots(1, 2, sharey=True)
        # What the last release does is seen in a little room after it.
        edge = ends + (ends - closes) * _AFTERGLOW
        parts = ((left, opens, closes, "while orders came in"), (right, closes, edge, "from then to the end"))
        for ax, start, end, title in parts:
            plot(between(frame, start, end), ax)
            time_axis(ax, start, end, named_zone=False)
            ax.set_xlabel(days_between(start, min(end, ends)))
            ax.set_title(title)
        left.set_ylim(0, max(ax.get_ylim()[1] for ax in (left, right)))
        right.set_ylabel("")
        figure.supxlabel(f"time ({ends.tzinfo})", fontsize="medium")
        handles, labels = left.get_legend_handles_labels()
        for ax in (left, right):
            ax.get_legend().remove()
        figure.legend(handles, labels, loc="outside upper left", ncols=3, handlelength=2.6)
    return figure


def plot_lines(frame: pd.DataFrame, ax: Axes | None, names: Mapping[str, tuple[str, Look]], unit: str) -> Axes:
    """Levels over time, one line a column.

    Args:
        frame: Has an ``at`` and these columns.
        ax: Where to draw; a new figure by default.
        names: What each column is called, and how it looks.
        unit: Of the levels.
    """
    ax = ax or new_axes()
    series = thinned(frame, list(names))
    days = date_numbers(series["at"])
    for name, (label, look) in names.items():
        _draw_range(ax, series, days, name, look.color)
        ax.step(days, series[name], where="post", label=label, **look.of_line())
    drawn = [name for name in series.columns if name.removesuffix("_high") in names]
    _finish(ax, series, unit, series[drawn].max().max() if len(series) else 0)
    return ax


def _looked(names: Mapping[str, str]) -> Mapping[str, tuple[str, Look]]:
    return {name: (label, SERIES_LOOKS[name]) for name, label in names.items()}


def _draw_range(ax: Axes, series: pd.DataFrame, days: NDArray[np.float64], name: str, color: str) -> None:
    """The band between the lowest and the highest of several replications, where the series has it."""
    if f"{name}_low" in series:
        low, high = series[f"{name}_low"], series[f"{name}_high"]
        ax.fill_between(days, low, high, step="post", color=color, alpha=0.25, linewidth=0)


def _finish(ax: Axes, series: pd.DataFrame, unit: str, top: float) -> None:
    if len(series):
        time_axis(ax, series["at"].iloc[0], series["at"].iloc[-1])
    else:
        ax.set_xlabel("time")
    counts_axis(ax, unit)
    ax.set_ylim(0, float(top) * 1.05 or 1)
    legend_above(ax)
