"""A process of its own that applies a plan, for a test to kill: ``killed.py URL JOURNAL PLAN UNIQUENESS``."""

from __future__ import annotations

import os
import random
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from allocation.live.applying import Applied, Applier
from allocation.live.brakes import Around, Brakes, Waits
from allocation.live.journal import Journal
from allocation.live.plan import Plan
from allocation.live.planfile import read_plan
from allocation.oms.fluent import FluentClient, FluentSettings, Timing, load_settings
from allocation.oms.fluent.adapter import FluentWrites
from allocation.oms.port import Uniqueness
from allocation.oms.sandbox import Credentials

WAITS = Waits(server_request_s_max=0.3, client_timeout_s=0.3, read_lag_s=0.1)
"""A sandbox on this machine is not slower than that."""


def settings_of(url: str) -> FluentSettings:
    known = Credentials()
    return load_settings(
        {
            "ALLOCATION_FLUENT_BASE_URL": url,
            "ALLOCATION_FLUENT_CLIENT_ID": known.client_id,
            "ALLOCATION_FLUENT_CLIENT_SECRET": known.client_secret,
            "ALLOCATION_FLUENT_USERNAME": known.username,
            "ALLOCATION_FLUENT_PASSWORD": known.password,
            "ALLOCATION_FLUENT_RETAILER_ID": "1",
        }
    )


def now() -> datetime:
    return datetime.now(UTC)


def apply(url: str, journal: Journal, plan: Plan, uniqueness: Uniqueness) -> Applied:
    digest = plan.as_plain()["digest"]
    timing = Timing(time.monotonic, time.sleep, random.Random(1).random)
    brakes = Brakes(concurrency=3, canary=2, error_share_max=1.0)
    with FluentClient(settings_of(url), timing) as client, journal.locked("anna", "desk", os.getpid(), now(), digest):
        oms, around = FluentWrites(client, uniqueness), Around(now, time.sleep)
        return Applier(oms, journal, plan, digest, around, brakes, WAITS, sole_writer=True).run()


if __name__ == "__main__":
    address, place, path, proved = sys.argv[1:]
    read = read_plan(Path(path))
    apply(address, Journal(place, read.account, read.launch), read, Uniqueness(proved))
