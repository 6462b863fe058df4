"""A small release night in a local Fluent, in process and on virtual time, that can be killed at any of its steps."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

import httpx
import pytest

from allocation.engine.codes import Status
from allocation.engine.policy import Policy, Release
from allocation.live.applied import Applied
from allocation.live.applying import Applier
from allocation.live.brakes import Around, Brakes, Waits
from allocation.live.journal import Entry, Journal
from allocation.live.plan import Plan
from allocation.live.planning import make_plan
from allocation.oms.fluent import FluentClient, FluentReader, Timing
from allocation.oms.fluent.adapter import FluentReads, FluentWrites
from allocation.oms.port import Arrival, Hold, Outcome, PoolSupply, ReleaseOrder, Uniqueness
from allocation.oms.sandbox import Sandbox, parse_faults
from allocation.oms.sandbox.settings import Mode
from tests.oms.conformance import hold
from tests.oms.fluent.test_conformance import FluentSystem, InProcess

DUE, NEXT = date(2025, 9, 22), date(2025, 9, 29)
NIGHT = datetime(2025, 9, 22, 6, tzinfo=UTC)
LAUNCH = "phone"
ON_HAND = 13
POLICY = Policy(release=Release(shortfall="roll_over"))
WAITS = Waits(server_request_s_max=6, client_timeout_s=60, read_lag_s=6)
GONE = ("CANCELLED", "REJECTED")


class Killed(BaseException):
    """The process is no more."""


class Process:
    """Counts steps, and dies at one of them: then nothing that it does has any effect."""

    def __init__(self, dies_at: int | None = None) -> None:
        self.steps = 0
        self.dies_at = dies_at
        self._lock = threading.Lock()

    def step(self) -> None:
        with self._lock:
            if self.dies_at is not None and self.steps >= self.dies_at:
                raise Killed
            self.steps += 1


class KillableTransport(httpx.BaseTransport):
    """Dies before a request reaches the server, or before its answer reaches us."""

    def __init__(self, sandbox: Sandbox, process: Process) -> None:
        self.inner, self.process = InProcess(sandbox), process

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.process.step()
        response = self.inner.handle_request(request)
        self.process.step()
        return response


class KillableJournal(Journal):
    """Dies before it writes, or once it has."""

    process: Process

    def entries(self) -> list[Entry]:
        self.process.step()
        return super().entries()

    def append(self, entries: Any) -> None:
        self.process.step()
        super().append(entries)
        self.process.step()

    def _take(self, *arguments: Any) -> Any:
        self.process.step()
        taken = super()._take(*arguments)
        self.process.step()
        return taken

    def _remove(self, identity: str) -> None:
        self.process.step()
        super()._remove(identity)
        self.process.step()


def holds() -> list[Hold]:
    """More promises than units, some unpaid, and people in line."""
    sizes = (2, 1, 3, 1, 2, 1, 1, 2, 1, 2)
    held = [
        hold(
            number,
            quantity=size,
            tier="VIP" if number % 3 == 0 else "STANDARD",
            status=Status.CONFIRMED if number % 2 else Status.RESERVED,
            customer="alice" if number % 2 else "ben",
        )
        for number, size in enumerate(sizes, start=1)
    ]
    unpaid = hold(
        11, status=Status.RESERVED, paid=False, expires_at=datetime(2025, 9, 23, tzinfo=UTC), quantity=1, tier="VIP"
    )
    queued = [hold(number, status=Status.QUEUED, assigned=None, quantity=1) for number in (12, 13)]
    waiting = hold(14, status=Status.WAITLISTED, assigned=None, quantity=1, tier="STANDARD")
    later = hold(15, requested=NEXT, assigned=NEXT, quantity=2)
    return [*held, unpaid, *queued, waiting, later]


@dataclass
class Night:
    """A system with a book, its plan, and whatever happened since."""

    uniqueness: Uniqueness
    concurrency: int = 1
    book: list[Hold] = field(default_factory=holds)
    on_hand: int = ON_HAND
    policy: Policy = POLICY
    mode: Mode = "active"
    more_supply: tuple[PoolSupply, ...] = ()

    def __post_init__(self) -> None:
        self.system = FluentSystem(self.uniqueness, self.mode)
        self.clock, self.sandbox = self.system.clock, self.system.sandbox
        self.sandbox.load([], ["ben"])
        self.system.set_supply(PoolSupply("PHONE", "DC", self.on_hand, (Arrival(NEXT, 20, "PO-2"),)))
        for pool in self.more_supply:
            self.system.set_supply(pool)
        self.clock.now = NIGHT
        self.system.adapter().write_holds(self.book)
        self.journal = Journal(":memory:", "placeholder", LAUNCH)
        self.plan = self.make_plan()

    def make_plan(self) -> Plan:
        reads = FluentReads(self.system.client(FluentReader), self.uniqueness)
        return make_plan(reads, LAUNCH, self.policy, self.clock(), "release", DUE)

    def lose_the_journal(self) -> None:
        self.journal = Journal(":memory:", "placeholder", LAUNCH)

    def journal_of(self, process: Process) -> KillableJournal:
        """The journal as a new process opens it."""
        opened = KillableJournal(":memory:", self.plan.account, LAUNCH)
        opened._engine.dispose()
        opened._engine = self.journal._engine
        opened.process = process
        return opened

    def adapter(self, process: Process, kind: Callable[..., FluentWrites] = FluentWrites) -> FluentWrites:
        timing = Timing(self.clock.monotonic, self.clock.sleep, lambda: 0.5)
        client = FluentClient(self.system.settings, timing, transport=KillableTransport(self.sandbox, process))
        return kind(client, self.uniqueness)

    def apply(
        self, process: Process | None = None, brakes: Brakes | None = None, kind: Any = FluentWrites, **more: Any
    ) -> Applied:
        """Apply the plan in a process that may die of it."""
        process = process or Process()
        journal = self.journal_of(process)
        digest = self.plan.as_plain()["digest"]
        around = Around(self.clock, self.clock.sleep, **more)
        usual = Brakes(concurrency=self.concurrency, canary=3, error_share_max=1.0)
        with journal.locked("anna", "desk", 1, self.clock(), digest):
            oms = self.adapter(process, kind)
            applier = Applier(oms, journal, self.plan, digest, around, brakes or usual, WAITS, sole_writer=True)
            return applier.run()

    def die_while_an_order_lands(self, seconds: int) -> None:
        """Apply in a process that dies sending the first order, which lands so many seconds later."""
        sandbox = self.sandbox

        class DiesSending(FluentWrites):
            def submit(self, order: ReleaseOrder) -> Outcome:
                sandbox.faults = parse_faults(f"late-commit=1:{seconds}s")
                try:
                    super().submit(order)
                finally:
                    sandbox.faults = parse_faults("")
                raise Killed

        with pytest.raises(Killed):
            self.apply(kind=DiesSending, brakes=Brakes(concurrency=1, canary=1, error_share_max=1.0))

    def unlock(self) -> None:
        """What a person does who knows that the process is no more."""
        journal = self.journal_of(Process())
        held = journal.lock()
        if held is not None:
            journal.unlock(held.id, "ben", self.clock())

    # ----- what there is

    def orders(self) -> list[dict[str, Any]]:
        """Orders that stand."""
        self.clock.sleep(30)
        return [order for order in self.sandbox.records("Order") if order["status"] not in GONE]

    def by_reservation(self) -> Counter[str]:
        return Counter(_attribute(order, "reservation_id") for order in self.orders())

    def units(self) -> int:
        numbers = {order["id"] for order in self.orders()}
        return sum(item["quantity"] for item in self.sandbox.records("OrderItem") if item["orderId"] in numbers)

    def statuses(self) -> dict[str, str]:
        """Of every hold."""
        quantities = self.sandbox.records("InventoryQuantity")
        return {_attribute(q, "reservation_id"): q["status"] for q in quantities if q["type"] == "PREORDER"}

    def outcome(self) -> tuple[dict[str, int], dict[str, str]]:
        return dict(self.by_reservation()), self.statuses()

    def creations(self) -> int:
        """Orders that were ever made."""
        return len(self.sandbox.records("Order"))

    def require_safe(self) -> None:
        """Nobody has two orders, nobody unplanned has one, and no more is given out than there was."""
        planned = {effect.reservation_id for effect in self.plan.effects if effect.order is not None}
        found = self.by_reservation()
        assert all(count == 1 for count in found.values()), found
        assert found.keys() <= planned
        assert self.units() <= self.on_hand

    def require_done(self) -> None:
        """Everything of the plan is there."""
        orders, statuses = self.outcome()
        assert orders == {e.reservation_id: 1 for e in self.plan.effects if e.order is not None}
        wanted = {effect.reservation_id: effect.hold.status.name for effect in self.plan.effects}
        assert {name: statuses[name] for name in wanted} == wanted


def _attribute(record: dict[str, Any], name: str) -> str:
    return next(str(one["value"]) for one in record["attributes"] if one["name"] == name)


def text_of(plan: Plan) -> str:
    return json.dumps(plan.as_plain(), default=str)
