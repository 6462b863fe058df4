"""Nights of a launch that has begun, through the path that every night takes."""

from __future__ import annotations

import json
import shutil
from datetime import date

import nbformat
import pandas as pd
import pytest

from allocation import replay, simulate
from allocation.analysis.recorded import book_frame
from allocation.live.open_book import holds_of, open_book, supply_of
from allocation.montecarlo import replicate
from allocation.reporting import Launch, read_history, run_reports, shipped_notebooks
from allocation.reporting.executing import execute
from allocation.reporting.manifest import digests_of, read_rows
from allocation.tape import write_tape
from tests.analysis.runs import small_scenario

SEED, REPLICATIONS = 5, 4
FIRST, SECOND = date(2026, 1, 2), date(2026, 1, 4)

NOTEBOOKS = ("actuals", "overbooking", "priority", "waves", "release_review")

pytestmark = pytest.mark.slow


def recorded(folder, scenario, until):
    """The tape of a launch up to an instant, with a customer's address on every order."""
    tape = [command for command in simulate(scenario, 3).tape() if command["at"] < until]
    for number, command in enumerate(tape):
        if command["type"] == "place":
            command["customer_id"] = f"jane-{number % 50}@example.org"
    path = folder / f"until-{until}.jsonl"
    write_tape(path, tape)
    return path


def notebooks(*names):
    shipped = shipped_notebooks()
    return {name: shipped[name] for name in names}


@pytest.fixture(scope="module")
def begun(tmp_path_factory):
    """One night early in the launch, and a night two days later."""
    folder = tmp_path_factory.mktemp("actual")
    scenario = small_scenario()
    early, late = (recorded(folder, scenario, until) for until in ("2025-03-05", "2025-03-13"))
    out = folder / "reports"
    options = {"seed": SEED, "replications": REPLICATIONS}
    first = run_reports([Launch(scenario, "tape", early)], FIRST, out, notebooks=notebooks("actuals"), **options)
    assert not first.failed, first.failed
    shutil.copytree(out, folder / "again")
    second = run_reports(
        [Launch(scenario, "tape", late)], SECOND, out, jobs=2, notebooks=notebooks("actuals", "overbooking"), **options
    )
    assert not second.failed, second.failed
    return folder, scenario, late


def test_means_are_those_from_the_recorded_book(begun):
    folder, scenario, late = begun
    launch = folder / "reports" / "2026-01-04" / "small-launch"
    expected = replicate(scenario, REPLICATIONS, SEED, start=late, progress=False)
    for report in ("actuals", "overbooking"):
        summary = json.loads((launch / report / "summary.json").read_text())
        assert summary["basis"] == "tape"
        assert summary["means"]["oversold_units"]["mean"] == pytest.approx(expected["oversold_units"].mean())
        page = (launch / f"{report}.html").read_text()
        assert "From actuals: a recorded tape" in page
        assert page.count("played on from its recorded book") >= (5 if report == "overbooking" else 1)
        assert "What-if" not in page
    run = replay(late, scenario.policy)
    assert summary["summary"]["orders"] == run.summary["orders"]
    kept = pd.read_parquet(launch / "actuals" / "book.parquet")
    assert (kept["status"].tolist()) == book_frame(run)["status"].tolist()


def test_every_step_has_its_time(begun):
    folder, _, _ = begun
    for row in read_rows(folder / "reports" / "2026-01-04"):
        assert {"inputs", "kernel", "cell answer", "cell close", "page", "sampling_s", "rules_s"} <= set(row.steps)
        cells = sum(seconds for name, seconds in row.steps.items() if not name.endswith("_s"))
        assert cells == pytest.approx(row.seconds, rel=0.1, abs=0.5)


