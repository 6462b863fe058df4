"""The calibration notebook through the production path, with the numbers of the package and of the command line."""

from __future__ import annotations

import json
import re
import shutil
from datetime import date
from pathlib import Path

import nbformat
import pandas as pd
import pytest

from allocation import analysis, load_scenario
from allocation.calibration import Source, calibrate, cancellation_frame
from allocation.calibration.source import EXAMPLE
from allocation.calibration.summary import summary_of
from allocation.engine.errors import SettingError
from allocation.reporting import run_reports, shipped_notebooks
from allocation.reporting.executing import execute
from allocation.reporting.launches import Launch
from allocation.reporting.nights import reports_of
from allocation.reporting.pages import report_page
from allocation.scenario import dump_scenario
from allocation.scenario import load_scenario as load
from tests.analysis.runs import small_scenario

HOTEL = Path(__file__).parents[1] / "cases" / "hotel_bookings.csv"
CAVEAT = "Cancelled rows cluster in this file: the timing may be taken from it, the level may not."


def test_a_launch_without_a_history_has_no_calibration() -> None:
    assert "calibration" in shipped_notebooks()
    due = [reports_of(Launch(small_scenario(), history=asked), shipped_notebooks()) for asked in ({}, {"file": "x"})]
    assert due[1] == [*due[0], "calibration"]


def test_a_manifest_names_a_history(tmp_path) -> None:
    shutil.copy(EXAMPLE, tmp_path / "past.csv")
    manifest = tmp_path / "inputs.json"
    manifest.write_text(json.dumps({"scenario": "console-realistic", "history": "past.csv"}))
    assert analysis.open_report(manifest).history == Source(tmp_path / "past.csv")
    manifest.write_text(json.dumps({"scenario": "console-realistic"}))
    assert analysis.open_report(manifest).history is None
    manifest.write_text(json.dumps({"scenario": "console-realistic", "history": {"path": "past.csv"}}))
    with pytest.raises(SettingError, match="path: unknown key"):
        analysis.open_report(manifest)


def executed(folder, inputs):
    (folder / "calibration").mkdir(parents=True)
    (folder / "calibration" / "inputs.json").write_text(json.dumps(inputs))
    shipped = nbformat.read(shipped_notebooks()["calibration"], as_version=4)
    return execute(shipped, {"manifest": "calibration/inputs.json"}, folder)


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    """A report on a history that is named, with rows that are damaged."""
    folder = tmp_path_factory.mktemp("named") / "report"
    frame = pd.read_csv(EXAMPLE, dtype=str)
    frame.loc[3:5, "status_at"] = "?"
    past = folder.parent / "past.csv"
    frame.to_csv(past, index=False)
    inputs = {"scenario": "console-realistic", "history": {"file": "../../past.csv", "caveat": CAVEAT}, "out": "."}
    return folder, executed(folder, inputs), calibrate(Source(past, caveat=CAVEAT), load_scenario("console-realistic"))


@pytest.mark.slow
def test_numbers_are_those_of_the_package(report) -> None:
    folder, _, found = report
    kept = folder / "calibration"
    numbers = json.loads((kept / "calibration.json").read_text())
    assert {key: numbers[key] for key in summary_of(found)} == json.loads(json.dumps(summary_of(found)))
    assert numbers["answer"] == analysis.calibration_answer(found)
    assert (kept / "calibrated.yaml").read_text() == dump_scenario(found.scenario)
    assert load(kept / "calibrated.yaml") == found.scenario
    frames = {
        "arrivals": found.estimates.arrivals.frame,
        "tiers": found.estimates.tiers,
        "quantities": found.estimates.quantities,
        "cancellation": cancellation_frame(found.estimates),
        "cancelled": found.estimates.cancelled,
        "goodness": analysis.goodness_frame(found),
    }
    for name, frame in frames.items():
        pd.testing.assert_frame_equal(pd.read_parquet(kept / f"{name}.parquet"), frame, check_dtype=False)


@pytest.mark.slow
def test_the_answer_comes_first_and_the_caveat_and_bad_rows_are_shown(report) -> None:
    _, notebook, found = report
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    assert outputs[0]["data"]["text/plain"] == analysis.calibration_answer(found)
    assert "(3 bad rows left out)" in outputs[0]["data"]["text/plain"]
    assert CAVEAT in outputs[1]["data"]["text/plain"]
    assert not [output for output in outputs if output.output_type in ("stream", "error")]
    assert sum("image/png" in output.get("data", {}) for output in outputs) == 6
    page = report_page(notebook, "Console", date(2026, 1, 2))
    assert "past.csv:5" in page
    assert not re.search(r"<script|<link|https?://", page)
    for alt in re.findall(r"<img[^>]*?>", page):
        assert re.search(r'alt="[^"]{20,}"', alt)


def test_a_biased_history_says_so_in_its_report(tmp_path) -> None:
    shutil.copy(HOTEL, tmp_path / "hotel.csv")
    history = {
        "file": "hotel.csv",
        "columns": {"placed": "booked", "status": "reservation_status", "status_at": "reservation_status_date",
                    "due": "arrival_date"},
        "statuses": {"Canceled": "cancelled", "Check-Out": "served", "No-Show": "served"},
        "timezone": "Europe/Lisbon",
        "take": ["timing"],
        "caveat": CAVEAT,
    }  # fmt: skip
    (tmp_path / "inputs.json").write_text(json.dumps({"scenario": "console-realistic", "history": history}))
    opened = analysis.open_calibration(tmp_path / "inputs.json")
    assert "a share that the scenario does not take" in repr(opened.answer())
    assert CAVEAT in repr(opened.remarks())
    assert CAVEAT in repr(opened.scenario())
    tiers = opened.calibration.estimates.tiers
    assert "hotel.csv does not show it" in repr(
        opened.exhibit("tiers", tiers, analysis.plot_shares_of_tiers, "", tiers)
    )


def test_without_a_history_it_opens_with_the_example() -> None:
    opened = analysis.open_calibration("")
    assert "sampled-from-console-realistic.csv" in repr(opened.answer())
    assert "nobody placed these orders" in repr(opened.remarks())


@pytest.mark.slow
def test_a_night_runs_it_for_a_launch_that_has_a_history(tmp_path) -> None:
    past = Launch(small_scenario(), history={"file": str(EXAMPLE)})
    asked = {"calibration": shipped_notebooks()["calibration"]}
    done = run_reports([past], date(2026, 1, 2), tmp_path, notebooks=asked, replications=2)
    assert [(one.report, one.status) for one in done.reports] == [("calibration", "done")]
    assert (tmp_path / "2026-01-02" / "small-launch" / "calibration" / "calibrated.yaml").is_file()
