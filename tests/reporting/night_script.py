"""A night of small reports in a process of its own: ``python -m tests.reporting.night_script OUT DAY CELL [itself]``.

With ``itself``, it is told to end by a thread that makes a report, which gets the signal instead of the main thread.
"""

from __future__ import annotations

import signal
import sys
import threading
from datetime import date
from pathlib import Path

from allocation.cli.exits import end_when_told
from allocation.reporting import run_reports
from tests.analysis.runs import small_scenario
from tests.reporting.notebooks import SUMMARY, notebook_of

LAUNCHES = ("first", "second")
REPORTS = ("one", "two")


def run(out, day, cell, progress=None):
    notebooks = {
        name: notebook_of(out.parent / f"{name}-{day}.ipynb", f"print({name!r}, {day!r})\n{cell}", SUMMARY)
        for name in REPORTS
    }
    scenarios = [small_scenario(name=name) for name in LAUNCHES]
    return run_reports(scenarios, date.fromisoformat(day), out, jobs=2, notebooks=notebooks, progress=progress)


def end_itself(*_):
    signal.pthread_kill(threading.get_ident(), signal.SIGTERM)


if __name__ == "__main__":
    # As the command line does.
    end_when_told()
    run(Path(sys.argv[1]), *sys.argv[2:4], end_itself if "itself" in sys.argv[4:] else None)
