"""``allocation live apply`` and what belongs to it."""

from __future__ import annotations

import getpass
import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

import typer

from allocation.cli.accounts import account_of, journal_place, proved, timing, write_proof
from allocation.cli.clock import now
from allocation.cli.exits import Exit
from allocation.cli.output import print_json, print_table, warn_of_compiling
from allocation.engine.errors import SettingError
from allocation.live.applied import Applied
from allocation.live.applying import Applier
from allocation.live.brakes import Around, Brakes, Waits
from allocation.live.checks import require_account
from allocation.live.journal import Journal, find_lock
from allocation.live.looking import look_up
from allocation.live.night import save_night
from allocation.live.plan import Plan
from allocation.live.planfile import read_plan
from allocation.live.reconciling import Row, Verdict, unplanned_orders
from allocation.live.reconciling import reconcile as reconciled
from allocation.live.states import standings
from allocation.montecarlo.progress import progress_bar
from allocation.oms.fluent import FluentClient, FluentReader, FluentSettings
from allocation.oms.fluent.adapter import FluentReads, FluentWrites
from allocation.oms.port import Uniqueness
from allocation.tape.folders import require_place

SCHEMA_VERSION = 1
INTERRUPTED = "interrupted"
_SHOWN = 10
_QUIET = (Verdict.MATCHED, Verdict.OPEN)


@dataclass(frozen=True, slots=True)
class Options:
    """What `apply` is told beside the plan."""

    yes: bool
    confirm: str | None
    max_orders: int | None
    canary: int
    concurrency: int
    rate: float | None
    error_share: float
    server_request_s: float
    read_lag_s: float
    sole_writer: bool
    out: Path | None


# ----- commands


def apply(
    path: Path, options: Options, *, journal: str | None, profile: str | None, sandbox: str | None, as_json: bool
) -> None:
    """Do what a plan says; the exit code says what is left."""
    warn_of_compiling()
    plan = read_plan(path)
    out = options.out or path.with_name(f"{path.stem}-run")
    # Said before anything is sent, not after.
    require_place(out)
    with account_of(profile, sandbox, journal) as account:
        _ask(plan, account.settings, options, as_json=as_json)
        with _journal(plan, journal) as kept:
            uniqueness = proved(account.settings.account, journal)
            applied = _applied(plan, kept, account.settings, options, uniqueness)
    save_night(plan, applied, out)
    _show(plan, applied, out, as_json=as_json)
    _leave(applied)


def status(path: Path, *, journal: str | None, profile: str | None, sandbox: str | None, as_json: bool) -> None:
    """What the journal says beside what the system says."""
    plan = read_plan(path, must_hold=False)
    orders = [effect.key for effect in plan.effects if effect.order is not None]
    with account_of(profile, sandbox, journal) as account, _journal(plan, journal) as kept:
        known, lock = standings(kept.entries()), kept.lock()
        with FluentReader(account.settings, timing()) as client:
            oms = FluentReads(client)
            require_account(plan, oms.account)
            found, others = look_up(oms, orders), unplanned_orders(oms, plan)
    rows = reconciled(plan, known, found, others, {})
    applied = Applied(tuple(rows))
    _show(plan, applied, None, as_json=as_json, lock=None if lock is None else str(lock))
    _leave(applied)


def reconcile(
    path: Path,
    *,
    server_request_s: float,
    read_lag_s: float,
    journal: str | None,
    profile: str | None,
    sandbox: str | None,
    as_json: bool,
) -> None:
    """Look up what nobody knows, and write it down."""
    plan = read_plan(path, must_hold=False)
    with account_of(profile, sandbox, journal) as account, _journal(plan, journal) as kept:
        uniqueness = proved(account.settings.account, journal)
        digest = _digest(plan)
        with FluentClient(account.settings, timing()) as client, _locked(kept, digest):
            around = Around(now, time.sleep, say=_say)
            oms = FluentWrites(client, uniqueness)
            waits = _waits(account.settings, server_request_s, read_lag_s)
            applied = Applier(oms, kept, plan, digest, around, waits=waits).look()
    _show(plan, applied, None, as_json=as_json)
    _leave(applied)


def unlock(identity: str, *, journal: str | None, as_json: bool) -> None:
    """Take a lock away."""
    place = journal_place(journal)
    lock = find_lock(place, identity)
    kept = Journal(place, lock.account, lock.launch)
    try:
        taken = kept.unlock(identity, getpass.getuser(), now())
    finally:
        kept.close()
    if as_json:
        print_json({"schema_version": SCHEMA_VERSION, "unlocked": str(taken)})
    else:
        print(f"released {taken}; apply the plan again to go on")


def prove(
    customer: str,
    sku: str,
    order_type: str,
    *,
    journal: str | None,
    profile: str | None,
    sandbox: str | None,
    as_json: bool,
) -> None:
    """Prove whether the account refuses a second order of one key."""
    with account_of(profile, sandbox, journal) as account:
        proof = write_proof(account.settings, customer, sku, order_type, journal)
    if as_json:
        print_json({"schema_version": SCHEMA_VERSION, **proof})
    else:
        print(f"uniqueness of order keys: {proof['uniqueness']} ({proof['evidence']}; test order {proof['key']})")


# ----- applying


def _applied(plan: Plan, kept: Journal, settings: FluentSettings, options: Options, uniqueness: Uniqueness) -> Applied:
    brakes = Brakes(
        concurrency=options.concurrency,
        orders_per_s_max=options.rate,
        orders_max=options.max_orders,
        canary=options.canary,
        error_share_max=options.error_share,
    )
    # As many connections as requests at one time, so that none waits for another.
    wide = settings.model_copy(update={"connections_max": max(options.concurrency, 1)})
    digest = _digest(plan)
    with (
        FluentClient(wide, timing()) as client,
        _locked(kept, digest),
        _interrupts() as should_stop,
        progress_bar("orders") as advance,
    ):
        around = Around(now, time.sleep, should_stop, advance or _ignore, _say)
        oms = FluentWrites(client, uniqueness)
        waits = _waits(settings, options.server_request_s, options.read_lag_s)
        applier = Applier(oms, kept, plan, digest, around, brakes, waits, sole_writer=options.sole_writer)
        return applier.run()


