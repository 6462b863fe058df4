"""`allocation replay` of runs whose policy set rates of its own."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from allocation import load_run, simulate
from allocation.engine.policy import Overbooking
from allocation.scenario.schema import Scenario
from tests.cli.running import Run, refused
from tests.montecarlo.launches import small

CHANGED = ("--set", "overbooking.method=constant", "--set", "overbooking.rate=1.02")


@pytest.fixture(params=["adaptive", "economic", "by_category"])
def scenario(request: pytest.FixtureRequest) -> Scenario:
    behaviour = {"behaviour.cancel_held.share": 0.2, "supply.0.category": "phones"}
    if request.param == "by_category":
        return small("iphone-15-pro", behaviour | {"policy.overbooking.by_category": {"phones": 1.1}})
    return small("iphone-15-pro", behaviour | {"policy.overbooking.method": request.param})


def test_a_run_that_set_rates_replays_as_recorded(run: Run, scenario: Scenario) -> None:
    played = simulate(scenario, 3)
    played.save(Path("run"))
    assert load_run(Path("run")).policy == scenario.policy
    ended = run("replay", "run", "--check")
    assert ended.code == 0, ended
    assert f"{len(played.decisions):,} decisions come out as recorded" in ended.out


def test_under_another_policy_its_rates_are_left_out(run: Run, scenario: Scenario) -> None:
    simulate(scenario, 3).save(Path("run"))
    changed = (*CHANGED, "--set", "overbooking.by_category={}")
    replayed = json.loads(run("replay", "run", *changed, "--json").out)
    constant = replace(scenario, policy=replace(scenario.policy, overbooking=Overbooking(Decimal("1.02"))))
    expected = simulate(constant, 3)
    assert {name: replayed[name] for name in ("reservations", "refused", "releases", "atp")} == expected.outcome()
    assert replayed["summary"]["confirmed_at_cutoff_units"] == 260


def test_a_method_cannot_be_worked_out_from_a_tape(run: Run, scenario: Scenario) -> None:
    simulate(scenario, 3).save(Path("run"))
    method = ("--set", "overbooking.by_category={}", "--set", "overbooking.method=service")
    refused(run("replay", "run", *method, "--json"), "overbooking.method", "simulate the scenario with this policy")
