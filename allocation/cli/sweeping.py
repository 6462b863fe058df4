"""``allocation sweep``."""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import pandas as pd
import typer

from allocation.cli.exits import Exit
from allocation.cli.output import print_json, print_table, warn_of_compiling
from allocation.cli.scenario_files import load
from allocation.engine.errors import Problem, SettingError
from allocation.montecarlo import Interrupted, Sweep, sweep
from allocation.montecarlo.progress import progress_bar
from allocation.montecarlo.settings import SETTINGS_MAX
from allocation.montecarlo.wording import measure_words
from allocation.scenario import parse_setting
from allocation.statistics import Precision

SCHEMA_VERSION = 1
_SHOWN = ("profit", "allocated_units", "oversold_units", "unsold_units", "oversold_any")
_RANGE_PARTS = 3
_EXPONENT_MAX = 30
"""Beyond it a number is a slip of the pen, and working with all its digits would take minutes."""


def run_sweep(
    name: str,
    *,
    parameters: Sequence[str],
    values: Sequence[str],
    replications: int,
    seed: int,
    settings: Sequence[str],
    start: Path | None,
    until: str | None,
    measure: str,
    workers: int | None,
    dask: str | None,
    out: Path | None,
    as_json: bool,
) -> None:
    """Play replications under every setting; tables, JSON or a Parquet file of every row."""
    columns = grid_of(parameters, values)
    precision = None if until is None else precision_of(until)
    if out is not None:
        require_parquet(out)
    scenario = load(name, settings)
    warn_of_compiling()
    try:
        with progress_bar("replications") as advance:
            swept = sweep(
                scenario,
                list(parameters),
                columns,
                replications,
                seed,
                until=precision,
                measure=measure,
                start=begun(start),
                workers=workers,
                dask=dask,
                progress=advance or False,
            )
    except Interrupted as interrupted:
        print(f"allocation: {interrupted}", file=sys.stderr)
        if interrupted.sweep is not None:
            _show(interrupted.sweep, measure, out, as_json=as_json)
        raise typer.Exit(Exit.INTERRUPTED) from interrupted
    _show(swept, measure, out, as_json=as_json)


# ----- reading options


def begun(start: Path | None) -> Path | None:
    """The tape of a launch that has begun; a run folder has its own.

    Raises:
        SettingError: There is none.
    """
    if start is None:
        return None
    tape = start / "tape.jsonl" if start.is_dir() else start
    if not tape.is_file():
        raise SettingError(f"--start {start}: there is no such tape or run folder")
    return tape


def grid_of(parameters: Sequence[str], values: Sequence[str]) -> list[list[Any]]:
    """The values of each parameter.

    Raises:
        SettingError: The two do not go together, or values cannot be read; with everything that is wrong.
    """
    if len(parameters) != len(values):
        raise SettingError(
            f"--param is given {len(parameters)} times and --values {len(values)} times: give them in pairs"
        )
    columns, problems = [], []
    for parameter, text in zip(parameters, values, strict=True):
        try:
            columns.append(values_of(text))
        except SettingError as error:
            problems += [Problem((), f"--values for {parameter}: {problem}") for problem in error.problems]
    if problems:
        raise SettingError(problems, "settings")
    return columns


def values_of(text: str) -> list[Any]:
    """Values as written: ``1.00:1.10:0.01`` (from, to and with, step), or a list with commas.

    >>> values_of("1.00:1.02:0.01")
    [Decimal('1.00'), Decimal('1.01'), Decimal('1.02')]
    >>> values_of("firm, provisional")
    ['firm', 'provisional']

    Raises:
        SettingError: It is neither.
    """
    parts = text.split(":")
    if len(parts) == _RANGE_PARTS:
        return _range(text, parts)
    items = [item.strip() for item in text.split(",")]
    if not all(items):
        raise SettingError(f"{text!r} has an empty value; write values like 1.02,1.04 or 1.00:1.10:0.01")
    return [parse_setting(f"value={item}")[1] for item in items]


def _range(text: str, parts: Sequence[str]) -> list[Any]:
    try:
        first, last, step = (Decimal(part.strip()) for part in parts)
    except InvalidOperation:
        first = last = step = Decimal("nan")
    if not all(number.is_finite() and abs(number.adjusted()) <= _EXPONENT_MAX for number in (first, last, step)):
        raise SettingError(f"{text!r} is no range of numbers; write from:to:step, such as 1.00:1.10:0.01")
    if step <= 0 or last < first:
        raise SettingError(f"{text!r} has no values: the step must be above 0, and the end not before the start")
    count = int((last - first) / step) + 1
    if count > SETTINGS_MAX:
        raise SettingError(f"{text!r} has {count:,} values; more than {SETTINGS_MAX:,} are a slip of the pen")
    return [first + i * step for i in range(count)]


