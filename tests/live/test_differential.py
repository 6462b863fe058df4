"""A simulated launch, loaded into a local Fluent and released by live mode, gives the simulator's decisions."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from allocation.engine.codes import Status
from allocation.live.applying import Applier
from allocation.live.brakes import Around, Brakes
from allocation.live.journal import Journal
from allocation.live.loading import load_holds
from allocation.live.night import save_night
from allocation.live.open_book import holds_of, supply_of
from allocation.live.planfile import read_plan
from allocation.live.planning import make_plan
from allocation.oms.fluent import FluentReader
from allocation.oms.fluent.adapter import FluentReads
from allocation.oms.port import Uniqueness
from allocation.tape import check, replay
from tests.live.test_plan import DUE, NIGHT, launch_before_the_release
from tests.oms.fluent.test_conformance import FluentSystem


@pytest.mark.parametrize("seed", [3, 11])
def test_live_mode_decides_as_the_simulator(seed: int, tmp_path: Path) -> None:
    engine, policy = launch_before_the_release(seed)
    system = FluentSystem(Uniqueness.ENFORCED)
    for pool in supply_of(engine):
        system.set_supply(pool)
    customers = {engine.order_id(row): "alice" for row in range(len(engine.register.orders))}
    oms = system.adapter()
    assert not load_holds(oms, holds_of(engine, customers)).left
    reads = FluentReads(system.client(FluentReader), Uniqueness.ENFORCED)
    plan = make_plan(reads, "console", policy, NIGHT, "release", DUE)
    (tmp_path / "plan.json").write_text(json.dumps(plan.as_plain(), default=str), encoding="utf-8")
    read = read_plan(tmp_path / "plan.json")
    assert read == plan
    journal = Journal(tmp_path / "journal.sqlite", oms.account, "console")
    with journal.locked("anna", "desk", 1, NIGHT, "digest"):
        around = Around(system.clock, system.clock.sleep)
        applied = Applier(oms, journal, read, "digest", around, Brakes(concurrency=1)).run()
    journal.close()

    decided = engine.release(NIGHT, DUE)
    rows = engine.book.used("reservations")
    touched = dict.fromkeys(d.reservation_id for d in decided if d.reservation_id is not None)
    assert touched
    for name in touched:
        row = rows[engine.register.reservation(name, engine.book)]
        written = next(iter(oms.holds_named([name])), None)
        assert written is not None
        assert written.status is Status(int(row["status"])), name
    allocated = [d.reservation_id for d in decided if d.after == "ALLOCATED"]
    orders = [found for key in plan.effects if key.order for found in oms.orders([key.key])]
    assert [found.order.reservation_id for found in orders if found.order is not None] == allocated
    assert applied.counts["matched"] == len(allocated) == applied.sent

    # The night is kept as a run folder, which comes out the same, and can be played under another policy.
    folder = save_night(read, applied, tmp_path / "night")
    check(folder)
    again = replay(folder / "tape.jsonl", policy)
    assert again.digest == replay(list(plan.tape), policy).digest
    outcomes = [json.loads(line) for line in (folder / "outcomes.jsonl").read_text().splitlines()]
    assert {row["verdict"] for row in outcomes} == {"matched"}
