"""Figures of a setting that somebody tunes by hand, beside a pinned one."""

from __future__ import annotations

from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from allocation.analysis.axes import legend_above, share_axis
from allocation.analysis.outcome_figures import UNITS, plot_headlines
from allocation.analysis.panels import Panel
from allocation.analysis.style import in_style, new_axes, tier_looks
from allocation.analysis.tables import estimate_text
from allocation.analysis.tuned import NOW, PINNED

_SIZE = (5.0, 2.9)
_ROOM = 1.5
"""Where the axis of shares ends: what stands behind a full bar has room."""
_WIDER = 0.017
"""How much further the axis of units goes for each character of a label than in a figure of the usual width."""
_NAME = 14
"""Characters of a tier's name that have room; the table has all of them."""
_BELOW = 0.4
_PIN: dict[str, Any] = {
    "fmt": "D",
    "color": "black",
    "markerfacecolor": "white",
    "markersize": 5.5,
    "capsize": 3,
    "elinewidth": 1.2,
    "clip_on": False,
}
"""How the pinned setting is drawn: below its bar, where it covers no label."""


def plot_tuned_units(frame: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Units confirmed, allocated, oversold and unsold: means with their intervals, and those of the pinned setting.

    Args:
        frame: As `tuned_outcome` gives it.
        ax: Where to draw; a new figure by default.
    """
    ax = plot_headlines(frame[frame["which"] == NOW], ax)
    longest = max((len(label.get_text()) for label in ax.texts), default=0)
    pinned = frame[frame["which"] == PINNED].set_index("measure").reindex(list(UNITS))
    furthest = np.nanmax([0.0, *(pinned["mean"] + pinned["half_width"])])
    ax.set_xlim(0, max((1 + _WIDER * longest) * ax.get_xlim()[1], 1.05 * furthest))
    _pins(ax, pinned["mean"], pinned["half_width"])
    return ax


def plot_tuned_tiers(frame: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """The share of each tier's reservations that gets stock, with its interval, and that under the pinned setting.

    Args:
        frame: As `tuned_tiers` gives it.
        ax: Where to draw; a new figure by default.
    """
    ax = ax or new_axes()
    own = frame[frame["outcome"] == "allocated"]
    tiers = list(dict.fromkeys(own["tier"]))
    now, pinned = (own[own["which"] == which].set_index("tier").reindex(tiers) for which in (NOW, PINNED))
    y = np.arange(len(tiers), dtype=np.float64)
    looks = tier_looks(tiers)
    for height, tier, share in zip(y, tiers, now["share"], strict=True):
        ax.barh(height, share, 0.6, **looks[tier].of_area())
    ax.errorbar(now["share"], y, xerr=now["share_half_width"], fmt="none", ecolor="black", capsize=4, linewidth=1.4)
    for height, share, half_width in zip(y, now["share"], now["share_half_width"], strict=True):
        told = f"{estimate_text(100 * share, 100 * half_width)}%"
        ax.annotate(told, (share + half_width, height), xytext=(5, 0), textcoords="offset points", va="center")
    ax.set_yticks(y, [_shorten(tier, _NAME) for tier in tiers])
    ax.invert_yaxis()
    ax.grid(visible=False, axis="y")
    share_axis(ax, "share of the tier's reservations allocated", "x")
    ax.set_xlim(0, _ROOM)
    ax.set_xticks([0, 0.25, 0.5, 0.75, 1])
    _pins(ax, pinned["share"], pinned["share_half_width"])
    return ax


def draw_tuned(plot: Panel, frame: pd.DataFrame) -> Figure:
    """One of these figures, as small as it has to be to stand beside controls, and laid out at once.

    Working the margins out, as other figures do, would take a third of the time that a move takes to be drawn.
    """
    with in_style(), mpl.rc_context({"figure.constrained_layout.use": False}):
        figure = Figure(figsize=_SIZE)
        ax = plot(frame, figure.subplots())
        longest = max(len(label.get_text()) for label in ax.get_yticklabels())
        figure.subplots_adjust(left=min(0.5, 0.05 + 0.0175 * longest), right=0.95, bottom=0.18, top=0.89)
    return figure


def _shorten(name: str, longest: int) -> str:
    """A name with an ellipsis where it is too long."""
    return name if len(name) <= longest else f"{name[: longest - 1]}…"


def _pins(ax: Axes, means: pd.Series, half_widths: pd.Series) -> None:
    """Points of the pinned setting, where there is one, one a bar."""
    if means.notna().any():
        ax.errorbar(means, np.arange(len(means)) + _BELOW, xerr=half_widths, label="pinned setting", **_PIN)
        legend_above(ax)