def precision_of(text: str) -> Precision:
    """A half-width as written: ``0.5%`` is relative to the mean, ``250`` absolute.

    Raises:
        SettingError: It is neither.
    """
    number = text.strip().removesuffix("%")
    try:
        value = float(number)
    except ValueError:
        raise SettingError(f"--until-half-width {text!r} is no number; write 0.5% or 250") from None
    if not (math.isfinite(value) and value > 0):
        raise SettingError(f"--until-half-width {text!r} must be above 0")
    return Precision(relative=value / 100) if text.strip().endswith("%") else Precision(absolute=value)


def require_parquet(path: Path) -> None:
    """Refuse a file that could not be written, before anything runs."""
    if path.suffix != ".parquet":
        raise SettingError(f"--out {path} must end in .parquet")
    if not path.parent.is_dir() or path.is_dir():
        raise SettingError(f"--out {path} cannot be written: there is no folder {path.parent}, or it is one itself")


# ----- showing


def _show(swept: Sweep, measure: str, out: Path | None, *, as_json: bool) -> None:
    if out is not None:
        swept.frame.to_parquet(out, index=False)
    if swept.replications <= 1:
        raise SettingError("one replication tells nothing of how far it is off: ask for two or more (--replications)")
    if as_json:
        print_json(as_plain(swept, measure))
        return
    unit = swept.scenario.currency
    names = dict.fromkeys((measure, *_SHOWN))
    found = swept.intervals(list(names))
    print_table(
        f"{swept.scenario.title}: mean of {swept.replications:,} replications, with the half-width of its 95% interval",
        (*swept.parameters, *(measure_words(name, unit) for name in names)),
        [
            (*setting.chosen, *(_cell(row) for row in rows_of(found[found["setting"] == number])))
            for number, setting in enumerate(swept.settings)
        ],
    )
    if len(swept.settings) > 1:
        _show_paired(swept, measure)
    timing = swept.timing
    print(
        f"{swept.replications:,} replications x {len(swept.settings)} settings in {timing['wall_s']:.1f} s, "
        f"{timing['orders_per_s']:,.0f} orders/s; of the workers' time: sampling {timing['sampling_s']:.1f} s, "
        f"rules {timing['rules_s']:.1f} s, measures {timing['measures_s']:.1f} s",
        file=sys.stderr,
    )
    if swept.reason == "limit":
        print("allocation: the half-width was not reached; ask for more --replications", file=sys.stderr)


def _show_paired(swept: Sweep, measure: str) -> None:
    paired = swept.paired(measure)
    best = swept.settings[int(paired["baseline"].iloc[0])]
    print_table(
        f"{measure_words(measure, swept.scenario.currency)}: difference from {best.label}, the largest mean, "
        "replication by replication",
        (*swept.parameters, "difference", "half-width", "variance ratio of common random numbers"),
        [
            (*(row[name] for name in swept.parameters), row["mean"], row["half_width"], _ratio(row["variance_ratio"]))
            for row in rows_of(paired)
        ],
    )


def _ratio(value: float) -> float | str:
    return value if math.isfinite(value) else "no variance"


def _cell(row: dict[str, Any]) -> str:
    if row["measure"] in {"oversold_any", "alert"}:
        return f"{row['mean']:.3f} [{row['low']:.3f}, {row['high']:.3f}]"
    digits = 0 if abs(row["mean"]) >= 100 else 2  # noqa: PLR2004 - three digits say enough without decimals
    return f"{row['mean']:,.{digits}f} ± {row['half_width']:,.{digits}f}"


def rows_of(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows of a frame, each by column."""
    return [{str(key): value for key, value in row.items()} for row in frame.to_dict("records")]


def as_plain(swept: Sweep, measure: str) -> dict[str, Any]:
    """A sweep as plain data for JSON; what is infinite is null."""
    found = swept.intervals()
    settings = [
        {
            "value": value_of(swept, number),
            "replications": swept.replications,
            "measures": {
                row["measure"]: {key: row[key] for key in ("mean", "half_width", "sd", "low", "high")}
                for row in rows_of(found[found["setting"] == number])
            },
        }
        for number in range(len(swept.settings))
    ]
    paired = rows_of(swept.paired(measure)) if len(swept.settings) > 1 else []
    return {
        "schema_version": SCHEMA_VERSION,
        "scenario": swept.scenario.name,
        "seed": swept.seed,
        "parameters": list(swept.parameters),
        "stopped": swept.reason,
        "settings": settings,
        "paired": [
            {
                "value": value_of(swept, row["setting"]),
                "baseline": value_of(swept, row["baseline"]),
                "measure": row["measure"],
                "mean": row["mean"],
                "half_width": row["half_width"],
                "variance_ratio": row["variance_ratio"] if math.isfinite(row["variance_ratio"]) else None,
            }
            for row in paired
        ],
        "timing": dict(swept.timing),
    }


def value_of(swept: Sweep, setting: int) -> Any:
    """The value of a setting; of a grid, the values by key."""
    chosen = swept.settings[setting].chosen
    return chosen[0] if len(chosen) == 1 else dict(zip(swept.parameters, chosen, strict=True))
