"""A release that was applied as a user would, and then its review."""

from __future__ import annotations

import json
import re
from datetime import date
from pathlib import Path

import nbformat
import pytest

from allocation.reporting import run_reports, shipped_notebooks
from allocation.reporting.executing import execute
from allocation.reporting.launches import read_launches
from allocation.reporting.pages import report_page
from tests.cli.running import Run, Served

NIGHT = date(2025, 11, 15)
LAUNCH = ["--launch", "console", "--policy", "policy.yaml", "--ship-date", "2025-11-15"]


@pytest.mark.slow
def test_the_review_of_a_night(launch: Path, sandbox: Served, run: Run) -> None:
    where = ["--sandbox", sandbox.url]
    assert run("live", "load", "tape.jsonl", "--policy", "policy.yaml", *where).code == 0
    assert run("live", "prove", "--customer", "C-0000001", "--sku", "PS6", *where).code == 0
    assert run("live", "plan", *LAUNCH, "--out", "plan.json", *where).code == 0
    part = run("live", "apply", "plan.json", "--yes", "--max-orders", "5", *where)
    assert part.code == 0, part.err
    plan = json.loads((launch / "plan.json").read_text())
    planned = [effect for effect in plan["effects"] if effect["order"]]
    (launch / "review").mkdir()
    inputs = {"scenario": "console-realistic", "actuals": {"kind": "run", "tape": "plan-run"}, "out": "review"}
    (launch / "inputs.json").write_text(json.dumps(inputs))
    shipped = nbformat.read(shipped_notebooks()["release_review"], as_version=4)
    executed = execute(shipped, {"manifest": "inputs.json"}, launch)
    page = report_page(executed, "Console", NIGHT)
    answer = json.loads((launch / "review" / "summary.json").read_text())["answer"]
    assert answer.startswith("The recorded release of console gave out ")
    assert f"5 of {len(planned)} planned orders stand and 0 need a person" in answer
    assert "assumes that everybody would have acted as they did" in answer
    assert "are the same, byte for byte" in page
    # Every order of the plan is found in the page, and no customer.
    for effect in plan["effects"]:
        assert f"<summary>{effect['hold']['order_id']} ·" in page
    assert "@" not in re.sub(r"<style>.*?</style>", "", page, flags=re.DOTALL)
    assert not re.search(r"C-\d{7}", page)
    counts = dict(re.findall(r"<td>(matched|open|unknown)</td><td class=\"number\">(\d+)</td>", page))
    assert counts == {"matched": "5", "open": str(len(planned) - 5), "unknown": "0"}
    # The same through the path of every night, where what is kept of the run has no customers either.
    said = "version: 1\nlaunches:\n  - scenario: console-realistic\n    actuals: {run: plan-run}\n"
    (launch / "launches.yaml").write_text(said)
    books = {"release_review": shipped_notebooks()["release_review"]}
    done = run_reports(read_launches(launch / "launches.yaml"), NIGHT, launch / "reports", notebooks=books)
    assert [(one.report, one.status) for one in done.reports] == [("release_review", "done")]
    written = launch / "reports" / NIGHT.isoformat() / "console-realistic"
    assert json.loads((written / "release_review" / "summary.json").read_text())["answer"] == answer
    kept = [file for file in written.rglob("*") if file.suffix in {".json", ".jsonl", ".html", ".ipynb"}]
    assert len(kept) > 5
    for file in kept:
        assert not re.search(r"C-\d{7}", file.read_text()), file
