"""Where a tier stands in line over time."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from allocation.analysis.axes import counts_axis, date_numbers, legend_above, time_axis
from allocation.analysis.by_tier import tiers_by_score
from allocation.analysis.style import new_axes, tier_looks
from allocation.engine.allocation_engine import AllocationEngine
from allocation.engine.columns import Columns
from allocation.engine.outcome import queue_positions
from allocation.tape import Run

Spans = tuple[pd.Timestamp, pd.Timestamp, pd.Timestamp]
_POINTS = 40
QUANTILES = {"low": 0.1, "median": 0.5, "high": 0.9}
"""Which customers of a tier are followed: one in ten is ahead of the first, one in ten behind the last."""


def queue_positions_by_tier(run: Run, spans: Spans, moments: pd.DataFrame) -> pd.DataFrame:
    """The queue position (RULES.md section 3) of the open reservations of each tier over time.

    The tape is played once more, and everybody's position is looked up at some instants: evenly while orders come in,
    and evenly from then on. A tier's are those that are open then.

    Args:
        run: A finished run.
        spans: When orders open, when they close, and when everything is over.
        moments: As `milestones` gives them: at these, too.

    Returns:
        One row a state that was looked at: ``at``, ``line`` (the last command that counts), and for each tier (best
        first) ``TIER low``, ``TIER median`` and ``TIER high``: the positions of its 10th, 50th and 90th percentile
        customer, NaN where none of it is open.
    """
    engine = AllocationEngine.on(_tape_of(run.engine), run.policy)
    rows = []
    for number, at in _looks(engine, spans, moments):
        engine.play_until(number)
        rows.append({"at": at, "line": number} | _quantiles(engine, tiers_by_score(run)))
    frame = pd.DataFrame(rows)
    return frame.assign(at=pd.DatetimeIndex(frame["at"]).tz_convert(run.policy.timezone))


def _tape_of(engine: AllocationEngine) -> Columns:
    """What an engine has played, also where it was made on a whole tape."""
    tables = engine.book.tables
    return Columns(
        commands=tables.commands[: engine.played],
        lines=tables.lines,
        adoptions=tables.adoptions,
        pools=tuple(engine.pools[1:]),
        tiers=tuple(engine.tiers),
        orders=engine.register.orders,
    )


def _looks(engine: AllocationEngine, spans: Spans, moments: pd.DataFrame) -> list[tuple[int, pd.Timestamp]]:
    """After how many commands to look, in rising order, and when that is."""
    opens, closes, ends = (at.tz_convert("UTC") for at in spans)
    early, late = (pd.date_range(a, b, _POINTS).round("ms") for a, b in ((opens, closes), (closes, ends)))
    instants = [*early, *late[1:]]
    commands = engine.book.tables.commands["at"]
    numbers = np.searchsorted(commands, [int(at.timestamp() * 1000) for at in instants], side="right").tolist()
    named = zip(moments["line"].tolist(), moments["at"].dt.tz_convert("UTC"), strict=True)
    return sorted([*zip(numbers, instants, strict=True), *named])


def _quantiles(engine: AllocationEngine, tiers: list[str]) -> dict[str, float]:
    positions, rows = queue_positions(engine.book), engine.book.used("reservations")
    codes = list(engine.tiers)
    found = {}
    for tier in tiers:
        own = positions[(rows["tier"] == codes.index(tier)) & (positions > 0)]
        for name, share in QUANTILES.items():
            found[f"{tier} {name}"] = float(np.quantile(own, share, method="inverted_cdf")) if len(own) else np.nan
    return found


def plot_queue_positions(frame: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """The position of each tier's middle customer over time, and between which positions eight of ten stand.

    Args:
        frame: As `queue_positions_by_tier` gives it.
        ax: Where to draw; a new figure by default.
    """
    ax = ax or new_axes()
    tiers = [str(name).removesuffix(" median") for name in frame.columns if str(name).endswith(" median")]
    days = date_numbers(frame["at"]) if len(frame) else np.zeros(0)
    for tier, look in tier_looks(tiers).items():
        low, median, high = (frame[f"{tier} {name}"].astype(float) for name in QUANTILES)
        if median.isna().all():
            continue
        ax.fill_between(days, low, high, step="post", color=look.color, alpha=0.2, linewidth=0)
        ax.step(days, median, where="post", label=tier, **look.of_line())
    if len(frame):
        time_axis(ax, frame["at"].iloc[0], frame["at"].iloc[-1])
    else:
        ax.set_xlabel("time")
    counts_axis(ax, "queue position (1 is first)")
    tops = frame[[f"{tier} high" for tier in tiers]].max().max() if tiers and len(frame) else np.nan
    ax.set_ylim(0, float(tops) * 1.05 if tops == tops else 1)  # noqa: PLR0124 - NaN
    if ax.get_lines():
        legend_above(ax)
    return ax


def positions_table(frame: pd.DataFrame, moments: pd.DataFrame) -> pd.DataFrame:
    """`queue_positions_by_tier` for reading: the middle customer of each tier at each moment.

    Args:
        frame: As `queue_positions_by_tier` gives it for these moments.
        moments: As `milestones` gives them.
    """
    medians = [name for name in frame.columns if str(name).endswith(" median")]
    where = np.searchsorted(frame["line"].to_numpy(), moments["line"].to_numpy(), side="right") - 1
    known = frame[medians].iloc[np.maximum(where, 0)].reset_index(drop=True)
    return pd.concat([moments[["moment", "at"]], known.astype("Float64").round().astype("Int64")], axis="columns")
