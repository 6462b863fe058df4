"""What was recorded of a launch: a tape, the tape of a run, or a snapshot of the open book."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from allocation.engine.allocation_engine import AllocationEngine
from allocation.engine.codes import Kind as CommandKind
from allocation.engine.errors import Problem, SettingError
from allocation.engine.instants import from_milliseconds
from allocation.scenario.schema import Scenario
from allocation.simulation import simulate
from allocation.simulation.simulate import summarise
from allocation.tape import Run, load_run, replay

Kind = Literal["tape", "run", "snapshot"]
KINDS: tuple[Kind, ...] = ("tape", "run", "snapshot")


@dataclass(frozen=True, slots=True)
class Actuals:
    """What happened at a launch so far.

    Attributes:
        kind: ``tape`` and ``run``: every command, from the first one or from a book that was taken over. ``snapshot``:
            the open book at one instant, which tells neither who came before nor who left (`knows_the_past`).
        tape: A file, or the commands.
        folder: The run folder that the tape is of; None where it is of none.
    """

    kind: Kind
    tape: Path | Sequence[Mapping[str, Any]]
    folder: Path | None = None

    @classmethod
    def of(cls, kind: str, path: Path) -> Actuals:
        """What a file has recorded, or a run folder.

        Raises:
            NotFound: It is to be a run folder, and is none.
            ValueError: There is no such kind.
        """
        known = KINDS[KINDS.index(kind)]
        return cls(known, load_run(path).tape, path) if known == "run" else cls(known, path)


def recorded_run(scenario: Scenario, actuals: Actuals) -> Run:
    """What was recorded, replayed under the policy of its run folder, else under the scenario's.

    Returns:
        The run, with the manifest of the folder where there is one, in which ``recorded`` tells that nothing of it was
        sampled; its summary has the profit, too.

    Raises:
        NotFound: The run folder is damaged.
        SettingError: A tier of the run has no cost in the scenario.
        TapeError: A line of the tape is no command, or goes back in time.
    """
    found = None if actuals.folder is None else load_run(actuals.folder)
    run = replay(actuals.tape, scenario.policy if found is None else found.policy)
    missing = sorted(set(run.reservations["tier"].astype("str")) - set(scenario.economics.denied_cost))
    if missing:
        message = f"has no cost for tier {', '.join(missing)}, of which there are recorded orders; add it"
        raise SettingError([Problem(("economics", "denied_cost"), message, scenario.name)])
    manifest = {"scenario": scenario.name} if found is None else dict(found.manifest)
    known = {} if is_sampled(manifest) else {"recorded": actuals.kind}
    # Results that were published are those of a whole launch.
    summary = summarise(run.engine, scenario) | {"published": []}
    return Run(engine=run.engine, summary=summary, tape=run.tape, manifest=manifest | known)


def knows_the_past(run: Run) -> bool:
    """Whether a tape tells who came and who left: one that begins with an open book, as a release does, does not."""
    played = run.engine.book.tables.commands["kind"][: run.engine.played]
    return run.manifest.get("recorded") != "snapshot" and not bool((played == CommandKind.ADOPT).any())


def is_sampled(manifest: Mapping[str, Any]) -> bool:
    """Whether a run's customers were drawn, all at fixed times, so that any policy meets the same ones."""
    return "seed" in manifest


def example_actuals(scenario: Scenario, seed: int = 0) -> Actuals:
    """A launch that has begun, for want of a recorded one: replication 0 until just before its first release."""
    commands: list[Mapping[str, Any]] = []
    for command in simulate(scenario, seed).tape():
        if command["type"] == "release":
            break
        commands.append(command)
    return Actuals("tape", commands)


def now_of(engine: AllocationEngine) -> int:
    """The instant of the last command that was played, milliseconds."""
    return int(engine.book.tables.commands["at"][engine.played - 1])


def now_words(run: Run) -> str:
    """The instant of the last command, in the policy's time zone."""
    at = from_milliseconds(now_of(run.engine)).astimezone(run.policy.zone)
    return f"{at:%Y-%m-%d %H:%M} {at:%Z}"


def book_frame(run: Run) -> pd.DataFrame:
    """How every reservation stands, as the next night compares it.

    Returns:
        One row a reservation: ``reservation_id``, ``quantity``, ``status`` and ``held`` (whether it has a promise).
    """
    frame = run.reservations[["reservation_id", "quantity", "status"]].astype({"status": "str"})
    return frame.assign(held=frame["status"].isin(["RESERVED", "CONFIRMED"]))