def test_tonight_is_compared_with_the_newest_earlier_night(begun):
    folder, _, _ = begun
    launch = folder / "reports" / "2026-01-04" / "small-launch"
    inputs = json.loads((launch / "actuals" / "inputs.json").read_text())
    assert inputs["before"]["night"] == "2026-01-02"
    page = (launch / "actuals.html").read_text()
    assert "the night of 2026-01-02" in page
    earlier = json.loads((folder / "reports/2026-01-02/small-launch/actuals/summary.json").read_text())
    counts = json.loads((launch / "actuals" / "summary.json").read_text())["standing"]
    before, now = earlier["standing"]["cancelled"], counts["cancelled"]
    assert before < now
    numbers = "".join(f'<td class="number">{value}</td>' for value in (before, now, now - before))
    assert f"<td>reservations cancelled by customers</td>{numbers}" in page


def test_no_address_of_a_customer_is_anywhere(begun):
    folder, _, _ = begun
    for path in (folder / "reports").rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert b"@example.org" not in content, path
            if path.suffix == ".gz":
                import gzip

                assert b"@" not in gzip.decompress(content), path


def test_the_same_night_comes_out_the_same_in_another_folder(begun):
    folder, scenario, late = begun
    again = run_reports(
        [Launch(scenario, "tape", late)],
        SECOND,
        folder / "again",
        seed=SEED,
        replications=REPLICATIONS,
        notebooks=notebooks("actuals"),
    )
    assert not again.failed
    one, other = (folder / name / "2026-01-04" / "small-launch" for name in ("reports", "again"))
    files = ["actuals.html", "actuals.ipynb", *(path.relative_to(one) for path in (one / "actuals").rglob("*.*"))]
    assert len(files) > 10
    for name in files:
        assert (one / name).read_bytes() == (other / name).read_bytes(), name


def test_an_executed_notebook_opens_and_runs_again_where_it_lies(begun):
    folder, _, _ = begun
    launch = folder / "reports" / "2026-01-04" / "small-launch"
    notebook = nbformat.read(launch / "actuals.ipynb", as_version=4)
    nbformat.validate(notebook)
    assert notebook.metadata.kernelspec.name == "python3"
    work = folder / "work"
    shutil.copytree(launch, work)
    # As somebody does who opens it there and runs all of its cells.
    again = execute(notebook, {}, work)
    answers = [
        next(output.data["text/plain"] for cell in book.cells for output in cell.get("outputs", []))
        for book in (notebook, again)
    ]
    assert answers[0] == answers[1]
    assert answers[0].startswith("Until 2025-03-12")
    # Its numbers come out as they were, and nothing else is written.
    assert digests_of(work, "actuals") == digests_of(launch, "actuals")


def test_a_snapshot_is_a_beginning_too_and_a_bad_tape_fails_alone(begun):
    folder, scenario, late = begun
    run = replay(late, scenario.policy)
    snapshot, torn = folder / "snapshot.jsonl", folder / "torn.jsonl"
    at = run.decisions["at"].max().to_pydatetime()
    write_tape(snapshot, open_book(supply_of(run.engine), holds_of(run.engine, {}), at))
    torn.write_text('{"type": "place", "at"')
    other = small_scenario(name="other-launch")
    done = run_reports(
        [Launch(scenario, "snapshot", snapshot), Launch(other, "tape", torn)],
        date(2026, 1, 6),
        folder / "reports",
        jobs=2,
        seed=SEED,
        replications=REPLICATIONS,
        notebooks=notebooks(*NOTEBOOKS),
    )
    assert [(result.scenario, result.status) for result in done.reports] == [
        *[("small-launch", "done")] * len(NOTEBOOKS),
        *[("other-launch", "failed")] * len(NOTEBOOKS),
    ]
    assert "torn.jsonl:1" in done.failed[0].error
    page = (folder / "reports/2026-01-06/small-launch/actuals.html").read_text()
    assert "A snapshot of the open book does not tell" in page
    index = done.index.read_text()
    assert index.index("other-launch") < index.index("small-launch: rate")
    assert "priority failed" in index
    history = read_history(folder / "reports")
    assert set(history["basis"]) == {"tape", "snapshot"}
