"""Whether the reports of a night are complete: every one that was due is there, whole, and the one that was written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from allocation.engine.errors import SettingError
from allocation.reporting.launches import Launch
from allocation.reporting.manifest import DUE, FAILED, NIGHT, Row, digests_of, read_rows
from allocation.reporting.nights import reports_of
from allocation.reporting.notebooks import shipped_notebooks
from allocation.reporting.places import nights_of


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong with the reports of a night.

    Attributes:
        scenario: The launch; empty where it is about the night.
        report: Its report; empty likewise.
        kind: ``missing``, ``failed``, ``damaged`` or ``stale``.
        message: What is wrong.
    """

    scenario: str
    report: str
    kind: str
    message: str


@dataclass(frozen=True, slots=True)
class Checked:
    """What was found: nothing where the night is complete.

    Attributes:
        night: Its date.
        due: How many reports were due.
        findings: What is wrong.
    """

    night: date
    due: int
    findings: tuple[Finding, ...]


def check_reports(launches: Sequence[Launch] | None, day: date, out: str | Path) -> Checked:
    """Check the reports of a night.

    Args:
        launches: Those whose reports were due, besides what the night's manifest says; None asks the manifest alone.
        day: The night.
        out: The folder of all nights.
    """
    out = Path(out)
    night = out / day.isoformat()
    if day.isoformat() not in nights_of(out):
        return Checked(day, 0, (_not_there(out, day),))
    try:
        rows = {(row.scenario, row.report): row for row in read_rows(night)}
    except SettingError as error:
        return Checked(day, 0, (Finding("", "", "damaged", str(error)),))
    if not rows:
        return Checked(day, 0, (Finding("", "", "missing", f"{night / NIGHT} is missing: no run has been there"),))
    books = shipped_notebooks()
    due = {(launch.scenario.name, report) for launch in launches or () for report in reports_of(launch, books)}
    wanted = sorted(due | set(rows))
    basis = {launch.scenario.name: launch.kind or "what-if" for launch in launches or ()}
    findings = [finding for key in wanted for finding in _findings(night, key, rows.get(key), basis)]
    return Checked(day, len(wanted), tuple(findings))


def _not_there(out: Path, day: date) -> Finding:
    nights = nights_of(out)
    if not nights:
        return Finding("", "", "missing", f"there are no reports in {out}")
    kind = "stale" if nights[-1] < day.isoformat() else "missing"
    return Finding("", "", kind, f"there are no reports of {day} in {out}; the newest are of {nights[-1]}")


def _findings(night: Path, key: tuple[str, str], row: Row | None, basis: Mapping[str, str]) -> Iterator[Finding]:
    scenario, report = key
    if row is None:
        yield Finding(scenario, report, "missing", "it was due and was never run")
        return
    if row.status == DUE:
        yield Finding(scenario, report, "missing", "its run has not ended, or was killed; run it again")
        return
    if row.status == FAILED:
        kept = ", and an earlier one is there" if row.digests else ""
        yield Finding(scenario, report, "failed", f"{row.error}{kept}")
    found = digests_of(night / scenario, report)
    if row.digests and not found:
        yield Finding(scenario, report, "missing", "its files are gone")
    elif changed := sorted(name for name in {*row.digests, *found} if row.digests.get(name) != found.get(name)):
        yield Finding(scenario, report, "damaged", f"not as they were written: {', '.join(changed)}; run it again")
    elif row.status != FAILED and basis.get(scenario, row.basis) != row.basis:
        yield Finding(
            scenario,
            report,
            "stale",
            f"it starts from {row.basis}, and the launch has {basis[scenario]} now; run it again",
        )
