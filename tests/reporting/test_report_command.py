"""``allocation report run``: what is wrong is said before anything runs."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
import typer

from allocation.cli.app import app
from allocation.engine.errors import InvalidInput


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
        (["--date", "2999-01-01"], "the night of 2999-01-01 is still to come"),
        (["--date", "2020-01-02"], "the night of 2020-01-02 is over and has no reports"),
        (["--keep", "0"], "--keep 0 must be at least 1 day"),
        (["--launches", "nowhere.yaml"], "nowhere.yaml: is no file that is there"),
        (["no-such-launch"], "no scenario is called 'no-such-launch'"),
        (["iphone-15-pro", "--out", "/dev/null/reports"], "reports cannot be written to /dev/null/reports"),
    ],
)
def test_wrong_input_is_named_and_nothing_is_written(tmp_path, monkeypatch, arguments, message):
    monkeypatch.chdir(tmp_path)
    command = typer.main.get_command(app)
    context = command.make_context("allocation", ["report", "run", *arguments])
    with context, pytest.raises(InvalidInput) as caught:
        command.invoke(context)
    assert message in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_a_wrong_date_ends_with_its_exit_code(tmp_path):
    done = report("--date", "2999-01-01", "--out", str(tmp_path / "reports"))
    assert done.returncode == 3
    assert "is still to come" in done.stderr
    assert done.stdout == ""
    assert not (tmp_path / "reports").exists()


@pytest.mark.slow
def test_one_launch_from_the_command_line(tmp_path):
    from tests.analysis.runs import SMALL

    (tmp_path / "small.yaml").write_text(SMALL)
    done = report(
        "small.yaml",
        "--date",
        "2026-01-02",
        "--backfill",
        "--out",
        "out",
        "--replications",
        "2",
        "--json",
        cwd=tmp_path,
    )
    assert done.returncode == 0
    assert done.stderr == ""
    printed = json.loads(done.stdout)
    assert printed["schema_version"] == 1
    assert printed["date"] == "2026-01-02"
    assert {row["status"] for row in printed["reports"]} == {"done"}
    assert all((tmp_path / row["html"]).is_file() for row in printed["reports"])
