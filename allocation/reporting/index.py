"""The page on top of all nights: one row a launch, with its headline numbers and its reports."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import date
from html import escape
from pathlib import Path
from typing import Any

from allocation.analysis.wording import with_half_width
from allocation.reporting.notebooks import REPORTS
from allocation.reporting.pages import STYLE

NIGHT = "manifest.json"
_COLUMNS = {
    "orders": "Orders",
    "confirmed_at_cutoff_units": "Confirmed",
    "allocated_units": "Allocated",
    "oversold_units": "Oversold",
    "unsold_units": "Unsold",
    "profit": "Profit",
}

Notes = Mapping[tuple[str, str], str]


def write_index(out: Path) -> Path:
    """Write ``index.html`` from what is in the folder; the same folder gives the same page."""
    page = index_page(out)
    part, index = out / ".index.html", out / "index.html"
    part.write_text(page, encoding="utf-8")
    part.rename(index)
    return index


def index_page(out: Path) -> str:
    """The page of a folder of nights, newest first."""
    nights = "\n".join(_night(out, day) for day in sorted(_days(out), reverse=True))
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Reports of launches</title>
<style>
{STYLE}</style>
</head>
<body class="wide">
<main>
<h1>Reports of launches</h1>
<p>Units, newest night first. Numbers are means over simulated replications, and ± is the half-width of their 95%
t interval; it is left out where it rounds to nothing. Confirmed units are summed over the cut-offs. An alert is a
release that broke more of its promises than the policy allows.</p>
{nights or "<p>No reports yet.</p>"}
</main>
</body>
</html>
"""


def _days(out: Path) -> Iterator[str]:
    for folder in out.iterdir():
        try:
            day = date.fromisoformat(folder.name)
        except ValueError:
            continue
        if folder.is_dir() and day.isoformat() == folder.name:
            yield folder.name


def _night(out: Path, day: str) -> str:
    notes = _failures(out / day)
    present = {folder.name for folder in (out / day).iterdir() if any(folder.glob("*.html"))}
    launches = sorted(present | {scenario for scenario, _ in notes})
    heads = "".join(f'<th scope="col" role="columnheader" class="number">{text}</th>' for text in _COLUMNS.values())
    rows = "\n".join(_row(out / day, name, notes) for name in launches)
    # On a phone the rows are laid out as cards; the roles keep the table a table for a screen reader.
    return f"""<section aria-labelledby="night-{day}">
<h2 id="night-{day}"><time datetime="{day}">{day}</time></h2>
<table class="nights" role="table">
<thead role="rowgroup"><tr role="row"><th scope="col" role="columnheader">Launch</th>{heads}\
<th scope="col" role="columnheader">Alert</th><th scope="col" role="columnheader">Reports</th></tr></thead>
<tbody role="rowgroup">
{rows}
</tbody>
</table>
</section>"""


def _row(night: Path, name: str, notes: Notes) -> str:
    summary = _summary(night / name)
    basis = "no numbers"
    if summary:
        n = summary["replications"]
        runs = f"{n} replication{'s' * (n != 1)}"
        basis = f"rate {summary['rate']}, {runs}, seed {summary['seed']}, profit in {summary['currency']}"
    launch = f'{escape(str(summary.get("title", name)))}<span class="low">{escape(f"{name}: {basis}")}</span>'
    cells = [
        f'<td role="cell" class="number" data-label="{label}"><span class="around">{_number(summary, key)}</span></td>'
        for key, label in _COLUMNS.items()
    ]
    links = ", ".join(_links(night / name, notes)) or "–"
    return (
        f'<tr role="row"><th scope="row" role="rowheader">{launch}</th>'
        f'{"".join(cells)}<td role="cell" data-label="Alert"><span>{_alert(summary)}</span></td>'
        f'<td role="cell" data-label="Reports"><span>{links}</span></td></tr>'
    )


def _number(summary: Mapping[str, Any], key: str) -> str:
    if not summary:
        return "–"
    mean = summary["means"].get(key)
    return with_half_width(mean["mean"], mean["half_width"]) if mean else f"{summary['summary'][key]:,.0f}"


def _alert(summary: Mapping[str, Any]) -> str:
    share = summary.get("alert_share", 0)
    if not share:
        return "no" if summary else "–"
    of_runs = f" in {share:.0%} of runs" if summary["replications"] > 1 else ""
    return f'<span class="alert">Alert{of_runs}</span>'


def _links(folder: Path, notes: Notes) -> Iterator[str]:
    pages = {page.stem: page for page in folder.glob("*.html")}
    named = [report for scenario, report in notes if scenario == folder.name]
    known = sorted({*pages, *named}, key=lambda name: (REPORTS.index(name) if name in REPORTS else len(REPORTS), name))
    for report in known:
        href = f"{folder.parent.name}/{folder.name}/{report}.html"
        link = f'<a href="{escape(href)}">{escape(report)}</a>' if report in pages else escape(report)
        error = notes.get((folder.name, report))
        when = "an earlier one; the last run failed" if report in pages else "failed"
        yield link if error is None else f'{link} <span class="failed">({when}: {escape(error)})</span>'


def _summary(folder: Path) -> dict[str, Any]:
    """The numbers of a launch, with means where a report has them."""
    found: dict[str, Any] = {}
    for page in sorted(folder.glob("*.html")):
        path = folder / page.stem / "summary.json"
        if path.is_file():
            read = json.loads(path.read_text(encoding="utf-8"))
            if not found or read["replications"] > found["replications"]:
                found = read
    return found


def _failures(night: Path) -> Notes:
    """Why reports of a night failed, by launch and report."""
    path = night / NIGHT
    rows = json.loads(path.read_text(encoding="utf-8"))["reports"] if path.is_file() else []
    return {(row["scenario"], row["report"]): row["error"] or "" for row in rows if row["status"] == "failed"}
