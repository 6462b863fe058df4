"""Who has an order already, though the hold is open: an apply that was not finished left it so."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from allocation.live.looking import live_by_key, look_up
from allocation.oms.port import FoundOrder, Hold, PoolSupply, Reader, order_key

READERS = 4
"""Look-ups that go side by side; reading does no harm."""


@dataclass(frozen=True, slots=True)
class Served:
    """An open hold whose order stands.

    Attributes:
        hold: As it is read.
        key: Of the order.
        wave: The release that gave it.
    """

    hold: Hold
    key: str
    wave: date


def find_served(oms: Reader, launch: str, holds: Sequence[Hold], until: date | None) -> list[Served]:
    """Every hold for which an order of this launch stands, of whichever wave.

    Keys tell: they are worked out for every wave that may have given the hold its units. A wave is a date that some
    hold is of, or the one that is planned.

    Args:
        oms: What is asked.
        launch: Name of the launch.
        holds: All that are open.
        until: The release that is planned; None looks at every wave.

    Raises:
        OmsError: It cannot be read.
    """
    dates = {day for hold in holds for day in (hold.requested, hold.assigned, until) if day is not None}
    waves = sorted(day for day in dates if until is None or day <= until)
    keys = {
        order_key(oms.account, launch, hold.reservation_id, wave): (hold, wave)
        for hold in holds
        for wave in waves
        # Nobody is given units of a wave before the one that was asked for, nor before where they are held.
        if wave >= min(hold.requested, hold.assigned or hold.requested)
    }
    standing = live_by_key(look_up(oms, list(keys), READERS))
    return [
        Served(hold, key, wave)
        for key, (hold, wave) in keys.items()
        if (orders := standing.get(key)) and all(is_of(hold, order) for order in orders)
    ]


def is_of(hold: Hold, found: FoundOrder) -> bool:
    """Whether an order gives a reservation its units."""
    order = found.order
    return order is not None and (order.reservation_id, order.sku, order.quantity) == (
        hold.reservation_id,
        hold.sku,
        hold.quantity,
    )


def without_served(supply: Sequence[PoolSupply], served: Sequence[Served]) -> Iterator[PoolSupply]:
    """The supply that is left for the others.

    Units on hand are net of orders, as soon as the system has taken them off. Where the last count tells that it cannot
    have done so yet, they are taken off here.
    """
    for pool in supply:
        own = sum(one.hold.quantity for one in served if (one.hold.sku, one.hold.location) == (pool.sku, pool.location))
        if own and pool.counted is not None and pool.counted - own < pool.on_hand:
            yield PoolSupply(pool.sku, pool.location, max(pool.counted - own, 0), pool.arrivals, pool.counted)
        else:
            yield pool
