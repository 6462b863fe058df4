"""Running the reports of a night, and putting each into its place when it is whole."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Event, Lock
from time import perf_counter

from allocation.analysis.launch_runs import REPLICATIONS
from allocation.engine.book import compile_rules
from allocation.engine.errors import SettingError
from allocation.reporting.executing import OwnKernel, Steps, reason
from allocation.reporting.history import write_history
from allocation.reporting.index import write_index
from allocation.reporting.launches import Launch
from allocation.reporting.manifest import DONE, FAILED, Row, digests_of, readable_rows, write_rows
from allocation.reporting.notebooks import NEEDS, shipped_notebooks
from allocation.reporting.places import SPARE, locked, night_part, put_in_place
from allocation.reporting.writing import Task, keep_actuals, write_report
from allocation.scenario.schema import Scenario
from allocation.tape.masking import masked

_MOMENT_S = 0.1
Progress = Callable[[str, str, int, int], None]
"""Told of a launch and a report how many cells are done, of how many; of a report that ended, all of them."""


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
        steps: Seconds of each step, by name.
    """

    scenario: str
    report: str
    status: str
    html: Path | None
    ipynb: Path | None
    seconds: float
    error: str | None
    steps: Mapping[str, float]


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


def check_date(day: date, today: date, out: Path, *, backfill: bool = False) -> None:
    """Refuse a night whose reports cannot honestly be made today.

    What is known today was not known in an earlier night, so reports of one are made again where they are, and made
    anew only by who asks for it.

    Args:
        day: Of the reports.
        today: Where this machine is.
        out: The folder of all nights.
        backfill: Whether reports of an earlier night are wanted although there are none of it.

    Raises:
        SettingError: The night is still to come, or is over and has no reports.
    """
    if day > today:
        raise SettingError(f"the night of {day} is still to come: today is {today}; leave the date out for tonight")
    if day < today and not backfill and not (out / day.isoformat()).is_dir():
        raise SettingError(
            f"the night of {day} is over and has no reports in {out}: what is run now would be what is known on "
            f"{today}, under an earlier date; leave the date out for tonight, or say --backfill"
        )


def run_reports(
    launches: Sequence[Launch | Scenario],
    day: date,
    out: str | Path,
    *,
    jobs: int = 1,
    seed: int = 0,
    replications: int = REPLICATIONS,
    notebooks: Mapping[str, Path] | None = None,
    progress: Progress | None = None,
) -> ReportRun:
    """Run every report of every launch.

    A report is written to a temporary folder and moved to ``out/<day>/<scenario>`` when it is whole; one that is there
    already is replaced. One that fails changes nothing there, and the others go on.

    Args:
        launches: The launches; no two of one name. A scenario stands for a what-if.
        day: The date of the reports.
        out: The folder of all nights.
        jobs: How many run at the same time, each in a process of its own.
        seed: Of the draws.
        replications: How many runs the means are of, at least 2.
        notebooks: The notebook of each report; the shipped ones by default.
        progress: Told how far each report is.

    Raises:
        SettingError: The folder cannot be written to, or two launches have one name.
        LockHeld: Another run of this night is at work.
    """
    out = Path(out)
    known = [launch if isinstance(launch, Launch) else Launch(launch) for launch in launches]
    names = [launch.scenario.name for launch in known]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise SettingError(f"{', '.join(twice)}: named twice; a launch has one report of a kind a night")
    books = notebooks or shipped_notebooks()
    tasks = [
        Task(launch, report, books[report], day, out, seed, replications)
        for launch in known
        for report in reports_of(launch, books)
    ]
    with night_part(out, day) as part:
        _note_due(out, tasks)
        # Compiled once here, not by every kernel.
        compile_rules()
        results = _run_all(tasks, part, jobs, progress)
        with locked(out):
            write_history(out)
            write_index(out)
    return ReportRun(day, out, results)


def reports_of(launch: Launch, notebooks: Mapping[str, Path]) -> list[str]:
    """The reports that are due for a launch."""
    return [report for report in notebooks if report not in NEEDS or NEEDS[report] in launch.has]


