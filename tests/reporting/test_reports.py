"""Reports through the path that every night takes."""

from __future__ import annotations

import json
import logging
import re
from datetime import date

import nbformat
import pandas as pd
import pytest

from allocation import analysis, simulate
from allocation.engine.errors import SettingError
from allocation.montecarlo import replicate
from allocation.reporting import run_reports, shipped_notebooks
from allocation.reporting.executing import execute
from allocation.reporting.index import index_page
from allocation.reporting.notebooks import NEEDS
from tests.analysis.runs import small_scenario
from tests.reporting.notebooks import notebook_of

DAY = date(2026, 1, 2)
SEED, REPLICATIONS = 5, 3
OF_A_SCENARIO = [name for name in shipped_notebooks() if name not in NEEDS]

pytestmark = pytest.mark.slow


def broken_notebook(folder):
    return notebook_of(folder / "broken.ipynb", "raise ValueError('no such\\nthing')")


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    return tmp_path_factory.mktemp("reports") / "here"


@pytest.fixture(scope="module")
def night(out):
    """Every report of a small launch that needs nothing but a scenario, and one that fails."""
    shipped = shipped_notebooks()
    notebooks = {name: shipped[name] for name in OF_A_SCENARIO} | {"broken": broken_notebook(out.parent)}
    seen = []
    done = run_reports(
        [small_scenario()],
        DAY,
        out,
        jobs=2,
        seed=SEED,
        replications=REPLICATIONS,
        notebooks=notebooks,
        progress=lambda *at: seen.append(at),
    )
    for report in (*OF_A_SCENARIO, "broken"):
        own = [(cells, total) for name, of, cells, total in seen if (name, of) == ("small-launch", report)]
        # Cell by cell, and done at the end, whatever became of it.
        assert own == sorted(own)
        assert own[-1][0] == own[-1][1] > 2
    return done


@pytest.fixture(scope="module")
def folder(night, out):
    return out / "2026-01-02" / "small-launch"


def test_reports_are_done_and_a_broken_one_has_failed(night, out, folder):
    assert [(r.report, r.status) for r in night.reports] == [
        *((name, "done") for name in OF_A_SCENARIO),
        ("broken", "failed"),
    ]
    assert night.failed[0].error == "ValueError: no such thing"
    assert night.failed[0].html is None
    # Nothing half is left, neither in place nor beside it.
    assert sorted(path.name for path in folder.iterdir()) == sorted(
        f"{name}{suffix}" for name in OF_A_SCENARIO for suffix in ("", ".html", ".ipynb")
    )
    assert sorted(path.name for path in out.iterdir()) == [".lock", "2026-01-02", "history.parquet", "index.html"]


def test_pages_load_nothing_and_show_no_code(night, out, folder):
    for page in (*folder.glob("*.html"), out / "index.html"):
        text = page.read_text(encoding="utf-8")
        assert not re.search(r"<script|<link|<iframe|@import|url\(|https?://|mathjax|require\.js", text, re.IGNORECASE)
        for target in re.findall(r'(?:src|href)="([^"]*)"', text):
            assert target.startswith("data:image/png;base64,") or (page.parent / target).is_file()
        assert "What-if" in text
        assert '<html lang="en">' in text
        assert 'name="viewport"' in text
        assert text.count("<h1") == 1
        assert "open_report" not in text
        assert "@example.com" not in text
        for alt in re.findall(r"<img[^>]*?>", text):
            assert re.search(r'alt="[^"]{20,}"', alt)


