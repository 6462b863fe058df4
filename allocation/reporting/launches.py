"""Which launches are reported on every night, and where what was recorded of them is: ``launches.yaml``.

::

    version: 1
    launches:
      - scenario: console-realistic          # a shipped one, or a file beside this one
        actuals: {snapshot: out/book.jsonl}  # or {tape: FILE} or {run: FOLDER}; without it, a what-if
      - scenario: my-launch.yaml
        actuals: {run: out/night}
        history: past-orders.csv             # past reservations, or ``file`` and how to read it, for calibration
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, ClassVar, Literal

from allocation.analysis.recorded import Kind
from allocation.calibration import source_of
from allocation.engine.errors import AllocationError, InvalidInput, Problem, SettingError
from allocation.scenario import load_scenario
from allocation.scenario.distributions import FORBID
from allocation.scenario.loading import find_scenario, read_text, shown_path
from allocation.scenario.schema import Scenario
from allocation.scenario.validation import read_section
from allocation.scenario.wording import shown
from allocation.scenario.yaml_text import read_yaml
from allocation.tape import load_run

DEFAULT = "launches.yaml"


@dataclass(frozen=True, slots=True)
class Recorded:
    """Where what was recorded of a launch is; one of the three.

    Attributes:
        tape: A tape.
        run: A run folder.
        snapshot: A tape of ``adopt`` commands, as ``allocation live snapshot`` writes it.
    """

    __pydantic_config__: ClassVar[dict[str, object]] = FORBID
    tape: str | None = None
    run: str | None = None
    snapshot: str | None = None

    def given(self) -> list[tuple[Kind, str]]:
        """Those that are given."""
        named = (("tape", self.tape), ("run", self.run), ("snapshot", self.snapshot))
        return [(kind, path) for kind, path in named if path is not None]  # type: ignore[misc]


@dataclass(frozen=True, slots=True)
class Entry:
    """One launch of the file."""

    __pydantic_config__: ClassVar[dict[str, object]] = FORBID
    scenario: str
    actuals: Recorded | None = None
    history: object = None


@dataclass(frozen=True, slots=True)
class LaunchFile:
    """The whole file; each of its launches is an `Entry`, and is read by itself."""

    __pydantic_config__: ClassVar[dict[str, object]] = FORBID
    version: Literal[1]
    launches: tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Launch:
    """A launch that is reported on.

    Attributes:
        scenario: What is expected of it, with the policy that is in force.
        kind: Of what was recorded; None for a what-if.
        tape: What was recorded; None for a what-if.
        folder: The run folder that the tape is of; None where it is of none.
        history: Past reservations, and how they are read (`calibration.source_of`); empty where there are none.
    """

    scenario: Scenario
    kind: Kind | None = None
    tape: Path | None = None
    folder: Path | None = None
    history: Mapping[str, Any] = field(default_factory=dict)

    @property
    def has(self) -> frozenset[str]:
        """What there is besides the scenario: ``actuals``, ``history``."""
        present = {"actuals": self.tape is not None, "history": bool(self.history)}
        return frozenset(name for name, is_there in present.items() if is_there)


def read_launches(path: str | Path) -> tuple[Launch, ...]:
    """Read and check a file of launches.

    Raises:
        SettingError: With every problem of the file and of the scenarios that it names, each with ``file:line``.
    """
    path = Path(path)
    document = read_yaml(read_text(path, SettingError), shown_path(path), SettingError)
    _, problems, _ = read_section(LaunchFile, document.data)
    problems += document.problems
    launches: list[Launch | None] = []
    listed = document.data.get("launches") if isinstance(document.data, dict) else None
    if listed == []:
        problems.append(Problem(("launches",), "has no launches; name at least one scenario"))
    for number, data in enumerate(listed if isinstance(listed, list) else []):
        at = ("launches", number)
        entry, found, _ = read_section(Entry, data, at)
        launch, more = (None, []) if entry is None else _launch_of(entry, path.parent, at)
        launches.append(launch)
        # Nothing is missing where it is only misspelt.
        misspelt = {problem.path[:3] for problem in found}
        problems += [*found, *(problem for problem in more if problem.path not in misspelt)]
    problems += _twice(launches)
    if problems:
        raise SettingError(document.report(problems), f"{document.source} is not valid")
    return tuple(launch for launch in launches if launch is not None)


def _launch_of(entry: Entry, folder: Path, at: tuple[str | int, ...]) -> tuple[Launch | None, list[Problem]]:
    scenario, problems = _scenario_of(entry.scenario, folder, (*at, "scenario"))
    kind: Kind | None = None
    tape: Path | None = None
    if entry.actuals is not None:
        given = entry.actuals.given()
        if len(given) != 1:
            known = ", ".join(field.name for field in fields(Recorded))
            problems.append(Problem((*at, "actuals"), f"names {len(given)} of {known}; name one"))
        else:
            kind, named = given[0]
            tape, scenario, more = _actuals_of(kind, folder / named, scenario, (*at, "actuals", kind))
            problems += more
    history, more = _history_of(entry.history, folder, (*at, "history"))
    problems += more
    run = tape.parent if tape is not None and kind == "run" else None
    return (None if scenario is None else Launch(scenario, kind, tape, run, history)), problems


def _scenario_of(name: str, folder: Path, at: tuple[str | int, ...]) -> tuple[Scenario | None, list[Problem]]:
    beside = folder / name
    try:
        return load_scenario(beside if beside.is_file() else find_scenario(name)), []
    except InvalidInput as error:
        # What is wrong in a scenario's own file is told with its own line.
        return None, [p if p.place else Problem((*at, *p.path), p.message) for p in error.problems]


def _actuals_of(
    kind: Kind, path: Path, scenario: Scenario | None, at: tuple[str | int, ...]
) -> tuple[Path | None, Scenario | None, list[Problem]]:
    """The tape, and the scenario with the policy that is in force: a run folder has its own."""
    if kind != "run":
        missing = [] if path.is_file() else [Problem(at, f"{shown(str(path))}: there is no such file")]
        return path, scenario, missing
    try:
        run = load_run(path)
        changed = None if scenario is None else replace(scenario, policy=run.policy)
    except InvalidInput as error:
        return None, scenario, [Problem((*at, *p.path), p.message) for p in error.problems]
    except AllocationError as error:
        return None, scenario, [Problem(at, str(error))]
    return run.tape, changed, []


def _history_of(asked: object, folder: Path, at: tuple[str | int, ...]) -> tuple[Mapping[str, Any], list[Problem]]:
    """How past reservations are read, with the whole path of their file."""
    if asked is None:
        return {}, []
    if not isinstance(asked, str | dict):
        return {}, [Problem(at, f"{shown(asked)} must be the name of a file, or a mapping with it")]
    given = {"file": asked} if isinstance(asked, str) else asked
    try:
        file = source_of(given, folder).file.resolve()
    except SettingError as error:
        return {}, [Problem((*at, *problem.path), problem.message) for problem in error.problems]
    missing = [] if file.is_file() else [Problem(at, f"{shown(str(file))}: there is no such file")]
    return {**given, "file": str(file)}, missing


def _twice(launches: Sequence[Launch | None]) -> Iterator[Problem]:
    names = [None if launch is None else launch.scenario.name for launch in launches]
    for number, name in enumerate(names):
        if name is not None and name in names[:number]:
            message = f"{name} is named twice; a launch has one report of a kind a night"
            yield Problem(("launches", number, "scenario"), message)