def _waits(settings: FluentSettings, server_request_s: float, read_lag_s: float) -> Waits:
    timeouts = settings.connect_timeout_s + settings.write_timeout_s + settings.read_timeout_s
    return Waits(server_request_s, timeouts, read_lag_s)


def _ignore(_done: int, _total: int) -> None:
    pass


@contextmanager
def _journal(plan: Plan, place: str | None) -> Iterator[Journal]:
    kept = Journal(journal_place(place), plan.account, plan.launch)
    try:
        yield kept
    finally:
        kept.close()


@contextmanager
def _locked(kept: Journal, digest: str) -> Iterator[None]:
    with kept.locked(getpass.getuser(), socket.gethostname(), os.getpid(), now(), digest):
        yield


@contextmanager
def _interrupts() -> Iterator[Callable[[], str]]:
    """What was sent is still waited for at the first Ctrl-C; the second one ends at once."""
    asked = False

    def ask(_number: int, _frame: FrameType | None) -> None:
        nonlocal asked
        if asked:
            raise KeyboardInterrupt
        asked = True
        _say("stopping once what was sent is answered; Ctrl-C again ends at once")

    before = signal.signal(signal.SIGINT, ask)
    try:
        yield lambda: INTERRUPTED if asked else ""
    finally:
        signal.signal(signal.SIGINT, before)


def _digest(plan: Plan) -> str:
    return str(plan.as_plain()["digest"])


def _ask(plan: Plan, settings: FluentSettings, options: Options, *, as_json: bool) -> None:
    """Whether a person means this plan."""
    if options.confirm is not None:
        if options.confirm != plan.launch:
            raise SettingError(f"--confirm {options.confirm!r} is not the launch of the plan, {plan.launch!r}")
        return
    if options.yes and not plan.alert:
        return
    if plan.alert and (options.yes or as_json or not sys.stdin.isatty()):
        raise SettingError(f"the plan raised an alert: look at it again, and then give --confirm {plan.launch}")
    if as_json or not sys.stdin.isatty():
        raise SettingError("nobody is there to be asked: give --yes, or --confirm LAUNCH")
    orders = sum(effect.order is not None for effect in plan.effects)
    _say(f"{orders:,} orders and {len(plan.effects) + len(plan.served):,} holds will be written in {settings.account}")
    if typer.prompt(f"Name of the launch, to go on ({plan.launch})", err=True) != plan.launch:
        raise SettingError("that is another name; nothing was sent")


# ----- showing


def _say(text: str) -> None:
    print(f"allocation: {text}", file=sys.stderr)


def _show(plan: Plan, applied: Applied, out: Path | None, *, as_json: bool, lock: str | None = None) -> None:
    counted = applied.counts
    if as_json:
        plain: dict[str, Any] = {
            "schema_version": SCHEMA_VERSION,
            "launch": plan.launch,
            "account": plan.account,
            "sent": applied.sent,
            "counts": counted,
            "skipped": dict(applied.skipped),
            "crossed": dict(applied.crossed),
            "holds_left": dict(applied.holds_left),
            "stopped": applied.stopped,
            "warnings": list(applied.warnings),
            "lock": lock,
            "rows": [row.as_plain() for row in applied.rows if row.verdict is not Verdict.MATCHED],
            "out": None if out is None else str(out),
        }
        print_json(plain)
        return
    rows = [(name, number) for name, number in counted.items() if number or name in {"matched", "missing", "unknown"}]
    print_table(f"{plan.launch} in {plan.account}: orders of the plan", ("", "orders"), rows)
    _list(applied.rows)
    for name, reason in list(applied.skipped.items())[:_SHOWN]:
        if name not in applied.crossed:
            print(f"left out: {name}: {reason}")
    for name, reason in list(applied.crossed.items())[:_SHOWN]:
        _say(f"{name} {reason}; it waits for a person")
    for name, reason in list(applied.holds_left.items())[:_SHOWN]:
        _say(f"the hold of {name} is not written: {reason}")
    for warning in applied.warnings:
        _say(f"warning: {warning}")
    if lock is not None:
        print(lock)
    if out is not None:
        print(f"{out}: the run folder; {applied.sent:,} orders were sent by this apply")
    if applied.stopped:
        _say(f"stopped: {applied.stopped}; apply the plan again to go on")


def _list(rows: Sequence[Row]) -> None:
    odd = [row for row in rows if row.verdict not in {*_QUIET, Verdict.SKIPPED}]
    shown = [(row.reservation_id, row.verdict.value, ", ".join(row.references), row.reason) for row in odd[:_SHOWN]]
    if shown:
        print_table(
            f"To look into ({len(odd):,}, the first {len(shown)})", ("reservation", "is", "orders", "why"), shown
        )


def _leave(applied: Applied) -> None:
    """The exit code of what is left; a contradiction first, then what nobody knows."""
    if applied.is_wrong:
        raise typer.Exit(Exit.MISMATCH)
    if applied.has_unknown:
        raise typer.Exit(Exit.UNKNOWN)
    if applied.stopped == INTERRUPTED:
        raise typer.Exit(Exit.INTERRUPTED)
    if applied.unreachable:
        raise typer.Exit(Exit.UNAVAILABLE)
    if applied.stopped:
        raise typer.Exit(Exit.UNEXPECTED)
