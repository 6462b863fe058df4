"""Figures of a review: who gains and who loses under other policies."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter

from allocation.analysis.axes import legend_above
from allocation.analysis.style import new_axes, tier_looks

_ROOM = 1.7
"""Of the longest bar: what stands behind it must fit, too."""


def plot_gains_and_losses(frame: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Reservations that gain to the right of zero, and those that lose to its left; one bar a policy, split by tier.

    Args:
        frame: As `gains_by_tier` gives it.
        ax: Where to draw; a new figure by default.
    """
    ax = ax or new_axes()
    policies = list(dict.fromkeys(frame["policy"]))
    y = np.arange(len(policies), dtype=np.float64)
    right, left = np.zeros(len(y)), np.zeros(len(y))
    for tier, look in tier_looks(list(dict.fromkeys(frame["tier"]))).items():
        own = frame[frame["tier"] == tier].set_index("policy").loc[policies]
        gain, lose = own["gain"].to_numpy(np.float64), own["lose"].to_numpy(np.float64)
        ax.barh(y, gain, 0.62, left=right, label=tier, **look.of_area())
        ax.barh(y, -lose, 0.62, left=left, **look.of_area())
        right, left = right + gain, left - lose
    reach = max(right.max(initial=0), -left.min(initial=0), 1.0)
    for height, most, least in zip(y, right, left, strict=True):
        ends = [("no change", 0.0, "left", 4)]
        if most or least:
            ends = [(f"{most:,.0f} gain", most, "left", 4), (f"{-least:,.0f} lose", least, "right", -4)]
        for text, end, ha, offset in ends:
            ax.annotate(text, (end, height), xytext=(offset, 0), textcoords="offset points", va="center", ha=ha)
    ax.axvline(0, color="black", linewidth=1.0)
    ax.set_xlim(-_ROOM * reach, _ROOM * reach)
    ax.set_yticks(y, policies)
    ax.set_ylim(len(y) - 0.4, -0.6)
    ax.grid(visible=False, axis="y")
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{abs(value):,.0f}"))
    ax.set_xlabel("reservations that lose (left) and gain (right)")
    legend_above(ax)
    return ax
