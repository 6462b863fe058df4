"""Supply and limit over time, from what was announced and what was given out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from allocation.engine.codes import EVERYWHERE, Kind, Step
from allocation.engine.policy import MICRO
from allocation.tape import Run

_KINDS = (Kind.SUPPLY, Kind.OVERBOOKING, Kind.RELEASE)


@dataclass(slots=True)
class _Pool:
    """What is known of a pool's supply; the rate is in millionths."""

    rate: int
    on_hand: int = 0
    given: int = 0
    expected: dict[int, int] = field(default_factory=dict)

    @property
    def known(self) -> int:
        """Units there or announced."""
        return self.on_hand + sum(self.expected.values())


def supply_over_time(run: Run) -> pd.DataFrame:
    """Supply and limit after every command that changes one of them.

    Units that were given out stay in both: they were supply, and promises that were kept.

    Returns:
        One row a command: ``at`` (in the policy's time zone); ``line``; ``supply_units``: given out, on hand and
        expected; ``limit_units``: given out, plus what could be promised by the last date, floor((on hand + expected)
        x rate), summed over pools.
    """
    return _frame(run).drop(columns="arrived_units")


def arrivals_over_time(run: Run) -> pd.DataFrame:
    """Units that have arrived, after every command that changes supply, limit or what is on hand.

    Returns:
        One row a command: ``at`` (in the policy's time zone), ``line`` and ``arrived_units``: on hand or given out.
    """
    return _frame(run)[["at", "line", "arrived_units"]]


def _frame(run: Run) -> pd.DataFrame:
    rows = list(_levels(run))
    frame = pd.DataFrame(rows, columns=["at", "line", "supply_units", "limit_units", "arrived_units"])
    instants = frame["at"].to_numpy(np.int64).astype("datetime64[ms]")
    frame["at"] = pd.DatetimeIndex(instants).tz_localize("UTC").tz_convert(run.policy.timezone)
    return frame


def _levels(run: Run) -> Iterator[tuple[int, int, int, int, int]]:
    engine = run.engine
    tables, log = engine.book.tables, engine.book.used("log")
    operations = engine.book.used("operations")
    commands = tables.commands[: engine.played]
    refused = np.zeros(len(commands), bool)
    refused[log["command"][log["step"] == Step.REFUSED]] = True
    # A rate that was never changed is the policy's.
    default = int(tables.policy["default_rate"][0])
    pools = [_Pool(default) for _ in range(len(tables.pools))]
    for c in np.flatnonzero(np.isin(commands["kind"], _KINDS) & ~refused).tolist():
        command = commands[c]
        if command["kind"] == Kind.RELEASE:
            for row in operations[operations["command"] == c]:
                _release(pools[row["pool"]], row)
        elif command["kind"] == Kind.OVERBOOKING:
            pools[command["pool"]].rate = int(command["number"])
        else:
            _supply(pools[command["pool"]], command, tables.lines)
        own = pools[EVERYWHERE + 1 :]
        supply = sum(pool.given + pool.known for pool in own)
        limit = sum(pool.given + pool.known * pool.rate // MICRO for pool in own)
        arrived = sum(pool.given + pool.on_hand for pool in own)
        yield int(command["at"]), c + 1, supply, limit, arrived


def _supply(pool: _Pool, command: Any, lines: Any) -> None:
    if command["number"] >= 0:
        pool.on_hand = int(command["number"])
    pool.on_hand += int(command["received"])
    if command["option"]:
        first = int(command["first_line"])
        pool.expected = {}
        for line in lines[first : first + int(command["lines"])]:
            day = int(line["day"])
            pool.expected[day] = pool.expected.get(day, 0) + int(line["quantity"])


def _release(pool: _Pool, row: Any) -> None:
    """What did not arrive by the date of a release must be announced anew."""
    pool.on_hand = int(row["on_hand"])
    pool.given += int(row["allocated_units"])
    pool.expected = {day: units for day, units in pool.expected.items() if day > int(row["day"])}
