"""The result depends on no number of workers, no backend, and no worker that is lost on the way."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty, Queue
from typing import Any

import pandas as pd
import pytest

from allocation.engine.errors import BackendError, SettingError
from allocation.montecarlo import Interrupted, backends, replicate, sweep
from tests.montecarlo.launches import small

ROOT = Path(__file__).parents[2]
RATE = "policy.overbooking.rate"
ANSWER_S_MAX = START_S_MAX = END_S_MAX = 300
"""A machine that is slow and busy is no reason to fail; what never comes has not come by then either."""


# ----- threads


@pytest.mark.parametrize("method", ["constant", "adaptive"])
def test_the_number_of_workers_changes_nothing(method: str) -> None:
    scenario = small("console-realistic", {"policy.overbooking.method": method, "policy.overbooking.review_hours": 120})
    one, two, five = (replicate(scenario, 23, seed=4, workers=workers, progress=False) for workers in (1, 2, 5))
    pd.testing.assert_frame_equal(one, two)
    pd.testing.assert_frame_equal(one, five)
    assert one["replication"].tolist() == list(range(23))


@pytest.mark.parametrize("workers", [0, -1, 1025])
def test_workers_that_are_no_number_of_them(workers: int) -> None:
    with pytest.raises(SettingError, match=f"workers {workers} must be from 1"):
        replicate(small("console-realistic"), 2, workers=workers, progress=False)


def test_threads_and_a_cluster_at_once() -> None:
    with pytest.raises(SettingError, match="give one of the two"):
        replicate(small("console-realistic"), 2, workers=2, dask="tcp://127.0.0.1:1", progress=False)


# ----- a Dask cluster


@dataclass
class Cluster:
    """A scheduler and workers, each a process of its own."""

    address: str
    workers: list[subprocess.Popen[str]] = field(default_factory=list)


def said(process: subprocess.Popen[str], pattern: str) -> str:
    """What a process says that matches; the rest of what it says is read and forgotten."""
    lines: Queue[str] = Queue()
    assert process.stderr is not None

    def read(stream: Any) -> None:
        for line in stream:
            lines.put(line)

    threading.Thread(target=read, args=(process.stderr,), daemon=True).start()
    heard = []
    end = time.monotonic() + START_S_MAX
    while time.monotonic() < end:
        try:
            heard.append(lines.get(timeout=0.2))
        except Empty:
            assert process.poll() is None, heard
            continue
        if found := re.search(pattern, heard[-1]):
            return found.group(1)
    raise AssertionError(heard)


@contextmanager
def cluster(workers: int) -> Iterator[Cluster]:
    """A cluster on this machine, on a port that the system chooses; its processes end with it."""
    environment = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "ignore"}
    started: list[subprocess.Popen[str]] = []

    def start(*arguments: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "distributed.cli." + arguments[0], *arguments[1:]],
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    try:
        scheduler = start("dask_scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--no-jupyter")
        found = Cluster(said(scheduler, r"Scheduler at:\s+(tcp://127\.0\.0\.1:\d+)"))
        for _ in range(workers):
            options = ("--nthreads", "1", "--no-nanny", "--no-dashboard", "--host", "127.0.0.1")
            found.workers.append(start("dask_worker", found.address, *options))
        for worker in found.workers:
            said(worker, r"Registered to:\s+(\S+)")
        yield found
    finally:
        for process in started:
            process.kill()
        for process in started:
            process.wait(END_S_MAX)
            if process.stderr is not None:
                process.stderr.close()


@pytest.mark.slow
def test_a_cluster_gives_what_threads_give_also_when_a_worker_is_killed() -> None:
    scenario, asked = small("console-realistic"), 160
    here = sweep(scenario, RATE, [1, 1.1], asked, seed=9, progress=False)
    with cluster(workers=2) as there:
        told: list[int] = []

        def kill(done: int, _: int) -> None:
            told.append(done)
            if done == asked // 4:
                there.workers[0].send_signal(signal.SIGKILL)

        swept = sweep(scenario, RATE, [1, 1.1], asked, seed=9, dask=there.address, progress=kill)
        assert there.workers[0].wait(END_S_MAX) == -signal.SIGKILL
        assert told == list(range(1, asked + 1))
        pd.testing.assert_frame_equal(swept.frame, here.frame)

        # The one that is left plays on, for whoever asks next; adaptive rates travel, too.
        adaptive = small("iphone-15-pro", {"policy.overbooking.method": "adaptive"})
        again = replicate(adaptive, 6, seed=2, dask=there.address, progress=False)
        pd.testing.assert_frame_equal(again, replicate(adaptive, 6, seed=2, progress=False))

        # An interrupt keeps what came back.
        def interrupt(done: int, _: int) -> None:
            if done == asked // 2:
                raise KeyboardInterrupt

        with pytest.raises(Interrupted) as caught:
            sweep(scenario, RATE, [1, 1.1], asked, seed=9, dask=there.address, progress=interrupt)
        left = caught.value.sweep
        assert left is not None
        assert 2 <= left.replications <= asked // 2
        first = here.frame[here.frame["replication"] < left.replications].reset_index(drop=True)
        pd.testing.assert_frame_equal(left.frame, first)

        there.workers[1].kill()
        there.workers[1].wait(END_S_MAX)
        end = time.monotonic() + START_S_MAX
        while True:
            with pytest.raises(BackendError) as refused:
                replicate(scenario, 2, dask=there.address, progress=False)
            if "has no workers" in str(refused.value) or time.monotonic() > end:
                break
        assert "has no workers" in str(refused.value)


# ----- no cluster


@contextmanager
def silent_port() -> Iterator[str]:
    """Somebody listens, and never answers."""
    with closing(socket.create_server(("127.0.0.1", 0))) as listening:
        yield f"tcp://127.0.0.1:{listening.getsockname()[1]}"


@contextmanager
def free_port() -> Iterator[str]:
    """Nobody listens."""
    with closing(socket.socket()) as bound:
        bound.bind(("127.0.0.1", 0))
        yield f"tcp://127.0.0.1:{bound.getsockname()[1]}"


@pytest.mark.slow
def test_a_port_that_never_answers() -> None:
    begun = time.monotonic()
    with silent_port() as address, pytest.raises(BackendError, match=rf"no Dask scheduler answers at {address}"):
        replicate(small("console-realistic"), 2, dask=address, progress=False)
    assert time.monotonic() - begun < ANSWER_S_MAX


def test_a_port_where_nobody_listens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backends, "CONNECT_S", 1)
    begun = time.monotonic()
    with free_port() as address, pytest.raises(BackendError, match=rf"no Dask scheduler answers at {address}"):
        replicate(small("console-realistic"), 2, dask=address, progress=False)
    assert time.monotonic() - begun < ANSWER_S_MAX


@pytest.mark.parametrize("address", ["not an address", "", "tcp://", "ftp://127.0.0.1:1", "tcp://127.0.0.1:x", "::"])
def test_an_address_that_is_none(address: str) -> None:
    begun = time.monotonic()
    with pytest.raises(BackendError):
        replicate(small("console-realistic"), 2, dask=address, progress=False)
    assert time.monotonic() - begun < ANSWER_S_MAX
