"""``allocation live ...``: the commands and their options."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from allocation.cli.options import (
    PROBE_TYPE,
    JournalOption,
    JsonOption,
    LaunchOption,
    PolicyOption,
    ProfileOption,
    SandboxOption,
)

lives = typer.Typer(
    help="The order management system: what it holds, what a release would do, and doing it.", no_args_is_help=True
)
RequestOption = Annotated[
    float, typer.Option(min=0, help="The longest that the system works on one request, in seconds.")
]
LagOption = Annotated[float, typer.Option(min=0, help="Until what was written is seen by who reads, in seconds.")]
PlanArgument = Annotated[Path, typer.Argument(metavar="PLAN", help="A plan that `allocation live plan` wrote.")]


@lives.command("plan")
def plan_live(
    *,
    out: Annotated[Path, typer.Option(metavar="FILE", help="Where the plan goes (JSON, and CSV beside it).")],
    ship_date: Annotated[str | None, typer.Option(metavar="DATE", help="For which date; not to expire.")] = None,
    action: Annotated[str, typer.Option(help="release, confirm or expire.")] = "release",
    launch: LaunchOption = None,
    policy: PolicyOption = None,
    orders_since: Annotated[
        str | None,
        typer.Option(
            metavar="DATE",
            help="Look for orders from this day or instant on, not later than the launch's first order; by default "
            "from when the first open hold was made, or stock was counted.",
        ),
    ] = None,
    journal: JournalOption = None,
    profile: ProfileOption = None,
    sandbox: SandboxOption = None,
    as_json: JsonOption = False,
) -> None:
    """Read everything, decide, and write down what would be done. Nothing is sent."""
    from allocation.cli import living

    living.plan(
        launch=launch,
        action=action,
        ship_date=ship_date,
        policy=policy,
        orders_since=orders_since,
        journal=journal,
        profile=profile,
        sandbox=sandbox,
        out=out,
        as_json=as_json,
    )


@lives.command("apply")
def apply_live(
    plan: PlanArgument,
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask; not enough for a plan that raised an alert.")] = False,
    confirm: Annotated[
        str | None, typer.Option(metavar="LAUNCH", help="Do not ask, an alert or not: names the launch that is meant.")
    ] = None,
    max_orders: Annotated[int | None, typer.Option(min=1, help="Orders that this apply sends at most.")] = None,
    canary: Annotated[
        int, typer.Option(min=0, help="So many orders first; the rest only if all of them are confirmed.")
    ] = 10,
    concurrency: Annotated[
        int, typer.Option(min=1, max=64, help="Requests at one time; one where uniqueness is not proved.")
    ] = 8,
    rate: Annotated[float | None, typer.Option(min=0.01, help="Orders a second at most.")] = None,
    error_share: Annotated[
        float, typer.Option(min=0, max=1, help="Stop where more of the orders sent are rejected or unknown.")
    ] = 0.05,
    server_request_s: RequestOption = 60.0,
    read_lag_s: LagOption = 10.0,
    sole_writer: Annotated[
        bool, typer.Option("--sole-writer", help="Vouch that nobody else applies plans of this launch.")
    ] = False,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Where the run folder goes; PLAN-run by default.")
    ] = None,
    journal: JournalOption = None,
    profile: ProfileOption = None,
    sandbox: SandboxOption = None,
    as_json: JsonOption = False,
) -> None:
    """Do what a plan says, exactly once. After a crash, apply again."""
    from allocation.cli import applying

    applying.apply(
        plan,
        applying.Options(
            yes=yes,
            confirm=confirm,
            max_orders=max_orders,
            canary=canary,
            concurrency=concurrency,
            rate=rate,
            error_share=error_share,
            server_request_s=server_request_s,
            read_lag_s=read_lag_s,
            sole_writer=sole_writer,
            out=out,
        ),
        journal=journal,
        profile=profile,
        sandbox=sandbox,
        as_json=as_json,
    )


@lives.command("status")
def status_live(
    plan: PlanArgument,
    *,
    journal: JournalOption = None,
    profile: ProfileOption = None,
    sandbox: SandboxOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show what the journal says beside what the system says, and who holds the lock. Nothing is written."""
    from allocation.cli import applying

    applying.status(plan, journal=journal, profile=profile, sandbox=sandbox, as_json=as_json)


