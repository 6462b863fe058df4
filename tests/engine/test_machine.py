"""Any command in any order, sensible or not: what must always hold (section 11) holds after each of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import numba
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from allocation.engine.allocation_engine import AllocationEngine
from allocation.engine.codes import Status, Step
from allocation.engine.errors import TapeError
from allocation.engine.outcome import outcome
from tests.engine.comparing import (
    Pair,
    check_log,
    check_promises,
    check_tables,
    engine_state,
    statuses_of,
)

START = datetime(2025, 10, 20, 13, tzinfo=UTC)
POOLS = (("SKU-A", "NY"), ("SKU-A", "LA"), ("SKU-B", "NY"))
DAYS = tuple((START + timedelta(days=ahead)).date().isoformat() for ahead in (1, 3, 6, 8, 13, 20, 40))
TIERS = {"VIP": 100, "GOLD": 75.5, "STANDARD": 50}
ORDERS = tuple(f"O{number}" for number in range(1, 9))

pools = st.sampled_from(POOLS)
days = st.sampled_from(DAYS)
tiers = st.sampled_from((*TIERS, *TIERS, "NOBODY"))
orders = st.sampled_from(ORDERS)
quantities = st.integers(1, 4)
rates = st.sampled_from((0, 0.5, 1, 1.05, 1.15, 1.333333, 2))
delays = st.sampled_from((0, 0, 0, 1, 3_600_000, 26 * 3_600_000, 5 * 24 * 3_600_000))
deliveries = st.lists(st.tuples(days, st.integers(0, 6)), max_size=3)
some_pool = st.none() | st.none() | pools
targets = st.one_of(
    st.builds(lambda order: {"order_id": order}, orders),
    st.builds(lambda order, line: {"reservation_id": f"RES-{order}-{line}"}, orders, st.integers(1, 3)),
)

policies = st.fixed_dictionaries(
    {
        "timezone": st.sampled_from(("UTC", "America/New_York", "Asia/Tokyo")),
        "tiers": st.just(TIERS),
        "scoring": st.fixed_dictionaries({"previous_purchase": st.sampled_from((0, 0.1, 30))}),
        "overbooking": st.fixed_dictionaries({"rate": rates}),
        "hold": st.sampled_from(("firm", "provisional", "provisional")),
        "queue": st.fixed_dictionaries(
            {
                "max_depth": st.sampled_from((None, 1, 2, 3)),
                "admission": st.sampled_from(("arrival", "priority")),
            }
        ),
        "waves": st.fixed_dictionaries(
            {"assignment": st.sampled_from(("requested", "earliest")), "move_up": st.booleans()}
        ),
        "expiration": st.fixed_dictionaries(
            {
                "days_before_ship": st.integers(0, 9),
                "grace_hours": st.sampled_from((0, 0.5, 24)),
                "max_hold_hours": st.sampled_from((None, 1, 30)),
            }
        ),
        "intake": st.fixed_dictionaries(
            {
                "min_days": st.sampled_from((0, 0, 2)),
                "max_quantity": st.sampled_from((None, 3)),
                "lines": st.sampled_from(("independent", "independent", "all_or_nothing")),
            }
        ),
        "confirm": st.fixed_dictionaries({"unreserved": st.sampled_from(("keep", "cancel", "roll_over"))}),
        "release": st.fixed_dictionaries(
            {
                "shortfall": st.sampled_from(("cancel", "roll_over", "roll_over")),
                "fill": st.sampled_from(("skip", "strict")),
                "standby": st.booleans(),
                "unfilled": st.sampled_from(("cancel", "roll_over")),
                "alert_broken_share": st.sampled_from((0, 0.1, 0.5)),
            }
        ),
    }
)

NONSENSE: tuple[dict[str, Any], ...] = (
    {"type": "dance"},
    {"type": None},
    {"type": "pay"},
    {"type": "pay", "order_id": "O1", "reservation_id": "RES-O1-1"},
    {"type": "cancel", "order_id": 7},
    {"type": "cancel", "order_id": "O1", "only": "some"},
    {"type": "tier", "order_id": "O1"},
    {"type": "confirm"},
    {"type": "confirm", "ship_date": "soon"},
    {"type": "release", "ship_date": "2025-02-30"},
    {"type": "release", "ship_date": DAYS[0], "sku": "SKU-A"},
    {"type": "supply", "sku": "SKU-A"},
    {"type": "supply", "sku": "SKU-A", "location": "NY", "on_hand": -1},
    {"type": "supply", "sku": "SKU-A", "location": "NY", "received": 0.5},
    {"type": "supply", "sku": "SKU-A", "location": "NY", "expected": [{"date": DAYS[0]}]},
    {"type": "overbooking", "sku": "SKU-A", "location": "NY", "rate": -1},
    {"type": "overbooking", "sku": "SKU-A", "location": "NY", "rate": 1.0000001},
    {"type": "dates", "confirmed": "soon"},
    {"type": "adopt", "sku": "SKU-A", "location": "NY"},
)
BROKEN_ORDERS: tuple[dict[str, Any], ...] = (
    {"lines": []},
    {"lines": "two"},
    {"lines": [{"sku": "SKU-A", "location": "NY", "quantity": 0}]},
    {"lines": [{"sku": "SKU-A", "location": "NY", "quantity": "1"}]},
    {"lines": [{"sku": "SKU-NONE", "location": "NY", "quantity": 1}]},
    {"ship_date": "soon"},
    {"ship_date": "2024-01-01"},
    {"ship_date": "2035-01-01"},
    {"customer_id": 7},
    {"payment": "CASH"},
    {"cart_value": -0.5},
    {"membership_years": 1.5},
)


class AnyCommands(RuleBasedStateMachine):
    """The engine and the reference under the same commands."""

    @initialize(policy=policies)
    def begin(self, policy: dict[str, Any]) -> None:
        self.pair = Pair(policy)
        self.now = START
        self.arrivals = 0
        self.before: dict[int, int] = {}
        for sku, location in POOLS[:2]:
            self._play("supply", sku=sku, location=location, on_hand=2)

    def _play(self, kind: str, **fields: Any) -> None:
        """Play one command on both and check what it wrote."""
        engine = self.pair.engine
        on_hand = engine.book.tables.pools["on_hand"].copy()
        before, decided = statuses_of(engine), len(engine.decisions)
        self.pair.play({"type": kind, "at": self.now.isoformat(), **fields})
        rows = engine.decisions.rows[decided:]
        check_log(engine, rows, before)
        check_promises(engine, rows)
        self._check_given_out(kind, rows, on_hand)

    def _check_given_out(self, kind: str, rows: Any, on_hand: Any) -> None:
        """A release gives out what it takes from the units on hand, and nothing else gives out anything."""
        tables = self.pair.engine.book.tables
        given = [int(row["reservation"]) for row in rows if int(row["after"]) == Status.ALLOCATED]
        assert len(given) == len(set(given))
        if kind != "release":
            assert not given
            return
        assert all(int(row["step"]) == Step.RELEASED for row in rows if int(row["after"]) == Status.ALLOCATED)
        for pool in range(1, len(tables.pools)):
            units = sum(
                int(tables.reservations[r]["quantity"]) for r in given if int(tables.reservations[r]["pool"]) == pool
            )
            assert units <= int(on_hand[pool])
            assert int(tables.pools["on_hand"][pool]) == int(on_hand[pool]) - units

    def _wait(self, delay_ms: int) -> None:
        self.now += timedelta(milliseconds=delay_ms)

    @rule(order=orders, lines=st.lists(st.tuples(pools, quantities), min_size=1, max_size=3), day=days)
    def place_a_plain_order(self, order: str, lines: list[tuple[tuple[str, str], int]], day: str) -> None:
        self._place(order, lines, day, {})

    @rule(
        order=orders,
        lines=st.lists(st.tuples(pools, quantities), min_size=1, max_size=2),
        day=days,
        more=st.fixed_dictionaries(
            {"tier": tiers},
            optional={
                "payment": st.sampled_from(("PENDING", "AUTHORIZED")),
                "previous_purchases": st.integers(0, 3),
                "cart_value": st.sampled_from((0, 99.99, 250)),
                "membership_years": st.integers(0, 2),
                "customer_email": st.just("c@example.com"),
                "source": st.sampled_from(("shop", "app")),
            },
        ),
        delay=delays,
    )
    def place_an_order(
        self, order: str, lines: list[tuple[tuple[str, str], int]], day: str, more: dict, delay: int
    ) -> None:
        self._wait(delay)
        self._place(order, lines, day, more)

    def _place(self, order: str, lines: list[tuple[tuple[str, str], int]], day: str, more: dict) -> None:
        items = [{"sku": sku, "location": place, "quantity": units} for (sku, place), units in lines]
        self._play("place", order_id=order, customer_id="C", ship_date=day, lines=items, **more)

    @rule(order=orders, broken=st.sampled_from(BROKEN_ORDERS))
    def place_a_broken_order(self, order: str, broken: dict[str, Any]) -> None:
        lines = [{"sku": "SKU-A", "location": "NY", "quantity": 1}]
        good = {"order_id": order, "customer_id": "C", "ship_date": DAYS[3], "lines": lines}
        self._play("place", **{**good, **broken})

    @rule(
        pool=pools,
        on_hand=st.none() | st.integers(0, 9),
        received=st.integers(0, 3),
        expected=st.none() | deliveries,
    )
    def supply(
        self, pool: tuple[str, str], on_hand: int | None, received: int, expected: list[tuple[str, int]] | None
    ) -> None:
        fields: dict[str, Any] = {"received": received} if received else {}
        if on_hand is not None:
            fields["on_hand"] = on_hand
        if expected is not None:
            fields["expected"] = [{"date": day, "quantity": units} for day, units in expected]
        self._play("supply", sku=pool[0], location=pool[1], **fields)

    @rule(pool=pools, rate=rates)
    def overbooking(self, pool: tuple[str, str], rate: float) -> None:
        self._play("overbooking", sku=pool[0], location=pool[1], rate=rate)

    @rule(named=targets, delay=delays)
    def pay(self, named: dict[str, str], delay: int) -> None:
        self._wait(delay)
        self._play("pay", **named)

    @rule(named=targets, only=st.sampled_from((None, None, "waiting", "held", "confirmed")))
    def cancel(self, named: dict[str, str], only: str | None) -> None:
        self._play("cancel", **named, **({"only": only} if only else {}))

    @rule(named=targets, tier=tiers)
    def tier(self, named: dict[str, str], tier: str) -> None:
        self._play("tier", **named, tier=tier)

    @rule(delay=delays)
    def expire(self, delay: int) -> None:
        self._wait(delay)
        self._play("expire")

    @rule(day=days, pool=some_pool)
    def confirm(self, day: str, pool: tuple[str, str] | None) -> None:
        self._play("confirm", ship_date=day, **_named(pool))

    @rule(day=days, pool=some_pool)
    def release(self, day: str, pool: tuple[str, str] | None) -> None:
        self._play("release", ship_date=day, **_named(pool))

    @rule(
        pool=pools,
        order=orders,
        line=st.integers(1, 2),
        quantity=quantities,
        tier=tiers,
        status=st.sampled_from([status.name for status in Status if status is not Status.NONE]),
        requested=days,
        later=st.none() | st.integers(0, 6),
        paid=st.booleans(),
        taken=st.booleans(),
    )
    def adopt(self, pool, order, line, quantity, tier, status, requested, later, *, paid, taken) -> None:
        self.arrivals += 0 if taken else 2
        held = status in ("RESERVED", "CONFIRMED")
        assigned = DAYS[min(DAYS.index(requested) + later, len(DAYS) - 1)] if held and later is not None else None
        clock = (self.now + timedelta(hours=5)).isoformat()
        self._play(
            "adopt",
            sku=pool[0],
            location=pool[1],
            reservation_id=f"RES-{order}-{line}",
            order_id=order,
            quantity=quantity,
            tier=tier,
            arrival=self.arrivals,
            requested=requested,
            assigned=assigned,
            status=status,
            paid=paid or status == "CONFIRMED",
            expires_at=clock if held and not paid else None,
        )

    @rule(pool=some_pool, confirmed=st.lists(days, max_size=2), until=st.none() | days)
    def dates(self, pool: tuple[str, str] | None, confirmed: list[str], until: str | None) -> None:
        self._play("dates", **_named(pool), confirmed=confirmed, released_until=until)

    @rule(command=st.sampled_from(NONSENSE))
    def nonsense(self, command: dict[str, Any]) -> None:
        """It is an error, and nothing has changed: the reference goes on without having heard of it."""
        engine = self.pair.engine
        before = (engine.played, len(engine.decisions))
        with pytest.raises(TapeError):
            engine.apply({**command, "at": self.now.isoformat()})
        assert (engine.played, len(engine.decisions)) == before
        assert engine_state(engine) == self.pair.reference.state()

    @rule()
    def time_goes_back(self) -> None:
        earlier = (self.now - timedelta(milliseconds=1)).isoformat()
        if self.pair.line:
            with pytest.raises(TapeError):
                self.pair.engine.apply({"type": "expire", "at": earlier})

    @rule()
    def go_on_from_a_snapshot(self) -> None:
        self.pair.engine = AllocationEngine.restore(self.pair.engine.snapshot())

    @invariant()
    def what_must_always_hold(self) -> None:
        """Units conserved, ends final, nobody waits who could be served; both books say the same."""
        if not hasattr(self, "pair"):
            return
        engine, reference = self.pair.engine, self.pair.reference
        reference.check_invariants()
        check_tables(engine)
        result = outcome(engine)
        assert result == reference.outcome()
        self._check_ends(engine)
        self._check_nobody_could_be_served(engine, result)

    def _check_ends(self, engine: AllocationEngine) -> None:
        """Ended ones never come back, and no reservation goes missing."""
        now = statuses_of(engine)
        assert now.keys() >= self.before.keys()
        for r, status in self.before.items():
            assert status <= Status.WAITLISTED or now[r] == status
        self.before = now

    def _check_nobody_could_be_served(self, engine: AllocationEngine, result: dict[str, Any]) -> None:
        rows = engine.book.used("reservations")
        names = {engine.reservation_id(r): rows[r] for r in range(len(rows))}
        for row in result["reservations"]:
            if row["status"] in ("QUEUED", "WAITLISTED"):
                own = names[row["reservation_id"]]
                sku, location = engine.pools[int(own["pool"])]
                if (sku, location) in self.pair.reference.unsettled:
                    continue
                quote = engine.atp(sku, location, row["requested_ship_date"], int(own["quantity"]))
                assert not quote.can_fulfill


def _named(pool: tuple[str, str] | None) -> dict[str, str]:
    return {} if pool is None else {"sku": pool[0], "location": pool[1]}


TestAnyCommands = AnyCommands.TestCase
TestAnyCommands.settings = settings(
    max_examples=40 if numba.config.DISABLE_JIT else 150, stateful_step_count=40, deadline=None
)
