"""Waves: variants beside the launch as configured, against independent computations and known answers."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from scipy import stats

from allocation import load_scenario, simulate
from allocation.analysis import (
    compared_with_configured,
    drawn_arrivals,
    replicated_waits,
    study_waves,
    variant_table,
    wave_units,
    waves_answer,
)
from allocation.analysis.wave_wording import about_assignment, about_risk, about_worth
from allocation.analysis.waves import WEEK_LATER, WITHOUT_LATER, wave_of
from allocation.montecarlo import replicate, sweep
from allocation.simulation.waiting import days_to_unit
from tests.analysis.runs import small_scenario

N, SEED = 6, 3


@pytest.fixture(scope="module")
def study():
    return study_waves(small_scenario(), N, SEED)


@pytest.fixture(scope="module")
def published():
    """The published console launch: every number of its waves is known."""
    return study_waves(load_scenario("console-waves"), 2, 0)


def change(study, question, variant, measure):
    frame = compared_with_configured(study, question)
    (row,) = frame[(frame["variant"] == variant) & (frame["measure"] == measure)].itertuples()
    return row


def test_the_launch_as_configured_is_that_of_every_other_command(study):
    own = study.swept.of(0).reset_index(drop=True)
    expected = replicate(small_scenario(), N, SEED, progress=False)
    for name in ("profit", "allocated_units", "oversold_units", "unsold_units"):
        assert own[name].tolist() == expected[name].tolist()


def test_days_to_a_unit_are_those_of_the_frames(study):
    for number in range(N):
        run = simulate(small_scenario(), SEED, number)
        given = run.decisions[run.decisions["after"] == "ALLOCATED"].set_index("reservation_id")["at"]
        placed = run.reservations.set_index("reservation_id")["placed_at"]
        days = (given - placed[given.index]).dt.total_seconds() / 86_400
        assert study.swept.of(0)["days_to_unit"].iloc[number] == pytest.approx(days.mean(), abs=1e-9)
        assert days_to_unit(run.engine)["days_to_unit"] == pytest.approx(days.mean(), abs=1e-9)


def test_differences_are_paired_t_intervals(study):
    for question, names in study.questions.items():
        for name in names:
            number = study.names.index(name)
            for measure in ("profit", "allocated_units"):
                first, second = (study.swept.of(n)[measure].to_numpy(float) for n in (number, 0))
                row = change(study, question, name, measure)
                assert row.difference == pytest.approx(np.mean(first - second))
                if np.ptp(first - second):
                    low, high = stats.ttest_rel(first, second).confidence_interval(0.95)
                    assert row.difference_half_width == pytest.approx((high - low) / 2)
                assert row.n == N


def test_a_launch_without_its_later_waves_gives_out_the_first_one_only(study):
    numbers = study.swept.of(study.names.index(WITHOUT_LATER))
    assert (numbers["supply_units"] == 60).all()
    assert (numbers["allocated_units"] <= 60).all()
    assert (study.swept.of(0)["allocated_units"] > 60).any()


def test_the_published_launch_has_the_known_answers(published):
    # 10,000 of 20,000 units are of later waves: each earns 90, and 500 overbooked ones cost 100 each no longer.
    lost = change(published, "worth", WITHOUT_LATER, "profit")
    assert (lost.difference, lost.difference_half_width) == (-850_000, 0)
    assert change(published, "worth", WITHOUT_LATER, "allocated_units").difference == -10_000
    # Half of those served wait a week longer, and nobody else.
    assert change(published, "worth", WEEK_LATER, "days_to_unit").difference == pytest.approx(3.5)
    assert change(published, "worth", WEEK_LATER, "profit").difference == 0
    # Whoever may not be promised a later wave leaves it unsold.
    assert change(published, "assignment", "requested", "unsold_units").difference == 10_000
    assert change(published, "risk", "every delivery 10% short", "allocated_units").difference == -2_000
    answer = waves_answer(published, replicated_waits(published.scenario, 2, 0))
    assert "(2025-11-22, 2025-11-29) are worth USD 850,000 of profit and 10,000 more units" in answer
    assert "costs no profit and lets those served wait 3.50" in answer
    assert answer.endswith("(means of 2 replications, 95% t intervals; differences paired by replication).")


def test_units_of_each_wave_of_the_published_launch(published):
    frame = wave_units(published, drawn_arrivals(published.scenario, 5, 0)).set_index("ship_date")
    assert frame["expected_units"].tolist() == frame["came_units"].tolist() == [10_000, 5_000, 5_000]
    # As published: 10,500, 5,250 and 5,250 confirmed.
    assert frame["confirmed_at_cutoff_units"].tolist() == [10_500, 5_250, 5_250]
    assert frame["allocated_units"].tolist() == [10_000, 5_000, 5_000]
    assert not frame.filter(like="half_width").to_numpy().any()


def test_a_late_delivery_counts_for_the_wave_that_it_is_in_time_for():
    released = [date(2025, 11, 15), date(2025, 11, 22)]
    assert wave_of(released, date(2025, 11, 15)) == date(2025, 11, 15)
    assert wave_of(released, date(2025, 11, 16)) == date(2025, 11, 22)
    assert wave_of(released, date(2025, 11, 23)) is None
    late = {"supply.0.expected.0.late": {"probability": 1, "days": 7}}
    study = study_waves(small_scenario(**late), 2, 0)
    frame = wave_units(study, drawn_arrivals(study.scenario, 2, 0))
    assert frame["expected_units"].tolist() == [60, 20]
    assert frame["came_units"].tolist() == [0, 80]


def test_a_single_wave_says_so():
    study = study_waves(load_scenario("iphone-15-pro", {"demand.counts": {"VIP": 50, "STANDARD": 60}}), 2, 0)
    assert study.questions["assignment"] == study.questions["worth"] == ()
    assert compared_with_configured(study, "worth").empty
    assert variant_table(compared_with_configured(study, "worth")).empty
    answer = waves_answer(study, replicated_waits(study.scenario, 2, 0))
    assert answer.startswith("This launch has one wave, 2025-09-22: nobody can be promised a later one")
    for about in (about_worth, about_assignment):
        assert "a single wave" in about(study)
    assert "every delivery came short" in about_risk(study)


def test_a_launch_that_serves_nobody_is_told_without_numbers():
    nothing = {"supply.0.expected.0.quantity": 0, "supply.0.expected.1.quantity": 0}
    study = study_waves(small_scenario(**nothing), 2, 0)
    answer = waves_answer(study, replicated_waits(study.scenario, 2, 0))
    assert "is worth USD 0 of profit and 0 more units" in answer
    assert "a week's delay of it costs no profit; there are replications in which nobody gets a unit" in answer


def test_moving_up_changes_nothing_where_everybody_keeps_the_requested_date():
    scenario = load_scenario("console-realistic", {"demand.total": 3000, "policy.waves.assignment": "requested"})
    swept = sweep(scenario, "policy.waves.move_up", [False, True], 3, 0, progress=False)
    first, second = (swept.of(n).drop(columns=["setting", swept.parameters[0]]) for n in (0, 1))
    assert first.reset_index(drop=True).equals(second.reset_index(drop=True))


def test_a_table_has_a_row_for_each_variant_and_measure(study):
    frame = compared_with_configured(study, "worth")
    table = variant_table(frame)
    assert len(table) == len(frame) == 3 * 5
    assert table.loc[0, "measure"] == "profit (USD)"
    assert table.loc[table["variant"] == "as configured", "change"].tolist() == [0] * 5


def test_a_variant_that_cannot_be_is_left_out_with_its_reason(monkeypatch):
    from allocation.analysis import waves
    from allocation.engine.errors import SettingError

    def refuse(_scenario):
        raise SettingError("it cannot be")

    monkeypatch.setattr(waves, "_a_week_later", refuse)
    study = waves.study_waves(small_scenario(), 2, 0)
    assert study.left_out == {WEEK_LATER: "it cannot be"}
    assert study.questions["worth"] == (WITHOUT_LATER,)
    assert "Left out is later waves a week later: it cannot be." in about_worth(study)
    assert "week" not in waves_answer(study, replicated_waits(study.scenario, 2, 0))
