import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from allocation.engine.allocation_engine import AllocationEngine
from allocation.engine.codes import Mark
from allocation.engine.instants import from_milliseconds
from allocation.engine.outcome import reservations
from allocation.engine.policy import Policy
from allocation.tape import Run, command_lines, decision_lines, decisions_digest, replay
from allocation.tape.decision_lines import decision_chunks
from tests.policies import policy_of
from tests.tape.random_columns import random_columns
from tests.tapes import random_case

SEEDS = range(12)
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module", params=SEEDS)
def run(request):
    policy, tape = random_case(request.param)
    return replay(tape, policy_of(policy))


def none_if_na(value):
    return None if pd.isna(value) else value


def plain_rows(frame):
    return [{name: none_if_na(value) for name, value in row.items()} for row in frame.to_dict("records")]


def test_the_decisions_are_those_of_the_engine(run):
    rows = plain_rows(run.decisions)
    assert len(rows) == len(run.engine.decisions)
    for row, decision in zip(rows, run.engine.decisions, strict=True):
        arithmetic = decision.arithmetic
        for name in ("supply_by", "limit", "promised", "atp"):
            assert row.pop(name) == (getattr(arithmetic, name) if arithmetic else None)
        assert row.pop("refused") == ("; ".join(decision.refused) or None)
        assert row.pop("at").to_pydatetime() == decision.at
        day = row.pop("ship_date")
        assert (day.date() if day else None) == decision.ship_date
        assert row == {name: getattr(decision, name) for name in row}


def test_the_recorded_lines_are_the_decisions(run):
    lines = b"".join(decision_chunks(run.engine)).splitlines()
    assert len(lines) == len(run.engine.decisions)
    for line, decision in zip(lines, run.engine.decisions, strict=True):
        found = json.loads(line)
        expected = {name: getattr(decision, name) for name in ("sequence", "line", "cause", "step")}
        expected["at"] = decision.at.isoformat(
            timespec="milliseconds" if decision.at.microsecond else "seconds"
        ).replace("+00:00", "Z")
        expected |= {name: getattr(decision, name) for name in ("reservation_id", "before", "after", "reason")}
        expected["ship_date"] = decision.ship_date.isoformat() if decision.ship_date else None
        for name in ("supply_by", "limit", "promised", "atp"):
            expected[name] = getattr(decision.arithmetic, name) if decision.arithmetic else None
        expected["refused"] = list(decision.refused) or None
        assert found == {name: value for name, value in expected.items() if value is not None}


def test_the_reservations_are_those_of_the_outcome(run):
    frame = run.reservations
    rows = plain_rows(frame)
    assert frame["arrival"].is_monotonic_increasing
    for row, expected in zip(rows, reservations(run.engine), strict=True):
        for name in ("requested_ship_date", "ship_date"):
            row[name] = row[name].date().isoformat() if row[name] else None
        assert {name: row[name] for name in expected} == expected


def test_the_other_columns_of_the_reservations(run):
    engine = run.engine
    rows = {engine.reservation_id(r): row for r, row in enumerate(engine.book.used("reservations"))}
    placed = {d.reservation_id: d.at for d in engine.decisions if d.before is None and d.cause == "place"}
    for found in plain_rows(run.reservations):
        row = rows[found["reservation_id"]]
        assert (found["sku"], found["location"]) == engine.pools[int(row["pool"])]
        assert found["tier"] == engine.tiers[int(row["tier"])]
        assert found["score"] * 10**6 == found["score_micro"] == row["score"]
        assert found["line"] == row["line"]
        assert found["paid"] == bool(row["paid"])
        assert found["placed_at"] == placed.get(found["reservation_id"])
        ticking = not row["paid"] and found["status"] in {"RESERVED", "CONFIRMED", "EXPIRED"}
        # A clock that an adopted reservation did not bring is far away.
        clock = from_milliseconds(int(row["expires_at"])) if ticking and row["expires_at"] < 2**60 else None
        assert found["expires_at"] == clock
        for name in ("displaced", "promoted", "confirmed_at_cutoff"):
            assert found[name] == bool(row["marks"] & Mark[name.upper()])


def test_types_of_columns():
    run = replay([{"type": "expire", "at": "2025-01-01T00:00:00Z"}], Policy())
    assert run.reservations.empty
    assert run.decisions.empty
    for seed in SEEDS:
        policy, tape = random_case(seed)
        full = replay(tape, policy_of(policy))
        assert full.reservations.drop(columns=["sku", "location", "tier"]).dtypes.equals(
            run.reservations.drop(columns=["sku", "location", "tier"]).dtypes
        )
        assert full.decisions.drop(columns="refused").dtypes.equals(run.decisions.drop(columns="refused").dtypes)
    assert str(run.decisions["at"].dtype) == "datetime64[ms, UTC]"
    assert str(run.reservations["queue_position"].dtype) == "Int64"


def test_a_run_on_columns_is_the_run_on_their_lines():
    for seed in range(6):
        columns = random_columns(seed)
        engine = AllocationEngine.on(columns, Policy())
        engine.play_all()
        run = Run(engine=engine, summary={"a": 1}, tape=lambda columns=columns: command_lines(columns))
        replayed = replay(run.tape(), Policy())
        assert run.digest == replayed.digest
        left, right = run.decisions, replayed.decisions
        pd.testing.assert_frame_equal(left, right, check_categorical=False)
        # A sampled tape has tiers of its own, in its own order.
        pd.testing.assert_frame_equal(run.reservations, replayed.reservations, check_categorical=False)


def test_the_digest_is_that_of_the_lines(run):
    lines = b"".join(decision_chunks(run.engine))
    assert run.digest == decisions_digest(run) == hashlib.sha256(lines).hexdigest()


def test_frames_are_made_once(run):
    assert run.decisions is run.decisions
    assert run.reservations is run.reservations
    assert run.outcome()["reservations"] == reservations(run.engine)
    assert run.summary["orders"] >= 0


def test_chunks_do_not_show(run, monkeypatch):
    whole = b"".join(decision_chunks(run.engine))
    monkeypatch.setattr(decision_lines, "_CHUNK", 7)
    assert b"".join(decision_chunks(run.engine)) == whole


_DIGEST = """
from tests.policies import policy_of
from tests.tapes import random_case
from allocation.tape import replay
policy, tape = random_case(5)
print(replay(tape, policy_of(policy)).digest)
"""


def test_the_digest_is_the_same_under_any_hash_seed_and_processor():
    digests = set()
    for seed, disabled in (("0", ""), ("77", "X86_V3 X86_V4")):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "NUMBA_DISABLE_JIT": "1"}
        environment |= {"NPY_DISABLE_CPU_FEATURES": disabled, "PYTHONWARNINGS": "ignore"}
        done = subprocess.run(
            [sys.executable, "-c", _DIGEST], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
        )
        digests.add(done.stdout.strip())
    policy, tape = random_case(5)
    assert digests == {replay(tape, policy_of(policy)).digest}
