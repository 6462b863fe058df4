"""The manifest of a night: which reports were due, what became of each, how long every step took, and digests."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from allocation.engine.errors import SettingError
from allocation.reporting.places import files_of, write_whole
from allocation.tape.folders import file_digest

SCHEMA_VERSION = 1
NIGHT = "manifest.json"
FORMAT = "allocation-night"
DUE, DONE, FAILED = "due", "done", "failed"


@dataclass(frozen=True, slots=True)
class Row:
    """What a manifest says of one report.

    Attributes:
        scenario: The launch.
        report: Such as ``overbooking``.
        status: ``due``, ``done`` or ``failed``.
        basis: What it starts from: ``what-if``, ``tape``, ``run`` or ``snapshot``.
        seconds: How long it took.
        error: Why it failed, in one line.
        steps: Seconds of each step: kernel start, every cell, sampling and rules where they were told, page.
        digests: SHA-256 of each of its files, by path below the launch's folder; of the newest whole report.
    """

    scenario: str
    report: str
    status: str = DUE
    basis: str = "what-if"
    seconds: float = 0.0
    error: str | None = None
    steps: Mapping[str, float] = field(default_factory=dict)
    digests: Mapping[str, str] = field(default_factory=dict)


def read_rows(night: Path) -> list[Row]:
    """The rows of a night's manifest; none where there is none.

    Raises:
        SettingError: It cannot be read, or is none.
    """
    path = night / NIGHT
    if not path.is_file():
        return []
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return [Row(**row) for row in content["reports"]]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SettingError(f"{path} is damaged ({error}); run the reports of that night again") from error


def readable_rows(night: Path) -> list[Row]:
    """The rows of a night's manifest; none where it is damaged, too: it is written anew from what is run next."""
    try:
        return read_rows(night)
    except SettingError:
        return []


def is_ours(night: Path) -> bool:
    """Whether a folder has a manifest that reports have written."""
    try:
        content = json.loads((night / NIGHT).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(content, dict) and content.get("format") == FORMAT


def write_rows(night: Path, rows: Iterable[Row]) -> None:
    """Put rows into a night's manifest, in place of those of the same reports. `places.locked` is held meanwhile."""
    known = {(row.scenario, row.report): row for row in readable_rows(night)}
    known |= {(row.scenario, row.report): row for row in rows}
    day = date.fromisoformat(night.name).isoformat()
    content = {
        "format": FORMAT,
        "schema_version": SCHEMA_VERSION,
        "date": day,
        "reports": [asdict(known[key]) for key in sorted(known)],
    }
    night.mkdir(exist_ok=True)
    write_whole(night / NIGHT, plain_json(content))


def digests_of(folder: Path, report: str) -> dict[str, str]:
    """The digest of every file of a report, by its path below the launch's folder; those that are there."""
    found: dict[str, str] = {}
    for name in files_of(report):
        path = folder / name
        files = sorted(path.rglob("*")) if path.is_dir() else [path]
        found |= {str(file.relative_to(folder)): file_digest(file) for file in files if file.is_file()}
    return found


def plain_json(content: Mapping[str, Any]) -> str:
    """A mapping as the JSON text of a file."""
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"
