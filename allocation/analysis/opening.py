"""Where a notebook begins: the report that its manifest asks for."""

from __future__ import annotations

from pathlib import Path

from allocation.analysis.launch_report import LaunchReport
from allocation.analysis.launch_runs import REPLICATIONS
from allocation.analysis.recorded import Actuals, example_actuals
from allocation.analysis.report_manifest import read_manifest
from allocation.analysis.since_last_night import read_night
from allocation.calibration import source_of
from allocation.scenario import load_scenario

REPLICATIONS_MAX = 1_000_000
SHARED = ".shared"
"""Name of the folder, beside that of a report, in which the reports of a launch keep what others of them need."""


def open_report(
    manifest: str | Path = "",
    default: str = "iphone-15-pro",
    *,
    example: bool = False,
    replications_max: int = REPLICATIONS_MAX,
) -> LaunchReport:
    """The report that a manifest asks for.

    Args:
        manifest: A JSON file with ``scenario`` (a name, or a file beside the manifest), and optionally ``overrides``,
            ``seed``, ``replications``, ``out`` (a folder beside the manifest, which keeps the numbers), ``actuals``
            (``kind`` and ``tape``, or run folder, of what was recorded), ``before`` (``night`` and ``folder`` of what
            an earlier night has kept) and ``history`` (see `allocation.calibration.source_of`). Empty: the default
            scenario, and no numbers are kept.
        default: A shipped scenario.
        example: Whether the default scenario has a simulated beginning in place of what would be recorded.
        replications_max: Of a report that plays each replication many times.

    Raises:
        SettingError: The manifest has a key that nobody knows, or is none.
        ScenarioError: There is no such scenario, or it is not valid.
    """
    if not str(manifest):
        scenario = load_scenario(default)
        actuals = example_actuals(scenario) if example else None
        return LaunchReport(scenario, replications=min(REPLICATIONS, replications_max), actuals=actuals)
    asked = read_manifest(Path(manifest))
    shared = asked.beside(f"../{SHARED}")
    named = asked.beside(asked.scenario)
    return LaunchReport(
        load_scenario(named if named.is_file() else asked.scenario, asked.overrides),
        seed=asked.seed,
        replications=min(asked.replications or REPLICATIONS, replications_max),
        out=None if asked.out is None else asked.beside(asked.out),
        actuals=Actuals.of(asked.actuals["kind"], asked.beside(asked.actuals["tape"])) if asked.actuals else None,
        before=read_night(asked.beside(asked.before["folder"]), asked.before["night"]) if asked.before else None,
        history=source_of(asked.history, asked.path.parent) if asked.history else None,
        shared=shared if shared.is_dir() else None,
    )
