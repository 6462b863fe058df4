"""A launch that has begun: the past is what happened, and the rest is distributed as if it had never been stopped."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from allocation import AllocationEngine, Scenario, load_scenario, simulate
from allocation.engine.book import Book
from allocation.engine.columns import Columns
from allocation.engine.errors import SettingError
from allocation.engine.instants import milliseconds
from allocation.engine.outcome import outcome
from allocation.montecarlo import recommend, replicate, sweep
from allocation.montecarlo.start import Start
from allocation.sampling import sample_rest
from allocation.scenario import with_overrides
from allocation.tape import command_lines, write_tape
from tests.engine.test_hand_over import hand_over, score_inputs

SMALL = {
    "demand.total": 260,
    "supply.0.expected.0.quantity": 80,
    "supply.0.expected.1.quantity": 40,
    "supply.0.expected.2.quantity": 40,
}
CUTS = st.sampled_from(["2025-10-16T15:00:00Z", "2025-10-17T20:00:00Z", "2025-11-05T00:00:00Z", "2025-11-14T00:00:00Z"])
LATER = ["2025-11-18T00:00:00Z", "2025-11-23T12:00:00Z"]
CHANGES: list[dict[str, Any]] = [
    {"policy.hold": "firm"},
    {"policy.overbooking.rate": "1.2"},
    {"policy.queue.max_depth": 90, "policy.queue.admission": "priority"},
    {"policy.waves": {"assignment": "requested", "move_up": False}},
    {"policy.tiers": {"VIP": 10, "STANDARD": 50}, "policy.scoring.previous_purchase": 7},
]


def small(**overrides: Any) -> Scenario:
    return load_scenario("console-realistic", SMALL | overrides)


def beginning(scenario: Scenario, cut: str, seed: int = 3) -> list[dict[str, Any]]:
    """The tape of a simulated launch up to an instant."""
    return [command for command in simulate(scenario, seed).tape() if command["at"] < cut]


def played(columns: Columns, scenario: Scenario, start: Start | None) -> AllocationEngine:
    past = None if start is None else start.engine
    engine = AllocationEngine.on(columns, scenario.policy, Book(scenario.policy, keeps_log=False), past)
    engine.play_all()
    return engine


@settings(max_examples=12)
@given(cut=CUTS | st.sampled_from(LATER), replication=st.integers(0, 5))
def test_going_on_is_the_same_as_playing_everything_again(cut: str, replication: int) -> None:
    scenario = small()
    start = Start.of(scenario, beginning(scenario, cut))
    columns = sample_rest(scenario, start.past, 1, replication)
    whole = AllocationEngine(scenario.policy)
    for command in command_lines(columns):
        whole.apply(command)
    assert outcome(played(columns, scenario, start))["reservations"] == outcome(whole)["reservations"]
    assert outcome(played(columns, scenario, None))["reservations"] == outcome(whole)["reservations"]


@pytest.mark.parametrize("changes", CHANGES)
@pytest.mark.parametrize("cut", ["2025-10-17T20:00:00Z", "2025-11-18T00:00:00Z"])
def test_under_another_policy_it_goes_on_as_a_book_that_is_handed_over(changes: dict[str, Any], cut: str) -> None:
    scenario = small(**{"demand.purchases": {"choices": {0: 1, 3: 1}}})
    other = with_overrides(scenario, changes)
    tape = beginning(scenario, cut)
    start = Start.of(scenario, tape)
    columns = sample_rest(scenario, start.past, 1, 0)
    rest = list(command_lines(columns))[len(tape) :]
    # A book that is handed over has the rate that it had; so has the one that goes on without an overbooking command.
    fresh = AllocationEngine(other.policy)
    for command in [*hand_over(start.engine, tape[-1]["at"], score_inputs(tape)), *rest]:
        fresh.apply(command)
    found = {row["reservation_id"]: row for row in outcome(played(columns, other, start))["reservations"]}
    adopted = outcome(fresh)["reservations"]
    assert adopted
    assert [found[row["reservation_id"]] for row in adopted] == adopted


def test_the_past_stays_and_counts() -> None:
    scenario = small()
    tape = beginning(scenario, LATER[1])
    frame = replicate(scenario, 20, 5, start=tape, progress=False)
    now = Start.of(scenario, tape).engine
    gone = int((now.book.used("reservations")["status"] == 5).sum())
    assert gone > 0
    assert (frame["by_tier.VIP.allocated"] + frame["by_tier.STANDARD.allocated"] >= gone).all()
    assert frame["waves.2025-11-15.allocated_units"].nunique() == 1
    # Orders are closed, so nobody new comes.
    assert set(frame["orders"]) == {int(scenario_orders(tape))}


def scenario_orders(tape: list[dict[str, Any]]) -> int:
    return sum(command["type"] == "place" for command in tape)


def test_orders_that_were_placed_count_towards_those_that_are_stated() -> None:
    scenario = load_scenario(
        "iphone-15-pro", {"demand.counts": {"VIP": 30, "STANDARD": 170}, "supply.0.expected.0.quantity": 150}
    )
    tape = beginning(scenario, "2025-09-12T14:00:00Z")
    assert 0 < scenario_orders(tape) < 200
    frame = replicate(scenario, 5, start=tape, progress=False)
    assert set(frame["orders"]) == {200}
    assert set(frame["by_tier.VIP.orders"]) == {30}


def test_a_rate_that_a_person_set_stays_and_every_other_follows_the_setting() -> None:
    scenario = small()
    tape = beginning(scenario, "2025-10-17T20:00:00Z")
    by_person = {"type": "overbooking", "at": tape[-1]["at"], "sku": "PS6", "location": "DC-EAST", "rate": 1.3}
    free = sweep(scenario, values=[1.0, 1.3], replications=3, start=tape, progress=False)
    limits = free.frame.groupby("setting")["limit_units"].max().tolist()
    assert limits[0] < limits[1]
    held = sweep(scenario, values=[1.0, 1.3], replications=3, start=[*tape, by_person], progress=False)
    assert held.of(0)["limit_units"].tolist() == held.of(1)["limit_units"].tolist()


def test_common_customers_and_any_number_of_workers() -> None:
    scenario = small()
    tape = beginning(scenario, "2025-10-17T20:00:00Z")
    found = [
        sweep(scenario, values=[1.0, 1.1], replications=6, seed=2, start=tape, workers=n, progress=False).frame
        for n in (1, 3)
    ]
    assert found[0].equals(found[1])
    assert (
        found[0].loc[found[0]["setting"] == 0, "orders"].tolist()
        == found[0].loc[found[0]["setting"] == 1, "orders"].tolist()
    )


def test_recommend_goes_on_from_a_tape(tmp_path: Path) -> None:
    scenario = small()
    path = tmp_path / "tape.jsonl"
    write_tape(path, beginning(scenario, "2025-10-17T20:00:00Z"))
    found = recommend(scenario, [1.0, 1.1], constraint=None, replications=20, start=path, progress=False)
    assert found.chosen == 0
    assert found.behaviours["behaviour"].nunique() == 3


def test_a_method_of_overbooking_takes_over_from_now_on() -> None:
    scenario = small()
    tape = beginning(scenario, "2025-10-17T20:00:00Z")
    found = sweep(
        scenario, "policy.overbooking.method", ["constant", "economic", "adaptive"], 3, start=tape, progress=False
    )
    # Whoever waits is kept until the release, so the queue repairs everything and no more than the supply is promised.
    oversold = [found.of(setting)["oversold_units"].to_numpy() for setting in range(3)]
    assert (oversold[1] <= oversold[0]).all()
    assert (oversold[2] <= oversold[0]).all()


@pytest.mark.parametrize("timing", [
    {"shape": "constant"},
    {"shape": "bathtub"},
    {"shape": "early_regret", "weight": 0.5, "half_life_hours": 30},
])  # fmt: skip
def test_the_rest_is_distributed_as_if_the_launch_had_never_been_stopped(timing: dict[str, Any]) -> None:
    """Averaged over what may have happened until then, going on gives the same means (the tower property).

    A correct program fails with a probability of about 1e-6 for each of the four measures.
    """
    overrides = {
        "demand.counts": {"VIP": 20, "STANDARD": 80},
        "supply.0.expected.0.quantity": 70,
        "policy.hold": "firm",
        "policy.confirm.unreserved": "keep",
        "behaviour.cancel_held": {"share": 0.4, "timing": timing},
        "behaviour.cancel_waiting": {"share": {"VIP": 0.1, "STANDARD": 0.6}, "timing": timing},
        "behaviour.cancel_confirmed": {"share": 0.3, "timing": timing},
        "behaviour.payment": {"pending_share": 0.3, "pays_share": 0.7, "mean_delay_hours": 60},
        "policy.expiration": {"days_before_ship": 3, "grace_hours": 100},
    }
    scenario = load_scenario("iphone-15-pro", overrides)
    cut = "2025-09-15T12:00:00Z"
    names = ["allocated_units", "unsold_units", "by_tier.STANDARD.cancelled_by_customer", "by_tier.STANDARD.expired"]
    whole = replicate(scenario, 900, 7, progress=False)[names]
    means = []
    for beginning_of in range(100):
        tape = beginning(scenario, cut, 1000 + beginning_of)
        means.append(replicate(scenario, 3, beginning_of, start=tape, workers=1, progress=False)[names].mean())
    parts = np.array(means)
    error = np.sqrt(whole.var() / len(whole) + parts.var(axis=0, ddof=1) / len(parts))
    z = (parts.mean(axis=0) - whole.mean()) / error
    assert (np.abs(z) < 4.9).all(), z


def test_overdue_and_risky_deliveries() -> None:
    scenario = small()
    opens = milliseconds(scenario.orders.opens)
    tape = beginning(scenario, "2025-10-17T20:00:00Z")
    start = Start.of(scenario, tape)
    arrivals = set()
    for replication in range(40):
        columns = sample_rest(scenario, start.past, 0, replication)
        supply = columns.commands[len(start.past.columns) :]
        supply = supply[supply["kind"] == 0]
        assert (supply["at"] > start.past.now).all()
        assert (supply["at"] > opens).all()
        arrivals.add(int(supply["received"].sum()))
    # The second wave may come short.
    assert max(arrivals) == 160
    assert min(arrivals) < 160
    # One that nobody has announced again is not waited for; one that is overdue comes at the next midnight.
    late = datetime(2025, 11, 15, 12, tzinfo=UTC)
    overdue = [*beginning(scenario, "2025-11-15T00:00:00Z"), {"type": "expire", "at": late.isoformat()}]
    rest = sample_rest(scenario, Start.of(scenario, overdue).past, 0, 0)
    first = rest.commands[len(overdue) :]
    first = first[(first["kind"] == 0) & (first["received"] > 0)][0]
    assert int(first["received"]) == 80
    assert int(first["at"]) == milliseconds(late + timedelta(hours=17))


@pytest.mark.parametrize(
    ("tape", "words"),
    [
        ([], "no commands"),
        ([{"type": "supply", "at": "2025-10-16T15:00:00Z", "sku": "XBOX", "location": "DC-EAST"}], "XBOX"),
    ],
)
def test_a_tape_that_does_not_fit_is_refused(tape: list[dict[str, Any]], words: str) -> None:
    with pytest.raises(SettingError, match=words):
        replicate(small(), 2, start=tape, progress=False)


def test_a_tier_that_the_scenario_does_not_know_is_refused() -> None:
    scenario = small(**{"policy.tiers": {"GOLD": Decimal(70)}})
    tape = beginning(scenario, "2025-10-17T20:00:00Z")
    order = next(command for command in tape if command["type"] == "place")
    gold = [{**command, "tier": "GOLD"} if command is order else command for command in tape]
    with pytest.raises(SettingError, match="tier GOLD"):
        replicate(scenario, 2, start=gold, progress=False)
