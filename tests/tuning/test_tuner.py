"""What can be turned, what a move comes to, and what is saved: without a notebook."""

from __future__ import annotations

from decimal import Decimal

import pandas as pd
import pytest

from allocation import load_scenario, replicate
from allocation.engine.errors import AllocationError, ScenarioError, SettingError
from allocation.montecarlo.sweep import RATE
from allocation.scenario import list_scenarios, with_overrides
from allocation.statistics import paired_difference
from allocation.tuning import Tuner
from allocation.tuning.knobs import ADMISSION, DEPTH, METHOD, QUEUE, knobs_of
from tests.montecarlo.launches import small

N, SEED = 8, 2
HOLD, STANDBY, WAITING = "policy.hold", "policy.release.standby", "policy.confirm.unreserved"


@pytest.fixture
def tuner():
    return Tuner(small("sneakers-trophy-room"), N, SEED)


def test_what_can_be_turned(tuner):
    keys = [knob.key for knob in tuner.knobs]
    assert keys == [
        *(METHOD, RATE, HOLD, QUEUE, ADMISSION, DEPTH, WAITING, STANDBY),
        *("economics.margin", "economics.unsold_cost", "economics.forfeit"),
        *(f"economics.denied_cost.{tier}" for tier in ("PLATINUM", "VIP", "STANDARD")),
    ]
    waves = {knob.key for knob in knobs_of(load_scenario("console-waves"))}
    assert {"policy.waves.assignment", "policy.waves.move_up"} <= waves


@pytest.mark.parametrize("name", list_scenarios())
def test_every_knob_begins_where_the_scenario_is(name):
    scenario = load_scenario(name)
    for knob in knobs_of(scenario):
        assert knob.read(knob.start) == knob.start
        assert knob.text(knob.start)
        assert with_overrides(scenario, {knob.key: knob.start}) == scenario
    tuner = Tuner(scenario, 2)
    assert tuner._overrides({knob.key: knob.start for knob in tuner.knobs}) == {}


def test_every_option_is_a_value_of_its_key():
    scenario = load_scenario("console-waves", {HOLD: "firm"})
    for knob in knobs_of(scenario):
        for _, value in knob.options:
            with_overrides(scenario, {knob.key: value})


def test_rates_by_category_have_a_knob_each():
    scenario = small(
        "sneakers-trophy-room", {"supply.0.category": "shoes", "policy.overbooking.by_category.shoes": 1.1}
    )
    tuner = Tuner(scenario, N, SEED)
    moved = tuner.move({"policy.overbooking.by_category.shoes": 1.2})
    assert moved.scenario.policy.overbooking.by_category["shoes"] == Decimal("1.2")
    with pytest.raises(ScenarioError, match="leave one out"):
        tuner.move({METHOD: "economic"})


def test_a_move_is_replicate_with_the_same_overrides(tuner):
    values = {RATE: 1.1, HOLD: "firm", ADMISSION: "arrival", DEPTH: None, STANDBY: False, "economics.margin": 99.5}
    moved = tuner.move(values)
    expected = replicate(with_overrides(tuner.scenario, values), N, SEED, progress=False)
    pd.testing.assert_frame_equal(moved.swept.frame.drop(columns="setting"), expected, check_exact=True)
    assert moved.overrides == {key: Decimal(str(v)) if isinstance(v, float) else v for key, v in values.items()}
    assert moved.words == ("rate 1.1; hold firm; admission arrival; queue depth no limit; standby no; margin 99.5 USD")


def test_what_is_not_turned_is_as_in_the_scenario(tuner):
    moved = tuner.move({knob.key: knob.start for knob in tuner.knobs})
    assert moved.scenario == tuner.scenario
    assert (moved.words, dict(moved.overrides)) == ("as in the scenario", {})


def test_noise_of_a_slider_is_no_other_setting(tuner):
    assert tuner.move({RATE: 1.0200000000000002}).scenario == tuner.scenario
    assert tuner.move({RATE: 1.1 + 2e-16}).overrides == {RATE: Decimal("1.1")}


def test_prices_are_not_played(tuner):
    assert tuner.move({}).was_played
    assert not tuner.move({"economics.margin": 50}).was_played
    assert not tuner.move({}).was_played
    assert tuner.move({HOLD: "firm"}).was_played


