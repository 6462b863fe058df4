"""The figure of how many units are oversold over launches."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from allocation.analysis.axes import counts_axis, legend_above, share_axis
from allocation.analysis.oversold_tail import TAIL
from allocation.analysis.style import BLUE, GREEN, ORANGE, Look, new_axes
from allocation.analysis.tables import rate_text

_LOOKS = (Look(BLUE, "-", "o"), Look(ORANGE, "--", "s"), Look(GREEN, "-.", "^"))


def plot_oversold_distribution(frame: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """The share of launches that oversell so many units or fewer, with its band; the worst 5% are above the line.

    Args:
        frame: As `oversold_distribution` gives it.
        ax: Where to draw; a new figure by default.
    """
    ax = ax or new_axes()
    end = float(frame["units"].max()) * 1.06 + 1 if len(frame) else 1.0
    for look, (rate, own) in zip(_LOOKS, frame.groupby("rate", sort=True), strict=False):
        units = np.r_[0.0, own["units"], end]
        # Before the first step nobody has been seen, and the band is as wide as everywhere.
        first = {"share": 0.0, "low": 0.0, "high": float(own["high"].iloc[0] - own["share"].iloc[0])}
        levels = {name: np.r_[before, own[name], own[name].iloc[-1]] for name, before in first.items()}
        ax.fill_between(units, levels["low"], levels["high"], step="post", color=look.color, alpha=0.2, linewidth=0)
        label = f"{rate_text(float(str(rate)))} {own['what'].iloc[0]}"
        ax.step(units, levels["share"], where="post", label=label, **look.of_line())
        mean = float((own["units"] * own["launches"]).sum() / own["launches"].sum())
        ax.axvline(mean, color=look.color, linestyle=":", linewidth=1.6, label=f"mean {mean:,.1f}")
    share_axis(ax, "share of launches")
    ax.set_ylim(0, 1.03)
    ax.axhline(1 - TAIL, color="black", linewidth=0.9, zorder=1)
    ax.annotate("worst 5% above", (0, 1 - TAIL), xytext=(4, -3), textcoords="offset points", ha="left", va="top")
    counts_axis(ax, "oversold units in a launch", "x")
    ax.set_xlim(0, end)
    if len(frame):
        legend_above(ax, 2)
    return ax