def test_numbers_are_those_of_the_package(night, folder):
    scenario = small_scenario()
    run = simulate(scenario, SEED)
    summary = json.loads((folder / "overbooking" / "summary.json").read_text())
    own = {key: value for key, value in run.summary.items() if key != "timing"}
    assert summary["summary"] == json.loads(json.dumps(own))
    headlines = analysis.headline_intervals(replicate(scenario, REPLICATIONS, SEED, progress=False))
    assert {name: mean["mean"] for name, mean in summary["means"].items()} == dict(
        zip(headlines["measure"], headlines["mean"], strict=True)
    )
    swept = analysis.sweep_rates(scenario, REPLICATIONS, SEED)
    curve = analysis.rate_curve(swept, analysis.rate_in_force(scenario))
    recommended = analysis.recommend_rate(scenario, REPLICATIONS, SEED)
    assert summary["answer"] == analysis.recommended_answer(recommended, scenario, headlines)
    assert summary["regime"] == analysis.regime_of(swept).name
    assert summary["rate"] == "1.05"
    study = analysis.study_waves(scenario, REPLICATIONS, SEED)
    others = analysis.counterfactuals(run, scenario)
    policies = analysis.compare_policies(scenario, REPLICATIONS, SEED)
    compared = analysis.policy_frame(policies)
    answer = json.loads((folder / "priority" / "summary.json").read_text())["answer"]
    assert answer == analysis.tiers_answer(policies, run, analysis.priority_errors(run))
    frames = {
        "overbooking/orders_against_supply": analysis.with_ranges(
            analysis.orders_against_supply(run), scenario, REPLICATIONS, SEED
        ),
        "overbooking/headlines": headlines,
        "overbooking/rate_curve": analysis.with_closed_form(curve, swept),
        "overbooking/methods": analysis.method_frame(analysis.compare_methods(scenario, REPLICATIONS, SEED)),
        "overbooking/service": analysis.service_by_rate(swept, analysis.chosen_rate(recommended)),
        "overbooking/tornado": analysis.tornado(swept, analysis.rate_looked_at(recommended)),
        "priority/status_flow": analysis.status_flow(run),
        "priority/tier_gains": analysis.tier_gains(compared, policies),
        "priority/policies": compared,
        "priority/confirmed_curve": analysis.confirmed_bands(policies),
        "priority/queue_sizes": analysis.with_ranges(analysis.queue_sizes(run), scenario, REPLICATIONS, SEED),
        "priority/priority_errors": analysis.priority_errors(run).by_tiers,
        "waves/supply_and_promises": analysis.supply_and_promises(run),
        "waves/worth": analysis.compared_with_configured(study, "worth"),
        "waves/assignment": analysis.compared_with_configured(study, "assignment"),
        "waves/risk": analysis.compared_with_configured(study, "risk"),
        "waves/waits": analysis.replicated_waits(scenario, REPLICATIONS, SEED).curve,
        "release_review/decisions": analysis.decisions_by_order(run),
        "release_review/gains_by_tier": analysis.gains_by_tier(run, others),
        "release_review/changes": others.changes,
    }
    for name, frame in frames.items():
        pd.testing.assert_frame_equal(pd.read_parquet(folder / f"{name}.parquet"), frame, check_dtype=False)


def test_the_answer_comes_first_and_nothing_is_on_stderr(night, folder):
    for name in OF_A_SCENARIO:
        notebook = nbformat.read(folder / f"{name}.ipynb", as_version=4)
        outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
        answer = json.loads((folder / name / "summary.json").read_text())["answer"]
        assert outputs[0]["data"]["text/plain"] == answer
        assert not [output for output in outputs if output.output_type in ("stream", "error")]
        # No path or time of the machine that ran it.
        assert "papermill" not in notebook.metadata
        assert str(folder.parent.parent) not in nbformat.writes(notebook)


def test_an_executed_notebook_runs_again_where_it_lies(night, folder):
    notebook = nbformat.read(folder / "priority.ipynb", as_version=4)
    again = execute(notebook, {"manifest": "priority/inputs.json"}, folder)
    pictures = [
        [
            output.data["image/png"]
            for cell in book.cells
            for output in cell.get("outputs", [])
            if "image/png" in output.data
        ]
        for book in (notebook, again)
    ]
    assert pictures[0] == pictures[1]
    assert len(pictures[0]) == 9


def test_a_failed_run_keeps_the_whole_report_of_before(night, out, folder, caplog):
    before = {path: path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}
    with caplog.at_level(logging.WARNING):
        done = run_reports([small_scenario()], DAY, out, notebooks={"priority": broken_notebook(out.parent)})
    assert done.failed
    assert {
        path: path.read_bytes() for path in sorted(folder.rglob("*")) if path.name in {p.name for p in before}
    } == before
    assert "an earlier one; the last run failed" in done.index.read_text()
    assert not caplog.records


def test_a_folder_that_cannot_be_written_is_refused_before_anything_runs(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(SettingError, match="cannot be written"):
        run_reports([small_scenario()], DAY, tmp_path / "file" / "reports")
    with pytest.raises(SettingError, match="named twice"):
        run_reports([small_scenario(), small_scenario()], DAY, tmp_path)


def test_the_index_lists_nights_newest_first_and_comes_out_the_same(tmp_path):
    for day in ("2026-01-02", "2026-01-10", "2025-12-31", "no-night"):
        place = tmp_path / day / "launch"
        place.mkdir(parents=True)
        (place / "overbooking.html").write_text("<html>")
    page = index_page(tmp_path)
    assert re.findall(r"<h2[^>]*><time[^>]*>([\d-]+)", page) == ["2026-01-10", "2026-01-02", "2025-12-31"]
    assert page == index_page(tmp_path)
