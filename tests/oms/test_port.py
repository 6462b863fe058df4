"""Keys of effects, and the conformance suite itself: an adapter to a system in memory passes it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import product

import pytest

from allocation.oms.port import (
    OPEN,
    Confirmed,
    FoundOrder,
    Hold,
    NotSent,
    Outcome,
    PoolSupply,
    Rejected,
    ReleaseOrder,
    Taken,
    Uniqueness,
    Unknown,
    Writer,
    order_key,
)
from tests.oms.conformance import Conformance, System


class InMemory(System):
    """The simplest system there can be."""

    def __init__(self, uniqueness: Uniqueness) -> None:
        self.uniqueness = uniqueness
        self.pools: dict[tuple[str, str], PoolSupply] = {}
        self.holds: dict[str, Hold] = {}
        self.orders: list[FoundOrder] = []
        self.fault = ""
        self.seconds = 0

    def adapter(self) -> Writer:
        return MemoryAdapter(self)

    def set_supply(self, supply: PoolSupply) -> None:
        self.pools[supply.sku, supply.location] = supply

    def lose_the_next_reply(self) -> None:
        self.fault = "lost"

    def refuse_the_next_connection(self) -> None:
        self.fault = "refused"

    def reply_with_an_error(self) -> None:
        self.fault = "failed"

    def instant(self) -> datetime:
        self.seconds += 1
        return self.now()

    def now(self) -> datetime:
        return datetime(2025, 9, 1, tzinfo=UTC) + timedelta(seconds=self.seconds)

    def cancel(self, reference: str) -> None:
        (i,) = (i for i, order in enumerate(self.orders) if order.reference == reference)
        self.orders[i] = replace(self.orders[i], status="CANCELLED", live=False)


class MemoryAdapter:
    def __init__(self, system: InMemory) -> None:
        self.system = system

    account = "MEMORY"

    def supply(self, pools: Sequence[tuple[str, str]] | None = None) -> Iterator[PoolSupply]:
        for name, pool in self.system.pools.items():
            if pools is None or name in pools:
                taken = [found.order for found in self.system.orders if found.live and found.order is not None]
                off = sum(order.quantity for order in taken if (order.sku, order.location) == name)
                yield replace(pool, on_hand=pool.on_hand - off)

    def holds(self) -> Iterator[Hold]:
        yield from (hold for hold in self.system.holds.values() if hold.status in OPEN)

    def holds_named(self, reservation_ids: Sequence[str]) -> Iterator[Hold]:
        yield from (self.system.holds[name] for name in reservation_ids if name in self.system.holds)

    def orders(self, keys: Sequence[str]) -> Iterator[FoundOrder]:
        yield from [found for found in self.system.orders if found.key in keys]

    def orders_since(self, since: datetime) -> Iterator[FoundOrder]:
        yield from [found for found in self.system.orders if found.made_at >= since]

    def known_customers(self, customers: Sequence[str]) -> list[str]:
        return [customer for customer in customers if customer == "alice"]

    def uniqueness(self) -> Uniqueness:
        return self.system.uniqueness

    def write_holds(self, holds: Sequence[Hold]) -> list[Outcome]:
        return [self._write(hold) for hold in holds]

    def _write(self, hold: Hold) -> Outcome:
        if hold.sku != "PHONE" and (hold.sku, hold.location) not in self.system.pools:
            return Rejected("C0120E", f"no {hold.sku}")
        before = self.system.holds.get(hold.reservation_id)
        made_at = self.system.now() if before is None else before.made_at
        self.system.holds[hold.reservation_id] = replace(hold, made_at=made_at)
        return Confirmed(hold.reservation_id)

    def submit(self, order: ReleaseOrder) -> Outcome:
        fault, self.system.fault = self.system.fault, ""
        if fault == "refused":
            return NotSent("connection refused")
        if fault == "failed":
            return Unknown("the server failed")
        if order.sku != "PHONE":
            return Rejected("C0120E", f"no {order.sku}")
        if self.system.uniqueness is Uniqueness.ENFORCED and list(self.orders([order.key])):
            return Taken("C0121E", "it exists")
        reference, made = str(len(self.system.orders)), self.system.now()
        takes = ((order.sku, order.location, order.quantity),)
        found = FoundOrder(order.key, reference, order, "CREATED", True, made, order.reservation_id, takes)
        self.system.orders.append(found)
        return Unknown("no reply") if fault == "lost" else Confirmed(self.system.orders[-1].reference)


class TestInMemory(Conformance):
    @pytest.fixture(params=list(Uniqueness))
    def system(self, request: pytest.FixtureRequest) -> System:
        return InMemory(request.param)


def test_a_key_is_the_same_whenever_it_is_made_and_another_for_another_effect() -> None:
    day, other_day = date(2025, 9, 22), date(2025, 9, 29)
    effects = list(product(("ACME", "ACME2"), ("a", "b"), ("RES-1-1", "RES-11-1"), (day, other_day), ("release", "x")))
    keys = [order_key(*effect) for effect in effects]
    assert keys == [order_key(*effect) for effect in effects]
    assert len(set(keys)) == len(effects)


def test_parts_of_a_key_do_not_run_into_each_other() -> None:
    day = date(2025, 9, 22)
    assert order_key("AB", "C", "R", day).rsplit("-", 1)[1] != order_key("A", "BC", "R", day).rsplit("-", 1)[1]


def test_a_key_is_short_enough_and_has_plain_characters_only() -> None:
    key = order_key("ACME", "launch", "RES-" + "ü/&" * 200 + "-1", date(2025, 9, 22))
    assert len(key) <= 100
    assert key.isascii()
    assert all(c.isalnum() or c in "-_" for c in key)


def test_an_effect_has_all_its_parts() -> None:
    with pytest.raises(ValueError, match="empty part"):
        order_key("", "launch", "RES-1-1", date(2025, 9, 22))
