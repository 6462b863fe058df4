"""A night of small reports in a process of its own: ``python -m tests.reporting.night_script OUT DAY CELL``."""

from __future__ import annotations

import signal
import sys
from datetime import date
from pathlib import Path

from allocation.reporting import run_reports
from tests.analysis.runs import small_scenario
from tests.reporting.notebooks import SUMMARY, notebook_of

LAUNCHES = ("first", "second")
REPORTS = ("one", "two")


def run(out, day, cell):
    notebooks = {
        name: notebook_of(out.parent / f"{name}-{day}.ipynb", f"print({name!r}, {day!r})\n{cell}", SUMMARY)
        for name in REPORTS
    }
    scenarios = [small_scenario(name=name) for name in LAUNCHES]
    return run_reports(scenarios, date.fromisoformat(day), out, jobs=2, notebooks=notebooks)


def end(number, _frame):
    raise SystemExit(128 + number)


if __name__ == "__main__":
    # As the command line does.
    signal.signal(signal.SIGTERM, end)
    run(Path(sys.argv[1]), sys.argv[2], sys.argv[3])
