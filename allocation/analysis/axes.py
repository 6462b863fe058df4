"""Axes that say what they show: units, thousands, local time, and a legend that covers nothing."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.container import ErrorbarContainer
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.ticker import FuncFormatter, MaxNLocator, PercentFormatter
from numpy.typing import NDArray

_DAY_MS = 86_400_000
_HOUR = 1 / 24


def date_numbers(instants: pd.Series) -> NDArray[np.float64]:
    """Instants as matplotlib counts them: days since 1970, UTC."""
    utc = instants.dt.tz_convert("UTC").dt.tz_localize(None).dt.as_unit("ms")
    numbers: NDArray[np.float64] = utc.to_numpy().astype("datetime64[ms]").astype(np.int64) / _DAY_MS
    return numbers


def time_axis(ax: Axes, start: pd.Timestamp, end: pd.Timestamp, *, named_zone: bool = True) -> None:
    """A time axis between two instants, in their time zone; its label says which days, and which zone."""
    zone = end.tzinfo
    ax.xaxis_date(zone)
    locator = AutoDateLocator(tz=zone, minticks=2, maxticks=6)  # type: ignore[no-untyped-call]
    formatter = ConciseDateFormatter(  # type: ignore[no-untyped-call]
        locator,
        tz=zone,
        show_offset=False,
        formats=["%Y", "%b %Y", "%d %b", "%H:%M", "%H:%M", "%H:%M:%S"],
        zero_formats=["", "%b %Y", "%d %b", "%d %b", "%H:%M", "%H:%M"],
    )
    ax.xaxis.set_major_locator(locator)
    ax.xaxis.set_major_formatter(formatter)
    # One instant is no span.
    first, last = date_numbers(pd.Series([start, end])).tolist()
    ax.set_xlim(first, last if last > first else first + _HOUR)
    ax.set_xlabel(days_between(start, end) + (f" ({zone})" if named_zone else ""))


def days_between(start: pd.Timestamp, end: pd.Timestamp) -> str:
    """The days from one instant to another, in words.

    >>> days_between(pd.Timestamp("2025-11-29T08:00Z"), pd.Timestamp("2025-12-01T08:00Z"))
    '29 Nov to 1 Dec 2025'
    """
    first, last = (f"{at.day} {at:%b %Y}" for at in (start, end))
    if first == last:
        return last
    if start.year == end.year:
        first = f"{start.day} {start:%b}"
    return f"{first} to {last}"


def rows_axis(ax: Axes, names: Sequence[str], room: float = 0.5) -> None:
    """A y axis with a row a name, the first one on top, and no lines between them."""
    ax.set_yticks(np.arange(len(names)), list(names))
    ax.set_ylim(max(len(names) - 1, 0) + room, -room)
    ax.grid(visible=False, axis="y")


def counts_axis(ax: Axes, label: str, which: str = "y") -> None:
    """An axis of whole numbers from zero, with thousands separators."""
    axis = ax.yaxis if which == "y" else ax.xaxis
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    axis.set_major_locator(MaxNLocator(nbins=6, integer=True))
    axis.set_label_text(label)
    ax.set(**{f"{which}lim": (0, None)})


def share_axis(ax: Axes, label: str, which: str = "y") -> None:
    """An axis of shares from 0% to 100%."""
    axis = ax.yaxis if which == "y" else ax.xaxis
    axis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    axis.set_label_text(label)
    ax.set(**{f"{which}lim": (0, 1)})


def money_axis(ax: Axes, label: str, which: str = "y") -> None:
    """An axis of money with thousands separators; points on it need not begin at zero."""
    axis = ax.yaxis if which == "y" else ax.xaxis
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    axis.set_major_locator(MaxNLocator(nbins=5 if which == "y" else 4))
    axis.set_label_text(label)


def legend_above(ax: Axes, columns: int = 3) -> None:
    """A legend above the axes, where no data can be; points with whiskers before lines."""
    handles, labels = ax.get_legend_handles_labels()
    order = sorted(range(len(handles)), key=lambda i: not isinstance(handles[i], ErrorbarContainer))
    ax.legend(
        [handles[i] for i in order],
        [labels[i] for i in order],
        loc="lower left",
        bbox_to_anchor=(0, 1.01),
        ncols=columns,
        borderaxespad=0,
        handlelength=2.6,
    )


def label_bars(ax: Axes, y: NDArray[np.float64], ends: NDArray[np.float64], labels: list[str]) -> None:
    """Text behind the ends of horizontal bars, with room for it."""
    for height, end, label in zip(y, ends, labels, strict=True):
        ax.annotate(label, (end, height), xytext=(5, 0), textcoords="offset points", va="center", ha="left")
    longest = max((len(label) for label in labels), default=0)
    top = max(float(np.max(ends, initial=0.0)), 1e-9)
    # Each character takes a little more than one percent of the width.
    ax.set_xlim(0, top * (1 + 0.018 * (longest + 2)))
