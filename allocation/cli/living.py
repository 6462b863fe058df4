"""``allocation live ...``: what reads an order management system, and what writes holds into one."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any, get_args

import typer

from allocation.cli.accounts import account_of, customers_of, is_shared, proved, timing
from allocation.cli.clock import now
from allocation.cli.exits import Exit
from allocation.cli.output import print_json, print_table, warn_of_compiling
from allocation.engine.errors import SettingError
from allocation.engine.outcome import atp as atp_rows
from allocation.live.hold_table import read_holds
from allocation.live.loading import load_holds, reason_of
from allocation.live.open_book import holds_of, open_book
from allocation.live.plan import Action, Plan, surprises
from allocation.live.planning import decide, make_plan
from allocation.montecarlo.progress import progress_bar
from allocation.oms.fluent import FluentClient, FluentReader
from allocation.oms.fluent.adapter import FluentReads, FluentWrites
from allocation.oms.port import Hold
from allocation.scenario import load_policy
from allocation.tape import load_run, replay, write_tape

SCHEMA_VERSION = 1
_SHOWN = 10
_FIRST = timezone(timedelta(hours=14))
"""Where a day begins first."""


# ----- commands


def plan(
    *,
    launch: str | None,
    action: str,
    ship_date: str | None,
    policy: Path | None,
    orders_since: str | None,
    journal: str | None,
    profile: str | None,
    sandbox: str | None,
    out: Path,
    as_json: bool,
) -> None:
    """Read everything, decide, write the plan and show it; ends with ALERT where too many promises are broken."""
    if action not in get_args(Action):
        raise SettingError(f"--action {action!r} must be one of {', '.join(get_args(Action))}")
    since = _instant(orders_since)
    _require_folder(out)
    with account_of(profile, sandbox, journal) as account:
        name, chosen = account.launch_or(launch), account.policy_or(policy)
        day = _day(ship_date or (None if action == "expire" else account.ship_date))
        warn_of_compiling()
        with FluentReader(account.settings, timing()) as client:
            oms = FluentReads(client, proved(account.settings.account, journal))
            made = make_plan(oms, name, chosen, now(), _action(action), day, since)
        if not is_shared(journal):
            note = "the journal is a file: it and its lock guard this machine only"
            made = replace(made, warnings=(*made.warnings, note))
    plain = made.as_plain()
    out.write_text(json.dumps(plain, indent=1, ensure_ascii=False, default=str) + "\n", encoding="utf-8")
    _write_csv(out.with_suffix(".csv"), made)
    if as_json:
        print_json({key: value for key, value in plain.items() if key not in {"tape", "effects"}} | {"out": str(out)})
    else:
        _show(made, plain, out)
    if made.alert:
        raise typer.Exit(Exit.ALERT)


def snapshot(*, profile: str | None, sandbox: str | None, out: Path, as_json: bool) -> None:
    """Write the open book as a tape of ``adopt`` commands."""
    _require_folder(out)
    with account_of(profile, sandbox) as account, FluentReader(account.settings, timing()) as client:
        oms = FluentReads(client)
        commands = open_book(list(oms.supply()), list(oms.holds()), now())
    write_tape(out, commands)
    if as_json:
        print_json({"schema_version": SCHEMA_VERSION, "commands": len(commands), "out": str(out)})
    else:
        print(f"{out}: {len(commands):,} commands")


def load(*, source: Path, policy: Path | None, profile: str | None, sandbox: str | None, as_json: bool) -> None:
    """Write the open book of a tape or a run into a system; ends with UNKNOWN where anything is left."""
    holds = _holds(source, policy)
    with (
        account_of(profile, sandbox) as account,
        FluentClient(account.settings, timing()) as client,
        progress_bar("holds") as advance,
    ):
        loaded = load_holds(FluentWrites(client), holds, account.settings.connections_max, advance)
    left = [{"reservation_id": hold.reservation_id, "outcome": reason_of(outcome)} for hold, outcome in loaded.left]
    if as_json:
        print_json({"schema_version": SCHEMA_VERSION, "written": loaded.written, "left": left})
    else:
        print(f"{loaded.written:,} of {len(holds):,} holds are there")
    for row in left[:_SHOWN]:
        print(f"allocation: {row['reservation_id']}: {row['outcome']}", file=sys.stderr)
    if left:
        print(f"allocation: {len(left):,} holds are left; load again to go on", file=sys.stderr)
        raise typer.Exit(Exit.UNKNOWN)


def atp(
    *,
    sku: str,
    location: str,
    ship_date: str,
    quantity: int,
    policy: Path | None,
    profile: str | None,
    sandbox: str | None,
    as_json: bool,
) -> None:
    """The whole breakdown of what can still be promised."""
    day = _day(ship_date)
    with account_of(profile, sandbox) as account, FluentReader(account.settings, timing()) as client:
        chosen = account.policy_or(policy)
        warn_of_compiling()
        oms = FluentReads(client)
        supply = list(oms.supply())
        commands = open_book(supply, list(oms.holds()), now())
    engine, _ = decide(commands, chosen)
    found = engine.atp(sku, location, day or "", quantity)
    names = ("on_hand", "expected_by", "supply_by", "rate", "limit", "promised", "atp", "can_fulfill", "recommendation")
    values = {name: getattr(found, name) for name in names}
    if as_json:
        print_json(
            {"schema_version": SCHEMA_VERSION, "sku": sku, "location": location, "ship_date": ship_date, **values}
        )
        return
    print_table(f"{quantity} of {sku} at {location} for {ship_date}", ("", "units"), list(values.items())[:-1])
    print(found.recommendation)
    columns = ("sku", "location", "ship_date", "supply_by", "limit", "promised", "atp")
    print_table("Planning dates (units)", columns, [tuple(row[name] for name in columns) for row in atp_rows(engine)])


# ----- reading and showing


def _holds(source: Path, policy: Path | None) -> list[Hold]:
    """The open holds of a table, a tape or a run folder."""
    if source.suffix == ".csv":
        return read_holds(source)
    tape = source / "tape.jsonl" if source.is_dir() else source
    if not tape.is_file():
        raise SettingError(f"{source}: there is no such tape or run folder")
    if policy is None and not source.is_dir():
        raise SettingError("a tape has no policy of its own: give --policy FILE, or name its run folder")
    warn_of_compiling()
    engine = replay(tape, load_policy(policy) if policy is not None else load_run(source).policy).engine
    return holds_of(engine, customers_of(tape))


def _action(text: str) -> Action:
    return next(action for action in get_args(Action) if action == text)


def _instant(text: str | None) -> datetime | None:
    """An instant with an offset; or a day, from when it begins somewhere."""
    if text is None:
        return None
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise SettingError(f"--orders-since {text!r} must be a date such as 2025-09-22, or an instant") from None
    return instant if instant.tzinfo is not None else instant.replace(tzinfo=_FIRST)


def _day(text: str | None) -> date | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise SettingError(f"{text!r} is no date; write it as 2025-11-15") from None


def _require_folder(out: Path) -> None:
    if out.is_dir() or not out.parent.is_dir():
        raise SettingError(f"--out {out} cannot be written: there is no folder {out.parent}, or it is one itself")


def _write_csv(path: Path, made: Plan) -> None:
    columns = ("key", "reservation_id", "order_id", "sku", "location", "tier", "quantity", "customer")
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow([*columns, "before", "becomes", "reason", "ship_date"])
        for effect in (*made.effects, *made.served):
            hold = effect.hold
            own = [effect.key, *(getattr(hold, name) for name in columns[1:])]
            writer.writerow(
                [*own, effect.before.name, hold.status.name, effect.reason, hold.assigned or hold.requested]
            )


def _show(made: Plan, plain: Mapping[str, Any], out: Path) -> None:
    columns = ("sku", "location", "tier", "becomes", "reason", "reservations", "units")
    title = (
        f"{made.launch}: {made.action} {made.ship_date or ''} in account {made.account}, decided {made.at.isoformat()}"
    )
    print_table(title, columns, [tuple(row[name] for name in columns) for row in plain["totals"]])
    surprising = surprises(made.effects)
    if surprising:
        names = ("reservation", "tier", "units", "was", "becomes", "reason")
        broken = [
            (e.reservation_id, e.hold.tier, e.hold.quantity, e.before.name, e.hold.status.name, e.reason)
            for e in surprising
        ]
        print_table(f"The {len(broken)} largest surprises: promises that are not kept", names, broken)
    if made.unclear:
        shown = list(made.unclear.items())[:_SHOWN]
        print_table(f"{len(made.unclear):,} reservations wait for a person", ("reservation", "because it"), shown)
    for warning in made.warnings:
        print(f"warning: {warning}", file=sys.stderr)
    orders, effects = sum(effect.order is not None for effect in made.effects), len(made.effects) + len(made.served)
    print(f"{out}: {effects:,} effects, {orders:,} orders; nothing has been sent. Digest {plain['digest'][:16]}")
