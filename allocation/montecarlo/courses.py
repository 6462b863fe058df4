"""The course of a launch: where the book stands at some instants, in each replication and as it was recorded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from allocation.engine.allocation_engine import AllocationEngine
from allocation.engine.book import Book
from allocation.engine.codes import Reason, Status
from allocation.montecarlo.experiment import require_replications
from allocation.montecarlo.playing import Plan, prepared, tape_of
from allocation.montecarlo.start import Start
from allocation.scenario.schema import Scenario
from allocation.simulation.simulate import require_number

_STATUSES: Mapping[str, tuple[Status, ...]] = {
    "held": (Status.RESERVED, Status.CONFIRMED),
    "waiting": (Status.QUEUED, Status.WAITLISTED),
    "allocated": (Status.ALLOCATED,),
    "expired": (Status.EXPIRED,),
}


def courses(
    scenario: Scenario, instants: Sequence[int], replications: int = 100, seed: int = 0, start: Start | None = None
) -> pd.DataFrame:
    """Where the book stands at some instants in replications 0, 1, ... of a launch.

    Args:
        scenario: The launch and its policy.
        instants: Milliseconds since 1970-01-01 UTC, in order; with `start`, none before its last command.
        replications: How many.
        seed: Of the draws. They are those of `replicate`.
        start: Where the rest begins, of a launch that has begun.

    Returns:
        One row for each replication and instant: ``replication``, ``at`` (UTC) and the counts of `standing`.

    Raises:
        SettingError: A number is out of its range.
    """
    require_number("seed", seed)
    plan = Plan.of([scenario], seed, start)
    frames = []
    for replication in range(require_replications(replications)):
        engine, rated = prepared(plan, 0, tape_of(plan, scenario, replication))
        rows = []
        for end in _ends(rated.columns.commands["at"], instants):
            rated.play_until(engine, end)
            rows.append(standing(engine))
        frames.append(_frame(rows, instants).assign(replication=replication))
    return pd.concat(frames, ignore_index=True)


def recorded_course(engine: AllocationEngine, instants: Sequence[int]) -> pd.DataFrame:
    """Where a book stood at some instants.

    Args:
        engine: It has played commands that were applied one by one, and is not changed.
        instants: Milliseconds since 1970-01-01 UTC, in order.

    Returns:
        One row an instant: ``at`` (UTC) and the counts of `standing`.
    """
    columns = engine.columns()
    again = AllocationEngine.on(columns, engine.policy, Book(engine.policy, keeps_log=False))
    rows = []
    for end in _ends(columns.commands["at"], instants):
        again.play_until(end)
        rows.append(standing(again))
    return _frame(rows, instants)


def standing(engine: AllocationEngine) -> dict[str, int]:
    """What a book has seen so far, and how it stands.

    Returns:
        orders: Accepted orders. cancelled: Reservations that a customer cancelled. expired: Those that were not paid.
        held, waiting, allocated: Reservations that hold a promise, wait for one, or were given stock.
        promises: Reservations that were promised stock and not displaced since. losses: Those of them that cancelled
        or did not pay.
    """
    book = engine.book
    rows, pools = book.used("reservations"), book.tables.pools[1:]
    by_status = np.bincount(rows["status"], minlength=len(Status))
    cancelled = (rows["status"] == Status.CANCELLED) & (rows["reason"] == Reason.CUSTOMER)
    counts = {name: int(by_status[list(statuses)].sum()) for name, statuses in _STATUSES.items()}
    return {
        "orders": int((book.tables.orders["first"] >= 0).sum()),
        "cancelled": int(cancelled.sum()),
        **counts,
        "promises": int(pools["promises"].sum()),
        "losses": int(pools["losses"].sum()),
    }


def _ends(at: object, instants: Sequence[int]) -> list[int]:
    """For each instant, the number of the first command after it."""
    found: list[int] = np.searchsorted(np.asarray(at), np.asarray(instants), side="right").tolist()
    return found


def _frame(rows: list[dict[str, int]], instants: Sequence[int]) -> pd.DataFrame:
    at = pd.DatetimeIndex(np.array(instants, np.int64).astype("datetime64[ms]")).tz_localize("UTC")
    frame = pd.DataFrame(rows)
    frame.insert(0, "at", at)
    return frame
