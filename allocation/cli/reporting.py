"""``allocation report ...``."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import typer

from allocation.cli.exits import Exit
from allocation.cli.output import print_json, warn_of_compiling
from allocation.engine.errors import SettingError
from allocation.montecarlo.progress import progress_bar
from allocation.scenario import list_scenarios, load_scenario

SCHEMA_VERSION = 1


def run(
    names: Sequence[str], day: str | None, out: Path, seed: int, replications: int, jobs: int, *, as_json: bool
) -> None:
    """Run the reports of some launches, or of all shipped ones; ends with UNEXPECTED where one failed."""
    # Everything that is asked for is checked before anything runs.
    given = None if day is None else _date(day)
    scenarios = [load_scenario(name) for name in names or list_scenarios()]
    from allocation.cli.clock import today
    from allocation.reporting import run_reports

    warn_of_compiling()
    with progress_bar("reports") as advance:
        done = run_reports(
            scenarios,
            given or today(),
            out,
            jobs=jobs,
            seed=seed,
            replications=replications,
            progress=advance,
        )
    rows = [_row(result) for result in done.reports]
    if as_json:
        head = {"schema_version": SCHEMA_VERSION, "date": done.date.isoformat(), "out": str(done.out)}
        print_json(head | {"reports": rows})
    else:
        for row in rows:
            print(row["html"] or f"failed: {row['scenario']} {row['report']}: {row['error']}")
        print(done.index)
    if done.failed:
        print(f"allocation: {len(done.failed)} of {len(rows)} reports failed", file=sys.stderr)
        raise typer.Exit(Exit.UNEXPECTED)


def _row(result: Any) -> dict[str, Any]:
    paths = {name: None if (path := getattr(result, name)) is None else str(path) for name in ("html", "ipynb")}
    return {
        "scenario": result.scenario,
        "report": result.report,
        "status": result.status,
        **paths,
        "seconds": result.seconds,
        "error": result.error,
    }


def _date(text: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = None
    # Other spellings of a date would name another folder.
    if day is None or day.isoformat() != text:
        raise SettingError(f"--date {text!r} is no date; write it as 2025-11-15")
    return day
