"""The review of a run folder, through a report's manifest."""

from __future__ import annotations

import json
from datetime import date

import nbformat
import pytest

from allocation import analysis, replay, simulate
from allocation.engine.errors import NotFound, SettingError
from allocation.reporting import shipped_notebooks
from allocation.reporting.executing import execute
from allocation.reporting.pages import report_page
from tests.analysis.runs import SMALL, small_scenario


def manifest(folder, run, **more):
    (folder / "small.yaml").write_text(SMALL)
    path = folder / "inputs.json"
    path.write_text(json.dumps({"scenario": "small.yaml", "actuals": {"kind": "run", "tape": run}, **more}))
    return path


def test_a_run_folder_is_opened_with_its_own_policy_and_profit(tmp_path):
    run = simulate(small_scenario(), 8)
    run.save(tmp_path / "run")
    report = analysis.open_report(manifest(tmp_path, "run", out="."))
    assert report.run.digest == run.digest
    assert report.run.manifest["seed"] == 8
    assert report.run.summary["profit"] == run.summary["profit"]
    report.close(means=False)
    assert json.loads((tmp_path / "summary.json").read_text())["summary"]["profit"] == run.summary["profit"]
    alerts = analysis.alerts_of(report.run, None, report.folder)
    assert not alerts["alert"].str.contains("record").any()
    assert "byte for byte" in analysis.record_note(report.run, report.folder)
    assert "exactly that policy's simulation" in analysis.honesty_note(report.run)


def test_a_recorded_run_says_what_it_assumes(tmp_path):
    tape = list(simulate(small_scenario(), 8).tape())
    replay(tape, small_scenario().policy).save(tmp_path / "run")
    report = analysis.open_report(manifest(tmp_path, "run"))
    others = analysis.counterfactuals(report.run, report.scenario)
    answer = analysis.review_answer(report.run, others, None, "USD")
    for told in (answer, analysis.honesty_note(report.run)):
        assert "assumes that everybody would have acted as they did" in told
    assert answer.startswith("The recorded run gave out ")


def test_a_record_that_does_not_come_out_again_is_an_alert(tmp_path):
    simulate(small_scenario(), 8).save(tmp_path / "run")
    path = tmp_path / "run" / "manifest.json"
    known = json.loads(path.read_text())
    known["digests"]["decisions.jsonl"] = "0" * 64
    path.write_text(json.dumps(known))
    report = analysis.open_report(manifest(tmp_path, "run"))
    alerts = analysis.alerts_of(report.run, None, report.folder)
    assert alerts["alert"].tolist() == ["the record does not come out again"]
    assert "does not come to the decisions on record" in analysis.record_note(report.run, report.folder)


def test_bad_folders_are_named(tmp_path):
    with pytest.raises(NotFound, match="nowhere is no run folder"):
        analysis.open_report(manifest(tmp_path, "nowhere"))
    simulate(small_scenario(), 8).save(tmp_path / "run")
    actuals = analysis.Actuals.of("run", tmp_path / "run")
    with pytest.raises(SettingError, match="has no cost for tier PLATINUM"):
        analysis.recorded_run(analysis.open_report(default="console-realistic").scenario, actuals)


@pytest.mark.slow
def test_an_alert_reaches_the_page(tmp_path):
    scenario = small_scenario(**{"policy.release.alert_broken_share": 0.01, "policy.overbooking.rate": 1.3})
    run = simulate(scenario, 8)
    assert run.summary["alert"]
    run.save(tmp_path / "run")
    (tmp_path / "review").mkdir()
    path = manifest(tmp_path, "run", out="review")
    shipped = nbformat.read(shipped_notebooks()["release_review"], as_version=4)
    page = report_page(execute(shipped, {"manifest": path.name}, tmp_path), "Small", date(2026, 1, 2))
    released = analysis.releases_of(run)
    broken = released[released["alert"]].iloc[0]
    assert f"{broken['broken']} of {broken['promises']} promises broken, more than 1%" in page
    assert "<summary>O-0000001 ·" in page
    assert 'href="review/decisions.zip"' in page
