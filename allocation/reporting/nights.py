"""Running the reports of a night, and putting each into its place when it is whole."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

import nbformat

from allocation.analysis.launch_report import REPLICATIONS
from allocation.engine.book import compile_rules
from allocation.engine.errors import SettingError
from allocation.reporting.executing import execute, reason
from allocation.reporting.index import NIGHT, write_index
from allocation.reporting.notebooks import notebooks_of_launch
from allocation.reporting.pages import report_page
from allocation.scenario import dump_scenario
from allocation.scenario.schema import Scenario

SCHEMA_VERSION = 1
DONE, FAILED = "done", "failed"
_MANIFEST, _SCENARIO = "inputs.json", "scenario.yaml"


@dataclass(frozen=True, slots=True)
class ReportResult:
    """What became of one report.

    Attributes:
        scenario: The launch.
        report: Such as ``overbooking``.
        status: ``done`` or ``failed``.
        html: The page; None where it failed.
        ipynb: The executed notebook; None where it failed.
        seconds: How long it took.
        error: Why it failed, in one line.
    """

    scenario: str
    report: str
    status: str
    html: Path | None
    ipynb: Path | None
    seconds: float
    error: str | None = None


@dataclass(frozen=True, slots=True)
class ReportRun:
    """The reports of a night: its date, the folder that they are in, and what became of each."""

    date: date
    out: Path
    reports: tuple[ReportResult, ...]

    @property
    def index(self) -> Path:
        """The page on top of all nights."""
        return self.out / "index.html"

    @property
    def failed(self) -> tuple[ReportResult, ...]:
        """Those that failed."""
        return tuple(result for result in self.reports if result.status == FAILED)


@dataclass(frozen=True, slots=True)
class _Task:
    """One report that is to be run."""

    scenario: Scenario
    report: str
    notebook: Path
    day: date
    out: Path
    seed: int
    replications: int


def run_reports(
    scenarios: Sequence[Scenario],
    day: date,
    out: str | Path,
    *,
    jobs: int = 1,
    seed: int = 0,
    replications: int = REPLICATIONS,
    notebooks: Mapping[str, Path] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> ReportRun:
    """Run every report of every launch.

    A report is written to a temporary folder and moved to ``out/<day>/<scenario>`` when it is whole; one that is there
    already is replaced. One that fails changes nothing there, and the others go on.

    Args:
        scenarios: The launches; no two of one name.
        day: The date of the reports.
        out: The folder of all nights.
        jobs: How many run at the same time, each in a process of its own.
        seed: Of the draws.
        replications: How many runs the means are of, at least 2.
        notebooks: The notebook of each report; by default the shipped ones that need nothing but a scenario.
        progress: Called with (finished, in all) as they finish.

    Raises:
        SettingError: The folder cannot be written to, or two launches have one name.
    """
    out = Path(out)
    names = [scenario.name for scenario in scenarios]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise SettingError(f"{', '.join(twice)}: named twice; a launch has one report of a kind a night")
    _check_writable(out)
    # Compiled once here, not by every kernel.
    compile_rules()
    tasks = [
        _Task(scenario, report, notebook, day, out, seed, replications)
        for scenario in scenarios
        for report, notebook in (notebooks or notebooks_of_launch()).items()
    ]
    results: dict[int, ReportResult] = {}
    with ThreadPoolExecutor(max(jobs, 1)) as pool:
        running = {pool.submit(_run, task): i for i, task in enumerate(tasks)}
        try:
            for finished in as_completed(running):
                results[running[finished]] = finished.result()
                if progress is not None:
                    progress(len(results), len(tasks))
        except BaseException:
            # An interrupt ends those that run already, and starts no more.
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    run = ReportRun(day, out, tuple(results[i] for i in range(len(tasks))))
    _note_night(run)
    write_index(out)
    return run


def _run(task: _Task) -> ReportResult:
    begun = perf_counter()
    name = task.scenario.name
    folder = task.out / task.day.isoformat() / name
    try:
        with TemporaryDirectory(prefix=".part-", dir=task.out) as temporary:
            part = Path(temporary)
            try:
                _write(task, part)
                _move(part, folder, task.report)
            except Exception as error:  # noqa: BLE001 - whatever a notebook does wrong is its own, and the rest go on
                why = reason(error, part)
                return ReportResult(name, task.report, FAILED, None, None, _since(begun), why)
    except OSError as error:
        return ReportResult(name, task.report, FAILED, None, None, _since(begun), f"{type(error).__name__}: {error}")
    page, notebook = (folder / f"{task.report}.{suffix}" for suffix in ("html", "ipynb"))
    return ReportResult(name, task.report, DONE, page, notebook, _since(begun))


def _write(task: _Task, part: Path) -> None:
    """Write a whole report below a folder."""
    numbers = part / task.report
    numbers.mkdir()
    (numbers / _SCENARIO).write_text(dump_scenario(task.scenario), encoding="utf-8")
    inputs = {
        "schema_version": SCHEMA_VERSION,
        "scenario": _SCENARIO,
        "seed": task.seed,
        "replications": task.replications,
        "out": ".",
    }
    _write_json(numbers / _MANIFEST, inputs)
    shipped = nbformat.read(task.notebook, as_version=4)  # type: ignore[no-untyped-call]
    # As seen from the notebook's own folder, so that it runs there again.
    executed = execute(shipped, {"manifest": f"{task.report}/{_MANIFEST}"}, part)
    nbformat.write(executed, part / f"{task.report}.ipynb")  # type: ignore[no-untyped-call]
    page = report_page(executed, task.scenario.title, task.day)
    (part / f"{task.report}.html").write_text(page, encoding="utf-8")


def _move(part: Path, folder: Path, report: str) -> None:
    """Put a whole report into its place. Its page goes last and the old one first: a page stands for a whole report."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{report}.html").unlink(missing_ok=True)
    if (folder / report).exists():
        shutil.rmtree(folder / report)
    for name in (report, f"{report}.ipynb", f"{report}.html"):
        (part / name).rename(folder / name)


def _note_night(run: ReportRun) -> None:
    """Add what became of the reports to what is known of their night."""
    path = run.out / run.date.isoformat() / NIGHT
    path.parent.mkdir(exist_ok=True)
    known = json.loads(path.read_text(encoding="utf-8"))["reports"] if path.is_file() else []
    notes = {(row["scenario"], row["report"]): row for row in known}
    for result in run.reports:
        note = asdict(result)
        # Where they are follows from their names; a folder of reports can be moved.
        del note["html"], note["ipynb"]
        notes[result.scenario, result.report] = note
    rows = [notes[key] for key in sorted(notes)]
    part = path.with_name(f".{NIGHT}")
    _write_json(part, {"schema_version": SCHEMA_VERSION, "date": run.date.isoformat(), "reports": rows})
    part.rename(path)


def _check_writable(out: Path) -> None:
    try:
        out.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(prefix=".part-", dir=out):
            pass
    except OSError as error:
        raise SettingError(f"reports cannot be written to {out}: {error.strerror or error}") from error


def _write_json(path: Path, content: Mapping[str, object]) -> None:
    path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def _since(begun: float) -> float:
    return round(perf_counter() - begun, 3)
