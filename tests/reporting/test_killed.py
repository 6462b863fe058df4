"""A run that is killed at any point leaves whole reports, no kernel, and nothing that the next run cannot clean."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import pytest

from allocation.engine.errors import LockHeld
from allocation.reporting import check_reports
from allocation.reporting.manifest import digests_of
from allocation.reporting.places import night_part, nights_of
from tests.reporting.night_script import LAUNCHES, REPORTS, run

DAY = "2026-01-02"
ROOT = Path(__file__).parents[2]
END_S_MAX = 300
"""A machine that is slow and busy is no reason to fail."""
FOREVER = f"import time; time.sleep({10 * END_S_MAX})"
"""A cell that ends with its kernel only."""
needs_proc = pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="needs /proc to look for kernels")


@contextmanager
def begun(out, cell, *options):
    """A night in a process of its own, which is not left behind, whatever the test finds."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.reporting.night_script", str(out), DAY, cell, *options],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def kernels_below(out):
    """Processes whose command line names a file below the folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if (
                str(out).encode() in (process / "cmdline").read_bytes()
                and b"ipykernel" in (process / "cmdline").read_bytes()
            ):
                found.append(int(process.name))
        except OSError:
            continue
    return found


def wait_for(condition, seconds=END_S_MAX):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


def whole_reports(out):
    """Every page that is there belongs to a whole report, made of one run: its parts tell the same word."""
    found = {}
    for launch in LAUNCHES:
        folder = out / DAY / launch
        if not folder.is_dir():
            continue
        for report in REPORTS:
            files = digests_of(folder, report)
            if not files:
                continue
            assert {f"{report}.html", f"{report}.ipynb", f"{report}/summary.json", f"{report}/inputs.json"} <= set(
                files
            )
            page = (folder / f"{report}.html").read_text()
            book = json.loads((folder / f"{report}.ipynb").read_text())
            word = "NEW" if "NEW" in page else "OLD"
            assert word in json.dumps(book["cells"])
            found[launch, report] = word
    return found


@pytest.fixture(scope="module")
def old(tmp_path_factory):
    """A whole night."""
    out = tmp_path_factory.mktemp("night") / "reports"
    done = run(out, DAY, "print('OLD')")
    assert not done.failed
    return out


def begin_and_kill(out, after_s):
    """Kill a night so long after it began, and not after Python did: nobody knows how long that takes to start."""
    left = set(out.glob(".part-*"))
    with begun(out, "print('NEW')") as process:
        wait_for(lambda: set(out.glob(".part-*")) - left or process.poll() is not None)
        time.sleep(after_s)


@pytest.mark.slow
@needs_proc
def test_killed_at_random_points(old, tmp_path_factory):
    out = old
    chance = random.Random(1)
    for _ in range(4):
        # From before the first kernel to after the last move.
        begin_and_kill(out, chance.uniform(0.0, 6.0))
        assert set(whole_reports(out)) == {(launch, report) for launch in LAUNCHES for report in REPORTS}
        wait_for(lambda: not kernels_below(out))
    done = run(out, DAY, "print('NEW')")
    assert not done.failed
    assert set(whole_reports(out).values()) == {"NEW"}
    assert not list(out.glob(".part-*"))
    assert check_reports(None, date.fromisoformat(DAY), out).findings == ()


def require_incomplete(out):
    """No kernel and nothing half written is left, and everything that was due is missing."""
    wait_for(lambda: not kernels_below(out))
    assert not list(out.glob(".part-*"))
    found = check_reports(None, date.fromisoformat(DAY), out)
    assert {finding.kind for finding in found.findings} == {"missing"}
    assert found.due == len(found.findings) == 4
    assert nights_of(out) == [DAY]


@pytest.mark.slow
@needs_proc
def test_a_terminated_run_ends_its_kernels_and_is_seen_to_be_incomplete(tmp_path):
    out = tmp_path / "reports"
    with begun(out, FOREVER) as process:
        wait_for(lambda: kernels_below(out) or process.poll() is not None)
        # Another run of this night does not begin, one of another night does.
        with (
            pytest.raises(LockHeld, match="another run of the night of 2026-01-02 is at work"),
            night_part(out, date(2026, 1, 2)),
        ):
            pass
        live = list(out.glob(".part-2026-01-02-*"))
        with night_part(out, date(2026, 1, 3)):
            assert set(out.glob(".part-2026-01-02-*")) == set(live)
        process.send_signal(signal.SIGTERM)
        assert process.wait(END_S_MAX) == 128 + signal.SIGTERM
    require_incomplete(out)
    assert os.getpid() not in kernels_below(out)


@pytest.mark.slow
@needs_proc
def test_a_signal_that_another_thread_gets_ends_a_run(tmp_path):
    """The system chooses the thread; the one that acts on it would wait for a report meanwhile."""
    out = tmp_path / "reports"
    with begun(out, FOREVER, "itself") as process:
        assert process.wait(END_S_MAX) == 128 + signal.SIGTERM
    require_incomplete(out)


@pytest.mark.slow
@needs_proc
@pytest.mark.parametrize("together", [True, False])
def test_more_than_one_signal_ends_a_run_as_one_does(tmp_path, together):
    """As from a terminal that is closed, or from somebody who is impatient."""
    out = tmp_path / "reports"
    with begun(out, FOREVER) as process:
        wait_for(lambda: len(kernels_below(out)) == 2 or process.poll() is not None)
        if together:
            process.send_signal(signal.SIGSTOP)
        process.send_signal(signal.SIGHUP)
        if not together:
            wait_for(lambda: not kernels_below(out))
        process.send_signal(signal.SIGTERM)
        process.send_signal(signal.SIGCONT)
        assert process.wait(END_S_MAX) in {128 + signal.SIGTERM, 128 + signal.SIGHUP}
    require_incomplete(out)
