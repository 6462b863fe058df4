"""Figures of outcomes: by tier, by measure, beside what was published, and what the published formula gets wrong."""

from __future__ import annotations

from textwrap import fill

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from allocation.analysis.axes import counts_axis, label_bars, legend_above, rows_axis, share_axis
from allocation.analysis.by_tier import OUTCOMES
from allocation.analysis.priority_formula import PriorityErrors
from allocation.analysis.steps import thinned
from allocation.analysis.style import BLUE, GREY, OUTCOME_LOOKS, SKY, Look, new_axes, tier_looks
from allocation.analysis.wording import with_half_width

_LABEL_SHARE_MIN = 0.09
UNITS = {
    "confirmed_at_cutoff_units": OUTCOME_LOOKS["open"]._replace(color=BLUE, hatch=""),
    "allocated_units": OUTCOME_LOOKS["allocated"],
    "oversold_units": OUTCOME_LOOKS["oversold"],
    "unsold_units": OUTCOME_LOOKS["cancelled_by_customer"],
}
_UNIT_NAMES = {
    "confirmed_at_cutoff_units": "confirmed",
    "allocated_units": "allocated",
    "oversold_units": "oversold",
    "unsold_units": "unsold",
}
_PUBLISHED, _SIMULATED = Look(GREY, "-", "s", "//"), Look(SKY, "-", "o", "")


