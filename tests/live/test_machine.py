"""Whatever a clerk, a second runner, faults and crashes do in any order, nobody gets two orders and nobody too many."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from allocation.engine.codes import Status
from allocation.engine.errors import InvalidInput, LockHeld, OmsError, ReleaseError, StalePlan
from allocation.live.planning import make_plan
from allocation.oms.fluent import FluentReader
from allocation.oms.fluent.adapter import FluentReads
from allocation.oms.port import PoolSupply, Uniqueness
from allocation.oms.sandbox import parse_faults
from tests.live.nights import DUE, LAUNCH, NEXT, Killed, Night, Process, holds

FAULTS = (
    "5xx-before=0.1,5xx-after=0.1,reply-lost=0.1,late-commit=0.1,malformed=0.05,partial=0.05,slow-read=0.2,401=0.05"
)
NUMBERS = st.integers(1, 14)


class ReleaseNight(RuleBasedStateMachine):
    """Rules are what people and machines do in a night; the invariants are what must hold after each."""

    @initialize(uniqueness=st.sampled_from(Uniqueness), concurrency=st.integers(1, 3))
    def begin(self, uniqueness: Uniqueness, concurrency: int) -> None:
        self.night = Night(uniqueness, concurrency)
        self.received = self.night.on_hand
        self.cancelled: dict[str, bool] = {}

    @rule(number=NUMBERS)
    def a_customer_cancels(self, number: int) -> None:
        name = f"RES-O-{number}-1"
        # Customers and clerks have a network of their own.
        faults, self.night.sandbox.faults = self.night.sandbox.faults, parse_faults("")
        self._cancel(name)
        self.night.sandbox.faults = faults

    def _cancel(self, name: str) -> None:
        oms = self.night.system.adapter()
        found = next(iter(oms.holds_named([name])), None)
        if found is not None and found.status.name in {"RESERVED", "CONFIRMED", "QUEUED", "WAITLISTED"}:
            oms.write_holds([replace(found, status=Status.CANCELLED)])
            if not self.night.by_reservation()[name]:
                self.cancelled[name] = True

    @rule(number=st.integers(0, 8))
    def a_clerk_cancels_an_order(self, number: int) -> None:
        orders = self.night.orders()
        faults, self.night.sandbox.faults = self.night.sandbox.faults, parse_faults("")
        if number < len(orders):
            self.night.system.cancel(orders[number]["id"])
        self.night.sandbox.faults = faults

    @rule(units=st.integers(0, 20))
    def a_clerk_counts_again(self, units: int) -> None:
        self.night.system.set_supply(PoolSupply("PHONE", "DC", units))
        self.received = max(self.received, units)

    @rule(broken=st.booleans())
    def the_network_changes(self, broken: bool) -> None:
        self.night.sandbox.faults = parse_faults(FAULTS if broken else "")

    @rule(day=st.sampled_from((DUE, DUE, NEXT)))
    def it_is_planned_again(self, day: date) -> None:
        reads = FluentReads(self.night.system.client(FluentReader), self.night.uniqueness)
        try:
            self.night.plan = make_plan(reads, LAUNCH, self.night.policy, self.night.clock(), "release", day)
        except (OmsError, InvalidInput):
            return

    @rule(dies_at=st.none() | st.integers(0, 80))
    def it_is_applied(self, dies_at: int | None) -> None:
        before = self.night.creations()
        try:
            self.night.apply(Process(dies_at))
        except Killed:
            self.night.unlock()
        except StalePlan:
            assert self.night.creations() == before
        except (OmsError, ReleaseError):
            return

    @rule()
    def two_apply_at_once(self) -> None:
        refused: list[int] = []

        def second(_done: int, _total: int) -> None:
            try:
                self.night.apply()
            except LockHeld:
                refused.append(1)

        seen: list[int] = []
        try:
            self.night.apply(advance=lambda done, total: (seen.append(done), second(done, total)))
        except (OmsError, ReleaseError):
            refused.append(0)
            seen.append(0)
        assert len(refused) == len(seen)

    @precondition(lambda self: hasattr(self, "night"))
    @invariant()
    def nobody_has_two_orders_and_no_more_is_given_than_was_received(self) -> None:
        found: Any = self.night.by_reservation()
        assert all(count == 1 for count in found.values()), found
        known = {one.reservation_id for one in holds()}
        assert found.keys() <= known
        assert self.night.units() <= self.received

    @precondition(lambda self: hasattr(self, "night"))
    @invariant()
    def who_cancelled_before_being_served_gets_nothing(self) -> None:
        found = self.night.by_reservation()
        assert not [name for name in self.cancelled if found[name]]


TestReleaseNight = ReleaseNight.TestCase
TestReleaseNight.settings = settings(
    max_examples=25, stateful_step_count=14, suppress_health_check=[HealthCheck.too_slow], deadline=None
)
