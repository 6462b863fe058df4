"""Figures of policies: what they change for each tier, what tiers gain against first come, and who waits."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, MaxNLocator

from allocation.analysis.axes import legend_above, money_axis, rows_axis
from allocation.analysis.policies import IN_FORCE
from allocation.analysis.style import GREEN, new_axes, tier_looks

_POINTS = 100
_SPREAD = 0.5


def plot_policy_profit(frame: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """By how much each policy changes the profit of the one in force.

    Args:
        frame: As `policy_frame` gives it.
        ax: Where to draw; a new figure by default.
    """
    ax = ax or new_axes()
    own = frame[(frame["measure"] == "profit") & (frame["policy"] != IN_FORCE)]
    heights = _policies(frame, ax)
    y = [heights[policy] for policy in own["policy"]]
    ax.errorbar(own["change"], y, xerr=own["half_width"], fmt="D", color=GREEN, capsize=4, elinewidth=1.4)
    ax.axvline(0, color="black", linewidth=1.0, zorder=1)
    money_axis(ax, f"change of the mean profit ({own['unit'].iloc[0] if len(own) else 'money'})", "x")
    return ax


def plot_policy_served(frame: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """By how much each policy changes the share of each tier that is served.

    Args:
        frame: As `policy_frame` gives it.
        ax: Where to draw; a new figure by default.
    """
    ax = ax or new_axes()
    _by_tier(frame, ax, "share_served", _POINTS)
    ax.set_xlabel("change of the share served (percentage points)")
    return ax


def plot_policy_waiting(frame: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """By how much each policy changes how long each tier waits.

    Args:
        frame: As `policy_frame` gives it.
        ax: Where to draw; a new figure by default.
    """
    ax = ax or new_axes()
    _by_tier(frame, ax, "days_waiting", 1)
    ax.set_xlabel("change of the mean time waiting (days)")
    return ax


POLICY_PLOTS = (plot_policy_profit, plot_policy_served, plot_policy_waiting)
"""The panels of the comparison, from top to bottom."""


def plot_gain_served(frame: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """What each tier gains in share served against pure first come: bars from zero.

    Args:
        frame: As `tier_gains` gives it.
        ax: Where to draw; a new figure by default.
    """
    ax = ax or new_axes()
    _bars(frame, ax, "share_served", _POINTS)
    ax.set_xlabel("share served, against first come (percentage points)")
    return ax


def plot_gain_waiting(frame: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """By how much longer each tier waits than under pure first come: bars from zero.

    Args:
        frame: As `tier_gains` gives it.
        ax: Where to draw; a new figure by default.
    """
    ax = ax or new_axes()
    _bars(frame, ax, "days_waiting", 1)
    ax.set_xlabel("mean time waiting, against first come (days)")
    return ax


GAIN_PLOTS = (plot_gain_served, plot_gain_waiting)
"""The panels of gains, from top to bottom."""


def _policies(frame: pd.DataFrame, ax: Axes) -> dict[str, float]:
    """The height of each policy but the one in force, the first one on top."""
    names = [policy for policy in dict.fromkeys(frame["policy"]) if policy != IN_FORCE]
    rows_axis(ax, names)
    return {name: float(i) for i, name in enumerate(names)}


def _by_tier(frame: pd.DataFrame, ax: Axes, measure: str, scale: float) -> None:
    own = frame[(frame["measure"] == measure) & (frame["policy"] != IN_FORCE)]
    heights = _policies(frame, ax)
    tiers = list(dict.fromkeys(own["tier"]))
    step = _SPREAD / max(len(tiers), 1)
    for place, (tier, look) in enumerate(tier_looks(tiers).items()):
        rows = own[own["tier"] == tier]
        y = [heights[policy] + (place - (len(tiers) - 1) / 2) * step for policy in rows["policy"]]
        ax.errorbar(
            rows["change"] * scale, y, xerr=rows["half_width"] * scale, fmt=look.marker, color=look.color, capsize=4,
            elinewidth=1.4, label=tier,
        )  # fmt: skip
    ax.axvline(0, color="black", linewidth=1.0, zorder=1)
    _signed(ax)
    if tiers:
        legend_above(ax)


def _bars(frame: pd.DataFrame, ax: Axes, measure: str, scale: float) -> None:
    own = frame[frame["measure"] == measure]
    tiers = list(own["tier"])
    looks = tier_looks(tiers)
    for place, (tier, gain) in enumerate(zip(tiers, own["gain"].tolist(), strict=True)):
        ax.barh(place, gain * scale, 0.55, **looks[tier].of_area())
    y = np.arange(len(own), dtype=np.float64)
    ax.errorbar(
        own["gain"] * scale, y, xerr=own["half_width"] * scale, fmt="none", ecolor="black", capsize=4, linewidth=1.4
    )
    rows_axis(ax, tiers)
    ax.axvline(0, color="black", linewidth=1.0, zorder=1)
    _signed(ax)


def _signed(ax: Axes) -> None:
    ax.xaxis.set_major_locator(MaxNLocator(nbins=7))
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:+,.4g}" if value else "0"))
