"""Series over a launch: one row after each command that changed something."""

from __future__ import annotations

import numpy as np
import pandas as pd

from allocation.analysis.changes import Whole, last_of_command, local, status_changes, status_levels
from allocation.analysis.supply import arrivals_over_time, supply_over_time
from allocation.engine.codes import Kind
from allocation.engine.outcome import day_text
from allocation.tape import Run


def orders_against_supply(run: Run) -> pd.DataFrame:
    """Orders and units that came in so far, beside supply and limit.

    Returns:
        One row a command: ``at``, ``line``, ``orders`` and ``units`` (accepted so far), ``supply_units`` and
        ``limit_units`` as in `supply_over_time`.
    """
    changes = status_changes(run)
    new = changes[changes["before"].isna()]
    reservations = run.reservations
    # Lines of an order come in together, so its first line is the order.
    first = ~reservations["order_id"].iloc[new["row"]].duplicated().to_numpy()
    last = last_of_command(new["line"])
    quantity = reservations["quantity"].to_numpy(np.int64)[new["row"].to_numpy()]
    counts = {"orders": np.cumsum(first)[last], "units": np.cumsum(quantity)[last]}
    placed = new.iloc[last][["at", "line"]].assign(**counts)
    return _together(placed, supply_over_time(run))


def queue_sizes(run: Run) -> pd.DataFrame:
    """How many reservations are active and on the wait-list.

    Returns:
        One row a command: ``at``, ``line``, ``held`` (RESERVED or CONFIRMED), ``queued``, ``active`` (both), and
        ``waitlisted``; reservations of all queues.
    """
    levels = status_levels(run)
    held = levels["reserved"] + levels["confirmed"]
    return levels[["at", "line"]].assign(
        held=held, queued=levels["queued"], active=held + levels["queued"], waitlisted=levels["waitlisted"]
    )


def promised_units(run: Run) -> pd.DataFrame:
    """Units by how firm their promise is, beside supply and limit.

    Returns:
        One row a command: ``at``, ``line``, ``reserved``, ``confirmed`` and ``allocated`` units, ``supply_units`` and
        ``limit_units`` as in `supply_over_time`.
    """
    levels = status_levels(run, "units")[["at", "line", "reserved", "confirmed", "allocated"]]
    return _together(levels, supply_over_time(run))


def supply_and_promises(run: Run) -> pd.DataFrame:
    """What was expected, what has arrived, and what of it was promised or given out.

    Returns:
        One row a command: ``at``, ``line``, ``supply_units`` (arrived or announced), ``arrived_units`` and
        ``promised_units`` (held or allocated).
    """
    levels = promised_units(run)
    levels["promised_units"] = levels[["reserved", "confirmed", "allocated"]].sum(axis="columns")
    return _together(levels[["at", "line", "promised_units", "supply_units"]], arrivals_over_time(run))


def moves(run: Run) -> pd.DataFrame:
    """How many reservations were displaced, and how many promoted, at least once so far.

    Returns:
        One row a command that displaced or promoted: ``at``, ``line``, ``displaced`` and ``promoted``.
    """
    changes = status_changes(run)
    moved = changes[changes["step"].isin(["displaced", "promoted"])]
    # Counted once: the first time.
    again = moved.duplicated(["step", "row"])
    counts: dict[str, Whole] = {
        step: np.cumsum((moved["step"] == step).to_numpy() & ~again.to_numpy()) for step in ("displaced", "promoted")
    }
    last = last_of_command(moved["line"])
    return moved[["at", "line"]].assign(**counts).iloc[last].reset_index(drop=True)


def milestones(run: Run) -> pd.DataFrame:
    """The moments of a launch: first, median and last order, and just before and after each cut-off and release.

    Returns:
        One row a moment: ``moment``, ``at``, and ``line``, the last command that counts.
    """
    new = status_changes(run).query("before.isna() and cause == 'place'").drop_duplicates("line")
    rows = []
    if len(new):
        named = (("first order", 0), ("half of the orders", (len(new) - 1) // 2), ("last order", len(new) - 1))
        rows = [(name, new["at"].iloc[i], int(new["line"].iloc[i])) for name, i in named]
    operations = run.engine.book.used("operations")
    commands = run.engine.book.tables.commands
    acted = pd.DataFrame({name: operations[name] for name in ("command", "kind", "day")})
    instants = commands["at"][operations["command"]].astype("datetime64[ms]")
    acted["at"] = local(run, pd.Series(pd.DatetimeIndex(instants).tz_localize("UTC")))
    # Several ship dates may be cut off at one instant.
    for (at, kind), own in acted.groupby(["at", "kind"], sort=True):
        what = "cut-off" if kind == Kind.CONFIRM else "release"
        name = f"{what} {', '.join(day_text(int(day)) for day in np.unique(own['day']))}"
        rows.append((f"just before {name}", at, int(own["command"].min())))
        rows.append((name, at, int(own["command"].max()) + 1))
    if not rows:
        # A snapshot of an open book has neither orders nor operations.
        never = local(run, pd.Series(pd.DatetimeIndex([], tz="UTC")))
        return pd.DataFrame({"moment": pd.Series(dtype="str"), "at": never, "line": pd.Series(dtype="int64")})
    frame = pd.DataFrame(rows, columns=["moment", "at", "line"])
    return frame.sort_values("line", kind="stable", ignore_index=True)


def at_milestones(series: pd.DataFrame, moments: pd.DataFrame) -> pd.DataFrame:
    """The levels of a series at some moments; zero before its first row.

    Args:
        series: Has a ``line``; what it counts is in its other columns.
        moments: As `milestones` gives them.
    """
    where = np.searchsorted(series["line"].to_numpy(), moments["line"].to_numpy(), side="right")
    # A row of zeros in front stands for the time before.
    levels = series.drop(columns=["at", "line"]).astype("int64")
    before = pd.DataFrame(0, index=[0], columns=levels.columns)
    known = pd.concat([before, levels], ignore_index=True).iloc[where].reset_index(drop=True)
    return pd.concat([moments[["moment", "at"]], known], axis="columns")


def _together(left: pd.DataFrame, right: pd.DataFrame) -> pd.DataFrame:
    """Two series as one, each keeping its level while only the other one changes."""
    both = left.merge(right, on="line", how="outer", sort=True, suffixes=("", "_right"))
    both["at"] = both["at"].fillna(both.pop("at_right"))
    levels = both.columns.difference(["at", "line"], sort=False)
    both[levels] = both[levels].ffill().fillna(0).astype("int64")
    return both
