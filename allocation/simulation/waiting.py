"""How long customers wait for a unit."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from allocation.engine.allocation_engine import AllocationEngine
from allocation.engine.codes import NOBODY, Kind, Status

_DAY_MS = 86_400_000
_DAYS_MAX = 2**32
_UNKNOWN = -1


def days_to_unit(engine: AllocationEngine) -> dict[str, float]:
    """Days from the order to the release that gave it a unit, over all allocated reservations that were placed.

    Returns:
        ``days_to_unit``: their mean; NaN where nobody got a unit, or every order was adopted (nobody knows since when).
    """
    book, commands = engine.book, engine.book.tables.commands
    rows = book.used("reservations")
    given = rows[rows["status"] == Status.ALLOCATED]
    placed = placed_at(engine)[given["order"]]
    dates = book.tables.dates["day"][given["assigned"]]
    released = book.used("operations")
    released = released[released["kind"] == Kind.RELEASE]
    # A date is released once in a pool, and who gets a unit has the date of that release.
    keys, first = np.unique(_keys(released["pool"], released["day"]), return_index=True)
    places = np.searchsorted(keys, _keys(given["pool"], dates))
    given_at = commands["at"][released["command"][first]][places]
    known = placed != _UNKNOWN
    days = (given_at[known] - placed[known]) / _DAY_MS
    return {"days_to_unit": float(days.mean()) if len(days) else float("nan")}


def _keys(pools: NDArray[Any], days: NDArray[Any]) -> NDArray[np.int64]:
    keys: NDArray[np.int64] = pools.astype(np.int64) * _DAYS_MAX + days
    return keys


def placed_at(engine: AllocationEngine) -> NDArray[np.int64]:
    """When each order was placed, milliseconds; -1 of one that was adopted. Shape (orders,)."""
    commands: Any = engine.book.tables.commands[: engine.played]
    ordering = (commands["kind"] == Kind.PLACE) & (commands["order"] > NOBODY)
    at = np.full(len(engine.book.tables.orders), _UNKNOWN, np.int64)
    # The row of a refused order is taken by the next one: the last command of a row is the one that counts.
    at[commands["order"][ordering]] = commands["at"][ordering]
    return at
