"""What a report is asked for: a small JSON file, so that values arrive in a notebook with their types."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from allocation.analysis.recorded import KINDS
from allocation.engine.errors import Problem, SettingError
from allocation.scenario.ranges import suggestion
from allocation.scenario.wording import shown

_TYPES: Mapping[str, tuple[type | tuple[type, ...], str]] = {
    "schema_version": (int, "a whole number"),
    "scenario": (str, "text"),
    "overrides": (dict, "a mapping"),
    "seed": (int, "a whole number"),
    "replications": (int, "a whole number"),
    "out": (str, "text"),
    "actuals": (dict, "a mapping"),
    "before": (dict, "a mapping"),
    "history": ((str, dict), "text or a mapping"),
}
_BELOW = {"actuals": ("kind", "tape"), "before": ("night", "folder")}


@dataclass(frozen=True, slots=True)
class ReportManifest:
    """What a manifest asks for.

    Attributes:
        path: The file; what it names is beside it.
        scenario: A name, or a file.
        overrides: Values by dotted key.
        seed: Of all runs.
        replications: How many runs the means are of; None where it does not say.
        out: Folder that keeps the numbers; None keeps none.
        actuals: ``kind`` and ``tape`` of what was recorded; empty for a what-if.
        before: ``night`` and ``folder`` of what an earlier night has kept; empty where there is none.
        history: A file of past reservations, or how one is to be read; empty where there is none.
    """

    path: Path
    scenario: str
    overrides: Mapping[str, Any] = field(default_factory=dict)
    seed: int = 0
    replications: int | None = None
    out: str | None = None
    actuals: Mapping[str, str] = field(default_factory=dict)
    before: Mapping[str, str] = field(default_factory=dict)
    history: str | Mapping[str, Any] = ""

    def beside(self, name: str) -> Path:
        """The path of a file that it names."""
        return self.path.parent / name


def read_manifest(path: Path) -> ReportManifest:
    """Read the manifest of a report.

    Raises:
        SettingError: It is none, has a key that nobody knows, or a value of another type; with everything that is
            wrong.
    """
    try:
        asked = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SettingError(f"{path} is no manifest of a report: {error}") from error
    if not isinstance(asked, dict):
        raise SettingError(f"{path} is no manifest of a report: it must be a JSON object")
    problems = [*_problems(asked)]
    if problems:
        raise SettingError(problems, str(path))
    return ReportManifest(path, **{key: value for key, value in asked.items() if key != "schema_version"})


def _problems(asked: Mapping[str, Any]) -> list[Problem]:
    problems = [] if "scenario" in asked else [Problem(("scenario",), "is missing: it names no scenario")]
    for key, value in asked.items():
        if key not in _TYPES:
            problems.append(Problem((key,), f"nobody knows this key{suggestion(key, _TYPES)}"))
            continue
        kind, words = _TYPES[key]
        # Python takes true for a whole number.
        if not isinstance(value, kind) or isinstance(value, bool):
            problems.append(Problem((key,), f"{shown(value)} must be {words}"))
        elif key in _BELOW and isinstance(value, dict):
            problems += _problems_below(key, value)
    return problems


def _problems_below(key: str, value: Mapping[str, Any]) -> list[Problem]:
    known = _BELOW[key]
    problems = [Problem((key, name), f"nobody knows this key{suggestion(name, known)}") for name in sorted(value)
                if name not in known]  # fmt: skip
    problems += [Problem((key, name), "is missing, or is no text") for name in known
                 if not isinstance(value.get(name), str)]  # fmt: skip
    if key == "actuals" and value.get("kind") not in KINDS:
        problems.append(Problem((key, "kind"), f"{shown(value.get('kind'))} is not one of {', '.join(KINDS)}"))
    return problems
