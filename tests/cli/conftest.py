from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from allocation import load_scenario, simulate
from allocation.cli.app import main
from allocation.oms.sandbox import Sandbox, Server, Settings
from allocation.oms.sandbox.taped import customers_of_tape, supply_of_tape
from allocation.scenario import dump_policy
from allocation.tape import write_tape
from tests.cli.running import Ended, Run, Served

NIGHT = "2025-11-15T07:00"
SMALL = {
    "demand.total": 120,
    "supply.0.expected.0.quantity": 40,
    "supply.0.expected.1.quantity": 20,
    "supply.0.expected.2.quantity": 20,
}


@pytest.fixture
def launch(tmp_path: Path) -> Path:
    """A folder with the policy and the tape of a launch, until just before its first release."""
    scenario = load_scenario("console-realistic", SMALL)
    commands = [command for command in simulate(scenario, 3).tape() if command["at"] < NIGHT]
    write_tape(tmp_path / "tape.jsonl", commands)
    (tmp_path / "policy.yaml").write_text(dump_policy(scenario.policy), encoding="utf-8")
    return tmp_path


@pytest.fixture
def sandbox(launch: Path) -> Iterator[Served]:
    served = Sandbox(Settings(), now=lambda: datetime.now(UTC), sleep=time.sleep)
    tape = launch / "tape.jsonl"
    served.load(supply_of_tape(tape), customers_of_tape(tape))
    with Server(served, 0) as server:
        yield Served(server.url, served)
    served.close()


@pytest.fixture
def run(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    recwarn: pytest.WarningsRecorder,
) -> Run:
    """Runs a command in an empty folder; however it ends, no traceback is shown."""
    monkeypatch.chdir(tmp_path)
    # Never the journal of whoever runs the tests.
    monkeypatch.setenv("ALLOCATION_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.delenv("ALLOCATION_JOURNAL", raising=False)

    def run_command(*arguments: str | Path) -> Ended:
        monkeypatch.setattr(sys, "argv", ["allocation", *map(str, arguments)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as left:
            main()
        out, err = capsys.readouterr()
        assert "Traceback" not in err
        assert "this is a defect" not in err
        return Ended(int(left.value.code or 0), out, err)

    return run_command
