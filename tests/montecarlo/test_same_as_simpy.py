"""A replication in the compiled loop, without a log and in used memory, is the SimPy run: every reservation alike."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings

from allocation import list_scenarios, load_scenario, sample_tape, simulate
from allocation.engine.allocation_engine import AllocationEngine
from allocation.engine.book import Book
from allocation.engine.codes import Reason, Status
from allocation.engine.instants import milliseconds
from allocation.engine.policy import Policy
from allocation.montecarlo import replicate
from allocation.montecarlo.playing import Plan, play_replication
from allocation.overbooking.rates import rates_of
from allocation.scenario.schema import Scenario
from allocation.simulation.rated import rated_tape
from allocation.tape import Run
from tests.engine.comparing import decided
from tests.montecarlo.launches import launches, policies, small, with_policy

NOT_OF_A_REPLICATION = {"schema_version", "scenario", "seed", "replication", "published"}
METHODS = ("constant", "economic", "service", "adaptive")


@cache
def realistic() -> Scenario:
    return small("console-realistic", {"supply.0.category": "shoes"})


def compiled(scenario: Scenario, seed: int, replication: int, book: Book | None = None) -> AllocationEngine:
    """Play a replication as `playing.play_replication` does, and keep its book."""
    rated = rated_tape(
        sample_tape(scenario, seed, replication), rates_of(scenario), milliseconds(scenario.orders.opens)
    )
    engine = AllocationEngine.on(rated.columns, scenario.policy, book or Book(scenario.policy, keeps_log=False))
    rated.play(engine)
    return engine


def assert_same_books(engine: AllocationEngine, run: Run) -> None:
    """Reservation by reservation, every field (but what chains and notes come to, see `decided`), and all the rest."""
    here, there = decided(engine), decided(run.engine)
    for name, rows in there.items():
        assert here[name] == rows, name


def measures_of(run: Run) -> dict[str, Any]:
    """The measures of a run's summary by their dotted names."""
    flat = pd.json_normalize(run.summary, sep=".").iloc[0].to_dict()
    return {name: value for name, value in flat.items() if name.split(".")[0] not in {*NOT_OF_A_REPLICATION, "timing"}}


def assert_same_measures(frame: pd.DataFrame, row: int, run: Run) -> None:
    expected = measures_of(run) | {"replication": row, "oversold_any": run.summary["oversold_units"] > 0}
    assert set(frame.columns) == set(expected)
    assert frame.iloc[row].to_dict() == expected


@dataclass
class Reached:
    """How reservations ended, over all launches."""

    statuses: Counter[int] = field(default_factory=Counter)
    reasons: Counter[int] = field(default_factory=Counter)
    methods: Counter[str] = field(default_factory=Counter)

    def look_at(self, run: Run) -> None:
        rows, overbooking = run.engine.book.used("reservations"), run.policy.overbooking
        self.statuses.update(rows["status"].tolist())
        self.reasons.update(rows["reason"].tolist())
        self.methods["by_category" if overbooking.by_category else overbooking.method] += 1


@pytest.mark.parametrize("name", list_scenarios())
def test_a_row_is_the_simulation_of_its_replication(name: str) -> None:
    scenario = small(name)
    frame = replicate(scenario, 3, seed=11, progress=False)
    for replication in range(3):
        run = simulate(scenario, 11, replication)
        assert_same_measures(frame, replication, run)
        assert_same_books(compiled(scenario, 11, replication), run)


@pytest.mark.slow
@pytest.mark.parametrize("name", list_scenarios())
def test_a_row_is_the_simulation_of_its_replication_at_full_size(name: str) -> None:
    scenario = load_scenario(name)
    run = simulate(scenario, 2, 1)
    assert_same_measures(replicate(scenario, 2, seed=2, progress=False), 1, run)
    assert_same_books(compiled(scenario, 2, 1), run)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("name", list_scenarios())
def test_shipped_launches_under_every_way_of_overbooking(name: str, method: str) -> None:
    scenario = small(name, {"policy.overbooking.method": method})
    run = simulate(scenario, 5, 2)
    assert_same_measures(replicate(scenario, 3, seed=5, progress=False), 2, run)
    assert_same_books(compiled(scenario, 5, 2), run)


@settings(derandomize=True, max_examples=40, database=None, deadline=None)
@given(policies())
def test_a_shipped_launch_under_any_policy(policy: Policy) -> None:
    scenario = with_policy(realistic(), policy)
    assert_same_books(compiled(scenario, 3, 0), simulate(scenario, 3, 0))


def test_made_launches_in_one_used_book_reach_everything() -> None:
    book, reached = Book(Policy(), keeps_log=False), Reached()

    @settings(derandomize=True, max_examples=150, database=None, deadline=None)
    @given(launches())
    def play(scenario: Scenario) -> None:
        run = simulate(scenario, 1, 4)
        # The first book in the memory of whatever launch came before, of any shape; the other one in its own.
        for used in (book, None):
            assert_same_books(compiled(scenario, 1, 4, used), run)
        played = play_replication(Plan.of([scenario], 1), 4).rows[0]
        row = dict(zip(played.names, played.numbers.tolist(), strict=True))
        assert row.pop("oversold_any") == (run.summary["oversold_units"] > 0)
        assert row == {name: float(value) for name, value in measures_of(run).items()}
        reached.look_at(run)

    play()
    assert set(reached.statuses) == set(Status) - {Status.NONE}
    assert set(reached.reasons) == set(Reason)
    assert set(reached.methods) == {*METHODS, "by_category"}


def test_a_used_book_of_a_large_launch_serves_a_small_one_and_back() -> None:
    scenarios = [
        small("sneakers-trophy-room"),
        small("iphone-15-pro", {"demand.counts": {"VIP": 2, "STANDARD": 3}}),
        small("console-realistic"),
    ]
    book = Book(Policy(), keeps_log=False)
    for scenario in [*scenarios, *reversed(scenarios)]:
        assert_same_books(compiled(scenario, 7, 0, book), simulate(scenario, 7, 0))