def test_compared_with_the_pinned_setting(tuner):
    assert tuner.compared(tuner.move({})) is None
    pinned, now = tuner.move({}), tuner.move({RATE: 1.1})
    tuner.pin(pinned)
    row = tuner.compared(now).paired("profit", 0).iloc[0]
    expected = paired_difference(*(found.swept.frame["profit"] for found in (now, pinned))).difference
    assert (row["mean"], row["half_width"], row["n"]) == (expected.mean, expected.half_width, N)
    tuner.pin(None)
    assert tuner.compared(now) is None


def test_the_same_customers_in_every_move(tuner):
    first, second = (tuner.move({RATE: rate}).swept.frame for rate in (1.02, 1.1))
    for name in ("orders", "units", "supply_units", "by_tier.VIP.orders"):
        assert first[name].equals(second[name])


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({QUEUE: False}, "provisional needs the queue"),
        ({RATE: 1.0512345678}, "more than 6 decimals"),
        ({RATE: 7}, "Rate 7 must be a number from 0.95 to 1.15"),
        ({RATE: float("nan")}, "Rate nan must be a number"),
        ({RATE: "much"}, "Rate 'much' must be a number"),
        ({RATE: None}, "Rate None must be a number"),
        ({RATE: True}, "Rate True must be a number"),
        ({"economics.margin": -1}, "Margin -1 must be a number from 0"),
        ({HOLD: "loose"}, "Hold 'loose' must be one of: firm, provisional"),
        ({STANDBY: 1}, "Standby 1 must be one of: yes, no"),
        ({DEPTH: 17}, "Queue depth 17 must be one of: 10, 20"),
        ({"policy.overbooking.rat": 1}, "did you mean policy.overbooking.rate?"),
    ],
)
def test_what_cannot_be_played_is_told(tuner, values, message):
    with pytest.raises(AllocationError) as caught:
        tuner.move(values)
    assert message in str(caught.value)


def test_all_that_is_wrong_is_told_at_once(tuner):
    with pytest.raises(SettingError) as caught:
        tuner.move({RATE: 9, HOLD: "loose", "nothing": 1})
    assert len(caught.value.problems) == 3


def test_a_saved_setting_loads_again(tuner, tmp_path):
    values = {RATE: 1.075, HOLD: "firm", DEPTH: None, STANDBY: False, "economics.denied_cost.VIP": 12.34}
    moved = tuner.move(values)
    path = tuner.save(moved, " tuned-sneakers ", tmp_path)
    assert path == (tmp_path / "tuned-sneakers.yaml").resolve()
    loaded = load_scenario(path)
    assert loaded == with_overrides(moved.scenario, {"name": "tuned-sneakers"})
    assert loaded.policy == moved.scenario.policy
    assert loaded.economics.denied_cost["VIP"] == Decimal("12.34")
    expected = moved.swept.frame.drop(columns="setting")
    pd.testing.assert_frame_equal(replicate(loaded, N, SEED, progress=False), expected, check_exact=True)


def test_nothing_is_overwritten(tuner, tmp_path):
    moved = tuner.move({})
    path = tuner.save(moved, "mine", tmp_path)
    before = path.read_bytes()
    with pytest.raises(SettingError, match=r"mine\.yaml is there already and is not overwritten"):
        tuner.save(tuner.move({HOLD: "firm"}), "mine", tmp_path)
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("", "is no name of lower-case words"),
        ("My Launch", "is no name of lower-case words"),
        ("../escape", "is no name of lower-case words"),
        ("a" * 90, "80"),
        ("iphone-15-pro", "a shipped scenario is called iphone-15-pro already"),
    ],
)
def test_a_name_that_cannot_be(tuner, tmp_path, name, message):
    with pytest.raises(AllocationError, match=message):
        tuner.save(tuner.move({}), name, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there(tuner, tmp_path):
    with pytest.raises(SettingError, match="cannot be written: No such file or directory"):
        tuner.save(tuner.move({}), "mine", tmp_path / "nowhere")


def test_what_a_tuner_can_be_of(tmp_path):
    path = Tuner(small("sneakers-trophy-room"), 2).save(
        Tuner(small("sneakers-trophy-room"), 2).move({}), "mine", tmp_path
    )
    assert Tuner.of(path, 2).scenario == Tuner.of(str(path), 2).scenario == Tuner.of(load_scenario(path), 2).scenario
    with pytest.raises(ScenarioError, match="no scenario is called 'sneaker'"):
        Tuner.of("sneaker")
    with pytest.raises(SettingError, match="int is no scenario"):
        Tuner.of(3)
    with pytest.raises(SettingError, match="replications 1 must be from 2"):
        Tuner.of("iphone-15-pro", 1)
    with pytest.raises(SettingError, match="seed -1"):
        Tuner.of("iphone-15-pro", seed=-1)
