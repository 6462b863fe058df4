"""How fast the simulator is, beside a program that somebody would ship (`make bench`).

No timing decides a test: machines are noisy. Figures are printed as ratios that were measured in one run.
"""

from __future__ import annotations

import subprocess
import sys
from statistics import median
from time import perf_counter
from typing import Any

import pytest

from allocation import Run, Scenario, load_scenario, sample_tape, simulate
from tests.benchmarks.idiomatic import play

pytestmark = pytest.mark.bench
PAIRS = 5


def simulate_whole(scenario: Scenario, seed: int) -> Run:
    """A simulation with its summary and its decisions made into columns."""
    run = simulate(scenario, seed)
    assert run.summary["orders"]
    assert len(run.decisions)
    return run


def scaled_sneakers(orders: int) -> Scenario:
    """The sneaker launch with another number of orders, supply and queue in proportion."""
    share = orders / 52_389
    platinum, vip = round(450 * share), round(2550 * share)
    return load_scenario(
        "sneakers-trophy-room",
        {
            "demand.counts": {"PLATINUM": platinum, "VIP": vip, "STANDARD": orders - platinum - vip},
            "supply.0.expected.0.quantity": round(5000 * share),
            "policy.queue.max_depth": round(10_000 * share),
        },
    )


def test_simulate_sneakers(benchmark: Any) -> None:
    scenario = load_scenario("sneakers-trophy-room")
    simulate_whole(scenario, 0)
    benchmark.pedantic(simulate_whole, args=(scenario, 0), rounds=PAIRS, warmup_rounds=1)
    benchmark.extra_info["orders_per_s"] = 52_389 / benchmark.stats["median"]


def test_simulate_beside_the_idiomatic_program(capsys: pytest.CaptureFixture[str]) -> None:
    scenario = load_scenario("sneakers-trophy-room")
    tape = sample_tape(scenario, 0)
    simulate_whole(scenario, 0)
    ours, peers = [], []
    for _ in range(PAIRS):
        start = perf_counter()
        play(tape, limit=5100, depth=10_000, units=5000)
        between = perf_counter()
        simulate_whole(scenario, 0)
        peers.append(between - start)
        ours.append(perf_counter() - between)
    ratios = sorted(peer / own for peer, own in zip(peers, ours, strict=True))
    with capsys.disabled():
        print(
            f"\nsneakers, 52,389 orders: simulate {52_389 / median(ours):,.0f} orders/s (sampling, summary, "
            f"decisions included), idiomatic SimPy {52_389 / median(peers):,.0f} orders/s; "
            f"ratio {median(ratios):.1f} ({ratios[0]:.1f} to {ratios[-1]:.1f}, {PAIRS} pairs)"
        )


def test_growth(capsys: pytest.CaptureFixture[str]) -> None:
    simulate_whole(scaled_sneakers(10_000), 0)
    lines, first = [], 0.0
    for orders in (10_000, 100_000, 1_000_000):
        code = (
            "import resource, sys\n"
            "from time import perf_counter\n"
            "from tests.benchmarks.test_speed import scaled_sneakers, simulate_whole\n"
            "simulate_whole(scaled_sneakers(1000), 0)\n"
            f"scenario = scaled_sneakers({orders})\n"
            "start = perf_counter()\n"
            "simulate_whole(scenario, 0)\n"
            "print(perf_counter() - start, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)\n"
        )
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        seconds, mebibytes = (float(x) for x in done.stdout.split())
        first = first or seconds / orders
        lines.append(
            f"{orders:>9,} orders: {seconds:6.2f} s, {seconds / orders * 1e6:5.2f} us an order "
            f"({seconds / orders / first:.2f} of the first), peak memory {mebibytes:,.0f} MiB"
        )
    with capsys.disabled():
        print("\n" + "\n".join(lines))


@pytest.mark.parametrize("arguments", [["--help"], ["simulate", "iphone-15-pro"]])
def test_from_the_shell(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    command = [sys.executable, "-m", "allocation", *arguments]
    times = []
    for _ in range(PAIRS + 1):
        start = perf_counter()
        subprocess.run(command, capture_output=True, check=True)
        times.append(perf_counter() - start)
    with capsys.disabled():
        print(f"\nallocation {' '.join(arguments)}: median {median(times[1:]):.2f} s, warm")
