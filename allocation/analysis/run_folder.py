"""A run folder as a run: its tape is played again, so that everything can be asked of it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from allocation.engine.errors import Problem, SettingError
from allocation.scenario.schema import Scenario
from allocation.simulation.simulate import launch_measures
from allocation.tape import Run, load_run, replay


def open_run(folder: str | Path, scenario: Scenario) -> Run:
    """The run of a folder.

    Args:
        folder: That a simulation, a replay or the apply of a release wrote.
        scenario: What its units are worth.

    Returns:
        The run, with the manifest of the folder, in which ``recorded`` tells that it was not sampled; its summary has
        the profit, too.

    Raises:
        NotFound: It is no run folder.
        SettingError: A tier of the run has no cost in the scenario.
        TapeError: Its tape cannot be played.
    """
    found = load_run(folder)
    run = replay(found.tape, found.policy)
    missing = sorted(set(run.reservations["tier"].astype("str")) - set(scenario.economics.denied_cost))
    if missing:
        where = ("economics", "denied_cost")
        message = f"has no cost for tier {', '.join(missing)}, of which the run {folder} has orders; add it"
        raise SettingError([Problem(where, message, scenario.name)])
    known = {} if is_sampled(found.manifest) else {"recorded": "run"}
    return Run(
        engine=run.engine,
        summary=launch_measures(run.engine, scenario),
        tape=run.tape,
        manifest={**found.manifest, **known},
    )


def is_sampled(manifest: Mapping[str, Any]) -> bool:
    """Whether a run's customers were drawn, all at fixed times, so that any policy meets the same ones."""
    return "seed" in manifest
