"""``allocation replay``."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from allocation.cli.output import print_json, print_table, warn_of_compiling
from allocation.cli.scenario_files import overrides
from allocation.cli.summaries import print_summary
from allocation.engine.errors import SettingError
from allocation.engine.policy import Policy
from allocation.montecarlo.progress import progress_bar

SCHEMA_VERSION = 1


def replay_tape(
    tape: Path, policy_file: Path | None, settings: Sequence[str], out: Path | None, *, check: bool, as_json: bool
) -> None:
    """Play a tape or a run folder again."""
    from allocation.tape import check as check_run
    from allocation.tape import replay
    from allocation.tape.folders import require_place

    if check and out is not None:
        raise SettingError("--check compares and writes nothing: leave out --out")
    if out is not None:
        require_place(out)
    policy, commands, own = _inputs(tape, policy_file, settings)
    warn_of_compiling()
    if check:
        with progress_bar("checking"):
            compared = check_run(tape, None if own else policy)
        message = f"{compared:,} decisions come out as recorded"
        print_json({"schema_version": SCHEMA_VERSION, "compared": compared}) if as_json else print(message)
        return
    with progress_bar("replaying"):
        # Rates that a policy set belong to the policy under which they were recorded.
        run = replay(commands, policy, keep_policy_rates=own)
    if out is not None:
        run.save(out)
    if as_json:
        print_json({"schema_version": SCHEMA_VERSION, **run.outcome(), "summary": run.summary})
        return
    print_summary(run.summary, f"Replay of {tape}", "")
    outcome = run.outcome()
    _print_refused(outcome["refused"])
    columns = ("sku", "location", "ship_date", "supply_by", "limit", "promised", "atp")
    rows = [tuple(row[name] for name in columns) for row in outcome["atp"]]
    if rows:
        print_table("ATP (units)", columns, rows)


def _print_refused(lines: Sequence[int]) -> None:
    if lines:
        shown = ", ".join(map(str, lines[:10])) + (", ..." if len(lines) > len(lines[:10]) else "")
        print(f"{len(lines):,} refused, lines {shown}", file=sys.stderr)


def _inputs(tape: Path, policy_file: Path | None, settings: Sequence[str]) -> tuple[Policy, Path, bool]:
    """The policy, the tape's file, and whether the tape is played under its own policy."""
    from allocation.scenario import load_policy, policy_from_dict
    from allocation.tape import load_run

    if not tape.exists():
        raise SettingError(f"{tape}: there is no such tape or run folder")
    folder = load_run(tape) if tape.is_dir() else None
    if policy_file is not None:
        policy = load_policy(policy_file, overrides(settings), label="--set")
        return policy, folder.tape if folder else tape, False
    if folder is None:
        raise SettingError("a tape has no policy of its own: give --policy FILE, or name its run folder")
    if settings:
        return (
            policy_from_dict(folder.policy.as_dict(), str(tape), overrides(settings), label="--set"),
            folder.tape,
            False,
        )
    return folder.policy, folder.tape, True
