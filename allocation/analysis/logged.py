"""Measures by tier from the decisions of an engine, without frames: for replications, of which there are many."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from allocation.engine.allocation_engine import AllocationEngine
from allocation.engine.codes import NOBODY, Mark, Status, Step

DAY_MS = 86_400_000
_WAITING = (Status.QUEUED, Status.WAITLISTED)


def tier_rows(engine: AllocationEngine) -> list[dict[str, Any]]:
    """What became of each tier that ordered.

    Returns:
        One row a tier: ``tier``, ``reservations``, ``share_served``, ``share_confirmed``, ``days_waiting`` (mean over
        the tier) and ``share_displaced``.
    """
    rows = engine.book.used("reservations")
    days = waiting_days_of(engine)
    confirmed = ~np.isnan(confirmed_days_of(engine))
    result = []
    for code, tier in enumerate(engine.tiers):
        own = rows["tier"] == code
        if count := int(own.sum()):
            result.append(
                {"tier": tier, "reservations": count}
                | {"share_served": float((rows["status"][own] == Status.ALLOCATED).mean())}
                | {"share_confirmed": float(confirmed[own].mean()), "days_waiting": float(days[own].mean())}
                | {"share_displaced": float((rows["marks"][own] & Mark.DISPLACED != 0).mean())}
            )
    return result


def waiting_days_of(engine: AllocationEngine) -> NDArray[np.float64]:
    """Days that each reservation was QUEUED or WAITLISTED, until the last command at most; shape (reservations,)."""
    log, at, who = changes_of(engine)
    # Each stay counts its end less its beginning; one that lasts ends with the tape.
    leaves = np.isin(log["before"], _WAITING).astype(np.int64) - np.isin(log["after"], _WAITING).astype(np.int64)
    count = len(engine.book.used("reservations"))
    total = np.zeros(count, np.int64)
    np.add.at(total, who, leaves * at)
    still = np.isin(engine.book.used("reservations")["status"], _WAITING)
    total[still] += _last_at(engine)
    days: NDArray[np.float64] = total / DAY_MS
    return days


def confirmed_days_of(engine: AllocationEngine) -> NDArray[np.float64]:
    """Days from the order to the first CONFIRMED; NaN where that never came, or the order is not known."""
    log, at, who = changes_of(engine)
    count = len(engine.book.used("reservations"))
    placed, confirmed = np.full(count, np.nan), np.full(count, np.nan)
    new = (log["before"] == Status.NONE) & (log["step"] != Step.ADOPTED)
    placed[who[new]] = at[new]
    firm = np.flatnonzero(log["after"] == Status.CONFIRMED)[::-1]
    # Backwards, so that the first one is what stays.
    confirmed[who[firm]] = at[firm]
    days: NDArray[np.float64] = (confirmed - placed) / DAY_MS
    return days


def confirmed_shares(engine: AllocationEngine, days: NDArray[np.float64]) -> pd.DataFrame:
    """The share of each tier's reservations that were confirmed within so many days.

    Returns:
        One row a tier that ordered and number of days: ``tier``, ``days``, ``share``.
    """
    tiers, confirmed = engine.book.used("reservations")["tier"], confirmed_days_of(engine)
    parts = []
    for code, tier in enumerate(engine.tiers):
        own = confirmed[tiers == code]
        if len(own):
            reached = np.searchsorted(np.sort(own[~np.isnan(own)]), days, side="right")
            parts.append(pd.DataFrame({"tier": tier, "days": days, "share": reached / len(own)}))
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=["tier", "days", "share"])


def changes_of(engine: AllocationEngine) -> tuple[Any, NDArray[np.int64], NDArray[np.int64]]:
    """The decisions about reservations, when each was made (milliseconds since 1970), and about which."""
    log = engine.book.used("log")
    log = log[(log["reservation"] != NOBODY) & (log["step"] != Step.REFUSED)]
    return log, engine.book.tables.commands["at"][log["command"]], log["reservation"].astype(np.int64)


def _last_at(engine: AllocationEngine) -> int:
    commands = engine.book.tables.commands["at"][: engine.played]
    return int(commands[-1]) if len(commands) else 0