def plot_outcome_by_tier(frame: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """What became of each tier, as shares of its reservations: one bar a tier, best on top.

    Args:
        frame: As `outcome_by_tier` gives it.
        ax: Where to draw; a new figure by default.
    """
    ax = ax or new_axes()
    tiers = list(dict.fromkeys(frame["tier"]))
    shares = frame.pivot_table(index="tier", columns="outcome", values="share_of_reservations").reindex(tiers)
    y, left = np.arange(len(tiers)), np.zeros(len(tiers))
    for outcome in OUTCOMES:
        if outcome not in shares or not (width := shares[outcome].fillna(0).to_numpy()).any():
            continue
        ax.barh(y, width, 0.62, left=left, label=outcome.replace("_", " "), **OUTCOME_LOOKS[outcome].of_area())
        for i in np.flatnonzero(width >= _LABEL_SHARE_MIN):
            box = {"boxstyle": "round,pad=0.2", "facecolor": "white", "edgecolor": "none"}
            ax.text(left[i] + width[i] / 2, y[i], f"{width[i]:.0%}", ha="center", va="center", bbox=box)
        left += width
    counts = frame.groupby("tier")["reservations"].sum()
    ax.set_yticks(y, [f"{tier}\nn = {counts[tier]:,}" for tier in tiers])
    ax.invert_yaxis()
    ax.grid(visible=False, axis="y")
    share_axis(ax, "share of the tier's reservations", "x")
    legend_above(ax)
    return ax


def plot_confirmed_curve(frame: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """How many of each tier were confirmed within so many days of ordering.

    Args:
        frame: As `confirmed_curve` gives it, or with the bands of `confirmed_bands`.
        ax: Where to draw; a new figure by default.
    """
    ax = ax or new_axes()
    tiers = list(dict.fromkeys(frame["tier"]))
    end = max([*frame["days"], 1e-9]) * 1.05 or 1.0
    for tier, look in tier_looks(tiers).items():
        own = thinned(frame[frame["tier"] == tier], ["share"], by="days")
        # The last level goes on to the edge.
        days, share = np.r_[own["days"], end], np.r_[own["share"], own["share"].iloc[-1]]
        ax.step(days, share, where="post", label=tier, **look.of_line())
        if "low" in own:
            ax.fill_between(
                own["days"], own["low"], own["high"], step="post", color=look.color, alpha=0.25, linewidth=0
            )
    share_axis(ax, "share confirmed")
    ax.set_ylim(0, 1.04)
    ax.set_xlabel("days since the order")
    ax.set_xlim(0, end)
    legend_above(ax)
    return ax


def plot_headlines(frame: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Units confirmed, allocated, oversold and unsold: means with their intervals, beside the supply.

    Args:
        frame: As `headline_intervals` gives it.
        ax: Where to draw; a new figure by default.
    """
    ax = ax or new_axes()
    rows = frame.set_index("measure")
    rows = rows.loc[[name for name in UNITS if name in rows.index]]
    y = np.arange(len(rows), dtype=np.float64)
    ends = (rows["mean"] + rows["half_width"]).to_numpy(np.float64)
    for height, (name, row) in zip(y, rows.iterrows(), strict=True):
        ax.barh(height, row["mean"], 0.62, **UNITS[str(name)].of_area())
    ax.errorbar(rows["mean"], y, xerr=rows["half_width"], fmt="none", ecolor="black", capsize=4, linewidth=1.4)
    supply = float(frame.loc[frame["measure"] == "supply_units", "mean"].max())
    rows_axis(ax, [_UNIT_NAMES[str(name)] for name in rows.index])
    counts_axis(ax, "units", "x")
    labels = [with_half_width(float(row["mean"]), float(row["half_width"])) for _, row in rows.iterrows()]
    label_bars(ax, y, np.where(ends > 0.85 * supply, np.maximum(ends, supply), ends), labels)
    if supply >= 0:
        ax.axvline(supply, color="black", linestyle="--", linewidth=1.4, label=f"supply {supply:,.0f}")
        legend_above(ax)
    return ax


def plot_published(frame: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Published results beside simulated ones.

    Args:
        frame: As `published_beside_simulated` gives it, with at least one row.
        ax: Where to draw; a new figure by default.
    """
    ax = ax or new_axes()
    y = np.arange(len(frame), dtype=np.float64)
    ends, labels = [], []
    for offset, name, look in ((-0.2, "published", _PUBLISHED), (0.2, "simulated", _SIMULATED)):
        values = frame[name].astype("Float64").fillna(0).to_numpy(np.float64)
        ax.barh(y + offset, values, 0.38, label=name, **look.of_area())
        ends.append(values)
        missing = frame[name].isna().to_numpy()
        labels += ["not simulated" if m else f"{v:,.0f}" for v, m in zip(values, missing, strict=True)]
    ax.set_yticks(y, [fill(text, 26) for text in frame["result"]])
    ax.invert_yaxis()
    ax.grid(visible=False, axis="y")
    counts_axis(ax, "as measured: orders, reservations or units", "x")
    label_bars(ax, np.r_[y - 0.2, y + 0.2], np.concatenate(ends), labels)
    for text in ax.texts:
        text.set_fontsize(8.5)
    legend_above(ax)
    return ax


def plot_priority_errors(errors: PriorityErrors, ax: Axes | None = None) -> Axes:
    """Share of pairs that the published formula orders wrongly, one bar a pair of tiers.

    Args:
        errors: As `priority_errors` gives them.
        ax: Where to draw; a new figure by default.
    """
    ax = ax or new_axes()
    frame = errors.by_tiers
    y = np.arange(len(frame), dtype=np.float64)
    shares = frame["share_wrong"].fillna(0).to_numpy(np.float64)
    looks = tier_looks(list(dict.fromkeys(frame["higher"])))
    for height, share, tier in zip(y, shares, frame["higher"], strict=True):
        ax.barh(height, share, 0.5, **looks[tier].of_area())
        ax.annotate(f"{share:.1%}", (share, height), xytext=(5, 0), textcoords="offset points", va="center")
    names = [f"{row.lower} before\n{row.higher}" for row in frame.itertuples()]
    ax.set_yticks(y, names)
    # A single bar does not fill the figure.
    room = 0.6 if len(frame) > 1 else 1.0
    ax.set_ylim(len(frame) - 1 + room, -room)
    ax.grid(visible=False, axis="y")
    share_axis(ax, "share of pairs in the wrong order", "x")
    ax.set_xlim(0, min(1.0, max(0.1, 1.25 * float(shares.max(initial=0)))))
    return ax
