"""The headline numbers of every night as one table, also of nights that are pruned."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

import pandas as pd

from allocation.engine.errors import SettingError
from allocation.reporting.notebooks import in_reading_order
from allocation.reporting.places import nights_of, write_whole

HISTORY = "history.parquet"
_TYPES = {
    "night": "str",
    "launch": "str",
    "measure": "str",
    "mean": "float64",
    "half_width": "float64",
    "low": "float64",
    "high": "float64",
    "n": "int64",
    "seed": "int64",
    "basis": "str",
    "rate": "str",
    "regime": "str",
    "answer": "str",
}
_NEEDED = {"replications", "seed", "rate", "currency", "means", "summary", "alert_share"}
_KEY = ["night", "launch", "measure"]


def read_history(out: Path) -> pd.DataFrame:
    """What is kept of all nights.

    Returns:
        One row a night, launch and measure, sorted by them: ``mean`` with ``half_width``, ``low`` and ``high`` (95%),
        ``n`` and ``seed``; ``basis`` (``what-if``, or what the launch started from), ``rate``, ``regime`` (empty where
        no report tells) and ``answer``. No rows where nothing was kept.

    Raises:
        SettingError: The file is damaged.
    """
    path = out / HISTORY
    if not path.is_file():
        return pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in _TYPES.items()})
    try:
        frame = pd.read_parquet(path)
        return frame[list(_TYPES)].astype(_TYPES)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SettingError(
            f"{path} is damaged ({error}); remove it, and it is made anew of the nights there are"
        ) from error


def write_history(out: Path) -> Path:
    """Make the history anew: of the nights that are there, and of what it has of others.

    `places.locked` is held meanwhile. The same nights give the same bytes.

    Raises:
        SettingError: The file that is there is damaged.
    """
    there = nights_of(out)
    known = read_history(out)
    rows = [row for night in there for row in _rows(out / night)]
    frame = pd.concat([known[~known["night"].isin(there)], pd.DataFrame(rows, columns=list(_TYPES)).astype(_TYPES)])
    buffer = BytesIO()
    frame.sort_values(_KEY, kind="stable", ignore_index=True).to_parquet(buffer, index=False)
    path = out / HISTORY
    write_whole(path, buffer.getvalue())
    return path


def launch_summary(folder: Path) -> dict[str, Any]:
    """The numbers of a launch in one night; nothing where there are none.

    Those of the report with the most replications, the first one as they are read; what only another one tells (the
    regime, how the launch stands) is added.
    """
    pages = in_reading_order(page.stem for page in folder.glob("*.html"))
    paths = [path for page in pages if (path := folder / page / "summary.json").is_file()]
    read = [summary for path in paths if (summary := _read_summary(path))]
    if not read:
        return {}
    first = max(read, key=lambda summary: int(summary["replications"]))
    found: dict[str, Any] = {}
    for summary in (first, *read):
        found = {**summary, **found}
    return found


def _read_summary(path: Path) -> dict[str, Any]:
    """The numbers that a report has kept; nothing where they are damaged, which `check_reports` tells."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) and content.keys() >= _NEEDED else {}


def _rows(night: Path) -> Iterator[dict[str, Any]]:
    for folder in sorted(path for path in night.iterdir() if path.is_dir()):
        summary = launch_summary(folder)
        if not summary:
            continue
        head = {
            "night": night.name,
            "launch": folder.name,
            "n": summary["replications"],
            "seed": summary["seed"],
            "basis": summary.get("basis", "what-if"),
            "rate": summary["rate"],
            "regime": summary.get("regime", ""),
            "answer": summary.get("answer", ""),
        }
        for measure, mean in _measures(summary).items():
            yield head | {"measure": measure} | dict(mean)


def _measures(summary: Mapping[str, Any]) -> dict[str, Mapping[str, float]]:
    """Means with their ends; what was counted once has no width."""
    counted = {**summary.get("standing", {}), "alert_share": summary["alert_share"]}
    if "best_rate" in summary:
        counted["best_rate"] = summary["best_rate"]
    if not summary["means"]:
        counted |= {name: summary["summary"][name] for name in ("orders", "allocated_units", "oversold_units")}
    exact = {f"counted_{name}" if name in summary["means"] else name: value for name, value in counted.items()}
    points = {
        name: {"mean": float(value), "half_width": 0.0, "low": float(value), "high": float(value)}
        for name, value in exact.items()
    }
    return {**summary["means"], **points}
