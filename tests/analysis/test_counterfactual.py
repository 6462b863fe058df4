"""Other policies on the same tape: exactly what a replay, and for a sampled tape a simulation, comes to."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pandas as pd
import pytest

from allocation import Policy, replay, simulate
from allocation.analysis import (
    counterfactual,
    counterfactuals,
    from_to,
    gains_by_tier,
    honesty_note,
    largest_changes,
    review_answer,
)
from allocation.analysis.alternatives import alternatives
from allocation.analysis.counterfactual import compared_by_reservation, replayed
from allocation.engine.measures import measures
from allocation.engine.policy import Overbooking, Queue, Release
from tests.analysis.runs import SEEDS, random_run, small_scenario

NAMES = ["rate 1.00", "standby off", "hold firm", "shortfall roll over", "fill strict"]


@pytest.fixture(scope="module")
def run():
    return simulate(small_scenario(), 8)


@pytest.fixture(scope="module")
def others(run):
    return counterfactuals(run, small_scenario())


@pytest.fixture
def read_anew(monkeypatch):
    """How often a tape was read again."""
    read = []

    def noted(*arguments, **options):
        read.append(arguments)
        return replay(*arguments, **options)

    monkeypatch.setattr(counterfactual, "replay", noted)
    return read


def until_the_first_release(seed):
    """A random run whose orders all come before its releases."""
    run = random_run(seed)
    commands = list(run.tape())
    released = [c["type"] for c in commands].index("release") if any(c["type"] == "release" for c in commands) else None
    later = [c for c in commands[released:] if c["type"] not in ("place", "adopt")] if released is not None else []
    return replay([*commands[:released], *later], run.policy)


@pytest.mark.parametrize("seed", SEEDS[::2])
@pytest.mark.parametrize("make", [random_run, until_the_first_release])
def test_rows_played_again_are_a_replay_of_the_tape(seed, make):
    run = make(seed)
    for other in alternatives(run.policy):
        engine, found = replayed(run, other.policy, keep_policy_rates=other.keeps_rates)
        expected = replay(run.tape(), other.policy, keep_policy_rates=other.keeps_rates)
        pd.testing.assert_frame_equal(found, expected.reservations)
        assert measures(engine) == expected.summary


def test_the_tape_is_read_anew_only_where_other_orders_may_be_taken(run, read_anew):
    for seed in SEEDS[:10]:
        begun = until_the_first_release(seed)
        replayed(begun, begun.policy, keep_policy_rates=True)
    replayed(run, run.policy, keep_policy_rates=True)
    assert not read_anew
    policy = replace(run.policy, intake=replace(run.policy.intake, max_quantity=1))
    _, found = replayed(run, policy, keep_policy_rates=False)
    assert len(read_anew) == 1
    pd.testing.assert_frame_equal(found, replay(run.tape(), policy).reservations)
    assert len(found) < len(run.reservations)


def test_a_sampled_tape_under_another_policy_is_that_policys_simulation(run, others):
    scenario = small_scenario()
    for other in alternatives(run.policy):
        simulated = simulate(replace(scenario, policy=other.policy), 8)
        compared = compared_by_reservation(run.reservations, simulated.reservations)
        changed = compared[compared["effect"] != "same"].reset_index(drop=True)
        found = others.changes[others.changes["policy"] == other.name].drop(columns="policy").reset_index(drop=True)
        pd.testing.assert_frame_equal(found, changed, check_dtype=False)
        row = others.measures.set_index("policy").loc[other.name]
        assert row["change_of_profit_USD"] == simulated.summary["profit"] - run.summary["profit"]
        for name in ("allocated_units", "oversold_units", "unsold_units"):
            assert row[f"change_of_{name}"] == simulated.summary[name] - run.summary[name]


def test_each_alternative_differs_in_one_thing():
    assert [other.name for other in alternatives(small_scenario().policy)] == NAMES
    plain = Policy(overbooking=Overbooking(rate=Decimal(1)), queue=Queue(enabled=False))
    # Provisional holds need a queue, and a rate of 1 is no change.
    assert [other.name for other in alternatives(plain)] == ["standby off", "shortfall roll over", "fill strict"]
    turned = Policy(hold="provisional", release=Release(standby=False, shortfall="roll_over", fill="strict"))
    names = ["rate 1.00", "standby on", "hold firm", "shortfall cancel", "fill skip"]
    assert [other.name for other in alternatives(turned)] == names
    learning = Policy(overbooking=Overbooking(method="adaptive"))
    assert [other.keeps_rates for other in alternatives(learning)] == [False, True, True, True, True]


def test_gains_and_losses_are_what_a_customer_gets():
    day, later = pd.Timestamp("2025-03-15"), pd.Timestamp("2025-03-22")
    cases = [  # status, reason and date before; the same after; effect
        (("ALLOCATED", None, day), ("ALLOCATED", None, day), "same"),
        (("ALLOCATED", None, later), ("ALLOCATED", None, day), "gains"),
        (("ALLOCATED", None, day), ("ALLOCATED", None, later), "loses"),
        (("CANCELLED", "oversold", None), ("ALLOCATED", None, later), "gains"),
        (("ALLOCATED", None, day), ("CANCELLED", "customer", None), "loses"),
        (("QUEUED", None, None), ("RESERVED", None, day), "gains"),
        (("RESERVED", None, day), ("CONFIRMED", None, day), "otherwise"),
        (("CANCELLED", "oversold", None), ("CANCELLED", "not_fulfilled", None), "otherwise"),
        (("WAITLISTED", None, None), ("CANCELLED", "not_selected", None), "loses"),
    ]

    def frame(side):
        rows = [case[side] for case in cases]
        return pd.DataFrame(
            {
                "reservation_id": [f"R{i}" for i in range(len(rows))],
                "order_id": "O",
                "tier": "VIP",
                "quantity": 1,
                "status": [row[0] for row in rows],
                "reason": [row[1] for row in rows],
                "ship_date": pd.to_datetime([row[2] for row in rows]),
            }
        )

    compared = compared_by_reservation(frame(0), frame(1))
    assert compared["effect"].tolist() == [case[2] for case in cases]
    assert compared.loc[3, ["was", "becomes"]].tolist() == ["oversold", "allocated"]


def test_counts_add_up(run, others):
    changes = others.changes
    assert others.measures["policy"].tolist() == NAMES
    assert len(changes) > 10
    gains = gains_by_tier(run, others)
    for row in others.measures.itertuples():
        own = gains[gains["policy"] == row.policy]
        assert (own["gain"].sum(), own["lose"].sum()) == (row.gain, row.lose)
    moves = from_to(changes)
    assert moves["reservations"].sum() == len(changes)
    assert moves["units"].sum() == changes["quantity"].sum()
    largest = largest_changes(changes, 2)
    assert set(largest["order_id"]) <= set(run.reservations["order_id"])
    assert largest.groupby(["policy", "effect"]).size().max() == 2
    for (policy, effect), own in largest.groupby(["policy", "effect"]):
        every = changes[(changes["policy"] == policy) & (changes["effect"] == effect)]
        assert own["quantity"].min() >= every["quantity"].nlargest(2).min()


def test_what_is_exact_and_what_is_assumed_is_told(run):
    assert "exactly that policy's simulation" in honesty_note(run)
    learned = simulate(small_scenario(**{"policy.overbooking.method": "adaptive"}), 1)
    assert "only the rate of 1.00 is exactly" in honesty_note(learned)
    begun = replay([command for command in run.tape() if command["type"] != "release"], run.policy)
    told = review_answer(begun, counterfactuals(begun, small_scenario()), None, "USD")
    assert "has no release: " in told
    assert "assumes that everybody would have acted as they did" in honesty_note(begun)


def test_a_tape_without_orders_changes_nothing():
    tape = [command for command in simulate(small_scenario(), 1).tape() if command["type"] == "supply"]
    empty = replay(tape, small_scenario().policy)
    others = counterfactuals(empty, small_scenario())
    assert others.changes.empty
    assert from_to(others.changes).empty
    assert largest_changes(others.changes).empty
    assert "none of 5 other policies would have given anybody more or less" in review_answer(empty, others, None, "USD")
