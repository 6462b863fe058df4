"""A process of its own that applies a plan, for a test to kill: ``killed.py URL JOURNAL PLAN UNIQUENESS``."""

from __future__ import annotations

import os
import random
import sys
import time
from pathlib import Path

from allocation.cli.accounts import sandbox_settings
from allocation.cli.clock import now
from allocation.live.applied import Applied
from allocation.live.applying import Applier
from allocation.live.brakes import Around, Brakes, Waits
from allocation.live.journal import Journal
from allocation.live.plan import Plan
from allocation.live.planfile import read_plan
from allocation.oms.fluent import FluentClient, Timing
from allocation.oms.fluent.adapter import FluentWrites
from allocation.oms.port import Uniqueness

WAITS = Waits(server_request_s_max=1, client_timeout_s=1, read_lag_s=0.3)
"""A sandbox on this machine is not slower than that, though the machine may be."""


def apply(url: str, journal: Journal, plan: Plan, uniqueness: Uniqueness) -> Applied:
    digest = plan.as_plain()["digest"]
    timing = Timing(time.monotonic, time.sleep, random.Random(1).random)
    brakes = Brakes(concurrency=3, canary=2, error_share_max=1.0)
    with (
        FluentClient(sandbox_settings(url), timing) as client,
        journal.locked("anna", "desk", os.getpid(), now(), digest),
    ):
        oms, around = FluentWrites(client, uniqueness), Around(now, time.sleep)
        return Applier(oms, journal, plan, digest, around, brakes, WAITS, sole_writer=True).run()


if __name__ == "__main__":
    address, place, path, proved = sys.argv[1:]
    read = read_plan(Path(path))
    apply(address, Journal(place, read.account, read.launch), read, Uniqueness(proved))
