"""Nights that are kept: checked for what is missing or damaged, pruned with care, and remembered in the history."""

from __future__ import annotations

import json
import shutil
from datetime import date

import pandas as pd
import pytest

from allocation.engine.errors import SettingError
from allocation.reporting import (
    Launch,
    check_date,
    check_reports,
    prune_reports,
    read_history,
    run_reports,
    write_index,
)
from allocation.reporting.history import HISTORY, write_history
from allocation.reporting.index import index_page
from allocation.reporting.manifest import NIGHT, Row, digests_of, read_rows, write_rows
from allocation.reporting.places import locked
from tests.analysis.runs import small_scenario
from tests.reporting.notebooks import SUMMARY, notebook_of

TODAY = date(2026, 4, 10)


def night(out, day, launch="launch", profit=10.0, reports=("overbooking", "priority"), **more):
    """A night as a run leaves it, without running anything."""
    folder = out / day / launch
    rows = []
    for report in reports:
        (folder / report).mkdir(parents=True)
        interval = {"mean": profit, "half_width": 1.0, "low": profit - 1, "high": profit + 1}
        content = {"title": "A launch", "currency": "USD", "seed": 0, "replications": 10, "rate": "1.05"}
        content |= {"basis": "what-if", "means": {"profit": interval, "orders": interval}, "alert_share": 0.0}
        content |= {"answer": f"An answer of {day}.", "regime": "demand is short"} | more
        content |= {"summary": {"orders": 3, "confirmed_at_cutoff_units": 4, "allocated_units": 5, "oversold_units": 0,
                                "unsold_units": 1, "profit": 2}}  # fmt: skip
        (folder / report / "summary.json").write_text(json.dumps(content))
        for suffix in ("html", "ipynb"):
            (folder / f"{report}.{suffix}").write_text(f"{report} of {day}")
        rows.append(Row(launch, report, "done", digests=digests_of(folder, report)))
    with locked(out):
        write_rows(out / day, rows)
        write_history(out)
    return folder


def kinds(out, day=TODAY, launches=None):
    return [(finding.report, finding.kind) for finding in check_reports(launches, day, out).findings]


# ----- check


def test_a_whole_night_is_complete(tmp_path):
    night(tmp_path, "2026-04-10")
    found = check_reports(None, TODAY, tmp_path)
    assert (found.due, found.findings) == (2, ())


def test_what_is_wrong_with_a_night_is_found(tmp_path):
    folder = night(tmp_path, "2026-04-10", reports=("overbooking", "priority", "waves"))
    (folder / "overbooking.html").write_text("cut sho")
    shutil.rmtree(folder / "waves")
    for suffix in ("html", "ipynb"):
        (folder / f"waves.{suffix}").unlink()
    (folder / "priority" / "more.parquet").write_text("which nobody wrote")
    with locked(tmp_path):
        rows = [Row("launch", "calibration", "failed", error="ValueError: no"), Row("launch", "tuning")]
        write_rows(folder.parent, rows)
    assert kinds(tmp_path) == [
        ("calibration", "failed"),
        ("overbooking", "damaged"),
        ("priority", "damaged"),
        ("tuning", "missing"),
        ("waves", "missing"),
    ]


def test_a_night_that_is_not_there_is_stale_or_missing(tmp_path):
    assert kinds(tmp_path) == [("", "missing")]
    night(tmp_path, "2026-04-09")
    (finding,) = check_reports(None, TODAY, tmp_path).findings
    assert (finding.kind, "the newest are of 2026-04-09" in finding.message) == ("stale", True)
    folder = night(tmp_path, "2026-04-10")
    assert kinds(tmp_path, date(2026, 4, 8)) == [("", "missing")]
    (folder.parent / NIGHT).write_text("{")
    assert kinds(tmp_path) == [("", "damaged")]
    (folder.parent / NIGHT).unlink()
    assert kinds(tmp_path) == [("", "missing")]


