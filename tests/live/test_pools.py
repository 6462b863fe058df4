"""A release of several SKUs at several locations: each pool for itself, whatever happens on the way."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from allocation.oms.port import Hold, PoolSupply, Uniqueness
from tests.live.nights import DUE, ON_HAND, Killed, Night, Process, holds

POOLS = {("PHONE", "DC"): ON_HAND, ("PHONE", "WEST"): 7, ("CASE", "DC"): 0, ("CASE", "WEST"): 40}


def book() -> list[Hold]:
    """The same holds in every pool, with ids and arrival numbers of their own."""
    found = []
    for number, (sku, location) in enumerate(POOLS):
        for one in holds():
            name = f"RES-{sku}-{location}-{one.arrival}"
            changes = {"reservation_id": name, "order_id": name, "sku": sku, "location": location}
            found.append(replace(one, **changes, arrival=one.arrival * len(POOLS) + number))
    return found


def night_of(uniqueness: Uniqueness, concurrency: int = 1) -> Night:
    more = [PoolSupply(*pool, units) for pool, units in POOLS.items() if pool != ("PHONE", "DC")]
    return Night(uniqueness, concurrency, book=book(), more_supply=tuple(more))


def given(night: Night) -> Counter[tuple[str, str]]:
    """Units that stand in orders, by pool, as the system itself has them."""
    units: Counter[tuple[str, str]] = Counter()
    for order in night.system.adapter().orders([effect.key for effect in night.plan.effects]):
        if order.live and order.order is not None:
            units[order.order.sku, order.order.location] += order.order.quantity
    return units


@pytest.mark.parametrize("concurrency", [1, 3])
@pytest.mark.parametrize("uniqueness", list(Uniqueness))
def test_no_pool_gives_what_another_has(uniqueness: Uniqueness, concurrency: int) -> None:
    night = night_of(uniqueness, concurrency)
    alone = Night(uniqueness)
    night.apply()
    night.require_done()
    units = given(night)
    assert units["PHONE", "DC"] == sum(e.order.quantity for e in alone.plan.effects if e.order is not None)
    assert units["CASE", "DC"] == 0
    assert 0 < units["PHONE", "WEST"] <= 7
    # Where there is enough for everybody, everybody who is due and paid has some.
    due = [hold for hold in book() if (hold.sku, hold.location) == ("CASE", "WEST") and hold.requested == DUE]
    assert units["CASE", "WEST"] == sum(hold.quantity for hold in due if hold.paid)


@pytest.mark.parametrize("uniqueness", list(Uniqueness))
@pytest.mark.parametrize("step", range(16, 150, 19))
def test_a_crash_and_a_new_plan_end_as_without_either(uniqueness: Uniqueness, step: int) -> None:
    expected = night_of(uniqueness)
    expected.apply()
    for is_planned_again in (False, True):
        night = night_of(uniqueness)
        try:
            night.apply(Process(dies_at=step))
        except Killed:
            night.unlock()
        if is_planned_again:
            night.plan = night.make_plan()
        night.apply()
        assert night.outcome() == expected.outcome()
        assert given(night) <= Counter(POOLS)
