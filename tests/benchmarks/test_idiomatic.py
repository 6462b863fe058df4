"""The peer of the benchmark does the same job: else its speed would say nothing."""

from __future__ import annotations

from collections import Counter

from allocation import load_scenario, sample_tape, simulate
from tests.benchmarks.idiomatic import play


def test_the_idiomatic_program_gives_the_engines_outcome() -> None:
    scenario = load_scenario("sneakers-trophy-room")
    launch, orders = play(sample_tape(scenario, 3), limit=5100, depth=10_000, units=5000)
    run = simulate(scenario, 3)
    assert launch.waitlist_peak == run.summary["waitlist_peak"]
    statuses = run.reservations["status"].astype(str).tolist()
    assert Counter(order.status for order in orders) == Counter(statuses)
    assert [order.status for order in orders] == statuses
