"""Actual against forecast: bands are quantiles, the show rate is the adaptive method's, changes are counted."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from scipy.stats import beta

from allocation import analysis, replay, simulate
from allocation.analysis.actuals import AgainstForecast, actuals_answer
from allocation.analysis.against_forecast import forecast_courses, instants_of, next_release
from allocation.analysis.launch_report import LaunchReport
from allocation.analysis.recorded import (
    Actuals,
    book_frame,
    example_actuals,
    knows_the_past,
    now_of,
    recorded_run,
)
from allocation.analysis.report_manifest import read_manifest
from allocation.analysis.since_last_night import (
    GONE,
    EarlierNight,
    counts_changed,
    recommendation_sentence,
    statuses_changed,
)
from allocation.engine.errors import SettingError
from allocation.engine.instants import milliseconds
from allocation.live.open_book import holds_of, open_book, supply_of
from tests.analysis.runs import small_scenario

N = 25


@pytest.fixture(scope="module")
def scenario():
    return small_scenario()


def report_of(scenario, kind="tape", until="2025-03-11"):
    tape = [command for command in simulate(scenario, 3).tape() if command["at"] < until]
    return LaunchReport(scenario, seed=7, replications=N, actuals=Actuals(kind, tape))


@pytest.fixture(scope="module")
def compared(scenario):
    return AgainstForecast(report_of(scenario))


def test_the_band_holds_what_launches_of_the_same_scenario_do(scenario, compared):
    standing = compared.standing.set_index("measure")
    now = now_of(compared.report.run.engine)
    own = forecast_courses(scenario, now, N, 7)
    cancelled = np.sort(own[own["at"] == pd.Timestamp(now, unit="ms", tz="UTC")]["cancelled"].to_numpy())
    row = standing.loc["cancelled"]
    # Of 25 in order, the quantiles lie at 0.6 (down: the 1st), 12 and 23.4 (up: the 25th).
    assert [row["forecast_low"], row["forecast"], row["forecast_high"]] == [cancelled[0], cancelled[12], cancelled[24]]
    assert standing.loc["orders", "actual"] == compared.report.run.summary["orders"]
    assert set(standing["verdict"]) <= {"as forecast", "above", "below"}


def test_another_launch_than_the_scenario_is_outside_the_band(scenario):
    crowded = small_scenario(**{"demand.counts": {"PLATINUM": 10, "VIP": 30, "STANDARD": 160}})
    tape = report_of(crowded).actuals.tape
    found = AgainstForecast(LaunchReport(scenario, replications=N, actuals=Actuals("tape", tape)))
    assert found.standing.set_index("measure").loc["orders", "verdict"] == "above"
    assert "above the forecast" in actuals_answer(found)


def test_the_show_rate_is_learned_from_what_was_promised_and_lost(scenario, compared):
    frame = compared.show_rates.set_index("known_from")
    run = compared.report.run
    pools = run.engine.book.tables.pools[1:]
    promises, losses = int(pools["promises"].sum()), int(pools["losses"].sum())
    prior = scenario.policy.overbooking.prior
    now, opens = now_of(run.engine), milliseconds(scenario.orders.opens)
    length = milliseconds(next_release(scenario, now).at) - opens
    watched = promises * (now - opens) // length
    a = float(prior.show_rate) * prior.orders + watched - losses
    b = float(1 - prior.show_rate) * prior.orders + losses
    learned = frame.loc["learned"]
    assert learned["share"] == pytest.approx(a / (a + b))
    assert [learned["share_low"], learned["share_high"]] == pytest.approx(beta.ppf([0.025, 0.975], a, b))
    assert frame.loc["prior", "share"] == pytest.approx(float(prior.show_rate))


def test_courses_know_the_past_up_to_now_and_the_rest_from_then_on(compared):
    frame = compared.course("held_course", "held", analysis.plot_held_course, "Held.").table
    now = pd.Timestamp(now_of(compared.report.run.engine), unit="ms", tz="UTC")
    assert frame.loc[frame["at"] > now, "actual"].isna().all()
    assert frame.loc[frame["at"] < now, "rest"].isna().all()
    own = frame[frame["at"] == now].iloc[0]
    assert own["actual"] == own["rest"] == own["rest_low"] == own["rest_high"]


def test_a_snapshot_says_what_it_does_not_know(scenario):
    found = AgainstForecast(report_of(scenario, "snapshot"))
    assert list(found.standing["measure"]) == ["held", "waiting"]
    assert list(found.show_rates["known_from"]) == ["prior", "forecast"]
    assert "does not tell" in found.course("orders", "orders", analysis.plot_orders_course, "Orders.").text
    assert "a snapshot does not tell who left" in actuals_answer(found)


def test_means_are_played_on_from_the_book(scenario, compared):
    report = compared.report
    tape = list(report.run.tape())
    from allocation.montecarlo import replicate

    assert report.recorded
    expected = replicate(scenario, N, 7, start=tape, progress=False)
    pd.testing.assert_frame_equal(report.replicated, expected)
    assert "played on from its recorded book" in report.table(pd.DataFrame({"a": [1]}), "A.", of_settings=True).caption
    assert "As recorded until 2025-03-10" in report.table(pd.DataFrame({"a": [1]}), "A.").caption
    assert not LaunchReport(scenario).recorded
    # The closed form knows no book.
    assert report.rates.begun
    assert set(report.rate_curve["source"]) == {"simulated"}
    assert "the launch has begun" in analysis.closed_form_sentence(report.rates, report.rate_curve)


def test_what_changed_since_a_night_is_counted(scenario):
    early, late = (
        recorded_run(scenario, report_of(scenario, until=until).actuals) for until in ("2025-03-05", "2025-03-11")
    )
    before = EarlierNight("2026-01-01", {"orders": 100, "held": 60}, 1.05, book_frame(early))
    counts = counts_changed({"orders": 120, "held": 58, "losses": 3}, before)
    assert counts["change"].tolist() == [20, -2]
    assert recommendation_sentence(1.02, before) == "Of the rates tried, 1.02 earns most; then it was 1.05."
    moved = statuses_changed(book_frame(late), before)
    one, other = (book_frame(run).set_index("reservation_id")["status"] for run in (early, late))
    differ = sum(one.get(name, GONE) != other.get(name, GONE) for name in {*one.index, *other.index})
    assert moved["reservations"].sum() == differ > 0
    gone = statuses_changed(book_frame(late).iloc[1:], EarlierNight("x", {}, 1.0, book_frame(late)))
    assert gone["tonight"].tolist() == [GONE]


def test_an_example_ends_before_the_first_release(scenario):
    kinds = {command["type"] for command in example_actuals(scenario).tape}
    assert "confirm" in kinds
    assert "release" not in kinds


def test_instants_run_over_the_launch_in_whole_seconds(scenario):
    found = instants_of(scenario, 1_741_000_000_123)
    assert found == sorted(set(found))
    assert 1_741_000_000_123 in found
    assert all(at % 1000 == 0 for at in found if at != 1_741_000_000_123)


def test_without_actuals_it_says_where_to_name_them(scenario):
    with pytest.raises(SettingError, match="small-launch has no actuals: name its tape"):
        AgainstForecast(LaunchReport(scenario))


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"scenario": "x", "sed": 3}, "sed: nobody knows this key, did you mean seed?"),
        ({"scenario": "x", "seed": "3"}, "seed: '3' must be a whole number"),
        ({"scenario": "x", "replications": True}, "replications: True must be a whole number"),
        ({"seed": 3}, "scenario: is missing"),
        ({"scenario": "x", "actuals": {"kind": "guess", "tape": "t"}}, "'guess' is not one of tape, run, snapshot"),
        ({"scenario": "x", "before": {"night": "2026-01-01"}}, "before.folder: is missing"),
    ],
)
def test_a_manifest_is_read_strictly(tmp_path, asked, message):
    path = tmp_path / "inputs.json"
    path.write_text(json.dumps(asked))
    with pytest.raises(SettingError) as caught:
        read_manifest(path)
    assert message in str(caught.value)


def test_a_tape_that_begins_with_an_open_book_does_not_know_the_past(tmp_path):
    run = simulate(small_scenario(), 3)
    assert knows_the_past(run)
    # The run folder of a live release is of such a tape.
    early = [command for command in run.tape() if command["at"] < "2025-03-08"]
    begun = replay(early, run.policy)
    at = begun.decisions["at"].max().to_pydatetime()
    book = open_book(supply_of(begun.engine), holds_of(begun.engine, {}), at)
    assert any(command["type"] == "adopt" for command in book)
    replay(book, run.policy).save(tmp_path / "night")
    recorded = recorded_run(small_scenario(), Actuals.of("run", tmp_path / "night"))
    assert not knows_the_past(recorded)