def _run_all(tasks: Sequence[Task], part: Path, jobs: int, progress: Progress | None) -> tuple[ReportResult, ...]:
    results: dict[int, ReportResult] = {}
    kept = {task.launch.scenario.name: _Kept(task.launch, part) for task in tasks}
    stopping = Event()
    numbers: dict[Future[ReportResult], int] = {}
    done: SimpleQueue[Future[ReportResult]] = SimpleQueue()
    with ThreadPoolExecutor(max(jobs, 1)) as pool:
        try:
            for i, task in enumerate(tasks):
                own = kept[task.launch.scenario.name]
                numbers[pool.submit(_run, task, part / f"report-{i}", own, progress, stopping)] = i
            for future in numbers:
                future.add_done_callback(done.put)
            while len(results) < len(tasks):
                # A moment at a time: the system may hand a signal to another thread, above all to one that starts a
                # kernel, and this thread acts on it as soon as it does not wait.
                with suppress(Empty):
                    finished = done.get(timeout=_MOMENT_S)
                    results[numbers[finished]] = finished.result()
        except BaseException:
            # An interrupt starts no more, and ends those that run: without its kernel a report fails at once.
            stopping.set()
            OwnKernel.end_below(part)
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return tuple(results[i] for i in range(len(tasks)))


class _Kept:
    """What all reports of a launch need: a folder of their own, and the tape, made when the first one asks for it."""

    def __init__(self, launch: Launch, part: Path) -> None:
        self.folder = part.resolve() / f"shared-{launch.scenario.name}"
        self._launch = launch
        self._lock = Lock()
        self._tape: Path | None = None

    def tape(self) -> Path | None:
        """Where it is; None for a what-if."""
        with self._lock:
            self.folder.mkdir(exist_ok=True)
            self._tape = self._tape or keep_actuals(self._launch, self.folder)
            return self._tape


def _run(task: Task, part: Path, kept: _Kept, progress: Progress | None, stopping: Event) -> ReportResult:
    begun = perf_counter()
    name = task.launch.scenario.name
    steps = Steps(None if progress is None else lambda done, total: progress(name, task.report, done, total + 1))
    error: str | None = None
    try:
        part.mkdir()
        tape = kept.tape()
        write_report(task, part, kept.folder, tape, steps)
    except Exception as problem:  # noqa: BLE001 - whatever a notebook does wrong is its own, and the rest go on
        error = reason(problem, part)
    status = DONE if error is None else FAILED
    row = Row(name, task.report, status, task.launch.kind or "what-if", _since(begun), error, steps.seconds)
    try:
        # What an interrupt has ended has not failed.
        if not stopping.is_set():
            _place(task, part, row)
    except OSError as problem:
        row = replace(row, status=FAILED, error=masked(f"{type(problem).__name__}: {problem}"))
    if progress is not None:
        progress(name, task.report, steps.total + 1, steps.total + 1)
    is_done = row.status == DONE
    page, notebook = (task.folder / f"{task.report}.{suffix}" if is_done else None for suffix in ("html", "ipynb"))
    return ReportResult(name, task.report, row.status, page, notebook, row.seconds, row.error, row.steps)


def _place(task: Task, part: Path, row: Row) -> None:
    """Put a whole report in place, and note what became of it."""
    night = task.folder.parent
    with locked(task.out):
        if row.status == DONE:
            put_in_place(part, task.folder, task.report, part / SPARE / task.folder.name)
        write_rows(night, [replace(row, digests=digests_of(task.folder, task.report))])


def _note_due(out: Path, tasks: Sequence[Task]) -> None:
    """Reports that are due and have never been run are noted, so that a run that is killed is seen to be incomplete."""
    if not tasks:
        return
    night = out / tasks[0].day.isoformat()
    with locked(out):
        known = {(row.scenario, row.report) for row in readable_rows(night)}
        rows = [Row(task.launch.scenario.name, task.report, basis=task.launch.kind or "what-if") for task in tasks]
        write_rows(night, [row for row in rows if (row.scenario, row.report) not in known])


def _since(begun: float) -> float:
    return round(perf_counter() - begun, 3)
