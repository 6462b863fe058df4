"""The commands and their options. Each imports what it needs when it runs, so that ``--help`` answers at once."""

from __future__ import annotations

import io
import os
import signal
import sys
from pathlib import Path
from typing import Annotated

import typer

from allocation.cli.exits import Exit, guarded

app = typer.Typer(
    name="allocation",
    help="Simulate, analyse and run pre-order allocation for product launches.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
scenarios = typer.Typer(help="Scenario files: what a launch is.", no_args_is_help=True)
app.add_typer(scenarios, name="scenario")
reports = typer.Typer(help="Reports: notebooks run for every launch.", no_args_is_help=True)
app.add_typer(reports, name="report")

ScenarioArgument = Annotated[str, typer.Argument(metavar="SCENARIO", help="A shipped scenario's name, or a file.")]
SetOption = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Override a setting, such as policy.overbooking.rate=1.04."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of tables.")]


def _version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        print(f"allocation {version('allocation')}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    pass


@app.command()
def simulate(
    scenario: ScenarioArgument,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the draws.")] = 0,
    replication: Annotated[int, typer.Option(min=0, help="Number of the replication under this seed.")] = 0,
    settings: SetOption = None,
    out: Annotated[Path | None, typer.Option(metavar="DIR", help="Write the run folder here.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Simulate one launch and show what happens to whom."""
    from allocation.cli.simulating import simulate_scenario

    simulate_scenario(scenario, seed, replication, settings or [], out, as_json=as_json)


@app.command()
def replay(
    tape: Annotated[Path, typer.Argument(metavar="TAPE", help="A tape (JSON Lines, plain or .gz) or a run folder.")],
    policy: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Policy (YAML or JSON); a run folder has its own.")
    ] = None,
    settings: SetOption = None,
    out: Annotated[Path | None, typer.Option(metavar="DIR", help="Write the run folder here.")] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Compare with the recorded decisions; exit 9 at the first difference.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Play a recorded tape again, under its own policy or another one."""
    from allocation.cli.replaying import replay_tape

    replay_tape(tape, policy, settings or [], out, check=check, as_json=as_json)


@scenarios.command("list")
def list_scenarios(
    names: Annotated[bool, typer.Option("--names", help="Only the names, one a line.")] = False,
    as_json: JsonOption = False,
) -> None:
    """List the shipped scenarios."""
    from allocation.cli import scenario_files

    scenario_files.show_list(names=names, as_json=as_json)


@scenarios.command("show")
def show_scenario(scenario: ScenarioArgument, settings: SetOption = None, as_json: JsonOption = False) -> None:
    """Show a scenario with every default filled in, as YAML that can be saved and edited."""
    from allocation.cli import scenario_files

    scenario_files.show(scenario, settings or [], as_json=as_json)


@scenarios.command("validate")
def validate_scenario(
    files: Annotated[list[str], typer.Argument(metavar="SCENARIO...", help="Names or files.")],
    settings: SetOption = None,
    as_json: JsonOption = False,
) -> None:
    """Check scenarios and list every problem with its file and line."""
    from allocation.cli import scenario_files

    scenario_files.validate(files, settings or [], as_json=as_json)


@scenarios.command("schema")
def show_schema(
    _as_json: Annotated[bool, typer.Option("--json", help="Accepted everywhere; a schema is JSON as it is.")] = False,
) -> None:
    """Print the JSON Schema of scenario files, for editors."""
    from allocation.cli import scenario_files

    scenario_files.show_schema()


@reports.callback()
def _reports() -> None:
    pass


@reports.command("run")
def run_reports(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[SCENARIO]...", help="Names or files; all shipped ones by default.")
    ] = None,
    day: Annotated[
        str | None, typer.Option("--date", metavar="DATE", help="Date of the reports; today by default.")
    ] = None,
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder of all reports.")] = Path("reports"),
    seed: Annotated[int, typer.Option(min=0, help="Seed of the draws.")] = 0,
    replications: Annotated[int, typer.Option(min=2, help="Runs that the means are of.")] = 20,
    jobs: Annotated[int, typer.Option(min=1, help="Reports that run at the same time.")] = 1,
    as_json: JsonOption = False,
) -> None:
    """Run the reports of launches and write their pages, notebooks and numbers, with an index on top."""
    from allocation.cli import reporting

    reporting.run(names or [], day, out, seed, replications, jobs, as_json=as_json)


def _prepare_streams() -> None:
    """Output never fails for its characters, and goes nowhere where it was closed."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            setattr(sys, name, os.fdopen(nowhere, "w", encoding="utf-8"))
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _end(number: int, _frame: object) -> None:
    # As an exception, so that what is half written is taken away.
    raise SystemExit(128 + number)


def _run() -> int:
    """Run the command that the arguments name; its exit code. Usage errors are printed here."""
    command = typer.main.get_command(app)
    try:
        # Not by calling it: typer would end the process itself where a pipe is closed.
        with command.make_context("allocation", sys.argv[1:]) as context:
            command.invoke(context)
    except typer.Exit as leave:
        return leave.exit_code
    except typer.Abort:
        return Exit.INTERRUPTED
    except Exception as error:
        if not hasattr(error, "format_message"):
            raise
        error.show()  # type: ignore[attr-defined]
        return Exit.USAGE
    finally:
        sys.stdout.flush()
    return Exit.DONE


def main() -> None:
    """Run the command line and leave with its exit code."""
    _prepare_streams()
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _end)
    code = 0

    def run() -> None:
        nonlocal code
        code = _run()

    ended = guarded(run)
    raise SystemExit(ended or code)
