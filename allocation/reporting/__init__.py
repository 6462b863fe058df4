"""Reports of launches: notebooks run for their numbers and pages, and the index of all of them."""

from __future__ import annotations

from allocation.reporting.checking import Checked, Finding, check_reports
from allocation.reporting.history import read_history
from allocation.reporting.index import write_index
from allocation.reporting.launches import DEFAULT, Launch, read_launches
from allocation.reporting.nights import Progress, ReportResult, ReportRun, check_date, run_reports
from allocation.reporting.notebooks import shipped_notebooks
from allocation.reporting.pruning import prune_reports

__all__ = [
    "DEFAULT",
    "Checked",
    "Finding",
    "Launch",
    "Progress",
    "ReportResult",
    "ReportRun",
    "check_date",
    "check_reports",
    "prune_reports",
    "read_history",
    "read_launches",
    "run_reports",
    "shipped_notebooks",
    "write_index",
]
