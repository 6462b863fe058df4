"""The same replications played again and again: the numbers are those of a fresh start, at a fraction of the work."""

from __future__ import annotations

import pandas as pd
import pytest

from allocation.engine.errors import SettingError
from allocation.montecarlo import Replays, kept_tapes, playing, replicate, side_by_side, sweep
from allocation.montecarlo.kept_tapes import LAUNCHES_MAX, KeptTapes
from allocation.scenario import with_overrides
from allocation.statistics import paired_difference
from tests.montecarlo.launches import small

N, SEED = 12, 3
SETTINGS = (
    {},
    {"policy.overbooking.rate": 1.2},
    {"policy.hold": "firm", "policy.queue.admission": "arrival"},
    {"policy.queue.max_depth": None, "policy.confirm.unreserved": "keep", "policy.release.standby": False},
    {"policy.hold": "firm", "policy.queue.enabled": False},
    {"policy.overbooking.method": "economic"},
    {"policy.overbooking.method": "adaptive"},
    {"economics.margin": 12.5, "economics.unsold_cost": 3},
)


def fresh(scenario) -> pd.DataFrame:
    return replicate(scenario, N, SEED, progress=False)


def replayed(replays, scenario) -> pd.DataFrame:
    return replays.play(scenario).frame.drop(columns="setting")


def refuse(*_args, **_kwargs):
    raise AssertionError("this was not to be done again")


@pytest.mark.parametrize("name", ["sneakers-trophy-room", "console-realistic"])
def test_every_setting_gives_what_a_fresh_start_gives(name):
    launch = small(name)
    replays = Replays(launch, N, SEED)
    for overrides in SETTINGS:
        scenario = with_overrides(launch, overrides)
        pd.testing.assert_frame_equal(replayed(replays, scenario), fresh(scenario), check_exact=True)


def test_it_is_the_sweep_of_one_setting():
    launch = small("console-waves")
    played, swept = Replays(launch, N, SEED).play(launch), sweep(launch, (), (), N, SEED, progress=False)
    pd.testing.assert_frame_equal(played.intervals(), swept.intervals(), check_exact=True)
    assert (played.seed, played.replications, played.settings) == (swept.seed, swept.replications, swept.settings)


def test_customers_are_drawn_once(monkeypatch):
    launch = small("sneakers-trophy-room")
    replays = Replays(launch, N, SEED, tapes=KeptTapes(launch, SEED))
    replays.play(launch)
    assert len(replays.tapes) == N
    monkeypatch.setattr(kept_tapes, "sample_tape", refuse)
    monkeypatch.setattr(playing, "sample_tape", refuse)
    other = replays.play(with_overrides(launch, {"policy.overbooking.rate": 1.1}))
    assert other.timing["orders_per_s"] > 0


