"""A signal to end is an exception, but for one that whoever started the command has it ignore."""

from __future__ import annotations

import subprocess
import sys

import pytest

SCRIPT = """
import os, signal, sys
signal.signal(signal.SIGHUP, {handler})
from allocation.cli.exits import end_when_told
end_when_told()
os.kill(os.getpid(), signal.SIGHUP)
print("goes on")
"""


@pytest.mark.parametrize(("handler", "code", "told"), [("signal.SIG_DFL", 129, ""), ("signal.SIG_IGN", 0, "goes on")])
def test_a_terminal_that_closes_ends_a_command_unless_it_was_started_by_nohup(
    handler: str, code: int, told: str
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT.format(handler=handler)], capture_output=True, text=True, check=False, timeout=300
    )
    assert (done.returncode, done.stdout.strip()) == (code, told)
