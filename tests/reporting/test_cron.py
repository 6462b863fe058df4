"""Reports as cron runs them: no environment to speak of, no terminal, another working folder, a strict umask."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import matplotlib as mpl
import pytest

from allocation import simulate
from tests.analysis.runs import SMALL, small_scenario

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cron")
    (folder / "small.yaml").write_text(SMALL)
    simulate(small_scenario(), 3).save(folder / "night")
    (folder / "launches.yaml").write_text("version: 1\nlaunches: [{scenario: small.yaml, actuals: {run: night}}]\n")
    return folder


def cron(place, line):
    """Run a line of a crontab."""
    program = f"{sys.executable} -m allocation"
    cache = os.environ.get("ALLOCATION_CACHE_DIR", str(Path.home() / ".cache" / "allocation"))
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(place), "PYTHONPATH": str(ROOT), "ALLOCATION_CACHE_DIR": cache}
    environment["MPLCONFIGDIR"] = mpl.get_configdir()
    return subprocess.run(
        ["/bin/sh", "-c", f"umask 077; {line.replace('allocation ', f'{program} ')}"],
        cwd="/",
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_line_of_the_crontab(place):
    out = place / "reports"
    options = f"--launches {place / 'launches.yaml'} --out {out}"
    before = cron(place, f"allocation report check {options}")
    assert before.returncode == 1
    assert "missing: there are no reports" in before.stdout
    run = f"allocation report run {options} --replications 2 --jobs 2 --keep 90"
    done = cron(place, f"{run} && allocation report check {options} --json")
    assert done.returncode == 0, done
    # Nothing for cron to mail but what was asked for: no bar, no warning.
    assert "allocation: " not in done.stderr.replace("allocation: compiling the rules", "")
    told = json.loads(done.stdout[done.stdout.index("{") :])
    assert told["complete"] is True
    assert told["due"] >= 3
    (night,) = (path for path in out.iterdir() if path.is_dir())
    assert stat.S_IMODE((night / "small-launch" / "actuals.html").stat().st_mode) == 0o600
    (night / "small-launch" / "actuals.html").write_text("")
    after = cron(place, f"allocation report check {options}")
    assert after.returncode == 1
    assert "damaged: small-launch actuals: not as they were written: actuals.html" in after.stdout
    assert after.stderr == ""