@lives.command("reconcile")
def reconcile_live(
    plan: PlanArgument,
    *,
    server_request_s: RequestOption = 60.0,
    read_lag_s: LagOption = 10.0,
    journal: JournalOption = None,
    profile: ProfileOption = None,
    sandbox: SandboxOption = None,
    as_json: JsonOption = False,
) -> None:
    """Look up the orders of which nobody knows, and write down what there is. Nothing is sent."""
    from allocation.cli import applying

    applying.reconcile(
        plan,
        server_request_s=server_request_s,
        read_lag_s=read_lag_s,
        journal=journal,
        profile=profile,
        sandbox=sandbox,
        as_json=as_json,
    )


@lives.command("unlock")
def unlock_live(
    lock: Annotated[str, typer.Argument(metavar="ID", help="As the message says that names the lock.")],
    *,
    journal: JournalOption = None,
    as_json: JsonOption = False,
) -> None:
    """Take a lock away whose process is no more. Only a person can know that."""
    from allocation.cli import applying

    applying.unlock(lock, journal=journal, as_json=as_json)


@lives.command("prove")
def prove_live(
    *,
    customer: Annotated[str, typer.Option(metavar="REF", help="A customer that exists, for the test order.")],
    sku: Annotated[str, typer.Option(metavar="SKU", help="A product that exists, for the test order.")],
    order_type: Annotated[
        str, typer.Option(metavar="TYPE", help="Of the test order; one without a workflow is never shipped.")
    ] = PROBE_TYPE,
    journal: JournalOption = None,
    profile: ProfileOption = None,
    sandbox: SandboxOption = None,
    as_json: JsonOption = False,
) -> None:
    """Prove whether the account refuses a second order of one key, with two test orders; the journal keeps it."""
    from allocation.cli import applying

    applying.prove(customer, sku, order_type, journal=journal, profile=profile, sandbox=sandbox, as_json=as_json)


@lives.command("snapshot")
def snapshot_live(
    *,
    out: Annotated[Path, typer.Option(metavar="FILE", help="A tape (.jsonl or .jsonl.gz).")],
    profile: ProfileOption = None,
    sandbox: SandboxOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write the open book as a tape of adopt commands."""
    from allocation.cli import living

    living.snapshot(profile=profile, sandbox=sandbox, out=out, as_json=as_json)


@lives.command("load")
def load_live(
    source: Annotated[
        Path, typer.Argument(metavar="TAPE|RUN|CSV", help="Whose open book is written, or a table of holds.")
    ],
    *,
    policy: Annotated[Path | None, typer.Option(metavar="FILE", help="Policy of a tape; a run has its own.")] = None,
    profile: ProfileOption = None,
    sandbox: SandboxOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write the holds of an open book; again is as once."""
    from allocation.cli import living

    living.load(source=source, policy=policy, profile=profile, sandbox=sandbox, as_json=as_json)


@lives.command("atp")
def atp_live(
    sku: Annotated[str, typer.Argument()],
    location: Annotated[str, typer.Argument()],
    ship_date: Annotated[str, typer.Argument(metavar="DATE")],
    quantity: Annotated[int, typer.Argument(min=1)] = 1,
    *,
    policy: PolicyOption = None,
    profile: ProfileOption = None,
    sandbox: SandboxOption = None,
    as_json: JsonOption = False,
) -> None:
    """What can still be promised, with the whole breakdown."""
    from allocation.cli import living

    living.atp(
        sku=sku,
        location=location,
        ship_date=ship_date,
        quantity=quantity,
        policy=policy,
        profile=profile,
        sandbox=sandbox,
        as_json=as_json,
    )
