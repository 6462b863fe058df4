"""A process that is really killed, at a random moment, over real sockets and with a journal on disk: exactly once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from allocation.cli.clock import now
from allocation.live.journal import Journal
from allocation.oms.port import Uniqueness
from allocation.oms.sandbox import Server
from tests.live.killed import apply
from tests.live.nights import LAUNCH, Night, text_of

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]
START_S_MAX = 300
"""A machine that is slow and busy is no reason to fail."""
AHEAD = 2
"""Orders that the server makes at the most until the kill, beyond those that it waits for."""


@pytest.mark.parametrize("uniqueness", list(Uniqueness))
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_process_that_is_killed_leaves_a_release_that_is_finished_exactly_once(
    tmp_path: Path, uniqueness: Uniqueness, seed: int
) -> None:
    draw = np.random.default_rng(seed)
    night = Night(uniqueness)
    plan, place = tmp_path / "plan.json", tmp_path / "journal.sqlite"
    plan.write_text(text_of(night.plan), encoding="utf-8")
    # From here on it is a server like others: time passes by itself.
    night.sandbox._now = now
    night.sandbox.settings = replace(night.sandbox.settings, latency_ms=(5.0, 20.0))
    journal = Journal(place, night.plan.account, LAUNCH)
    orders = int(draw.integers(0, 9))
    killed = threading.Event()

    def sleep(seconds: float) -> None:
        time.sleep(seconds)
        # However slow this test is, there is something left to be killed.
        if night.creations() >= orders + AHEAD:
            killed.wait()

    night.sandbox._sleep = sleep
    with Server(night.sandbox, 0) as server:
        command = [sys.executable, "-m", "tests.live.killed", server.url, str(place), str(plan), uniqueness.value]
        with subprocess.Popen(command, cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)}) as process:
            try:
                end = time.monotonic() + START_S_MAX
                # Counted from when it holds the lock, as nobody knows how long Python takes to start.
                while journal.lock() is None or night.creations() < orders:
                    assert process.poll() is None
                    assert time.monotonic() < end
                    time.sleep(0.002)
                time.sleep(draw.uniform(0, 0.03))
            finally:
                process.kill()
                process.wait()
                killed.set()
        assert process.returncode == -signal.SIGKILL
        night.require_safe()
        held = journal.lock()
        assert held is not None
        assert held.pid == process.pid
        journal.unlock(held.id, "ben", now())
        applied = apply(server.url, journal, night.plan, uniqueness)
        assert not applied.is_wrong
        assert not applied.has_unknown
        again = apply(server.url, journal, night.plan, uniqueness)
        assert again.sent == 0
    journal.close()
    night.require_safe()
    night.require_done()
    assert night.creations() == len(night.by_reservation())
