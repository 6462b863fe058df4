"""The published launches, exactly, for any seed; and the same run everywhere."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest

from allocation import check, list_scenarios, load_scenario, replay, sample_tape, simulate
from allocation.engine.allocation_engine import AllocationEngine
from allocation.engine.errors import SettingError
from allocation.simulation.launch import play_launch
from allocation.simulation.rated import RatedTape

SEEDS = [0, 1, 17]


def summary_of(name: str, seed: int = 0, overrides: Mapping[str, object] | None = None) -> dict[str, Any]:
    return simulate(load_scenario(name, overrides or {}), seed).summary


@pytest.mark.parametrize("seed", SEEDS)
def test_iphone_at_105_confirms_what_was_published(seed: int) -> None:
    summary = summary_of("iphone-15-pro", seed, {"policy.overbooking.rate": 1.05})
    assert summary["confirmed_at_cutoff_units"] == 8925
    assert summary["by_tier"]["VIP"]["confirmed_at_cutoff"] == 1234
    assert summary["by_tier"]["STANDARD"]["confirmed_at_cutoff"] == 7691
    assert summary["by_tier"]["STANDARD"]["not_selected"] == 2309
    assert summary["allocated_units"] <= 8500


@pytest.mark.parametrize("seed", SEEDS)
def test_iphone_at_its_configured_103_confirms_8755(seed: int) -> None:
    assert summary_of("iphone-15-pro", seed)["confirmed_at_cutoff_units"] == 8755


@pytest.mark.parametrize("seed", SEEDS)
def test_sneakers(seed: int) -> None:
    summary = summary_of("sneakers-trophy-room", seed)
    by_tier = summary["by_tier"]
    assert summary["orders"] == 52_389
    assert (summary["queue_peak"], summary["waitlist_peak"]) == (10_000, 42_389)
    assert summary["confirmed_at_cutoff_units"] == 5100
    confirmed = {tier: counts["confirmed_at_cutoff"] for tier, counts in by_tier.items()}
    assert confirmed == {"PLATINUM": 450, "VIP": 2550, "STANDARD": 2100}
    assert summary["allocated_units"] <= 5000


@pytest.mark.parametrize("seed", SEEDS)
def test_console(seed: int) -> None:
    summary = summary_of("console-waves", seed)
    confirmed = {day: wave["confirmed_at_cutoff_units"] for day, wave in summary["waves"].items()}
    assert confirmed == {"2025-11-15": 10_500, "2025-11-22": 5250, "2025-11-29": 5250}
    assert {day: wave["limit_units"] for day, wave in summary["waves"].items()} == confirmed
    assert sum(counts["not_selected"] for counts in summary["by_tier"].values()) == 6450
    assert summary["allocated_units"] == 20_000


@pytest.mark.parametrize("name", list_scenarios())
def test_units_and_reservations_are_conserved(name: str) -> None:
    run = simulate(load_scenario(name), 5)
    summary = run.summary
    ends = {"allocated", "cancelled_by_customer", "not_selected", "oversold", "not_fulfilled", "expired", "rejected"}
    for counts in summary["by_tier"].values():
        # After the last release nothing is open any more.
        assert sum(counts[end] for end in ends) == counts["orders"]
    assert summary["allocated_units"] + summary["unsold_units"] == summary["supply_units"]
    assert summary["units"] == run.reservations["quantity"].sum()


@pytest.mark.parametrize("name", list_scenarios())
def test_no_shipped_scenario_has_an_order_that_intake_refuses(name: str) -> None:
    run = simulate(load_scenario(name))
    refused = run.decisions[run.decisions["step"] == "refused"]
    assert (refused["cause"] != "place").all()


def test_profit_is_the_sum_of_its_parts() -> None:
    overrides = {"economics.forfeit": 7, "policy.overbooking.rate": 1.06, "behaviour.cancel_confirmed.share": 0.02}
    scenario = load_scenario("iphone-15-pro", overrides)
    run = simulate(scenario, 3)
    rows = run.reservations
    decisions = run.decisions
    firm = decisions[(decisions["before"] == "CONFIRMED") & (decisions["step"] == "cancelled")]["reservation_id"]
    oversold = rows[rows["reason"] == "oversold"].groupby("tier", observed=True)["quantity"].sum()
    assert len(firm) > 0
    assert oversold.sum() > 0
    expected = (
        400 * rows[rows["status"] == "ALLOCATED"]["quantity"].sum()
        - sum(int(scenario.economics.denied_cost[tier]) * units for tier, units in oversold.items())
        - 60 * run.summary["unsold_units"]
        + 7 * rows[rows["reservation_id"].isin(firm)]["quantity"].sum()
    )
    assert run.summary["profit"] == float(expected)


def test_the_notes_on_published_results_follow_the_configuration() -> None:
    notes = {row["text"]: row["note"] for row in summary_of("iphone-15-pro")["published"]}
    assert notes["8,925 confirmed on launch (105%)"] == (
        "8,925 of 8,500 units needs a rate of 1.05; the configured 1.03 gives 8,755"
    )
    assert "132.2%" in notes["11,234 pre-orders, 12% over inventory"]
    assert "is 4.8%" in notes["425 cancelled after that (3.8%)"]
    assert "3.8% of 11,234 (orders)" in notes["425 cancelled after that (3.8%)"]
    notes = {row["text"]: row["note"] for row in summary_of("sneakers-trophy-room")["published"]}
    assert "2,000 of 7,000" in notes["STANDARD 2,000 (31.7% of queue)"]
    assert "is 28.6%" in notes["STANDARD 2,000 (31.7% of queue)"]
    at_105 = summary_of("iphone-15-pro", 0, {"policy.overbooking.rate": 1.05})
    assert not next(row["note"] for row in at_105["published"] if row["measure"] == "confirmed_at_cutoff_units")


@pytest.mark.parametrize("name", ["console-realistic", "iphone-15-pro"])
def test_simpy_plays_what_the_compiled_loop_plays(name: str) -> None:
    scenario = load_scenario(name)
    tape = sample_tape(scenario, 4)
    straight = AllocationEngine.on(tape, scenario.policy)
    straight.play_all()
    stepped = play_launch(RatedTape(tape), scenario.policy)
    for table in ("log", "operations", "reservations"):
        assert straight.book.used(table).tolist() == stepped.book.used(table).tolist()


def test_a_simulated_tape_replayed_under_another_policy_is_the_other_policys_simulation() -> None:
    small = {"demand.total": 2500, "supply.0.expected.0.quantity": 1000, "supply.0.expected.1.quantity": 500}
    small |= {"supply.0.expected.2.quantity": 500}
    other = load_scenario("console-realistic", small | {"policy.hold": "firm", "policy.overbooking.rate": 1.1})
    run = simulate(load_scenario("console-realistic", small), 8)
    assert replay(run.tape(), other.policy).outcome() == simulate(other, 8).outcome()


def test_a_run_folder_checks(tmp_path: Any) -> None:
    scenario = load_scenario("console-realistic", {"demand.total": 3000})
    run = simulate(scenario, 2)
    run.save(tmp_path / "run")
    assert check(tmp_path / "run") == len(run.decisions)
    summary = json.loads((tmp_path / "run" / "summary.json").read_text())
    assert summary["orders"] == 3000
    assert summary["schema_version"] == 1


@pytest.mark.parametrize(
    "environment",
    [{"PYTHONHASHSEED": "1"}, {"PYTHONHASHSEED": "77"}, {"NPY_DISABLE_CPU_FEATURES": "X86_V3 X86_V4"}],
)
def test_the_same_run_in_any_process(environment: dict[str, str]) -> None:
    code = (
        "from allocation import load_scenario, simulate\nprint(simulate(load_scenario('console-realistic'), 3).digest)"
    )
    environ = os.environ | environment
    # A machine without such features warns that there is nothing to switch off.
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code], env=environ, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == simulate(load_scenario("console-realistic"), 3).digest


@pytest.mark.parametrize(("seed", "replication"), [(-1, 0), (True, 0), (0, -3), (1.5, 0)])
def test_a_seed_that_is_none_is_named(seed: Any, replication: Any) -> None:
    with pytest.raises(SettingError, match="must be a whole number from 0"):
        simulate(load_scenario("iphone-15-pro"), seed, replication)


def test_the_summary_has_the_promised_keys_in_order() -> None:
    summary = summary_of("iphone-15-pro")
    promised = {
        *("schema_version", "scenario", "seed", "replication", "orders", "units", "supply_units", "limit_units"),
        *("confirmed_at_cutoff_units", "allocated_units", "oversold_units", "unsold_units", "waitlist_peak"),
        *("queue_peak", "displaced", "promoted", "profit", "by_tier", "waves", "published", "alert", "timing"),
    }
    assert promised <= set(summary)
    assert set(summary["timing"]) == {"draw_s", "run_s", "orders_per_s"}
    assert json.loads(json.dumps(summary)) == summary


def test_a_limit_is_exact_in_a_launch() -> None:
    summary = summary_of("iphone-15-pro", 0, {"policy.overbooking.rate": Decimal("1.15")})
    assert summary["limit_units"] == 9775
