"""``allocation report run``: what is wrong is said before anything runs."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from allocation.reporting import shipped_notebooks


def report(*arguments, cwd=None):
    return subprocess.run(
        [sys.executable, "-m", "allocation", "report", "run", *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=cwd,
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--date", "yesterday"], "'yesterday' is no date"),
        (["--date", "20260102"], "'20260102' is no date"),
        (["no-such-launch"], "no scenario is called 'no-such-launch'"),
        (["iphone-15-pro", "--out", "/dev/null/reports"], "reports cannot be written to /dev/null/reports"),
    ],
)
def test_wrong_input_is_named_and_nothing_is_written(tmp_path, arguments, message):
    out = [] if "--out" in arguments else ["--out", str(tmp_path / "reports")]
    done = report(*arguments, *out)
    assert done.returncode == 3
    assert message in done.stderr
    assert done.stdout == ""
    assert not (tmp_path / "reports").exists()


@pytest.mark.slow
def test_one_launch_from_the_command_line(tmp_path):
    from tests.analysis.runs import SMALL

    (tmp_path / "small.yaml").write_text(SMALL)
    done = report("small.yaml", "--date", "2026-01-02", "--out", "out", "--replications", "2", "--json", cwd=tmp_path)
    assert done.returncode == 0
    assert done.stderr == ""
    printed = json.loads(done.stdout)
    assert printed["schema_version"] == 1
    assert printed["date"] == "2026-01-02"
    assert [row["status"] for row in printed["reports"]] == ["done"] * len(shipped_notebooks())
    assert all((tmp_path / row["html"]).is_file() for row in printed["reports"])
