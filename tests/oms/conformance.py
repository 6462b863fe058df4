"""What every adapter of an order management system must do, as numbered cases that call nothing but the port.

A suite of an adapter subclasses `Conformance` and says how its system is set up: one folder and one class for each
adapter. The cases assert what release code relies on and nothing else.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from allocation.engine.codes import Status
from allocation.oms.port import (
    Arrival,
    Confirmed,
    Hold,
    NotSent,
    PoolSupply,
    Rejected,
    ReleaseOrder,
    Taken,
    Uniqueness,
    Unknown,
    Writer,
    order_key,
)

WAVE = date(2025, 9, 22)
MANY = 257
"""More than any page of any adapter, and no multiple of one."""


def hold(number: int = 1, **changes: object) -> Hold:
    base = Hold(
        reservation_id=f"RES-O-{number}-1",
        order_id=f"O-{number}",
        sku="PHONE",
        location="DC",
        quantity=2,
        tier="VIP",
        arrival=number,
        requested=WAVE,
        assigned=WAVE,
        status=Status.CONFIRMED,
        paid=True,
        expires_at=None,
        purchases=3,
        cart_value=123_456,
        membership_years=2,
        customer="alice",
    )
    return replace(base, **changes)


def order(number: int = 1, **changes: object) -> ReleaseOrder:
    base = ReleaseOrder(
        key=order_key("ACME", "launch", f"RES-O-{number}-1", WAVE),
        reservation_id=f"RES-O-{number}-1",
        customer="alice",
        sku="PHONE",
        location="DC",
        quantity=2,
        tier="VIP",
        ship_date=WAVE,
    )
    return replace(base, **changes)


class System(ABC):
    """A system under test and the adapter to it: customer ``alice`` and the SKU ``PHONE`` at ``DC`` exist."""

    @abstractmethod
    def adapter(self) -> Writer:
        """A new adapter to the same system."""

    @abstractmethod
    def set_supply(self, supply: PoolSupply) -> None:
        """Make the system's supply of a pool this."""

    @abstractmethod
    def lose_the_next_reply(self) -> None:
        """The next write is done, and its answer never comes."""

    @abstractmethod
    def refuse_the_next_connection(self) -> None:
        """The next request does not get through."""

    @abstractmethod
    def reply_with_an_error(self) -> None:
        """The next write is not done, and the answer is that the server failed."""

    @abstractmethod
    def instant(self) -> datetime:
        """An instant after all that was done, and before all that is done next."""

    @abstractmethod
    def cancel(self, reference: str) -> None:
        """Somebody cancels an order by hand."""


