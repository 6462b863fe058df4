from __future__ import annotations

import sys
from pathlib import Path

import pytest

from allocation.cli.app import main
from tests.cli.running import Ended, Run


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
