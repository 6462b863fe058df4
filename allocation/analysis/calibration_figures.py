"""Figures of a calibration: what the history shows, with its uncertainty, and what the scenario says."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, NullLocator, PercentFormatter

from allocation.analysis.axes import legend_above, share_axis
from allocation.analysis.style import BLACK, BLUE, GREEN, GREY, ORANGE, SKY, VERMILION, Look, new_axes, tier_looks
from allocation.calibration.estimates import ALL

_SEEN, _FITTED = Look(BLUE, "-", "o"), Look(VERMILION, "--", "s")
_FITS = (_FITTED, Look(ORANGE, "-.", "^"), Look(GREEN, ":", "D"))
_ALL = Look(GREY, "-", "o", "")
_ROOM = 1.08
_HALF, _EARLY = 0.5, 0.1
"""Where half of the orders come in the first tenth of the time, the axis gives it more room."""
_HOURS = (0, 0.5, 1, 3, 10, 30, 100, 300, 1000, 3000, 10_000)
_LABEL = "share of the time from placement to release that is over"


def plot_arrivals(frame: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """The share of the orders that has come, in the history with its band, and as the scenario's table says it.

    Args:
        frame: As `ArrivalEstimate.frame`.
        ax: Where to draw; a new figure by default.
    """
    ax = ax or new_axes()
    hours = frame["hours"]
    low, high = frame["share_in_history_low"], frame["share_in_history_high"]
    ax.fill_between(hours, low, high, step="post", color=SKY, alpha=0.4, linewidth=0, label="95% band of the history")
    ax.step(hours, frame["share_in_history"], where="post", label="history", color=_SEEN.color, linewidth=1.6)
    ax.plot(hours, frame["share_fitted"], label="fitted", color=_FITTED.color, linestyle=_FITTED.line, linewidth=1.6)
    share_axis(ax, "share of the orders")
    longest = float(hours.max()) if len(hours) else 0.0
    half = hours[frame["share_in_history"] >= _HALF].min()
    # Of few rows, half may never have come.
    is_early = bool(half < _EARLY * longest)
    if is_early:
        # The first hour takes as much room as each tenfold after it.
        ax.set_xscale("symlog", linthresh=1.0, linscale=1.0)
        ax.set_xticks([tick for tick in _HOURS if tick <= longest])
        ax.xaxis.set_minor_locator(NullLocator())
    ax.set_xlim(0, longest or 1.0)
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,g}"))
    ax.set_xlabel("hours since orders opened" + (", logarithmic after the first" if is_early else ""))
    legend_above(ax)
    return ax


def plot_shares_of_tiers(frame: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Shares by tier with their intervals: of the orders, or of those who would cancel.

    Args:
        frame: As `Estimates.tiers` or `Estimates.cancelled`.
        ax: Where to draw; a new figure by default.
    """
    ax = ax or new_axes()
    looks = {**tier_looks([tier for tier in frame["tier"] if tier != ALL]), ALL: _ALL}
    _share_bars(ax, frame, "tier", [looks[tier] for tier in frame["tier"]])
    ax.set_xlabel("tier")
    return ax


def plot_quantities(frame: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Shares of the orders by quantity, with their intervals.

    Args:
        frame: As `Estimates.quantities`.
        ax: Where to draw; a new figure by default.
    """
    ax = ax or new_axes()
    _share_bars(ax, frame, "quantity", [Look(SKY, "-", "")] * len(frame))
    ax.set_xlabel("units of a reservation")
    return ax


def plot_cancellation(frame: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """The cancellation curve of Kaplan and Meier with its pointwise band, and the fitted one.

    Args:
        frame: As `cancellation_frame` gives it.
        ax: Where to draw; a new figure by default.
    """
    ax = ax or new_axes()
    at, low, high = frame["share_of_window"], frame["share_cancelled_low"], frame["share_cancelled_high"]
    ax.fill_between(at, low, high, step="post", color=SKY, alpha=0.4, linewidth=0, label="95% band, point by point")
    ax.step(at, frame["share_cancelled"], where="post", label="Kaplan-Meier", color=_SEEN.color, linewidth=1.6)
    if frame["share_fitted"].notna().any():
        look = _FITTED
        ax.plot(at, frame["share_fitted"], label="fitted", color=look.color, linestyle=look.line, linewidth=1.6)
    ax.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=None))
    ax.set_ylabel("share that has cancelled")
    ax.set_ylim(0, np.nan_to_num(high.max()) * _ROOM or 1.0)
    share_axis(ax, _LABEL, "x")
    legend_above(ax)
    return ax


def plot_goodness(frame: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """How far each fitted timing is from the Kaplan-Meier curve, with the band of that curve around zero.

    Args:
        frame: As `goodness_frame` gives it.
        ax: Where to draw; a new figure by default.
    """
    ax = ax or new_axes()
    of_first = frame[frame["is_chosen"]]
    ax.fill_between(
        of_first["share_of_window"], of_first["share_band_low"], of_first["share_band_high"], step="post", color=SKY,
        alpha=0.4, linewidth=0, label="95% band, point by point",
    )  # fmt: skip
    ax.axhline(0, color=_SEEN.color, linewidth=1.0)
    for look, (timing, own) in zip(_FITS, frame.groupby("timing", sort=False), strict=False):
        label = f"{timing} (chosen)" if own["is_chosen"].any() else str(timing)
        ax.plot(own["share_of_window"], own["share_difference"], label=label, color=look.color, linestyle=look.line,
                linewidth=1.6)  # fmt: skip
    ax.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=None))
    ax.set_ylabel("fitted less Kaplan-Meier")
    share_axis(ax, _LABEL, "x")
    legend_above(ax, 1)
    return ax


def _share_bars(ax: Axes, frame: pd.DataFrame, column: str, looks: list[Look]) -> None:
    places = np.arange(len(frame))
    share, low, high = (frame[name].to_numpy(float) for name in ("share", "share_low", "share_high"))
    for place, value, look in zip(places, share, looks, strict=True):
        ax.bar(place, value, width=0.6, **look.of_area())
    ax.errorbar(
        places, share, yerr=[share - low, high - share], linestyle="none", color=BLACK, capsize=5, elinewidth=1.4
    )
    ax.set_xticks(places, [str(value) for value in frame[column]])
    ax.set_xlim(-0.6, max(len(frame) - 0.4, 1.6))
    ax.grid(visible=False, axis="x")
    ax.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=None))
    ax.set_ylabel("share of the reservations")
    ax.set_ylim(0, float(high.max(initial=0.0)) * _ROOM or 1.0)
