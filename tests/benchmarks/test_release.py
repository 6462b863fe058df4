"""How fast a release is applied, beside the published flow: one order, then one status, one after the other."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from allocation.cli.accounts import sandbox_settings
from allocation.engine.codes import Status
from allocation.engine.policy import Policy
from allocation.live.applying import Applier
from allocation.live.brakes import Around, Brakes, Waits
from allocation.live.journal import Journal
from allocation.live.loading import load_holds
from allocation.live.planfile import read_plan
from allocation.live.planning import make_plan
from allocation.oms.fluent import FluentClient, Timing
from allocation.oms.fluent.adapter import FluentWrites
from allocation.oms.port import Confirmed, Hold, ReleaseOrder, Uniqueness, order_key
from allocation.tape import write_tape

pytestmark = pytest.mark.bench
DAY = date(2025, 11, 15)
NIGHT = datetime(2025, 11, 15, 7, tzinfo=UTC)
DUE, SAMPLE, CONCURRENCY = 10_000, 150, 32


class Counting(httpx.BaseTransport):
    """Counts requests by operation."""

    def __init__(self) -> None:
        limits = httpx.Limits(max_connections=CONCURRENCY, max_keepalive_connections=CONCURRENCY)
        self.inner = httpx.HTTPTransport(limits=limits)
        self.counts: Counter[str] = Counter()
        self.lock = threading.Lock()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == "/graphql":
            with self.lock:
                self.counts[json.loads(request.read())["operationName"]] += 1
        return self.inner.handle_request(request)

    def close(self) -> None:
        self.inner.close()


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[dict[str, Any]]:
    """A sandbox in a process of its own, with the supply and the customers."""
    places = [
        {
            "type": "supply",
            "at": NIGHT.isoformat(),
            "sku": "PHONE",
            "location": "DC",
            "on_hand": DUE + SAMPLE,
            "expected": [],
        }
    ]
    line = [{"sku": "PHONE", "location": "DC", "quantity": 1}]
    places += [
        {
            "type": "place",
            "at": NIGHT.isoformat(),
            "order_id": f"O-{number}",
            "customer_id": f"C-{number}",
            "ship_date": "2025-12-01",
            "lines": line,
        }
        for number in range(DUE + SAMPLE)
    ]
    write_tape(tmp_path / "tape.jsonl", places)
    command = [sys.executable, "-m", "allocation", "sandbox", "--port", "0", "--json", "--latency-ms", "20:60"]
    process = subprocess.Popen(
        [*command, "--load", str(tmp_path / "tape.jsonl")], stdout=subprocess.PIPE, text=True, cwd=tmp_path
    )
    text = ""
    while not text.rstrip().endswith("}"):
        text += process.stdout.readline()
    yield json.loads(text)
    process.terminate()
    process.wait(30)
    process.stdout.close()


def hold(number: int) -> Hold:
    return Hold(
        reservation_id=f"RES-O-{number}-1",
        order_id=f"O-{number}",
        sku="PHONE",
        location="DC",
        quantity=1,
        tier="VIP" if number % 10 == 0 else "STANDARD",
        arrival=number,
        requested=DAY,
        assigned=DAY,
        status=Status.CONFIRMED,
        paid=True,
        customer=f"C-{number}",
    )


def published(oms: FluentWrites, numbers: range) -> float:
    """Seconds an order of the published flow, on reservations that are in no plan."""
    began = time.perf_counter()
    for number in numbers:
        own = hold(number)
        key = order_key(oms.account, "published", own.reservation_id, DAY)
        order = ReleaseOrder(key, own.reservation_id, own.customer, own.sku, own.location, 1, own.tier, DAY)
        assert isinstance(oms.submit(order), Confirmed)
        (written,) = oms.write_holds([own])
        assert isinstance(written, Confirmed)
    return (time.perf_counter() - began) / len(numbers)


def test_a_release_of_ten_thousand(sandbox: dict[str, Any], tmp_path: Path) -> None:
    settings = sandbox_settings(sandbox["url"]).model_copy(update={"connections_max": CONCURRENCY})
    transport = Counting()
    with FluentClient(settings, Timing(time.monotonic, time.sleep, lambda: 0.5), transport=transport) as client:
        oms = FluentWrites(client, Uniqueness.ENFORCED)
        loaded = load_holds(oms, [hold(number) for number in range(DUE)], CONCURRENCY)
        assert not loaded.left
        extra = range(DUE, DUE + SAMPLE)
        load_holds(oms, [hold(number) for number in extra], CONCURRENCY)
        oms.known_customers([f"C-{number}" for number in extra])
        sequential_s = published(oms, extra)
        for number in extra:
            oms.write_holds([Hold(**{**_plain(hold(number)), "status": Status.ALLOCATED})])

        began = time.perf_counter()
        plan = make_plan(oms, "bench", Policy(), NIGHT, "release", DAY)
        plan_s = time.perf_counter() - began
        path = tmp_path / "plan.json"
        plain = plan.as_plain()
        path.write_text(json.dumps(plain, default=str), encoding="utf-8")
        before_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

        transport.counts.clear()
        began = time.perf_counter()
        journal = Journal(tmp_path / "journal.sqlite", oms.account, "bench")
        around = Around(lambda: datetime.now(UTC), time.sleep)
        with journal.locked("bench", "here", 1, NIGHT, plain["digest"]):
            brakes = Brakes(concurrency=CONCURRENCY)
            applied = Applier(oms, journal, read_plan(path), plain["digest"], around, brakes, Waits()).run()
        apply_s = time.perf_counter() - began
        journal.close()
    after_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    orders = applied.sent
    assert applied.counts["matched"] == orders == DUE
    calls = sum(transport.counts.values())
    limit_s = 0.040 * calls / CONCURRENCY
    print(f"\nplan of {DUE:,} due: {plan_s:.1f} s")
    print(f"apply: {apply_s:.1f} s, {orders / apply_s:,.0f} orders/s, {calls / orders:.3f} calls an order")
    ratio = sequential_s * orders / apply_s
    print(f"published flow: {1000 * sequential_s:.0f} ms an order, on {SAMPLE}; ratio {ratio:.1f}")
    print(f"latency x calls / concurrency: {limit_s:.1f} s; peak memory {before_kb >> 10} -> {after_kb >> 10} MiB")
    print(f"calls: {dict(transport.counts)}")


def _plain(one: Hold) -> dict[str, Any]:
    return {name: getattr(one, name) for name in Hold.__slots__}