def test_launches_that_were_due_and_have_no_reports_are_missing(tmp_path):
    night(tmp_path, "2026-04-10", "small-launch")
    scenario = small_scenario()
    assert ("overbooking", "missing") not in kinds(tmp_path, launches=[Launch(scenario)])
    tape = tmp_path / "tape.jsonl"
    found = dict(kinds(tmp_path, launches=[Launch(scenario, "tape", tape), Launch(small_scenario(name="other"))]))
    assert found["actuals"] == "missing"
    found = check_reports([Launch(scenario, "tape", tape)], TODAY, tmp_path).findings
    assert ("overbooking", "stale") in [(finding.report, finding.kind) for finding in found]


# ----- prune


def test_only_old_nights_of_ours_are_pruned_and_never_the_newest(tmp_path):
    out, elsewhere = tmp_path / "reports", tmp_path / "elsewhere"
    out.mkdir()
    for day in ("2026-01-01", "2026-01-09", "2026-01-10", "2026-04-09"):
        night(out, day)
    night(tmp_path, "2025-01-01")
    (tmp_path / "2025-01-01").rename(elsewhere)
    (out / "2025-01-01").symlink_to(elsewhere)
    for name in ("2025-06-01", "old", "2025-6-1"):
        (out / name).mkdir()
        (out / name / "precious").write_text("")
    (out / "2025-07-01").write_text("a file")
    assert prune_reports(out, 90, TODAY) == ("2026-01-01", "2026-01-09")
    assert sorted(path.name for path in out.iterdir() if path.name[0] != ".") == [
        *("2025-01-01", "2025-06-01", "2025-07-01", "2025-6-1", "2026-01-10", "2026-04-09"),
        *("history.parquet", "index.html", "old"),
    ]
    assert (elsewhere / "launch" / "overbooking.html").is_file()
    # Nothing is newer than the newest, however old it is.
    assert prune_reports(out, 1, date(2030, 1, 1)) == ("2026-01-10",)
    assert prune_reports(out, 1, date(2030, 1, 1)) == ()


@pytest.mark.parametrize("days", [0, -3])
def test_a_number_of_days_below_one_is_refused(tmp_path, days):
    with pytest.raises(SettingError, match="must be at least 1 day"):
        prune_reports(tmp_path, days, TODAY)


# ----- history


def test_the_history_has_every_night_also_those_that_are_gone(tmp_path):
    for number, day in enumerate(("2026-04-08", "2026-01-01", "2026-04-09")):
        night(tmp_path, day, profit=100.0 + number)
    before = (tmp_path / HISTORY).read_bytes()
    prune_reports(tmp_path, 30, TODAY)
    frame = read_history(tmp_path)
    assert list(dict.fromkeys(frame["night"])) == ["2026-01-01", "2026-04-08", "2026-04-09"]
    profit = frame[frame["measure"] == "profit"]
    assert profit["mean"].tolist() == [101.0, 100.0, 102.0]
    assert profit["low"].tolist() == [100.0, 99.0, 101.0]
    assert set(frame["n"]) == {10}
    assert set(frame["regime"]) == {"demand is short"}
    assert profit["answer"].iloc[0] == "An answer of 2026-01-01."
    # The same nights, the same bytes.
    assert (tmp_path / HISTORY).read_bytes() == before
    with locked(tmp_path):
        write_history(tmp_path)
    assert (tmp_path / HISTORY).read_bytes() == before
    pd.testing.assert_frame_equal(frame, frame.sort_values(["night", "launch", "measure"], ignore_index=True))


def test_damaged_numbers_of_a_report_stop_nobody(tmp_path):
    folder = night(tmp_path, "2026-04-09")
    night(tmp_path, "2026-04-10")
    (folder / "overbooking" / "summary.json").write_text('{"cut sho')
    (folder / "priority" / "summary.json").write_text("[]")
    with locked(tmp_path):
        write_history(tmp_path)
    assert set(read_history(tmp_path)["night"]) == {"2026-04-10"}
    assert "no numbers" in index_page(tmp_path)
    assert {kind for _, kind in kinds(tmp_path, date(2026, 4, 9))} == {"damaged"}


