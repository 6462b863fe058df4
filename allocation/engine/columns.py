"""A tape as columns: commands, their lines and the names they use, without any policy in them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from allocation.engine.identity import NumberedOrders
from allocation.engine.tables import ADOPTION


def no_adoptions() -> NDArray[Any]:
    """The adoptions of a tape that hands no book over."""
    return np.zeros(0, ADOPTION)


@dataclass(frozen=True, slots=True)
class Columns:
    """A whole tape in memory, which any number of books may play under any policy.

    Attributes:
        commands: `tables.COMMAND` rows in the order of the tape; orders are numbered as they are placed, pools from 1.
        lines: `tables.LINE` rows that the commands point to.
        adoptions: `tables.ADOPTION` rows that the commands point to.
        pools: (sku, location) of pools 1, 2, ..., sorted.
        tiers: Name of each tier code.
        orders: The order ids.
    """

    commands: NDArray[Any]
    lines: NDArray[Any]
    adoptions: NDArray[Any]
    pools: tuple[tuple[str, str], ...]
    tiers: tuple[str, ...]
    orders: NumberedOrders

    def __len__(self) -> int:
        return len(self.commands)
