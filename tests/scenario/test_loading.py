"""Files found, policies read, values overridden."""
# ruff: noqa: E501 - a message is easiest to compare in one line

import os
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from allocation.engine.errors import PolicyError, ScenarioError, SettingError
from allocation.engine.policy import DEFAULT_POLICY, Overbooking, Policy
from allocation.scenario import (
    find_scenario,
    list_scenarios,
    load_policy,
    load_scenario,
    parse_scenario,
    parse_setting,
    policy_from_dict,
    scenario_folder,
)

NAMES = ["console-realistic", "console-waves", "iphone-15-pro", "sneakers-trophy-room"]


def test_the_shipped_scenarios_are_listed():
    assert list_scenarios() == NAMES
    assert find_scenario("console-waves") == scenario_folder() / "console-waves.yaml"


def test_an_unknown_name_says_what_there_is():
    with pytest.raises(ScenarioError) as caught:
        load_scenario("console-wave")
    assert str(caught.value) == (
        "no scenario is called 'console-wave', did you mean console-waves?; known: console-realistic, console-waves, "
        "iphone-15-pro, sneakers-trophy-room; or give the path of a file"
    )


@pytest.mark.parametrize("name", ["", "x" * 5000, "nul\0l", ".", ".."])
def test_a_name_that_is_none_is_refused(name):
    with pytest.raises(ScenarioError):
        load_scenario(name)


def test_files_that_cannot_be_read(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("folder.yaml").mkdir()
    Path("latin.yaml").write_bytes(b"version: 1\nname: caf\xe9\n")
    Path("large.yaml").write_text("# " + "x" * 2**20)
    Path("empty.yaml").write_text("")
    os.mkfifo("pipe.yaml")
    expected = {
        "folder.yaml": "folder.yaml: is a folder; give a file",
        "latin.yaml": "latin.yaml:2: is not UTF-8: byte 0xe9",
        "large.yaml": "large.yaml: is larger than 1048576 bytes",
        "empty.yaml": "empty.yaml:1: is empty",
        "pipe.yaml": "pipe.yaml: is no regular file",
        "none.yaml": "none.yaml: is no file that is there",
    }
    for name, message in expected.items():
        with pytest.raises(ScenarioError) as caught:
            load_scenario(name)
        assert [str(problem) for problem in caught.value.problems] == [message]


def test_a_path_below_the_working_folder_is_shown_as_one_would_write_it(tmp_path, monkeypatch, launch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "launch.yaml").write_text("\ufeff" + launch.replace("margin: 90", "margin: x"), "utf-8")
    with pytest.raises(ScenarioError, match=r"mine/launch\.yaml:23: economics\.margin: 'x' is no number"):
        load_scenario(tmp_path / "mine" / "launch.yaml")


def test_overrides_replace_values_of_the_file():
    overrides = {
        "policy.overbooking.rate": 1.05,
        "policy.tiers.GOLD": 75,
        "supply.0.expected.0.quantity": np.int64(9000),
        "demand.counts.GOLD": 5,
        "economics.denied_cost.GOLD": "12.50",
        "behaviour.payment.pending_share": np.float64(0.25),
        "policy.queue.enabled": True,
        "policy.queue.max_depth": None,
    }
    scenario = load_scenario("iphone-15-pro", overrides)
    assert scenario.policy.overbooking.rate == Decimal("1.05")
    assert scenario.policy.tiers["GOLD"] == 75
    assert scenario.supply[0].expected[0].quantity == 9000
    assert scenario.demand.counts == {"VIP": 1234, "STANDARD": 10000, "GOLD": 5}
    assert scenario.economics.denied_cost["GOLD"] == Decimal("12.5")
    assert scenario.behaviour.payment.pending_share == Decimal("0.25")


def test_an_override_may_be_a_dataclass_or_a_whole_section(launch):
    policy = Policy(overbooking=Overbooking(Decimal("1.1")))
    assert parse_scenario(launch, overrides={"policy": policy}).policy == policy
    assert parse_scenario(launch, overrides={"policy.overbooking": {"rate": 1.2}}).policy.overbooking.rate == Decimal(
        "1.2"
    )
    assert (
        parse_scenario(
            launch, overrides={"demand.counts": None, "demand.total": 7, "demand.mix": {"VIP": 1}}
        ).demand.total
        == 7
    )


@pytest.mark.parametrize(
    ("key", "message"),
    [
        ("policy.overboking.rate", "unknown key overboking, did you mean overbooking?"),
        ("polcy.overbooking.rate", "unknown key polcy, did you mean policy?"),
        ("supply.0.expected.2.quantity", "2 is no entry of supply.0.expected, which has 2 (from 0)"),
        ("supply.x.on_hand", "x is no entry of supply, which has 1 (from 0)"),
        ("policy.overbooking.rate.x", "unknown key x: policy.overbooking.rate is one value; set policy.overbooking.rate itself"),
        ("behaviour.cancel_held.share.STANDARD.x", "unknown key x, did you mean"),
        ("demand.arrivals.seconds", "unknown key seconds; known: shape, burst_share, burst_minutes, half_life_hours"),
        ("policy.", "unknown key ; known:"),
    ],
)  # fmt: skip
def test_an_override_that_leads_nowhere(launch, key, message):
    with pytest.raises(SettingError) as caught:
        parse_scenario(launch, overrides={key: 1, "demand.mix_note": "fine"}, label="--set")
    shown = str(caught.value.problems[0])
    assert shown.startswith(f"--set: {key}: ")
    if "did you mean" not in message or not message.endswith("mean"):
        assert message in shown


def test_an_override_obeys_the_rules_of_the_file(launch, problems):
    overrides = {"policy.overbooking.rate": "1.1500000000001", "economics.margin": -1, "policy.tiers": 5}
    assert problems(launch, overrides, label="--set") == [
        "--set: policy.tiers: 5 must be a mapping",
        "--set: policy.overbooking.rate: 1.1500000000001 has more than 6 decimals; rates and scores have at most 6",
        "--set: economics.margin: -1 is not between 0 and 1000000000",
    ]
    assert problems(launch, {"demand.total": 5})[0] == (
        "x.yaml:11: demand: write either counts (orders by tier) or total with mix; both are there"
    )
    assert problems(launch, {"economics.margin": True}) == ["override: economics.margin: 'true' is no number"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("policy.overbooking.rate=1.04", ("policy.overbooking.rate", Decimal("1.04"))),
        ("demand.total={uniform: [1, 2]}", ("demand.total", {"uniform": [1, 2]})),
        ("policy.queue.max_depth=null", ("policy.queue.max_depth", None)),
        ("policy.queue.enabled=false", ("policy.queue.enabled", "false")),
        ("title=a = b", ("title", "a = b")),
        ("title='a, b'", ("title", "a, b")),
    ],
)
def test_a_setting_is_a_key_and_a_yaml_value(text, expected):
    assert parse_setting(text) == expected


