"""A figure of any settings, one row each."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from allocation.analysis.axes import money_axis
from allocation.analysis.style import BLUE, GREEN, new_axes


def plot_settings(frame: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """The mean of a measure under each setting with its interval, the first one on top.

    Args:
        frame: One row a setting: ``setting`` (its label), ``measure`` (in words, with its unit), ``mean``,
            ``half_width`` and ``recommended``.
        ax: Where to draw; a new figure by default.
    """
    ax = ax or new_axes()
    y = np.arange(len(frame), dtype=np.float64)
    for chosen, color, marker in ((False, BLUE, "o"), (True, GREEN, "D")):
        own = (frame["recommended"] == chosen).to_numpy()
        label = "recommended" if chosen and own.any() else None
        ax.errorbar(
            frame["mean"][own], y[own], xerr=frame["half_width"][own], fmt=marker, color=color, capsize=4,
            elinewidth=1.4, label=label,
        )  # fmt: skip
    ax.set_yticks(y, frame["setting"].tolist())
    ax.set_ylim(len(frame) - 0.5, -0.5)
    ax.grid(visible=False, axis="y")
    money_axis(ax, f"mean {frame['measure'].iloc[0]}", "x")
    if frame["recommended"].any():
        ax.legend(loc="lower left", bbox_to_anchor=(0, 1.0), borderaxespad=0)
    return ax
