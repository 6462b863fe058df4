"""How fast replications are, beside programs written for one launch alone (`make bench`).

No timing decides a test: machines are noisy. Figures are printed as ratios that were measured in one run, of rounds in
which everybody takes turns.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from statistics import median
from time import perf_counter

import pytest

from allocation import AllocationEngine, Scenario, load_scenario, sample_tape
from allocation.engine.book import Book
from allocation.engine.columns import Columns
from allocation.montecarlo import replicate, sweep
from tests.benchmarks import c_loop, idiomatic, plain_heapq
from tests.benchmarks.launch_commands import launch_commands

pytestmark = pytest.mark.bench
ROUNDS = 9
SHAPE = {"limit": 5100, "depth": 10_000, "units": 5000}
RATES = [1 + step / 100 for step in range(11)]
HARD = {
    "demand.total": 27_450,
    "demand.mix": {"VIP": 0.3, "STANDARD": 0.7},
    "demand.quantities": {1: 0.4, 2: 0.3, 3: 0.3},
    "supply.0.expected.0.quantity": 26_000,
    "supply.0.expected.1.quantity": 13_000,
    "supply.0.expected.2.quantity": 13_000,
    "behaviour.cancel_held.share": 0.4,
    "behaviour.cancel_waiting.share": 0.4,
    "policy.intake.max_quantity": 3,
}
"""Few wait in vain, 40% cancel, three waves, quantities 1 to 3, displacement and moving up."""


class CompiledLoop:
    """The engine's compiled rules on a whole tape, without a log, in memory that is there already."""

    def __init__(self, tape: Columns, scenario: Scenario) -> None:
        self.tape, self.scenario = tape, scenario
        self.book = Book(scenario.policy, keeps_log=False)

    def play(self) -> None:
        AllocationEngine.on(self.tape, self.scenario.policy, self.book).play_all()


def seconds(play: Callable[[], object]) -> float:
    begun = perf_counter()
    play()
    return perf_counter() - begun


def spread(values: list[float]) -> str:
    ranked = sorted(values)
    return f"{median(ranked):,.1f} ({ranked[0]:,.1f} to {ranked[-1]:,.1f})"


def test_the_rules_beside_programs_for_this_launch_alone(capsys: pytest.CaptureFixture[str]) -> None:
    scenario = load_scenario("sneakers-trophy-room")
    tape = sample_tape(scenario, 0)
    commands, loop = launch_commands(tape), CompiledLoop(tape, scenario)
    players: dict[str, Callable[[], object]] = {
        "compiled rules": loop.play,
        "plain heapq": lambda: plain_heapq.play_commands(commands, **SHAPE),
        "idiomatic SimPy": lambda: idiomatic.play(tape, **SHAPE),
    }
    if c_loop.compiler() is not None:
        special = c_loop.CLoop(tape, **SHAPE)
        players["C for this launch alone"] = special.play
    for play in players.values():
        play()
    taken: dict[str, list[float]] = {name: [] for name in players}
    for _ in range(ROUNDS):
        for name, play in players.items():
            taken[name].append(seconds(play) / len(tape.orders) * 1e9)
    with capsys.disabled():
        print(
            "\nsneakers, 52,389 orders, ns an order; beside it the time of the compiled rules over it, round by round"
        )
        for name, values in taken.items():
            ratios = [ours / theirs for ours, theirs in zip(taken["compiled rules"], values, strict=True)]
            print(f"  {name:<24} {spread(values):<28} {median(ratios):8.4f}")


def test_a_hard_workload(capsys: pytest.CaptureFixture[str]) -> None:
    scenario = load_scenario("console-realistic", HARD)
    tape = sample_tape(scenario, 0)
    loop = CompiledLoop(tape, scenario)
    loop.play()
    taken = [seconds(loop.play) / len(tape.orders) * 1e9 for _ in range(ROUNDS)]
    with capsys.disabled():
        print(
            f"\nhard: {len(tape.orders):,} orders, {len(tape):,} commands, three waves, quantities 1 to 3, 40% cancel, "
            f"displacement: {spread(taken)} ns an order, {1e9 / median(taken):,.0f} orders a second"
        )


def test_two_hundred_replications_of_eleven_rates(capsys: pytest.CaptureFixture[str]) -> None:
    scenario = load_scenario("sneakers-trophy-room")
    replicate(scenario, 2, progress=False)
    tape = sample_tape(scenario, 0)
    peer = min(seconds(lambda: idiomatic.play(tape, **SHAPE)) for _ in range(3))
    found = sweep(scenario, values=RATES, replications=200, progress=False)
    again = min(seconds(lambda: idiomatic.play(tape, **SHAPE)) for _ in range(3))
    of_peer = len(tape.orders) / ((peer + again) / 2)
    timing = found.timing
    with capsys.disabled():
        print(
            f"\n200 replications x 11 rates of the sneakers: {timing['wall_s']:.1f} s, "
            f"{timing['orders_per_s']:,.0f} orders a second with sampling and measures; idiomatic SimPy "
            f"{of_peer:,.0f}; ratio {timing['orders_per_s'] / of_peer:.0f}\n"
            f"of the workers' time: sampling {timing['sampling_s']:.1f} s, rules {timing['rules_s']:.1f} s, "
            f"measures {timing['measures_s']:.1f} s"
        )


def test_memory_and_cold_start(capsys: pytest.CaptureFixture[str]) -> None:
    lines = []
    for replications in (50, 200, 800):
        code = (
            "import resource\n"
            "from time import perf_counter\n"
            "begun = perf_counter()\n"
            "from allocation import load_scenario\n"
            "from allocation.montecarlo import sweep\n"
            "scenario = load_scenario('sneakers-trophy-room')\n"
            "sweep(scenario, values=[1.02], replications=2, progress=False)\n"
            "print(perf_counter() - begun)\n"
            f"sweep(scenario, values=[1.02, 1.04], replications={replications}, progress=False)\n"
            "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)\n"
        )
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        start, peak = (float(x) for x in done.stdout.split())
        lines.append(
            f"{replications:>4} replications x 2: peak memory {peak:,.0f} MiB; first answer after {start:.2f} s"
        )
    with capsys.disabled():
        print("\n" + "\n".join(lines))
