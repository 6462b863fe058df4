"""Orders for reservations that the system has: whose they are, and what they take from the supply.

All orders since the launch began are looked at, not only those whose keys could be worked out from the open holds: a
hold may have been moved to another date since, or have ended, and its order is there all the same.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from allocation.engine.codes import Status
from allocation.live.looking import READERS
from allocation.live.parallel import side_by_side
from allocation.oms.port import FoundOrder, Hold, PoolSupply, Reader, order_key

_NAMES_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class Served:
    """An open hold whose order stands: an apply that was not finished left it so.

    Attributes:
        hold: As it is read.
        key: Of the order.
        wave: The release that gave it.
    """

    hold: Hold
    key: str
    wave: date


def began_at(holds: Iterable[Hold], supply: Iterable[PoolSupply], now: datetime) -> datetime:
    """From when on an order can be of this launch and matter.

    No order of a hold is older than the hold, and no order before the last count takes anything from it.

    Args:
        holds: All that are open.
        supply: Of every pool; those without an open hold play no part.
        now: What there is, where nothing is older.
    """
    holds = list(holds)
    pools = {(hold.sku, hold.location) for hold in holds}
    made = [hold.made_at for hold in holds]
    counted = [pool.counted_at for pool in supply if (pool.sku, pool.location) in pools]
    return min((at for at in (*made, *counted) if at is not None), default=now)


def orders_of(oms: Reader, since: datetime) -> list[FoundOrder]:
    """Orders for reservations, ended ones too, whoever made them: those of other launches take units as well.

    Args:
        oms: What is asked.
        since: From when on.

    Raises:
        OmsError: It cannot be read.
    """
    return [found for found in oms.orders_since(since) if found.reservation_id]


def is_own(found: FoundOrder, account: str, launch: str) -> bool:
    """Whether a release of this launch made an order: its key is what the order itself comes to."""
    order = found.order
    return order is not None and found.key == order_key(account, launch, order.reservation_id, order.ship_date)


def is_of(hold: Hold, found: FoundOrder) -> bool:
    """Whether an order gives a reservation its units."""
    order = found.order
    return order is not None and (order.reservation_id, order.sku, order.location, order.quantity) == (
        hold.reservation_id,
        hold.sku,
        hold.location,
        hold.quantity,
    )


def sort_out(
    orders: Iterable[FoundOrder], holds: Iterable[Hold], account: str, launch: str, ship_date: date | None
) -> tuple[list[Served], dict[str, str]]:
    """Open holds that have their order, and those of which only a person can say what they are to get, and why.

    Args:
        orders: That there are (`orders_of`).
        holds: All that are open.
        account: Whose system it is.
        launch: Name of the launch.
        ship_date: The wave that is planned, if it is one.
    """
    by_name: defaultdict[str, list[FoundOrder]] = defaultdict(list)
    for found in orders:
        by_name[found.reservation_id].append(found)
    served, unclear = [], {}
    for hold in holds:
        own = by_name.get(hold.reservation_id, [])
        live = [found for found in own if found.live]
        reason = _unclear(hold, own, live, account, launch, ship_date)
        if reason:
            unclear[hold.reservation_id] = reason
        elif live and live[0].order is not None:
            served.append(Served(hold, live[0].key, live[0].order.ship_date))
    return served, unclear


def _unclear(
    hold: Hold,
    orders: Sequence[FoundOrder],
    live: Sequence[FoundOrder],
    account: str,
    launch: str,
    ship_date: date | None,
) -> str:
    """Why nobody but a person can say what a hold is to get; empty where its orders leave no doubt."""
    if len(live) > 1:
        return f"has {len(live)} orders ({', '.join(found.reference for found in live)}): cancel all but one"
    for found in live:
        if found.order is None:
            return f"has order {found.reference}, which says something else than a release does: put it right or end it"
        if not is_own(found, account, launch):
            return f"has order {found.key}, which no release of {launch} made: end the hold, or cancel the order"
        if hold.customer and found.order.customer != hold.customer:
            return f"has order {found.reference} of another customer than its hold: put one of them right"
        if not is_of(hold, found):
            what = f"{found.order.quantity:,} {found.order.sku} from {found.order.location}"
            return f"has order {found.reference} of {what}, and the hold is of {hold.quantity:,}: put one of them right"
    if live:
        return ""
    # A key is used once: it cannot be ordered again for that wave.
    own_wave = hold.assigned or hold.requested
    waves = {own_wave, ship_date if ship_date is not None and own_wave <= ship_date else own_wave}
    for found in orders:
        if found.order is not None and found.order.ship_date in waves and is_own(found, account, launch):
            return f"had order {found.reference}, which is {found.status}: end the hold, or move it to another date"
    return ""


def supply_left(supply: Iterable[PoolSupply], standing: Sequence[FoundOrder]) -> Iterator[PoolSupply]:
    """The supply that is left beside the orders for reservations.

    Units on hand are net of orders, as soon as the system has taken them off. Where the last count tells that it cannot
    have done so, those that were ordered since are taken off here.

    Args:
        supply: Of every pool.
        standing: Orders for reservations that stand.
    """
    by_pool: defaultdict[tuple[str, str], list[tuple[datetime, int]]] = defaultdict(list)
    for found in standing:
        for sku, location, units in found.takes:
            by_pool[sku, location].append((found.made_at, units))
    for pool in supply:
        orders = by_pool.get((pool.sku, pool.location), [])
        taken = sum(units for at, units in orders if pool.counted_at is None or at >= pool.counted_at)
        is_net = not taken or pool.counted is None or pool.counted - taken >= pool.on_hand
        yield replace(pool, on_hand=max(pool.on_hand if is_net else (pool.counted or 0) - taken, 0))


def ended_otherwise(oms: Reader, orders: Iterable[FoundOrder]) -> dict[str, str]:
    """Reservations whose order stands though their hold ended without one, or that have several, with what is so.

    Args:
        oms: What is asked.
        orders: That stand, of reservations whose holds are not open.

    Raises:
        OmsError: It cannot be read.
    """
    by_name: defaultdict[str, list[str]] = defaultdict(list)
    for found in orders:
        by_name[found.reservation_id].append(found.reference)
    names = list(by_name)
    chunks = [names[first : first + _NAMES_AT_ONCE] for first in range(0, len(names), _NAMES_AT_ONCE)]
    answers = side_by_side(lambda chunk: list(oms.holds_named(chunk)), chunks, READERS)
    return {
        hold.reservation_id: f"is {hold.status.name}, and order {' and '.join(by_name[hold.reservation_id])} stands"
        for answer in answers
        for hold in answer
        if hold.status is not Status.ALLOCATED or len(by_name[hold.reservation_id]) > 1
    }


def uncertain(supply: Iterable[PoolSupply], standing: Iterable[FoundOrder]) -> list[tuple[PoolSupply, int]]:
    """Pools of which nobody can tell whether units on hand are net of these orders, with how many those are."""
    orders = Counter((sku, location) for found in standing for sku, location, _ in found.takes)
    return [
        (pool, orders[pool.sku, pool.location])
        for pool in supply
        if pool.counted is None and pool.on_hand and orders[pool.sku, pool.location]
    ]
