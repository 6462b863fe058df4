"""Writing one report, whole, into a folder of its own: its numbers, its notebook and its page."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

from allocation.analysis.launch_report import TIMING
from allocation.analysis.live_outcomes import OUTCOMES, PLAN
from allocation.analysis.opening import SHARED
from allocation.analysis.since_last_night import BOOK, SUMMARY
from allocation.engine.errors import NotFound
from allocation.reporting.executing import Steps, execute
from allocation.reporting.launches import Launch
from allocation.reporting.manifest import plain_json
from allocation.reporting.notebooks import NEEDS
from allocation.reporting.pages import report_page
from allocation.reporting.places import nights_of
from allocation.scenario import dump_scenario
from allocation.tape import read_tape, write_tape
from allocation.tape.folders import MANIFEST, POLICY
from allocation.tape.folders import SUMMARY as SUMMARY_OF_RUN
from allocation.tape.masking import masked

SCHEMA_VERSION = 1
TAPE, RUN = "tape.jsonl.gz", "run"
_OF_A_RUN = (MANIFEST, POLICY, SUMMARY_OF_RUN)
_INPUTS, _SCENARIO, _BEFORE = "inputs.json", "scenario.yaml", "before"
ACTUALS = "actuals"
"""The report that keeps how a launch stands."""


@dataclass(frozen=True, slots=True)
class Task:
    """One report that is to be written.

    Attributes:
        launch: What it is about.
        report: Its name.
        notebook: What is run.
        day: Its date.
        out: The folder of all nights.
        seed: Of the draws.
        replications: How many runs the means are of.
    """

    launch: Launch
    report: str
    notebook: Path
    day: date
    out: Path
    seed: int
    replications: int

    @property
    def folder(self) -> Path:
        """Of the launch, in place."""
        return self.out / self.day.isoformat() / self.launch.scenario.name


def keep_actuals(launch: Launch, folder: Path) -> Path | None:
    """A copy of what was recorded of a launch, without its customers, for its reports; None for a what-if.

    Returns:
        A tape, or a run folder where it is one.

    Raises:
        NotFound: A file of the run folder is damaged.
        TapeError: A line of the tape is no JSON object.
    """
    if launch.tape is None:
        return None
    commands = _without_customers(command for _, command in read_tape(launch.tape))
    if launch.folder is None:
        write_tape(folder / TAPE, commands)
        return folder / TAPE
    kept = folder / RUN
    kept.mkdir()
    for name in (*_OF_A_RUN, OUTCOMES):
        if (launch.folder / name).is_file():
            shutil.copyfile(launch.folder / name, kept / name)
    write_tape(kept / launch.tape.name, commands)
    _copy_plan(launch.folder / PLAN, kept / PLAN)
    return kept


def _copy_plan(plan: Path, to: Path) -> None:
    if not plan.is_file():
        return
    try:
        content = json.loads(plan.read_text(encoding="utf-8"))
        for effect in (*content["effects"], *content["served"]):
            for part in (effect["hold"], effect["order"] or {}):
                part.pop("customer", None)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise NotFound(f"{plan} is damaged ({type(error).__name__}: {error}); apply the plan again") from None
    to.write_text(plain_json(content), encoding="utf-8")


def _without_customers(commands: Iterable[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    """The commands with a number for each customer: the rules only ask whether two are the same."""
    numbers: dict[str, str] = {}
    for command in commands:
        customer = command.get("customer_id")
        if not isinstance(customer, str):
            yield command
            continue
        number = numbers.setdefault(customer, f"customer-{len(numbers) + 1}")
        yield {**command, "customer_id": number}


def write_report(task: Task, part: Path, shared: Path, tape: Path | None, steps: Steps) -> None:
    """Write a whole report.

    Args:
        task: Which.
        part: An empty folder.
        shared: A folder in which the reports of this launch keep what others of them need, too.
        tape: As `keep_actuals` gives it.
        steps: Told how far it is.

    Raises:
        papermill.PapermillExecutionError: A cell failed.
    """
    numbers = part / task.report
    numbers.mkdir()
    # Beside the report, not in it: it stays behind when the report is moved.
    (part / SHARED).symlink_to(shared, target_is_directory=True)
    (numbers / _SCENARIO).write_text(dump_scenario(task.launch.scenario), encoding="utf-8")
    inputs: dict[str, Any] = {
        "schema_version": SCHEMA_VERSION,
        "scenario": _SCENARIO,
        "seed": task.seed,
        "replications": task.replications,
        "out": ".",
    }
    if tape is not None:
        _same(tape, numbers / tape.name)
        inputs["actuals"] = {"kind": task.launch.kind, "tape": tape.name}
        if task.report == ACTUALS:
            inputs |= _night_before(task, numbers)
    if NEEDS.get(task.report) == "history":
        inputs["history"] = task.launch.history
    (numbers / _INPUTS).write_text(plain_json(inputs), encoding="utf-8")
    shipped = nbformat.read(task.notebook, as_version=4)  # type: ignore[no-untyped-call]
    steps.since("inputs")
    # As seen from the notebook's own folder, so that it runs there again.
    executed = execute(shipped, {"manifest": f"{task.report}/{_INPUTS}"}, part, steps)
    _mask(executed)
    nbformat.write(executed, part / f"{task.report}.ipynb")  # type: ignore[no-untyped-call]
    page = report_page(executed, task.launch.scenario.title, task.day, task.launch.kind)
    (part / f"{task.report}.html").write_text(page, encoding="utf-8")
    steps.since("page")
    _take_timing(numbers, steps)


def _night_before(task: Task, numbers: Path) -> Mapping[str, Any]:
    """The numbers that the newest earlier night has kept of the launch, copied beside."""
    for night in reversed(nights_of(task.out)):
        kept = task.out / night / task.launch.scenario.name / ACTUALS
        if night < task.day.isoformat() and (kept / BOOK).is_file() and (kept / SUMMARY).is_file():
            (numbers / _BEFORE).mkdir()
            for name in (BOOK, SUMMARY):
                shutil.copyfile(kept / name, numbers / _BEFORE / name)
            return {"before": {"night": night, "folder": _BEFORE}}
    return {}


def _take_timing(numbers: Path, steps: Steps) -> None:
    """What the report says of its own time belongs in the manifest: the same inputs give the same numbers."""
    path = numbers / TIMING
    if path.is_file():
        steps.seconds |= json.loads(path.read_text(encoding="utf-8"))
        path.unlink()


def _same(source: Path, target: Path) -> None:
    """The same file or folder under another name; a copy where the file system cannot."""
    if source.is_dir():
        target.mkdir()
        for file in source.iterdir():
            _same(file, target / file.name)
        return
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)


def _mask(notebook: NotebookNode) -> None:
    """No e-mail address stays in what a notebook shows, however it came there."""
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            for mapping in (output, output.get("data", {}), output.get("metadata", {}).get("image/png", {})):
                for name, value in mapping.items():
                    if isinstance(value, str) and name != "image/png":
                        mapping[name] = masked(value)
