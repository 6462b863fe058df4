"""Columns of an engine's log that frames and recorded decisions share: names, refusals, promises."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from allocation.engine.allocation_engine import AllocationEngine
from allocation.engine.codes import Refusal, Step
from allocation.engine.identity import RESERVATION_PREFIX, NumberedOrders
from allocation.engine.tables import Records

Codes = NDArray[np.int64]

_SAME_FOR_ALL: int = reduce(
    or_,
    (
        *(Refusal.TIER, Refusal.POOL, Refusal.CLOSED, Refusal.UNKNOWN, Refusal.NO_TARGET, Refusal.NO_POOL),
        *(Refusal.TAKEN, Refusal.NOT_OPEN, Refusal.UNASSIGNED, Refusal.LATE),
    ),
)
"""Refusals whose text does not depend on the command; the others are asked for one by one."""


def order_names(engine: AllocationEngine, reservations: Records) -> pa.Array:
    """Order id of each of these reservations; shape (reservations,)."""
    orders, where = np.unique(reservations["order"], return_inverse=True)
    return _names_of(engine, orders).take(pa.array(where))


def _names_of(engine: AllocationEngine, orders: NDArray[Any]) -> pa.Array:
    names = engine.register.orders
    if isinstance(names, NumberedOrders):
        digits = pa.array(orders + 1).cast(pa.string())
        return pc.binary_join_element_wise(names.prefix, pc.utf8_lpad(digits, width=7, padding="0"), "").cast(
            pa.string()
        )
    return pa.array(map(engine.order_id, orders.tolist()), pa.string())


def reservation_names(engine: AllocationEngine) -> pa.Array:
    """Reservation id of every row of the book's reservations; shape (reservations,)."""
    rows = engine.book.used("reservations")
    lines = pa.array(rows["line"]).cast(pa.string())
    names = pc.binary_join_element_wise(RESERVATION_PREFIX, order_names(engine, rows), "-", lines, "")
    # An adopted one brought its own name.
    adopted = np.array(list(engine.register.adopted), np.int64)
    if len(adopted) == 0:
        return names
    own = pa.array(engine.register.adopted.values(), pa.string())
    where = np.arange(len(rows))
    where[adopted] = len(rows) + np.arange(len(adopted))
    return pa.concat_arrays([names.cast(pa.string()), own]).take(pa.array(where))


@dataclass(frozen=True, slots=True)
class Refusals:
    """Why commands were refused.

    Attributes:
        codes: Of each row of the log, its row in `reasons`, -1 for a decision about a reservation; shape (log,).
        reasons: All reasons of a refusal; no two are the same.
    """

    codes: Codes
    reasons: list[tuple[str, ...]]


def refusals(engine: AllocationEngine) -> Refusals:
    """The refusals in an engine's log. Those that read alike are put into words once."""
    log = engine.book.used("log")
    decisions = engine.decisions
    codes = np.full(len(log), -1, np.int64)
    known: dict[tuple[str, ...], int] = {}
    refused = log["step"] == Step.REFUSED
    alike = refused & (log["refused"] & ~_SAME_FOR_ALL == 0)
    for bits in np.unique(log["refused"][alike]).tolist():
        rows = np.flatnonzero(alike & (log["refused"] == bits))
        codes[rows] = known.setdefault(decisions[int(rows[0])].refused, len(known))
    for row in np.flatnonzero(refused & ~alike).tolist():
        codes[row] = known.setdefault(decisions[row].refused, len(known))
    return Refusals(codes, list(known))


def is_promise(log: Records) -> NDArray[np.bool_]:
    """Which rows carry the ATP arithmetic of a promise; shape of `log`."""
    numbers: Any = log["limit"] | log["supply_by"] | log["promised"] | log["atp"]
    promise: NDArray[np.bool_] = numbers != 0
    return promise
