"""A tape as columns: commands, their lines and the names they use, without any policy in them."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from allocation.engine.identity import ContinuedOrders, NumberedOrders, OrderNames
from allocation.engine.instants import LocalDays
from allocation.engine.tables import ADOPTION, LOCAL_DAY


def no_adoptions() -> NDArray[Any]:
    """The adoptions of a tape that hands no book over."""
    return np.zeros(0, ADOPTION)


@dataclass(frozen=True)
class Columns:
    """A whole tape in memory, which any number of books may play under any policy.

    Attributes:
        commands: `tables.COMMAND` rows in the order of the tape; orders are numbered as they are placed, pools from 1.
        lines: `tables.LINE` rows that the commands point to.
        adoptions: `tables.ADOPTION` rows that the commands point to.
        pools: (sku, location) of pools 1, 2, ...
        tiers: Name of each tier code.
        orders: The order ids.
    """

    commands: NDArray[Any]
    lines: NDArray[Any]
    adoptions: NDArray[Any]
    pools: tuple[tuple[str, str], ...]
    tiers: tuple[str, ...]
    orders: OrderNames | NumberedOrders | ContinuedOrders
    _local_days: dict[str, NDArray[Any]] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __len__(self) -> int:
        return len(self.commands)

    @cached_property
    def days(self) -> tuple[int, ...]:
        """Every date that the tape names, as day numbers, rising."""
        named = (self.lines["day"], self.commands["day"], self.adoptions["requested"], self.adoptions["assigned"])
        days = np.concatenate(named)
        days = days[days > 0]
        return tuple((np.flatnonzero(np.bincount(days - days.min())) + days.min()).tolist()) if len(days) else ()

    def local_days(self, zone: ZoneInfo) -> NDArray[Any]:
        """`tables.LOCAL_DAY` rows of the commands in a time zone."""
        if zone.key not in self._local_days:
            rows = np.zeros(len(self), LOCAL_DAY)
            rows["day"] = LocalDays(zone).days_of(self.commands["at"])
            self._local_days[zone.key] = rows
        return self._local_days[zone.key]