def test_a_damaged_history_is_told(tmp_path):
    (tmp_path / HISTORY).write_text("no parquet")
    with pytest.raises(SettingError, match=r"history.parquet is damaged .*remove it"):
        read_history(tmp_path)


# ----- index


def test_trend_lines_run_over_the_nights_of_the_same_kind(tmp_path):
    night(tmp_path, "2026-04-07", profit=5.0, basis="tape")
    for number, day in enumerate(("2026-04-08", "2026-04-09", "2026-04-10")):
        night(tmp_path, day, profit=100.0 + 10 * number)
    page = index_page(tmp_path)
    assert page.count("<svg") == 2
    assert (
        'aria-label="Profit over 3 nights, from 100 on 2026-04-08 to 120 on 2026-04-10; lowest 100, highest 120"'
        in page
    )
    newest = page[page.index('id="night-2026-04-10"') : page.index('id="night-2026-04-09"')]
    assert newest.count("<svg") == 2
    assert page == index_page(tmp_path)


def test_alerts_and_failures_come_first_and_in_words(tmp_path):
    night(tmp_path, "2026-04-10", "calm")
    night(tmp_path, "2026-04-10", "loud", alert_share=0.4)
    night(tmp_path, "2026-04-10", "torn")
    with locked(tmp_path):
        write_rows(tmp_path / "2026-04-10", [Row("torn", "priority", "failed", error="ValueError: <no>")])
    page = write_index(tmp_path).read_text()
    alerts = page[page.index('id="alerts"') : page.index('id="night-')]
    assert "breaks more promises than the policy allows in 40% of runs" in alerts
    assert "priority failed: ValueError: &lt;no&gt;" in alerts
    order = [page.index(f"{name}: rate", page.index('id="night-')) for name in ("loud", "torn", "calm")]
    assert order == sorted(order)
    assert page.count("What-if: simulated from the scenario, no actuals") == 3


# ----- runs


def test_a_date_must_be_tonight_or_that_of_a_night_that_is_there(tmp_path):
    check_date(TODAY, TODAY, tmp_path)
    with pytest.raises(SettingError, match="the night of 2026-04-11 is still to come: today is 2026-04-10"):
        check_date(date(2026, 4, 11), TODAY, tmp_path, backfill=True)
    yesterday = date(2026, 4, 9)
    with pytest.raises(SettingError, match=r"is over and has no reports in .*say --backfill"):
        check_date(yesterday, TODAY, tmp_path)
    check_date(yesterday, TODAY, tmp_path, backfill=True)
    night(tmp_path, "2026-04-09")
    check_date(yesterday, TODAY, tmp_path)


@pytest.mark.slow
def test_no_secret_of_the_environment_is_written_anywhere(tmp_path, monkeypatch):
    for name in ("ALLOCATION_FLUENT_PASSWORD", "AWS_SECRET_ACCESS_KEY", "DATABASE_URL", "GITHUB_TOKEN"):
        monkeypatch.setenv(name, "s3cret-of-the-house")
    tells = "import os, sys; print(dict(os.environ)); print(dict(os.environ), file=sys.stderr)"
    notebooks = {
        "talks": notebook_of(tmp_path / "talks.ipynb", tells, SUMMARY),
        "fails": notebook_of(
            tmp_path / "fails.ipynb", f"{tells}\nraise ValueError(dict(os.environ), 'jane@example.org')"
        ),
    }
    out = tmp_path / "reports"
    done = run_reports([small_scenario()], TODAY, out, jobs=2, notebooks=notebooks)
    assert [result.status for result in done.reports] == ["done", "failed"]
    written = [path for path in out.rglob("*") if path.is_file()]
    assert any(b"PATH" in path.read_bytes() for path in written)
    for path in written:
        assert b"s3cret" not in path.read_bytes(), path
        assert b"jane@" not in path.read_bytes(), path
    assert "s3cret" not in str(done.failed[0].error)
    assert read_rows(out / "2026-04-10")[1].steps["kernel"] > 0
