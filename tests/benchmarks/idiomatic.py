"""The sneaker launch as a SimPy user would write it: a process an order, heap queues, interrupts.

It gives out the same confirmations and wait-list as the engine for this launch, and is what the engine's speed is set
beside. Nothing in the package uses it.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field
from typing import Any

import simpy

from allocation.engine.codes import Kind
from allocation.engine.columns import Columns
from tests.benchmarks.launch_commands import launch_commands


@dataclass
class Order:
    number: int
    score: int
    at: int
    status: str = "NEW"
    process: simpy.Process | None = None
    history: list[tuple[int, str]] = field(default_factory=list)

    def become(self, status: str, now: int) -> None:
        self.status = status
        self.history.append((now, status))


class Launch:
    """One pool, one ship date: provisional holds, a capped queue with admission by priority, a wait-list."""

    def __init__(self, env: simpy.Environment, limit: int, depth: int) -> None:
        self.env = env
        self.limit = limit
        self.depth = depth
        self.held = 0
        self.queued = 0
        self.waiting = 0
        self.waitlist_peak = 0
        self.weakest_held: list[tuple[int, int, Order]] = []
        self.weakest_queued: list[tuple[int, int, Order]] = []
        self.best_queued: list[tuple[int, int, Order]] = []
        self.best_waiting: list[tuple[int, int, Order]] = []

    @staticmethod
    def top(heap: list[tuple[int, int, Order]], status: str) -> Order | None:
        """The top of a heap whose entry is not stale."""
        while heap and heap[0][2].status != status:
            heapq.heappop(heap)
        return heap[0][2] if heap else None

    def reserve(self, order: Order) -> None:
        order.become("RESERVED", self.env.now)
        self.held += 1
        heapq.heappush(self.weakest_held, (order.score, -order.number, order))

    def enqueue(self, order: Order) -> None:
        order.become("QUEUED", self.env.now)
        self.queued += 1
        heapq.heappush(self.weakest_queued, (order.score, -order.number, order))
        heapq.heappush(self.best_queued, (-order.score, order.number, order))

    def place(self, order: Order) -> None:
        if self.held < self.limit:
            self.reserve(order)
        else:
            weakest = self.top(self.weakest_held, "RESERVED")
            if weakest is not None and weakest.score < order.score:
                self.held -= 1
                self.enqueue(weakest)
                self.reserve(order)
            else:
                self.enqueue(order)
        while self.held + self.queued > self.depth:
            last = self.top(self.weakest_queued, "QUEUED")
            if last is None:
                break
            self.queued -= 1
            self.waiting += 1
            last.become("WAITLISTED", self.env.now)
            heapq.heappush(self.best_waiting, (-last.score, last.number, last))
        self.waitlist_peak = max(self.waitlist_peak, self.waiting)

    def cancel(self, order: Order) -> None:
        if order.status == "CONFIRMED":
            self.held -= 1
            order.become("CANCELLED", self.env.now)

    def confirm(self, orders: list[Order]) -> None:
        for order in orders:
            if order.status == "RESERVED":
                order.become("CONFIRMED", self.env.now)
            elif order.status in {"QUEUED", "WAITLISTED"}:
                order.become("CANCELLED", self.env.now)
                if order.process is not None and order.process.is_alive:
                    order.process.interrupt("not selected")
        self.queued = self.waiting = 0

    def release(self, orders: list[Order], on_hand: int) -> None:
        due = sorted((o for o in orders if o.status == "CONFIRMED"), key=lambda o: (-o.score, o.number))
        for rank, order in enumerate(due):
            order.become("ALLOCATED" if rank < on_hand else "CANCELLED", self.env.now)


def customer(env: simpy.Environment, launch: Launch, order: Order, cancels_at: int | None) -> Any:
    """One customer: arrives, orders, perhaps cancels."""
    yield env.timeout(order.at - env.now)
    launch.place(order)
    if cancels_at is None:
        return
    try:
        yield env.timeout(cancels_at - env.now)
        launch.cancel(order)
    except simpy.Interrupt:
        return


def operations(env: simpy.Environment, launch: Launch, orders: list[Order], times: tuple[int, int], units: int) -> Any:
    """The cut-off and the release."""
    cut_off, release = times
    yield env.timeout(cut_off - env.now)
    launch.confirm(orders)
    yield env.timeout(release - env.now)
    launch.release(orders, units)


def play(tape: Columns, limit: int, depth: int, units: int) -> tuple[Launch, list[Order]]:
    """Play a sampled tape's orders and cancellations after the cut-off."""
    commands = launch_commands(tape)
    places, cancels = commands.kind == Kind.PLACE, commands.kind == Kind.CANCEL
    cancels_at = dict(zip(commands.order[cancels].tolist(), commands.at[cancels].tolist(), strict=True))
    times = (commands.instant_of(Kind.CONFIRM), commands.instant_of(Kind.RELEASE))
    env = simpy.Environment(initial_time=int(commands.at[0]))
    launch = Launch(env, limit, depth)
    orders = [
        Order(number, score, at)
        for number, score, at in zip(
            commands.order[places].tolist(), commands.score[places].tolist(), commands.at[places].tolist(), strict=True
        )
    ]
    for order in orders:
        order.process = env.process(customer(env, launch, order, cancels_at.get(order.number)))
    env.process(operations(env, launch, orders, times, units))
    env.run()
    return launch, orders