@pytest.mark.parametrize(
    "text", ["", "x", "=1", "x=", "x= ", "x=[1", "x=a, b", "x=*y", "x={a: 1, a: 2}", "x=1]", "x=!!python/x 1"]
)
def test_what_is_no_setting(text):
    with pytest.raises(SettingError):
        parse_setting(text)


def test_a_policy_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("p.yaml").write_text("overbooking: {rate: 1.15}\nqueue:\n  max_depth: 3\n")
    Path("p.json").write_text('{\n\t"overbooking": {"rate": 1.15},\n\t"queue": {"max_depth": 3}\n}\n')
    for name in ("p.yaml", "p.json"):
        policy = load_policy(name)
        assert policy.overbooking.rate == Decimal("1.15")
        assert Fraction(policy.overbooking.rate) * 100 == 115
        assert policy.queue.max_depth == 3
    assert load_policy("p.yaml", {"overbooking.rate": 1}) == load_policy("p.yaml", {"policy.overbooking.rate": 1})
    Path("bad.yaml").write_text(
        "overbooking: {rat: 1}\nintake: {min_days: 9, max_days: 8}\nhold: firm\nhold: firm\ntiers: [1]\n"
    )
    with pytest.raises(PolicyError) as caught:
        load_policy("bad.yaml")
    assert [str(problem) for problem in caught.value.problems] == [
        "bad.yaml:1: overbooking.rat: unknown key, did you mean rate?",
        "bad.yaml:2: intake.max_days: 8 is less than min_days 9: no order could be taken",
        "bad.yaml:4: hold: is written twice (first on line 3)",
        "bad.yaml:5: tiers: a list must be a mapping",
    ]
    with pytest.raises(SettingError, match="did you mean overbooking"):
        load_policy("p.yaml", {"overboking.rate": 1})
    with pytest.raises(PolicyError, match="no file"):
        load_policy("none.yaml")


def test_a_policy_from_plain_data():
    assert policy_from_dict({}) == DEFAULT_POLICY
    assert policy_from_dict(DEFAULT_POLICY.as_dict()) == DEFAULT_POLICY
    assert policy_from_dict({"overbooking": {"rate": 1.05}, "queue": {"enabled": True}}) == DEFAULT_POLICY
    assert policy_from_dict({}, overrides={"overbooking.rate": 2}).overbooking.rate == 2
    with pytest.raises(PolicyError, match=r"tape 3.*\n.*overbooking: 3 must be a section"):
        policy_from_dict({"overbooking": 3}, source="tape 3")
    with pytest.raises(PolicyError, match="must be a section"):
        policy_from_dict([])


def test_the_published_launches_hold_the_published_numbers():
    iphone, sneakers = load_scenario("iphone-15-pro"), load_scenario("sneakers-trophy-room")
    assert sum(iphone.demand.counts.values()) == 11_234
    assert sum(sneakers.demand.counts.values()) == 52_389
    assert round(iphone.behaviour.cancel_confirmed.share * 8925, 4) == 425
    assert round(sneakers.behaviour.cancel_confirmed.share * 5100, 4) == 100
    console = load_scenario("console-waves")
    assert sum(console.demand.counts.values()) == 27_450
    assert [d.quantity for d in console.supply[0].expected] == [10_000, 5_000, 5_000]
    assert [str(s.policy.overbooking.rate) for s in (iphone, sneakers, console)] == ["1.03", "1.02", "1.05"]
    assert [s.policy.expiration.days_before_ship for s in (iphone, sneakers, console)] == [14, 3, 7]
    for scenario in (iphone, sneakers, console):
        assert (scenario.policy.hold, scenario.policy.confirm.unreserved) == ("provisional", "cancel")
    realistic = load_scenario("console-realistic").behaviour
    history = realistic.cancel_confirmed.share
    assert history.support() == (Decimal("0.035"), Decimal("0.058"))
    assert history.mean == pytest.approx(0.042)
    assert realistic.payment.pending_share == Decimal("0.15")


def test_a_published_result_names_signed_paths():
    results = {result.text: result for result in load_scenario("sneakers-trophy-room").published}
    standard = results["STANDARD 2,000 (31.7% of queue)"]
    assert standard.measure_terms == ((1, "by_tier.STANDARD.allocated"),)
    assert standard.printed_of_terms == (
        (1, "queue_peak"),
        (-1, "by_tier.PLATINUM.orders"),
        (-1, "by_tier.VIP.orders"),
    )
    assert len(results["100 cancelled after that (1.9%)"].measure_terms) == 3
