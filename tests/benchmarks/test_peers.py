"""The peers of the benchmarks do the same job as the engine: else their speed would say nothing."""

from __future__ import annotations

import functools
from collections.abc import Callable

import numpy as np
import pytest

from allocation import Scenario, load_scenario, sample_tape, simulate
from allocation.engine.codes import Status
from allocation.engine.columns import Columns
from tests.benchmarks import c_loop, idiomatic, plain_heapq
from tests.benchmarks.launch_commands import launch_commands

Outcome = tuple[list[str], int]
"""The final status of each order, and the longest wait-list."""
SCARCE = {
    "demand.counts": {"PLATINUM": 450, "VIP": 2550, "STANDARD": 3000},
    "supply.0.expected.0.quantity": 1000,
    "policy.overbooking.rate": 1.2,
    "policy.queue.max_depth": 1500,
    "behaviour.cancel_confirmed.share": 0.1,
}
LAUNCHES = {
    "published": ({}, {"limit": 5100, "depth": 10_000, "units": 5000}),
    # VIPs are displaced too, and the release passes over many who cancelled.
    "scarce": (SCARCE, {"limit": 1200, "depth": 1500, "units": 1000}),
    # Fewer may be active than may be held: nobody stays queued.
    "shallow": (SCARCE | {"policy.queue.max_depth": 1000}, {"limit": 1200, "depth": 1000, "units": 1000}),
    # More cancel than were overbooked: no promise is broken.
    "spare": (SCARCE | {"policy.overbooking.rate": 1.02}, {"limit": 1020, "depth": 1500, "units": 1000}),
}
"""How the scenario is changed, and what the peers are told."""

needs_compiler = pytest.mark.skipif(c_loop.compiler() is None, reason=c_loop.NO_COMPILER)


def play_idiomatic(tape: Columns, limit: int, depth: int, units: int) -> Outcome:
    launch, orders = idiomatic.play(tape, limit, depth, units)
    return [order.status for order in orders], launch.waitlist_peak


def play_plain_heapq(tape: Columns, limit: int, depth: int, units: int) -> Outcome:
    statuses, waitlist_peak = plain_heapq.play(tape, limit, depth, units)
    return names(statuses), waitlist_peak


def play_c_loop(tape: Columns, limit: int, depth: int, units: int) -> Outcome:
    statuses, waitlist_peak = c_loop.CLoop(tape, limit, depth, units).play()
    return names(statuses), waitlist_peak


def names(codes: bytes | bytearray | np.ndarray) -> list[str]:
    return [Status(code).name for code in codes]


@functools.cache
def launch(name: str) -> Scenario:
    return load_scenario("sneakers-trophy-room", LAUNCHES[name][0])


@functools.cache
def engines_outcome(name: str, seed: int) -> Outcome:
    run = simulate(launch(name), seed)
    return run.reservations["status"].astype(str).tolist(), run.summary["waitlist_peak"]


@pytest.mark.parametrize("play", [play_idiomatic, play_plain_heapq, pytest.param(play_c_loop, marks=needs_compiler)])
@pytest.mark.parametrize(
    ("name", "seed"),
    [("published", 3), ("published", 4), ("scarce", 0), ("scarce", 1), ("shallow", 0), ("spare", 0)],
)
def test_a_peer_gives_the_engines_outcome(play: Callable[..., Outcome], name: str, seed: int) -> None:
    statuses, waitlist_peak = play(sample_tape(launch(name), seed), **LAUNCHES[name][1])
    expected, peak = engines_outcome(name, seed)
    assert waitlist_peak == peak
    assert statuses == expected


@needs_compiler
def test_the_c_loop_starts_anew_each_time() -> None:
    loop = c_loop.CLoop(sample_tape(launch("scarce"), 0), **LAUNCHES["scarce"][1])
    expected, peak = engines_outcome("scarce", 0)
    for times in (1, 3, 2):
        statuses, waitlist_peak = loop.play(times)
        assert names(statuses) == expected
        assert waitlist_peak == peak


def test_peers_refuse_a_tape_with_more_in_it() -> None:
    held = load_scenario("sneakers-trophy-room", SCARCE | {"behaviour.cancel_held.share": 0.1})
    with pytest.raises(AssertionError, match="only confirmed"):
        launch_commands(sample_tape(held, 0))
