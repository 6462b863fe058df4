"""The page on top of all nights: alerts first, then one row a launch, with its headline numbers and its reports."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

import pandas as pd

from allocation.analysis.wording import with_half_width
from allocation.reporting.history import launch_summary, read_history
from allocation.reporting.manifest import DUE, FAILED, Row, readable_rows
from allocation.reporting.notebooks import in_reading_order
from allocation.reporting.pages import STYLE, WHAT_IF, basis_words
from allocation.reporting.places import nights_of, write_whole
from allocation.reporting.sparklines import sparkline

_COLUMNS = {
    "orders": "Orders",
    "confirmed_at_cutoff_units": "Confirmed",
    "allocated_units": "Allocated",
    "oversold_units": "Oversold",
    "unsold_units": "Unsold",
    "profit": "Profit",
}


@dataclass(frozen=True, slots=True)
class _Launch:
    """A launch in one night: where it is, its numbers, and what the manifest says of its reports."""

    folder: Path
    summary: Mapping[str, Any]
    rows: Mapping[str, Row]

    @property
    def title(self) -> str:
        """What it is called."""
        return str(self.summary.get("title", self.folder.name))

    @property
    def alerts(self) -> list[str]:
        """What somebody must look at, in words."""
        share = self.summary.get("alert_share", 0)
        found = []
        if share:
            of_runs = f" in {share:.0%} of runs" if self.summary["replications"] > 1 else ""
            found.append(f"a release breaks more promises than the policy allows{of_runs}")
        found += [f"{name} failed: {row.error}" for name, row in self.rows.items() if row.status == FAILED]
        return found + [f"{name} was not finished" for name, row in self.rows.items() if row.status == DUE]


def write_index(out: Path) -> Path:
    """Write ``index.html`` from what is in the folder; the same folder gives the same page."""
    index = out / "index.html"
    write_whole(index, index_page(out))
    return index


def index_page(out: Path) -> str:
    """The page of a folder of nights, newest first."""
    nights = list(reversed(nights_of(out)))
    history = read_history(out)
    launches = {night: _launches(out / night) for night in nights}
    parts = [_alerts(nights[0], launches[nights[0]])] if nights else ["<p>No reports yet.</p>"]
    parts += [_night(night, launches[night], history if night == nights[0] else None) for night in nights]
    body = "\n".join(parts)
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
release that broke more of its promises than the policy allows. Trend lines run over the nights, each from its lowest to
its highest.</p>
{body}
</main>
</body>
</html>
"""


def _launches(night: Path) -> list[_Launch]:
    """The launches of a night: those with alerts first, then by name."""
    rows = readable_rows(night)
    present = {folder.name for folder in night.iterdir() if any(folder.glob("*.html"))}
    found = [
        _Launch(night / name, launch_summary(night / name), {row.report: row for row in rows if row.scenario == name})
        for name in sorted(present | {row.scenario for row in rows})
    ]
    return sorted(found, key=lambda launch: (not launch.alerts, launch.folder.name))


def _alerts(night: str, launches: Sequence[_Launch]) -> str:
    items = [
        f'<li><span class="alert">Alert</span> {escape(launch.title)}: {escape(alert)}</li>'
        for launch in launches
        for alert in launch.alerts
    ]
    told = f"<ul>\n{chr(10).join(items)}\n</ul>" if items else "<p>None.</p>"
    return f'<section aria-labelledby="alerts">\n<h2 id="alerts">Alerts of {night}</h2>\n{told}\n</section>'


def _night(night: str, launches: Sequence[_Launch], history: pd.DataFrame | None) -> str:
    heads = "".join(f'<th scope="col" role="columnheader" class="number">{text}</th>' for text in _COLUMNS.values())
    rows = "\n".join(_row(launch, history) for launch in launches)
    # On a phone the rows are laid out as cards; the roles keep the table a table for a screen reader.
    return f"""<section aria-labelledby="night-{night}">
<h2 id="night-{night}"><time datetime="{night}">{night}</time></h2>
<table class="nights" role="table">
<thead role="rowgroup"><tr role="row"><th scope="col" role="columnheader">Launch</th>{heads}\
<th scope="col" role="columnheader">Alert</th><th scope="col" role="columnheader">Reports</th></tr></thead>
<tbody role="rowgroup">
{rows}
</tbody>
</table>
</section>"""


def _row(launch: _Launch, history: pd.DataFrame | None) -> str:
    cells = [
        f'<td role="cell" class="number" data-label="{label}"><span class="around">{_number(launch.summary, key)}'
        f"{_trend(launch, key, label, history)}</span></td>"
        for key, label in _COLUMNS.items()
    ]
    links = ", ".join(_links(launch)) or "–"
    return (
        f'<tr role="row"><th scope="row" role="rowheader">{_head(launch)}</th>'
        f'{"".join(cells)}<td role="cell" data-label="Alert"><span>{_alert(launch)}</span></td>'
        f'<td role="cell" data-label="Reports"><span>{links}</span></td></tr>'
    )


def _head(launch: _Launch) -> str:
    summary, name = launch.summary, launch.folder.name
    basis = "no numbers"
    if summary:
        n = summary["replications"]
        runs = f"{n} replication{'s' * (n != 1)}"
        basis = f"rate {summary['rate']}, {runs}, seed {summary['seed']}, profit in {summary['currency']}"
    known = {row.basis for row in launch.rows.values()} or {summary.get("basis", "what-if")}
    recorded = sorted(known - {"what-if"})
    mark = basis_words(recorded[0]) if recorded else WHAT_IF
    kind = "recorded" if recorded else "what-if"
    return (
        f'{escape(launch.title)}<span class="basis {kind}">{escape(mark)}</span>'
        f'<span class="low">{escape(f"{name}: {basis}")}</span>'
    )


def _number(summary: Mapping[str, Any], key: str) -> str:
    if not summary:
        return "–"
    mean = summary["means"].get(key)
    return with_half_width(mean["mean"], mean["half_width"]) if mean else f"{summary['summary'][key]:,.0f}"


def _trend(launch: _Launch, key: str, label: str, history: pd.DataFrame | None) -> str:
    if history is None:
        return ""
    # A what-if, a tape and a snapshot do not count alike.
    is_alike = history["basis"] == launch.summary.get("basis", "what-if")
    own = history[(history["launch"] == launch.folder.name) & (history["measure"] == key) & is_alike]
    return sparkline(label, own["night"].tolist(), own["mean"].tolist())


def _alert(launch: _Launch) -> str:
    share = launch.summary.get("alert_share", 0)
    if not share:
        return "no" if launch.summary else "–"
    of_runs = f" in {share:.0%} of runs" if launch.summary["replications"] > 1 else ""
    return f'<span class="alert">Alert{of_runs}</span>'


def _links(launch: _Launch) -> Iterator[str]:
    pages = {page.stem for page in launch.folder.glob("*.html")}
    named = {report for report, row in launch.rows.items() if row.status == FAILED}
    for report in in_reading_order(pages | named):
        href = f"{launch.folder.parent.name}/{launch.folder.name}/{report}.html"
        link = f'<a href="{escape(href)}">{escape(report)}</a>' if report in pages else escape(report)
        if report not in named:
            yield link
            continue
        when = "an earlier one; the last run failed" if report in pages else "failed"
        yield f'{link} <span class="failed">({when}: {escape(launch.rows[report].error or "")})</span>'
