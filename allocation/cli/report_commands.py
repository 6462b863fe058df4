"""``allocation report ...``: the commands and their options."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from allocation.cli.options import JsonOption

reports = typer.Typer(help="Reports: notebooks run for every launch.", no_args_is_help=True)
LaunchesOption = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Which launches, and where their actuals are; launches.yaml if it is there."),
]
ReportsOption = Annotated[Path, typer.Option(metavar="DIR", help="Folder of all reports.")]


@reports.callback()
def _reports() -> None:
    pass


@reports.command("run")
def run_reports(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[SCENARIO]...", help="Names or files; by default those of launches.yaml, or all shipped."
        ),
    ] = None,
    *,
    launches: LaunchesOption = None,
    day: Annotated[
        str | None, typer.Option("--date", metavar="DATE", help="Date of the reports; today by default.")
    ] = None,
    backfill: Annotated[
        bool, typer.Option("--backfill", help="Make reports of an earlier date although there are none of it.")
    ] = False,
    out: ReportsOption = Path("reports"),
    seed: Annotated[int, typer.Option(min=0, help="Seed of the draws.")] = 0,
    replications: Annotated[int, typer.Option(min=2, help="Runs that the means are of.")] = 120,
    jobs: Annotated[int, typer.Option(min=1, help="Reports that run at the same time.")] = 1,
    keep: Annotated[
        int | None, typer.Option(metavar="DAYS", help="Then remove nights that are older than so many days.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Run the reports of launches and write their pages, notebooks and numbers, with an index on top."""
    from allocation.cli import reporting

    reporting.run(
        names or [],
        launches=launches,
        day=day,
        backfill=backfill,
        out=out,
        seed=seed,
        replications=replications,
        jobs=jobs,
        keep=keep,
        as_json=as_json,
    )


@reports.command("check")
def check_reports(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[SCENARIO]...", help="What was due; by default launches.yaml says, or the night itself."
        ),
    ] = None,
    *,
    launches: LaunchesOption = None,
    day: Annotated[str | None, typer.Option("--date", metavar="DATE", help="The night; today's by default.")] = None,
    out: ReportsOption = Path("reports"),
    as_json: JsonOption = False,
) -> None:
    """Tell whether the reports of a night are complete and whole; exit 1 where they are not."""
    from allocation.cli import reporting

    reporting.check(names or [], launches=launches, day=day, out=out, as_json=as_json)


@reports.command("prune")
def prune_reports(
    keep: Annotated[int, typer.Option(metavar="DAYS", help="How many days before today stay.")] = 90,
    out: ReportsOption = Path("reports"),
    as_json: JsonOption = False,
) -> None:
    """Remove the reports of old nights; their numbers stay in the history, and so does the newest night."""
    from allocation.cli import reporting

    reporting.prune(out=out, keep=keep, as_json=as_json)