def test_tapes_that_memory_has_no_room_for_are_drawn_anew():
    launch = small("sneakers-trophy-room")
    whole = Replays(launch, N, SEED, tapes=KeptTapes(launch, SEED))
    whole.play(launch)
    half = Replays(launch, N, SEED, tapes=KeptTapes(launch, SEED, whole.tapes.bytes // 2))
    for overrides in SETTINGS[:3]:
        scenario = with_overrides(launch, overrides)
        pd.testing.assert_frame_equal(replayed(half, scenario), fresh(scenario), check_exact=True)
    assert 0 < len(half.tapes) < N
    assert half.tapes.bytes <= half.tapes.bytes_max


@pytest.mark.parametrize("name", ["sneakers-trophy-room", "console-realistic"])
def test_other_prices_are_no_reason_to_play(name, monkeypatch):
    launch = small(name, {"policy.overbooking.rate": 1.3})
    prices = {"economics.margin": 99.99, "economics.unsold_cost": 7, "economics.forfeit": "1.25"}
    prices |= {f"economics.denied_cost.{tier}": 30 for tier in launch.economics.denied_cost}
    dearer = with_overrides(launch, prices)
    expected = fresh(dearer)
    replays = Replays(launch, N, SEED)
    before = replayed(replays, launch)
    monkeypatch.setattr(playing, "prepared", refuse)
    repriced = replays.play(dearer)
    assert repriced.timing["orders_per_s"] == 0
    pd.testing.assert_frame_equal(repriced.frame.drop(columns="setting"), expected, check_exact=True)
    assert (expected["profit"] != before["profit"]).all()
    # And back.
    pd.testing.assert_frame_equal(replayed(replays, launch), before, check_exact=True)


def test_prices_that_set_the_rate_are_played():
    launch = small("iphone-15-pro", {"policy.overbooking.method": "economic"})
    replays = Replays(launch, N, SEED)
    replays.play(launch)
    ruinous = {f"economics.denied_cost.{tier}": 100_000 for tier in launch.economics.denied_cost}
    careful = with_overrides(launch, ruinous)
    played = replays.play(careful)
    assert played.timing["orders_per_s"] > 0
    pd.testing.assert_frame_equal(played.frame.drop(columns="setting"), fresh(careful), check_exact=True)
    assert played.frame["oversold_units"].sum() == 0


def test_two_settings_beside_each_other_are_paired():
    launch = small("sneakers-trophy-room")
    replays = Replays(launch, N, SEED)
    first, second = (replays.play(with_overrides(launch, {"policy.overbooking.rate": rate})) for rate in (1.02, 1.2))
    both = side_by_side(first, second)
    swept = sweep(launch, values=[1.02, 1.2], replications=N, seed=SEED, progress=False)
    for measure in ("profit", "oversold_any", "oversold_units"):
        row = both.paired(measure, 0).iloc[0]
        one, other = (fresh(found.settings[0].scenario)[measure].astype(float) for found in (second, first))
        expected = paired_difference(one, other)
        assert (row["mean"], row["half_width"]) == (expected.difference.mean, expected.difference.half_width)
        assert row["variance_ratio"] == expected.variance_ratio
        assert row["mean"] == swept.paired(measure, 0).iloc[0]["mean"]


def test_only_the_same_customers_are_compared():
    launch = small("sneakers-trophy-room")
    mine = Replays(launch, N, SEED).play(launch)
    with pytest.raises(SettingError, match="met the same customers"):
        side_by_side(mine, Replays(launch, N, SEED + 1).play(launch))
    with pytest.raises(SettingError, match="met the same customers"):
        side_by_side(mine, Replays(launch, N + 1, SEED).play(launch))


def test_another_launch_is_refused():
    launch = small("sneakers-trophy-room")
    more = with_overrides(launch, {"demand.counts.STANDARD": 600})
    with pytest.raises(SettingError, match="other customers, supply or dates"):
        Replays(launch, N, SEED).play(more)


@pytest.mark.parametrize("wrong", [1, 0, -3, True, 2.5, "40"])
def test_replications_must_give_an_interval(wrong):
    with pytest.raises(SettingError, match="replications"):
        Replays(small("sneakers-trophy-room"), wrong)


def test_what_was_played_long_ago_is_forgotten(monkeypatch):
    monkeypatch.setattr("allocation.montecarlo.replays.REMEMBERED_MAX", 2)
    launch = small("sneakers-trophy-room")
    replays = Replays(launch, 2, SEED)
    one, two, three = (with_overrides(launch, {"policy.overbooking.rate": rate}) for rate in (1, 1.1, 1.2))

    def was_played(scenario):
        return replays.play(scenario).timing["orders_per_s"] > 0

    assert [was_played(s) for s in (one, two, one, three, one, two)] == [True, True, False, True, False, True]


def test_opening_a_launch_again_takes_no_further_memory():
    launch = small("sneakers-trophy-room")
    first = Replays(launch, N, SEED)
    first.play(launch)
    again = Replays(with_overrides(launch, {"policy.hold": "firm"}), N, SEED)
    assert again.tapes is first.tapes
    assert Replays(launch, N, SEED + 1).tapes is not first.tapes


def test_of_many_launches_the_oldest_tapes_are_forgotten():
    launch = small("sneakers-trophy-room")
    first = Replays(launch, 2, 100)
    before = replayed(first, launch)
    for seed in range(101, 101 + LAUNCHES_MAX):
        Replays(launch, 2, seed).play(launch)
    assert len(first.tapes) == 0
    later = first.play(with_overrides(launch, {"policy.overbooking.rate": 1.2}))
    assert len(first.tapes) == 0
    assert later.frame["orders"].equals(before["orders"])
    assert Replays(launch, 2, 100).tapes is not first.tapes
