"""Reports of launches: notebooks run for their numbers and pages, and the index of all of them."""

from __future__ import annotations

from allocation.reporting.index import write_index
from allocation.reporting.nights import ReportResult, ReportRun, run_reports
from allocation.reporting.notebooks import shipped_notebooks

__all__ = ["ReportResult", "ReportRun", "run_reports", "shipped_notebooks", "write_index"]
