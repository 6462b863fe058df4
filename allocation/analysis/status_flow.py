"""How reservations went from status to status."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.patches import Rectangle

from allocation.analysis.changes import status_changes
from allocation.analysis.style import BLUE, new_axes
from allocation.tape import Run
from allocation.tape.frames import STATUSES

NEW = "new"
_FROM = (NEW, *STATUSES)
_DARK = 0.55
_SHADES = LinearSegmentedColormap.from_list("shades", ["#ffffff", BLUE])


def status_flow(run: Run) -> pd.DataFrame:
    """How often reservations went from one status to another, and how many did.

    Returns:
        One row a pair that occurred, in the order of the statuses: ``before`` (``new`` for one that is placed or
        adopted), ``after``, ``moves`` (how often), and ``reservations`` (how many different ones). A move within a
        status is one to another ship date.
    """
    changes = status_changes(run)
    before = changes["before"].astype("object").where(changes["before"].notna(), NEW).astype("str")
    pairs = pd.DataFrame({"before": before, "after": changes["after"].astype("str"), "row": changes["row"]})
    counts = pairs.groupby(["before", "after"])["row"].agg(["size", "nunique"]).reset_index()
    places = {status: place for place, status in enumerate(_FROM)}
    order = np.lexsort((counts["after"].map(places).to_numpy(int), counts["before"].map(places).to_numpy(int)))
    return counts.iloc[order].reset_index(drop=True).rename(columns={"size": "moves", "nunique": "reservations"})


def flow_table(frame: pd.DataFrame) -> pd.DataFrame:
    """`status_flow` for reading: ``from``, ``to``, ``moves``, ``reservations``."""
    return frame.rename(columns={"before": "from", "after": "to"})


def plot_status_flow(frame: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Moves between statuses: from the one of the row to the one of the column; darker is more, on a log scale.

    Args:
        frame: As `status_flow` gives it.
        ax: Where to draw; a new figure by default.
    """
    ax = ax or new_axes()
    rows, columns = ([s for s in _FROM if s in set(frame[name])] for name in ("before", "after"))
    top = np.log1p(float(frame["moves"].max())) if len(frame) else 1.0
    for one in frame.itertuples():
        y, x = rows.index(str(one.before)), columns.index(str(one.after))
        shade = float(np.log1p(int(str(one.moves))) / top)
        ax.add_patch(Rectangle((x - 0.48, y - 0.46), 0.96, 0.92, facecolor=_SHADES(shade * 0.9), edgecolor="#8c8c8c"))
        color = "white" if shade > _DARK else "black"
        ax.text(x, y, f"{one.moves:,}", ha="center", va="center", color=color, fontsize=9)
    ax.set_xticks(range(len(columns)), [name.lower() for name in columns], rotation=30, ha="right")
    ax.set_yticks(range(len(rows)), [name.lower() for name in rows])
    ax.set_xlim(-0.5, max(len(columns), 1) - 0.5)
    ax.set_ylim(max(len(rows), 1) - 0.5, -0.5)
    ax.set_xlabel("to status (in the cells: moves of reservations)")
    ax.set_ylabel("from status")
    ax.grid(visible=False)
    return ax
