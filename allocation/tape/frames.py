"""A finished book as tidy frames: one row a reservation, one row a decision."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from allocation.engine.allocation_engine import AllocationEngine
from allocation.engine.codes import NOBODY, UNLIMITED, Kind, Mark, Reason, Status, Step
from allocation.engine.outcome import queue_positions
from allocation.engine.policy import MICRO
from allocation.engine.tables import Records
from allocation.tape.log_columns import is_promise, order_names, refusals, reservation_names

STATUSES = [status.name for status in Status if status is not Status.NONE]
REASONS = [reason.name.lower() for reason in Reason if reason is not Reason.NONE]
STEPS = [step.name.lower() for step in Step if step is not Step.NONE]
CAUSES = [kind.name.lower() for kind in Kind]
_EPOCH_DAY = 719_163
"""Day number of 1970-01-01."""
_DATED = (Status.RESERVED, Status.CONFIRMED, Status.ALLOCATED)


def reservations_frame(engine: AllocationEngine) -> pd.DataFrame:
    """Every reservation as it stands, in arrival order.

    Returns:
        One row a reservation: its names, pool, quantity and tier; ``score`` (for reading; ``score_micro`` is exact, in
        millionths), arrival number, status and reason; the requested ship date and the one on which it is held or was
        allocated; its queue position while it is open; whether it is paid, when it was placed (NaT if it was adopted),
        when its promise expires, or did (NaT without a clock); and what happened to it at least once.
    """
    book = engine.book
    placed = _placed_at(engine)
    order = np.argsort(book.used("reservations")["arrival"], kind="stable")
    rows = book.used("reservations")[order]
    days = book.tables.dates["day"]
    pools = rows["pool"]
    held_or_given = np.isin(rows["status"], _DATED)
    positions = queue_positions(book)[order]
    return pd.DataFrame(
        {
            "reservation_id": _text(reservation_names(engine).take(pa.array(order))),
            "order_id": _text(order_names(engine, rows)),
            "line": rows["line"].astype(np.int64),
            "sku": _names([sku for sku, _ in engine.pools], pools),
            "location": _names([location for _, location in engine.pools], pools),
            "quantity": rows["quantity"],
            "tier": _words(engine.tiers, rows["tier"]),
            "score": rows["score"] / MICRO,
            "score_micro": rows["score"],
            "arrival": rows["arrival"],
            "status": _words(STATUSES, rows["status"].astype(np.int64) - 1),
            "reason": _words(REASONS, rows["reason"].astype(np.int64) - 1),
            "requested_ship_date": _dates(days[rows["requested"]]),
            # What has ended names a row of the dates, too; it means nothing any more.
            "ship_date": _dates(np.where(held_or_given, days[rows["assigned"]], 0)),
            "queue_position": _whole(positions, positions > 0),
            "paid": rows["paid"] != 0,
            "placed_at": _instants(placed[order], placed[order] != -UNLIMITED),
            "expires_at": _instants(rows["expires_at"], _has_clock(rows)),
            "displaced": rows["marks"] & Mark.DISPLACED != 0,
            "promoted": rows["marks"] & Mark.PROMOTED != 0,
            "confirmed_at_cutoff": rows["marks"] & Mark.CONFIRMED_AT_CUTOFF != 0,
        },
        copy=False,
    )


def decisions_frame(engine: AllocationEngine) -> pd.DataFrame:
    """Every decision, in order.

    Returns:
        One row a decision, as `allocation.engine.decisions.Decision` describes it: ``line`` is the number of the
        command, from 1; the four numbers of a promise are NA for other decisions; ``refused`` has all reasons of a
        refused command, and is NA otherwise.
    """
    log = engine.book.used("log")
    commands = engine.book.tables.commands
    why = refusals(engine)
    promise = is_promise(log)
    ids = reservation_names(engine)
    # NOBODY has no name.
    who = pa.array(log["reservation"], mask=log["reservation"] == NOBODY)
    return pd.DataFrame(
        {
            "sequence": np.arange(len(log), dtype=np.int32),
            "at": _instants(commands["at"][log["command"]]),
            "line": log["command"] + np.int32(1),
            "cause": _words(CAUSES, commands["kind"][log["command"]]),
            "step": _words(STEPS, log["step"].astype(np.int64) - 1),
            "reservation_id": _text(ids.take(who)),
            "before": _words(STATUSES, log["before"].astype(np.int64) - 1),
            "after": _words(STATUSES, log["after"].astype(np.int64) - 1),
            "reason": _words(REASONS, log["reason"].astype(np.int64) - 1),
            "ship_date": _dates(log["day"]),
            **{name: _whole(log[name], promise) for name in ("supply_by", "limit", "promised", "atp")},
            "refused": _words(["; ".join(reasons) for reasons in why.reasons], why.codes),
        },
        copy=False,
    )


def _placed_at(engine: AllocationEngine) -> NDArray[np.int64]:
    """When each reservation was placed, milliseconds; -UNLIMITED for an adopted one, of which nobody knows."""
    log = engine.book.used("log")
    first = log[(log["before"] == Status.NONE) & (log["step"] != Step.REFUSED) & (log["step"] != Step.ADOPTED)]
    placed = np.full(len(engine.book.used("reservations")), -UNLIMITED, np.int64)
    placed[first["reservation"]] = engine.book.tables.commands["at"][first["command"]]
    return placed


def _has_clock(rows: Records) -> NDArray[np.bool_]:
    timed = np.isin(rows["status"], (Status.RESERVED, Status.CONFIRMED, Status.EXPIRED))
    clock: NDArray[np.bool_] = timed & (rows["paid"] == 0) & (rows["expires_at"] < UNLIMITED)
    return clock


# ----- columns


def _text(names: pa.Array) -> Any:
    return pd.array(names, dtype="str")


def _words(words: Sequence[str], codes: NDArray[Any]) -> Any:
    """Words by code, from 0; -1 is NA."""
    return pd.Categorical.from_codes(codes, categories=pd.Index(list(words), dtype="str"))


def _names(names: Sequence[str], codes: NDArray[Any]) -> Any:
    """Names by code, where several codes may have one name, and row 0 of the pools has none."""
    known = sorted(dict.fromkeys(names[1:]))
    rank = np.array([NOBODY, *(known.index(name) for name in names[1:])])
    return _words(known, rank[codes])


def _dates(days: NDArray[Any]) -> NDArray[np.datetime64]:
    """Day numbers as dates; 0 is NaT."""
    dates = (days.astype(np.int64) - _EPOCH_DAY).astype("datetime64[D]").astype("datetime64[ms]")
    dates[days == 0] = np.datetime64("NaT")
    return dates


def _instants(ms: NDArray[np.int64], known: NDArray[np.bool_] | None = None) -> pd.DatetimeIndex:
    instants = ms.astype("datetime64[ms]")
    if known is not None:
        instants[~known] = np.datetime64("NaT")
    return pd.DatetimeIndex(instants).tz_localize("UTC")


def _whole(values: NDArray[np.int64], known: NDArray[np.bool_]) -> Any:
    return pd.arrays.IntegerArray(np.ascontiguousarray(values), ~known)
