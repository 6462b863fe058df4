"""The commands and their options. Each imports what it needs when it runs, so that ``--help`` answers at once."""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from allocation.cli.exits import Exit, end_when_told, guarded
from allocation.cli.live_commands import lives
from allocation.cli.options import JsonOption
from allocation.cli.report_commands import reports

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
app.add_typer(reports, name="report")
app.add_typer(lives, name="live")

ScenarioArgument = Annotated[str, typer.Argument(metavar="SCENARIO", help="A shipped scenario's name, or a file.")]
SetOption = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Override a setting, such as policy.overbooking.rate=1.04."),
]
DaskOption = Annotated[
    str | None, typer.Option(metavar="ADDRESS", help="Play on a Dask cluster, such as tcp://host:8786.")
]
StartOption = Annotated[
    Path | None, typer.Option(metavar="TAPE", help="A launch that has begun: its tape so far; the rest is drawn.")
]


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


@app.command()
def sweep(
    scenario: ScenarioArgument,
    *,
    parameters: Annotated[
        list[str] | None,
        typer.Option("--param", metavar="KEY", help="What is changed; give it twice, with --values, for a grid."),
    ] = None,
    values: Annotated[
        list[str] | None,
        typer.Option(metavar="VALUES", help="From:to:step, such as 1.00:1.10:0.01, or a list: firm,provisional."),
    ] = None,
    replications: Annotated[int, typer.Option(help="How many; at the most, with --until-half-width.")] = 200,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the draws.")] = 0,
    settings: SetOption = None,
    start: StartOption = None,
    until: Annotated[
        str | None,
        typer.Option("--until-half-width", metavar="W", help="Stop at this precision: 0.5% of the mean, or 250."),
    ] = None,
    measure: Annotated[str, typer.Option(help="What is compared, and made precise.")] = "profit",
    workers: Annotated[int | None, typer.Option(help="Threads; one a core by default.")] = None,
    dask: DaskOption = None,
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="Write every row to a .parquet file.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Play many replications under many settings, with the same customers under each."""
    from allocation.cli.sweeping import run_sweep

    run_sweep(
        scenario,
        parameters=parameters or ["policy.overbooking.rate"],
        values=values or ["1.00:1.10:0.01"],
        replications=replications,
        seed=seed,
        settings=settings or [],
        start=start,
        until=until,
        measure=measure,
        workers=workers,
        dask=dask,
        out=out,
        as_json=as_json,
    )


@app.command("limit")
def show_limit(
    *,
    capacity: Annotated[str, typer.Option(metavar="UNITS", help="Units that there will be.")],
    show_rate: Annotated[str, typer.Option(metavar="Q", help="Probability that an order is there at the release.")],
    margin: Annotated[str | None, typer.Option(metavar="MONEY", help="What a served unit earns.")] = None,
    denied_cost: Annotated[
        str | None,
        typer.Option(metavar="MONEY", help="Loss on a denied unit, on top of the margin that it does not earn."),
    ] = None,
    unsold_cost: Annotated[
        str, typer.Option(metavar="MONEY", help="Loss on an unsold unit, on top of the margin that it does not earn.")
    ] = "0",
    method: Annotated[
        str, typer.Option(help="economic, type1, type2, hybrid (economic and type1), normal or deterministic.")
    ] = "economic",
    revenue: Annotated[
        str, typer.Option(help="Who pays: shows (a cancelled order pays nothing) or booked (it pays its margin).")
    ] = "shows",
    rho: Annotated[str, typer.Option(metavar="R", help="Correlation of the fates of two orders.")] = "0",
    group_size: Annotated[
        str, typer.Option(metavar="UNITS", help="Units of an order, such as 2, or their mix, such as 1:0.7,2:0.3.")
    ] = "1",
    level: Annotated[
        str, typer.Option(metavar="L", help="type1: P(oversold); type2: share of the units that show up denied.")
    ] = "0.05",
    as_json: JsonOption = False,
) -> None:
    """Compute how many units to accept for a capacity, and what to expect then."""
    from allocation.cli import limits

    numbers = {
        "capacity": capacity,
        "show_rate": show_rate,
        "rho": rho,
        "margin": margin,
        "denied_cost": denied_cost,
        "unsold_cost": unsold_cost,
        "level": level,
    }
    limits.show_limit(method, group_size, revenue, numbers, as_json=as_json)


@app.command()
def recommend(
    scenario: ScenarioArgument,
    *,
    parameter: Annotated[
        str, typer.Option("--param", metavar="KEY", help="What is decided on.")
    ] = "policy.overbooking.rate",
    values: Annotated[
        str, typer.Option(metavar="VALUES", help="From:to:step, or a list with commas.")
    ] = "1.00:1.10:0.01",
    objective: Annotated[str, typer.Option(help="The measure of which more is better.")] = "profit",
    indifference: Annotated[
        float | None, typer.Option(help="Differences below this do not matter; one unit's margin by default.")
    ] = None,
    confidence: Annotated[float, typer.Option(help="That feasibility and choice are right together.")] = 0.95,
    constraint: Annotated[
        str, typer.Option(metavar="MEASURE=P", help="oversold_any=0.05, alert=0.01 or none.")
    ] = "oversold_any=0.05",
    replications: Annotated[int, typer.Option(help="Of each setting, to judge the constraint.")] = 1000,
    replications_at_most: Annotated[int, typer.Option(help="Then, to choose the best.")] = 50_000,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the draws.")] = 0,
    settings: SetOption = None,
    start: StartOption = None,
    workers: Annotated[int | None, typer.Option(help="Threads; one a core by default.")] = None,
    dask: DaskOption = None,
    save: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the scenario with that setting.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Choose the best setting that keeps a constraint, and say how sure that is."""
    from allocation.cli.recommending import run_recommend

    run_recommend(
        scenario,
        parameter=parameter,
        values=values,
        objective=objective,
        indifference=indifference,
        confidence=confidence,
        constraint=constraint,
        replications=replications,
        replications_at_most=replications_at_most,
        seed=seed,
        settings=settings or [],
        start=start,
        workers=workers,
        dask=dask,
        save=save,
        as_json=as_json,
    )


@app.command()
def calibrate(
    history: Annotated[Path, typer.Argument(metavar="HISTORY", help="Past reservations: CSV, or .parquet.")],
    *,
    out: Annotated[Path, typer.Option(metavar="FILE", help="Write the scenario here.")],
    columns: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ROLE=COLUMN,...",
            help="What the columns are called: placed, status, status_at, and where there are any tier, quantity and "
            "due (when it was to be released).",
        ),
    ] = None,
    statuses: Annotated[
        list[str] | None,
        typer.Option(
            "--status",
            metavar="WORD=MEANING",
            help="What a status means: cancelled (by the customer), served, open, unpaid (never paid), denied (let go "
            "by the seller) or omitted.",
        ),
    ] = None,
    tiers: Annotated[
        list[str] | None, typer.Option("--tier", metavar="WORD=TIER", help="What a tier is called in the scenario.")
    ] = None,
    template: Annotated[
        str | None,
        typer.Option(
            metavar="SCENARIO", help="Says what no history says: supply, costs, policy; console-realistic by default."
        ),
    ] = None,
    take: Annotated[
        str | None,
        typer.Option(
            metavar="PARTS",
            help="Only these, with commas: orders, arrivals, tiers, quantities, cancellation, timing, payment.",
        ),
    ] = None,
    timezone: Annotated[
        str | None,
        typer.Option(metavar="ZONE", help="Of instants without an offset; that of a template that is given."),
    ] = None,
    ends: Annotated[
        str | None, typer.Option(metavar="INSTANT", help="When the history ends; its last instant by default.")
    ] = None,
    due: Annotated[
        str | None,
        typer.Option(metavar="INSTANT", help="When they were to be released, without a column; the last one served."),
    ] = None,
    caveat: Annotated[
        str, typer.Option(metavar="TEXT", help="What must be known of this history, such as how it was selected.")
    ] = "",
    force: Annotated[bool, typer.Option("--force", help="Replace the scenario file if it is there.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Estimate from past reservations what customers do, and write it as a scenario."""
    from allocation.cli.calibrating import run_calibrate

    run_calibrate(
        history,
        columns=columns or [],
        statuses=statuses or [],
        tiers=tiers or [],
        timezone=timezone,
        ends=ends,
        due=due,
        take=take,
        template=template,
        caveat=caveat,
        out=out,
        force=force,
        as_json=as_json,
    )


@app.command()
def sandbox(
    *,
    port: Annotated[int, typer.Option(min=0, max=65_535, help="Where it listens; 0 takes a free one.")] = 8480,
    load: Annotated[
        str | None,
        typer.Option(metavar="SCENARIO|RUN", help="Whose supply is in it: a scenario, a run folder or a tape."),
    ] = None,
    latency_ms: Annotated[str, typer.Option(metavar="A:B", help="What a request takes, such as 20:60.")] = "0",
    faults: Annotated[
        str,
        typer.Option(
            metavar="SPEC",
            help="What goes wrong, how often: 5xx-after=0.003,late-commit=0.001:1-6s. Also refused, 429, 401, "
            "5xx-before, reply-lost, malformed, partial, duplicate, slow-read, rate-limit=50, token-expires=90s.",
        ),
    ] = "",
    seed: Annotated[int, typer.Option(min=0, help="Seed of faults, latencies and tokens.")] = 0,
    state: Annotated[
        Path | None, typer.Option(metavar="FILE", help="SQLite file to go on from; in memory else.")
    ] = None,
    uniqueness: Annotated[str, typer.Option(help="Of order refs: enforced or none.")] = "enforced",
    mode: Annotated[
        str, typer.Option(help="active plays the reference workflow of inventory; created stores what it is given.")
    ] = "active",
    as_json: JsonOption = False,
) -> None:
    """Serve a local Fluent Commerce on this machine, to try a release against."""
    from allocation.cli.sandboxing import run_sandbox

    run_sandbox(
        port=port,
        load=load,
        latency=latency_ms,
        faults=faults,
        seed=seed,
        state=state,
        uniqueness=uniqueness,
        mode=mode,
        as_json=as_json,
    )


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


def _prepare_streams() -> None:
    """Output never fails for its characters, and goes nowhere where it was closed."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            setattr(sys, name, os.fdopen(nowhere, "w", encoding="utf-8"))
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


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
    end_when_told()
    code = 0

    def run() -> None:
        nonlocal code
        code = _run()

    ended = guarded(run)
    raise SystemExit(ended or code)
