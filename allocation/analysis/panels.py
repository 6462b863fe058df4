"""Several figures of one frame, one below the other."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from allocation.analysis.style import in_style

Panel = Callable[[pd.DataFrame, Axes], Axes]
_WIDTH = 6.4


def draw_panels(frame: pd.DataFrame, plots: Sequence[Panel], height: float = 2.6, *, share_x: bool = True) -> Figure:
    """Draw a frame several times.

    Args:
        frame: What every panel draws.
        plots: What each panel shows, from top to bottom.
        height: Of a panel, inches.
        share_x: Whether all panels have the same x axis, which only the last one then names.
    """
    with in_style():
        figure = Figure(figsize=(_WIDTH, height * len(plots)))
        axes = figure.subplots(len(plots), 1, sharex=share_x, squeeze=False)[:, 0]
        for plot, ax in zip(plots, axes, strict=True):
            plot(frame, ax)
        if share_x:
            for ax in axes[:-1]:
                ax.set_xlabel("")
    return figure
