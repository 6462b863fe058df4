"""Sweeps: settings and grids, intervals and paired differences, stopping, and what an interrupt leaves."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from allocation.engine.errors import SettingError
from allocation.montecarlo import Interrupted, Sweep, backends, experiment, replicate, sweep
from allocation.montecarlo.playing import Plan, Played, play_replication
from allocation.scenario.schema import Scenario
from allocation.statistics import Precision
from tests.montecarlo.launches import small

RATE = "policy.overbooking.rate"


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    return small("console-realistic")


@pytest.fixture(scope="module")
def grid(scenario: Scenario) -> Sweep:
    """Two rates by two kinds of hold, twelve replications of each."""
    return sweep(scenario, [RATE, "policy.hold"], [[1, 1.1], ["firm", "provisional"]], 12, seed=5, progress=False)


# ----- the frame


def test_a_grid_has_every_combination_and_every_replication(grid: Sweep) -> None:
    assert [setting.chosen for setting in grid.settings] == [
        (1, "firm"),
        (1, "provisional"),
        (1.1, "firm"),
        (1.1, "provisional"),
    ]
    assert list(grid.frame.columns[:4]) == ["setting", RATE, "policy.hold", "replication"]
    rows = grid.frame[["setting", RATE, "policy.hold", "replication"]].to_numpy().tolist()
    assert rows == [[n, *s.chosen, r] for n, s in enumerate(grid.settings) for r in range(12)]
    assert (grid.replications, grid.reason, grid.seed) == (12, "asked", 5)


def test_units_are_whole_and_truths_are_true_or_false(grid: Sweep) -> None:
    assert grid.frame["allocated_units"].dtype == np.int64
    assert grid.frame["profit"].dtype == np.float64
    assert grid.frame["alert"].dtype == grid.frame["oversold_any"].dtype == np.bool_
    assert (grid.frame["oversold_any"] == (grid.frame["oversold_units"] > 0)).all()
    assert set(grid.frame["oversold_any"]) == {False, True}


def test_a_rate_is_tried_as_the_decimal_number_that_it_stands_for(scenario: Scenario) -> None:
    swept = sweep(scenario, RATE, np.arange(1.0, 1.15, 0.05), 2, progress=False)
    assert [str(setting.scenario.policy.overbooking.rate) for setting in swept.settings] == ["1.0", "1.05", "1.1"]
    assert [setting.label for setting in swept.settings] == ["1.0", "1.05", "1.1"]


def test_words_and_truths_are_settings(scenario: Scenario) -> None:
    swept = sweep(
        scenario, ["policy.queue.admission", "policy.release.standby"], [["arrival", "priority"], [True, False]], 2,
        progress=False,
    )  # fmt: skip
    assert [setting.scenario.policy.queue.admission for setting in swept.settings] == ["arrival"] * 2 + ["priority"] * 2
    assert [setting.scenario.policy.release.standby for setting in swept.settings] == [True, False] * 2
    assert swept.frame["policy.release.standby"].tolist() == [True, True, False, False] * 2


# ----- intervals and differences


def test_intervals_are_students_and_wilsons(grid: Sweep) -> None:
    found = grid.intervals(["profit", "oversold_any"], confidence=0.9)
    assert list(found["measure"]) == ["profit", "oversold_any"] * 4
    for setting in range(4):
        profit, oversold = (row for _, row in found[found["setting"] == setting].iterrows())
        values = grid.of(setting)["profit"]
        low, high = stats.t.interval(0.9, 11, values.mean(), stats.sem(values))
        assert (profit["low"], profit["high"]) == pytest.approx((low, high))
        assert profit["half_width"] == pytest.approx((high - low) / 2)
        happened = int(grid.of(setting)["oversold_any"].sum())
        wilson = stats.binomtest(happened, 12).proportion_ci(0.9, "wilson")
        assert (oversold["low"], oversold["high"]) == pytest.approx((wilson.low, wilson.high))
        assert oversold["mean"] == happened / 12
        assert profit["policy.hold"] == grid.settings[setting].chosen[1]


def test_paired_differences_are_those_of_the_same_replications(grid: Sweep) -> None:
    paired = grid.paired("profit", baseline=2, confidence=0.9)
    assert list(paired["setting"]) == [0, 1, 3]
    base = grid.of(2)["profit"].to_numpy()
    for _, row in paired.iterrows():
        own = grid.of(row["setting"])["profit"].to_numpy()
        difference = own - base
        assert row["mean"] == pytest.approx(difference.mean())
        assert row["half_width"] == pytest.approx(stats.t.ppf(0.95, 11) * stats.sem(difference))
        independent = own.var(ddof=1) + base.var(ddof=1)
        # Two settings may do the same in every replication.
        expected = independent / difference.var(ddof=1) if difference.any() else np.inf
        assert row["variance_ratio"] == pytest.approx(expected)
    assert np.isfinite(paired["variance_ratio"]).any()


def test_the_baseline_is_the_largest_mean_unless_another_one_is_named(grid: Sweep) -> None:
    means = [grid.of(setting)["profit"].mean() for setting in range(4)]
    paired = grid.paired("profit")
    assert set(paired["baseline"]) == {int(np.argmax(means))}
    assert paired["mean"].min() < 0
    assert (paired["mean"] <= 0).all()


def test_a_single_setting_has_nothing_to_be_compared_with(scenario: Scenario) -> None:
    assert sweep(scenario, RATE, [1], 2, progress=False).paired().empty


@pytest.mark.parametrize("ask", [lambda swept: swept.intervals(["profits"]), lambda swept: swept.paired("profits")])
def test_an_unknown_measure_is_named(grid: Sweep, ask: Callable[[Sweep], object]) -> None:
    with pytest.raises(SettingError, match=r"no measure is called 'profits'.*did you mean profit"):
        ask(grid)


def test_one_replication_has_no_interval(scenario: Scenario) -> None:
    swept = sweep(scenario, RATE, [1, 1.1], 1, progress=False)
    assert len(swept.frame) == 2
    with pytest.raises(SettingError, match="at least two"):
        swept.intervals()


# ----- what is asked for


@pytest.mark.parametrize(
    ("parameter", "values", "texts"),
    [
        (RATE, [], ("policy.overbooking.rate", "has no values")),
        (RATE, [1, 1.1, 1.0], ("1.0 is given twice",)),
        (RATE, [1.05, 1.05000000000001], ("is given twice",)),
        (RATE, range(1, 1002), ("1,001 settings are more than 1,000",)),
        ([RATE, RATE], [[1], [2]], ("named twice",)),
        ([RATE, "policy.hold"], [[1]], ("2 parameters have 1 lists of values",)),
        ("policy.overboking.rate", [1, 2], ("did you mean overbooking",)),
        (RATE, [1, -1, 2000], ("policy.overbooking.rate=-1", "policy.overbooking.rate=2000")),
        (RATE, [1.1234567], ("more than 6 decimals",)),
        (RATE, [float("nan")], ("policy.overbooking.rate",)),
        ("policy.hold", ["firm", "softly"], ("softly", "firm")),
        ("policy.queue.enabled", [True, False], ("provisional needs the queue", "policy.queue.enabled=False")),
        ("behaviour.cancel_confirmed.share", [0.5, 1.5], ("1.5 is not between 0 and 1",)),
        ("supply.3.on_hand", [1], ("3 is no entry of supply",)),
    ],
)
def test_settings_that_cannot_be_played_are_named_before_anything_runs(
    scenario: Scenario, parameter: Any, values: Any, texts: tuple[str, ...]
) -> None:
    played = []
    with pytest.raises(SettingError) as caught:
        sweep(scenario, parameter, values, 3, progress=lambda *state: played.append(state))
    for text in texts:
        assert text in str(caught.value)
    assert not played


def test_an_unknown_key_is_told_once_for_all_its_values(scenario: Scenario) -> None:
    with pytest.raises(SettingError) as caught:
        sweep(scenario, "policy.overboking.rate", [1, 1.1, 1.2], 2, progress=False)
    assert len(caught.value.problems) == 1


@pytest.mark.parametrize("replications", [0, -3, 10**7 + 1, 1.5, True, "many", None])
def test_replications_that_are_no_number_of_them(scenario: Scenario, replications: Any) -> None:
    with pytest.raises(SettingError, match="replications"):
        replicate(scenario, replications, progress=False)


@pytest.mark.parametrize("seed", [-1, 1.5, True])
def test_a_seed_that_is_none(scenario: Scenario, seed: Any) -> None:
    with pytest.raises(SettingError, match="seed"):
        replicate(scenario, 2, seed=seed, progress=False)


# ----- stopping


def test_until_stops_as_soon_as_every_setting_is_precise(scenario: Scenario) -> None:
    whole = sweep(scenario, RATE, [1, 1.1], 150, seed=5, progress=False)
    swept = sweep(scenario, RATE, [1, 1.1], 150, seed=5, until=Precision(relative=0.08), progress=False)
    assert swept.reason == "precise"
    assert 10 <= swept.replications < 150
    found = swept.intervals(["profit"])
    assert (found["half_width"] <= 0.08 / 1.08 * found["mean"]).all()
    # What was played is what would have been played.
    first = whole.frame[whole.frame["replication"] < swept.replications].reset_index(drop=True)
    pd.testing.assert_frame_equal(swept.frame, first)


def test_until_gives_up_at_the_limit(scenario: Scenario) -> None:
    swept = sweep(scenario, RATE, [1, 1.1], 25, until=Precision(absolute=0.01), progress=False)
    assert (swept.reason, swept.replications) == ("limit", 25)


def test_until_is_of_the_measure_that_is_named(scenario: Scenario) -> None:
    precision = Precision(absolute=1.0)
    by_units = sweep(scenario, RATE, [1.1], 300, until=precision, measure="oversold_units", progress=False)
    assert by_units.reason == "precise"
    assert by_units.intervals(["oversold_units"])["half_width"].iloc[0] <= 1
    assert by_units.intervals(["profit"])["half_width"].iloc[0] > 1


def test_until_an_unknown_measure(scenario: Scenario) -> None:
    with pytest.raises(SettingError, match="did you mean profit"):
        sweep(scenario, RATE, [1], 300, until=Precision(absolute=1), measure="profits", progress=False)


# ----- interrupts


def interrupt_at(count: int) -> Callable[[int, int], None]:
    def advance(done: int, _: int) -> None:
        if done == count:
            raise KeyboardInterrupt

    return advance


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], Callable[[int, int], None]]:
    """Makes one replication take until the interrupt, and gives what interrupts once 20 others are finished."""

    def slow_one(slow: int) -> Callable[[int, int], None]:
        interrupted = threading.Event()

        def play(plan: Plan, number: int) -> Played:
            if number == slow:
                interrupted.wait()
            return play_replication(plan, number)

        def advance(done: int, total: int) -> None:
            if done == 20:
                interrupted.set()
            interrupt_at(20)(done, total)

        monkeypatch.setattr(backends, "play_replication", play)
        return advance

    return slow_one


@pytest.mark.parametrize(("workers", "missing", "kept"), [(1, 40, 20), (2, 17, 17)])
def test_an_interrupt_leaves_what_was_finished(
    scenario: Scenario, workers: int, missing: int, kept: int, slow: Callable[[int], Callable[[int, int], None]]
) -> None:
    whole = sweep(scenario, RATE, [1, 1.1], 40, progress=False)
    with pytest.raises(Interrupted, match=rf"when {kept} of 40 replications were finished") as caught:
        sweep(scenario, RATE, [1, 1.1], 40, workers=workers, progress=slow(missing))
    left = caught.value.sweep
    assert left is not None
    assert (left.reason, left.replications) == ("interrupted", kept)
    # Replications are kept without a gap, whatever a second worker has finished behind one that takes long.
    first = whole.frame[whole.frame["replication"] < kept].reset_index(drop=True)
    pd.testing.assert_frame_equal(left.frame, first)
    assert len(left.intervals(["profit"])) == 2


def test_without_the_first_replication_an_interrupt_leaves_nothing(
    scenario: Scenario, slow: Callable[[int], Callable[[int, int], None]]
) -> None:
    with pytest.raises(Interrupted, match="when 0 of 40 replications") as caught:
        sweep(scenario, RATE, [1, 1.1], 40, workers=2, progress=slow(0))
    assert caught.value.sweep is None


def test_a_replication_that_is_missing_ends_what_was_finished(
    scenario: Scenario, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Workers finish in any order; the rows that are kept are 0, 1, 2, ... as far as they go."""

    def play_out_of_order(plan: Plan, *_: Any) -> Iterator[Played]:
        for number in (4, 1, 0, 2, 6):
            yield play_replication(plan, number)
        raise KeyboardInterrupt

    monkeypatch.setattr(experiment, "play_all", play_out_of_order)
    with pytest.raises(Interrupted, match="when 3 of 9 replications") as caught:
        sweep(scenario, RATE, [1, 1.1], 9, progress=False)
    assert caught.value.sweep is not None
    assert caught.value.sweep.replications == 3
    assert caught.value.sweep.frame["replication"].tolist() == [0, 1, 2] * 2


def test_an_interrupt_before_anything_is_finished_leaves_nothing(scenario: Scenario) -> None:
    with pytest.raises(Interrupted, match="when 1 of 40 replications") as caught:
        sweep(scenario, RATE, [1, 1.1], 40, workers=1, progress=interrupt_at(1))
    assert caught.value.sweep is None


def test_an_interrupt_on_the_way_to_a_precision(scenario: Scenario) -> None:
    with pytest.raises(Interrupted) as caught:
        sweep(scenario, RATE, [1], 400, until=Precision(absolute=0.01), workers=1, progress=interrupt_at(30))
    assert caught.value.sweep is not None
    assert caught.value.sweep.replications == 30


def test_progress_is_told_of_every_replication(scenario: Scenario) -> None:
    told: list[tuple[int, int]] = []
    sweep(scenario, RATE, [1, 1.1], 7, progress=lambda done, total: told.append((done, total)))
    assert told == [(done, 7) for done in range(1, 8)]