class Conformance:
    """The cases; a subclass gives the fixture ``system``."""

    def test_01_supply_is_what_the_system_has(self, system: System) -> None:
        supply = PoolSupply("PHONE", "DC", 500, (Arrival(WAVE, 1000, "PO-1"), Arrival(date(2025, 9, 29), 5, "PO-2")))
        system.set_supply(supply)
        (one,), (same,) = system.adapter().supply([("PHONE", "DC")]), system.adapter().supply()
        assert one == same
        assert (one.sku, one.location, one.on_hand) == ("PHONE", "DC", 500)
        assert [(arrival.day, arrival.quantity) for arrival in one.arrivals] == [(WAVE, 1000), (date(2025, 9, 29), 5)]
        # What a delivery is called is the system's own affair, as long as they can be told apart.
        assert len({arrival.ref for arrival in one.arrivals}) == 2

    def test_02_a_pool_without_supply_has_none(self, system: System) -> None:
        system.set_supply(PoolSupply("PHONE", "DC", 0))
        (pool,) = system.adapter().supply([("PHONE", "DC")])
        assert (pool.on_hand, pool.arrivals) == (0, ())

    def test_03_a_hold_comes_back_as_it_was_written(self, system: System) -> None:
        system.set_supply(PoolSupply("PHONE", "DC", 500))
        written = [
            hold(1),
            hold(2, status=Status.QUEUED, assigned=None, quantity=1),
            hold(3, status=Status.WAITLISTED, assigned=None, tier="STANDARD", purchases=0, cart_value=0),
            hold(4, status=Status.RESERVED, paid=False, expires_at=datetime(2025, 9, 15, 4, 0, 0, 123_000, UTC)),
            hold(5, requested=WAVE, assigned=date(2025, 9, 29), customer=""),
        ]
        adapter = system.adapter()
        for one in written:
            assert [type(outcome) for outcome in adapter.write_holds([one])] == [Confirmed]
        assert sorted(system.adapter().holds(), key=lambda found: found.arrival) == written

    def test_04_a_hold_written_twice_is_there_once(self, system: System) -> None:
        system.set_supply(PoolSupply("PHONE", "DC", 500))
        adapter = system.adapter()
        adapter.write_holds([hold()])
        assert [type(outcome) for outcome in adapter.write_holds([hold()])] == [Confirmed]
        assert list(adapter.holds()) == [hold()]

    def test_05_a_hold_that_changed_is_brought_up_to_date_and_one_that_ended_is_no_more(self, system: System) -> None:
        system.set_supply(PoolSupply("PHONE", "DC", 500))
        adapter = system.adapter()
        for number in (1, 2):
            adapter.write_holds([hold(number, status=Status.RESERVED, tier="STANDARD")])
        adapter.write_holds([hold(1)])
        adapter.write_holds([hold(2, status=Status.ALLOCATED)])
        assert list(adapter.holds()) == [hold(1)]

    def test_06_every_hold_is_read_however_many_there_are(self, system: System) -> None:
        system.set_supply(PoolSupply("PHONE", "DC", 500))
        adapter = system.adapter()
        outcomes = adapter.write_holds([hold(number) for number in range(MANY)])
        assert all(isinstance(outcome, Confirmed) for outcome in outcomes)
        assert sorted(found.arrival for found in adapter.holds()) == list(range(MANY))

    def test_07_holds_do_not_change_the_supply(self, system: System) -> None:
        system.set_supply(PoolSupply("PHONE", "DC", 500))
        adapter = system.adapter()
        adapter.write_holds([hold()])
        assert [pool.on_hand for pool in adapter.supply()] == [500]

    def test_08_an_order_is_found_by_its_key(self, system: System) -> None:
        adapter = system.adapter()
        assert list(adapter.orders([order().key])) == []
        outcome = adapter.submit(order())
        assert isinstance(outcome, Confirmed)
        (found,) = system.adapter().orders([order().key])
        assert found.reference == outcome.reference
        assert found.order == order()
        assert found.live

    def test_09_an_order_that_somebody_cancelled_is_found_and_does_not_stand(self, system: System) -> None:
        adapter = system.adapter()
        outcome = adapter.submit(order())
        assert isinstance(outcome, Confirmed)
        system.cancel(outcome.reference)
        (found,) = adapter.orders([order().key])
        assert not found.live

    def test_10_a_second_order_of_a_key_is_refused_if_and_only_if_the_adapter_says_so(self, system: System) -> None:
        adapter = system.adapter()
        adapter.submit(order())
        again = adapter.submit(order())
        found = list(adapter.orders([order().key]))
        if adapter.uniqueness() is Uniqueness.ENFORCED:
            assert isinstance(again, Taken)
            assert again.code
            assert len(found) == 1
        else:
            assert isinstance(again, Confirmed)
            assert len(found) == 2

    def test_11_a_lost_reply_is_unknown_and_the_order_is_found(self, system: System) -> None:
        adapter = system.adapter()
        system.lose_the_next_reply()
        assert isinstance(adapter.submit(order()), Unknown)
        assert len(list(system.adapter().orders([order().key]))) == 1

    def test_12_a_refused_connection_is_not_sent(self, system: System) -> None:
        adapter = system.adapter()
        adapter.account  # noqa: B018 - whatever an adapter does first is done
        list(adapter.orders([order().key]))
        system.refuse_the_next_connection()
        assert isinstance(adapter.submit(order()), NotSent)
        assert list(adapter.orders([order().key])) == []

    def test_13_a_failing_server_leaves_it_unknown(self, system: System) -> None:
        adapter = system.adapter()
        list(adapter.orders([order().key]))
        system.reply_with_an_error()
        assert isinstance(adapter.submit(order()), Unknown)

    def test_14_an_order_for_what_does_not_exist_is_rejected_with_a_code(self, system: System) -> None:
        outcome = system.adapter().submit(order(sku="NO-SUCH-SKU"))
        assert isinstance(outcome, Rejected)
        assert outcome.code

    def test_15_customers_are_known_or_not(self, system: System) -> None:
        adapter = system.adapter()
        assert adapter.known_customers(["nobody", "alice", "", "alice"]) == ["alice", "alice"]

    def test_16_the_account_is_named(self, system: System) -> None:
        assert system.adapter().account

    @pytest.mark.parametrize("kind", [Status.QUEUED, Status.WAITLISTED])
    def test_17_who_waits_is_a_hold_too(self, system: System, kind: Status) -> None:
        system.set_supply(PoolSupply("PHONE", "DC", 1))
        adapter = system.adapter()
        adapter.write_holds([hold(1, status=kind, assigned=None)])
        (found,) = adapter.holds()
        assert (found.status, found.assigned) == (kind, None)

    def test_18_orders_of_several_keys_are_found_at_once(self, system: System) -> None:
        adapter = system.adapter()
        orders = [order(number) for number in range(1, 6)]
        for one in orders[:4]:
            assert isinstance(adapter.submit(one), Confirmed)
        found = list(system.adapter().orders([one.key for one in orders]))
        assert sorted(one.key for one in found) == sorted(one.key for one in orders[:4])
        assert [one.order for one in sorted(found, key=lambda one: one.key)] == sorted(
            orders[:4], key=lambda one: one.key
        )

    def test_19_what_was_ordered_since_is_found_whoever_did_it(self, system: System) -> None:
        system.adapter().submit(order(1))
        later = system.instant()
        system.adapter().submit(order(2))
        assert [found.key for found in system.adapter().orders_since(later)] == [order(2).key]

    def test_20_holds_that_are_there_and_new_ones_and_impossible_ones_are_told_apart(self, system: System) -> None:
        system.set_supply(PoolSupply("PHONE", "DC", 500))
        adapter = system.adapter()
        adapter.write_holds([hold(1, quantity=1), hold(2, quantity=1)])
        outcomes = adapter.write_holds([hold(1), hold(3), hold(4, sku="NO-SUCH-SKU"), hold(2), hold(5)])
        kinds = [type(outcome) for outcome in outcomes]
        assert kinds == [Confirmed, Confirmed, Rejected, Confirmed, Confirmed]
        found = sorted(system.adapter().holds(), key=lambda one: one.arrival)
        assert found == [hold(1), hold(2), hold(3), hold(5)]

    def test_21_holds_are_read_by_name_whatever_became_of_them(self, system: System) -> None:
        system.set_supply(PoolSupply("PHONE", "DC", 500))
        adapter = system.adapter()
        ended = [hold(n, status=status) for n, status in enumerate((Status.ALLOCATED, Status.CANCELLED), start=1)]
        adapter.write_holds([*ended, hold(3)])
        names = [one.reservation_id for one in (*ended, hold(3))]
        found = adapter.holds_named([names[2], "RES-NOBODY-1", *names[:2]])
        assert sorted(found, key=lambda one: one.arrival) == [*ended, hold(3)]
        assert list(adapter.holds_named([])) == []

    def test_22_units_on_hand_are_net_of_orders_or_the_last_count_tells(self, system: System) -> None:
        system.set_supply(PoolSupply("PHONE", "DC", 500))
        made = system.adapter().submit(order(1, quantity=2))
        assert isinstance(made, Confirmed)
        (pool,) = system.adapter().supply([("PHONE", "DC")])
        assert pool.on_hand == 498 or (pool.on_hand, pool.counted) == (500, 500)
        (found,) = system.adapter().orders([order(1).key])
        assert pool.counted is None or (pool.counted_at is not None and pool.counted_at <= found.made_at)
        system.cancel(made.reference)
        (pool,) = system.adapter().supply([("PHONE", "DC")])
        assert pool.on_hand == 500

    def test_23_an_order_says_whose_it_is_and_what_it_takes(self, system: System) -> None:
        adapter = system.adapter()
        adapter.submit(order(1, quantity=3))
        (found,) = system.adapter().orders([order(1).key])
        assert found.reservation_id == order(1).reservation_id
        assert found.takes == (("PHONE", "DC", 3),)

    def test_24_a_hold_is_made_once_and_before_its_order(self, system: System) -> None:
        system.set_supply(PoolSupply("PHONE", "DC", 500))
        adapter = system.adapter()
        adapter.write_holds([hold(1, status=Status.RESERVED)])
        system.instant()
        adapter.write_holds([hold(1)])
        adapter.submit(order(1))
        (there,) = system.adapter().holds()
        (found,) = system.adapter().orders([order(1).key])
        assert there.made_at is not None
        assert there.made_at < found.made_at
        # When it was made is no part of what it says.
        assert there == hold(1)
