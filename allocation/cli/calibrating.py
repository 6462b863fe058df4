"""``allocation calibrate``."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from allocation.calibration import MEANINGS, PARTS, ROLES, Calibration, Settings, Source, calibrate
from allocation.calibration.calibrated import remarks_on
from allocation.calibration.source import listed_words, read_instant
from allocation.calibration.summary import SHOWN, summary_of
from allocation.cli.output import print_json, print_table
from allocation.engine.errors import SettingError
from allocation.scenario import dump_scenario, load_scenario, scenario_warnings

SCHEMA_VERSION = 1
TEMPLATE = "console-realistic"


def run_calibrate(
    history: Path,
    *,
    columns: Sequence[str],
    statuses: Sequence[str],
    tiers: Sequence[str],
    timezone: str | None,
    ends: str | None,
    due: str | None,
    take: str | None,
    template: str | None,
    caveat: str,
    out: Path,
    force: bool,
    as_json: bool,
) -> None:
    """Estimate, write the scenario, and say what was estimated and what was left out."""
    _check_place(out, history, force=force)
    base = load_scenario(template or TEMPLATE)
    settings = Settings(
        columns=words("--columns", columns, f"ROLE=COLUMN, a role being one of {', '.join(ROLES)}"),
        statuses=words("--status", statuses, f"WORD=MEANING, a meaning being one of {', '.join(MEANINGS)}", last=True),
        tiers=words("--tier", tiers, "WORD=TIER", last=True),
        # A template that nobody chose says nothing of where the history is from.
        timezone=timezone or (base.timezone if template else None),
        ends=read_instant("--ends", ends),
        due=read_instant("--due", due),
    )
    parts = tuple(part.strip() for part in (take or "").split(",") if part.strip())
    found = calibrate(Source(history, settings, parts, caveat), base)
    out.write_text(dump_scenario(found.scenario), encoding="utf-8")
    if as_json:
        print_json({"schema_version": SCHEMA_VERSION, "out": str(out), **summary_of(found)})
    else:
        _show(found)
    print(f"{out}: {found.scenario.name}, from {found.estimates.history.source} and {base.name}", file=sys.stderr)
    for warning in scenario_warnings(found.scenario):
        print(f"  warning: {warning}", file=sys.stderr)


def words(option: str, texts: Sequence[str], form: str, *, last: bool = False) -> dict[str, str]:
    """Pairs such as ``placed=arrival_time,status=state`` as a mapping.

    Args:
        option: What gave them.
        texts: One or several pairs each.
        form: What a pair is, for the message.
        last: Whether each text is one pair, of which the last equals sign parts it: a status may hold any character.

    Raises:
        SettingError: One is no pair, or a name is there twice.
    """
    pairs = list(texts) if last else [pair for text in texts for pair in text.split(",")]
    found: dict[str, str] = {}
    for pair in pairs:
        name, equals, value = (part.strip() for part in (pair.rpartition("=") if last else pair.partition("=")))
        if not (name and equals and value):
            raise SettingError(f"{option} {pair!r} is none; write {form}")
        if name in found:
            raise SettingError(f"{option} has {name!r} twice")
        found[name] = value
    return found


def _check_place(out: Path, history: Path, *, force: bool) -> None:
    if out.is_dir() or not out.absolute().parent.is_dir():
        raise SettingError(f"--out {out} cannot be written: there is no folder {out.parent}, or it is one itself")
    if out.exists() and history.exists() and out.samefile(history):
        raise SettingError(f"--out {out} is the history itself; give another name")
    if out.exists() and not force:
        raise SettingError(f"--out {out} is there already; give another name, or --force to replace it")


def _show(found: Calibration) -> None:
    estimates, history = found.estimates, found.estimates.history
    taken = listed_words([PARTS[part] for part in found.parts])
    print_table(
        f"{history.source}: {estimates.orders:,} of {history.rows:,} rows; taken from it: {taken}",
        ("estimate", "of", "value", "95% interval", "taken"),
        [*_rows_of(found)],
    )
    if len(estimates.goodness):
        print_table(
            "When they cancel: fitted beside Kaplan-Meier, the chosen one first",
            ("timing", "parameters", "AIC", "largest distance", "cancellations within the 95% band"),
            [
                (row["timing"], row["parameters"], row["aic"], f"{row['share_max_distance']:.2%}",
                 f"{row['share_in_band']:.0%}")
                for row in estimates.goodness.to_dict("records")
            ],
        )  # fmt: skip
    arrivals = estimates.arrivals
    print(f"Arrivals: the table of {len(arrivals.arrivals.points)} points is at most {arrivals.distance:.1%} from the "
          f"history, whose 95% band is ± {arrivals.band:.1%}.")  # fmt: skip
    for sentence in remarks_on(found):
        print(sentence)
    _show_left_out(found)


def _rows_of(found: Calibration) -> list[tuple[str, str, str, str, bool]]:
    estimates, parts = found.estimates, found.parts
    rows = [("orders", "", f"{estimates.orders:,}", "-", "orders" in parts)]
    for name, frame, column, part in (
        ("share of the orders", estimates.tiers, "tier", "tiers"),
        ("share of the orders", estimates.quantities, "quantity", "quantities"),
        ("would cancel until release", estimates.cancelled, "tier", "cancellation"),
    ):
        for row in frame.to_dict("records"):
            of = f"{row[column]}" if column == "tier" else f"{row[column]} units"
            interval = f"{row['share_low']:.2%} to {row['share_high']:.2%}"
            rows.append((name, of, f"{row['share']:.2%}", interval, part in parts))
    if (unpaid := estimates.unpaid) is not None:
        interval = f"{unpaid.low:.2%} to {unpaid.high:.2%}"
        rows.append(("never paid", "all", f"{unpaid.estimate:.2%}", interval, "payment" in parts))
    return rows


def _show_left_out(found: Calibration) -> None:
    left_out = found.estimates.history.left_out
    if not left_out:
        print("No row was left out.")
        return
    print(f"\n{len(left_out):,} bad rows were left out:")
    for problem in left_out[:SHOWN]:
        print(f"  {problem}")
    if len(left_out) > SHOWN:
        print(f"  ... and {len(left_out) - SHOWN:,} more")
