"""``allocation report ...``."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from allocation.cli.clock import today
from allocation.cli.exits import Exit
from allocation.cli.output import print_json, warn_of_compiling
from allocation.engine.errors import SettingError
from allocation.montecarlo.progress import progress_bars
from allocation.scenario import list_scenarios, load_scenario

if TYPE_CHECKING:
    from allocation.reporting import Launch

SCHEMA_VERSION = 1


def run(
    names: Sequence[str],
    *,
    launches: Path | None,
    day: str | None,
    backfill: bool,
    out: Path,
    seed: int,
    replications: int,
    jobs: int,
    keep: int | None,
    as_json: bool,
) -> None:
    """Run the reports of some launches, or of all; ends with UNEXPECTED where one failed."""
    # Everything that is asked for is checked before anything runs.
    night = today() if day is None else _date(day)
    from allocation.reporting import check_date, prune_reports, run_reports, shipped_notebooks
    from allocation.reporting.nights import reports_of

    check_date(night, today(), out, backfill=backfill)
    if keep is not None and keep < 1:
        raise SettingError(f"--keep {keep} must be at least 1 day")
    chosen = launches_of(names, launches)
    count = sum(len(reports_of(launch, shipped_notebooks())) for launch in chosen)
    warn_of_compiling()
    with progress_bars("reports", count) as advance:
        done = run_reports(
            chosen,
            night,
            out,
            jobs=jobs,
            seed=seed,
            replications=replications,
            progress=None if advance is None else lambda name, report, *at: advance(f"{name} {report}", *at),
        )
    pruned = () if keep is None else prune_reports(out, keep, today())
    rows = [_row(result) for result in done.reports]
    if as_json:
        head = {"schema_version": SCHEMA_VERSION, "date": done.date.isoformat(), "out": str(done.out)}
        print_json(head | {"reports": rows, "pruned": list(pruned)})
    else:
        for row in rows:
            print(row["html"] or f"failed: {row['scenario']} {row['report']}: {row['error']}")
        _say_pruned(pruned)
        print(done.index)
    if done.failed:
        print(f"allocation: {len(done.failed)} of {len(rows)} reports failed", file=sys.stderr)
        raise typer.Exit(Exit.UNEXPECTED)


def check(names: Sequence[str], *, launches: Path | None, day: str | None, out: Path, as_json: bool) -> None:
    """Say whether the reports of a night are complete; ends with UNEXPECTED where they are not."""
    from allocation.reporting import DEFAULT, check_reports

    night = today() if day is None else _date(day)
    # Where no file says what is due, the night itself does: its manifest is begun with what is asked for.
    is_told = bool(names) or launches is not None or Path(DEFAULT).exists()
    found = check_reports(launches_of(names, launches) if is_told else None, night, out)
    if as_json:
        head = {"schema_version": SCHEMA_VERSION, "date": night.isoformat(), "out": str(out), "due": found.due}
        print_json(head | {"complete": not found.findings, "findings": [asdict(one) for one in found.findings]})
    else:
        for one in found.findings:
            print(": ".join(part for part in (one.kind, f"{one.scenario} {one.report}".strip(), one.message) if part))
        if not found.findings:
            print(f"{found.due} reports of {night} are complete")
    if found.findings:
        raise typer.Exit(Exit.UNEXPECTED)


def prune(*, out: Path, keep: int, as_json: bool) -> None:
    """Remove nights that are older than so many days."""
    from allocation.reporting import prune_reports

    pruned = prune_reports(out, keep, today())
    if as_json:
        print_json({"schema_version": SCHEMA_VERSION, "out": str(out), "pruned": list(pruned)})
    else:
        _say_pruned(pruned)


def launches_of(names: Sequence[str], path: Path | None) -> list[Launch]:
    """The launches that are asked for.

    Those of the file of launches; without one, all shipped scenarios as what-ifs. Names choose among them, and may name
    others.

    Raises:
        InvalidInput: The file or a scenario is not valid, or there is no such file.
    """
    from allocation.reporting import DEFAULT, Launch, read_launches

    file = path or (Path(DEFAULT) if Path(DEFAULT).exists() else None)
    listed = [] if file is None else list(read_launches(file))
    if not names:
        return listed or [Launch(load_scenario(name)) for name in list_scenarios()]
    known = {launch.scenario.name: launch for launch in listed}
    scenarios = [known[name].scenario if name in known else load_scenario(name) for name in names]
    return [known.get(scenario.name, Launch(scenario)) for scenario in scenarios]


def _say_pruned(nights: Sequence[str]) -> None:
    for night in nights:
        print(f"removed: the night of {night}")


def _row(result: Any) -> dict[str, Any]:
    paths = {name: None if (path := getattr(result, name)) is None else str(path) for name in ("html", "ipynb")}
    return {
        "scenario": result.scenario,
        "report": result.report,
        "status": result.status,
        **paths,
        "seconds": result.seconds,
        "steps": dict(result.steps),
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
