import random
from collections import Counter
from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from allocation.engine.allocation_engine import AllocationEngine
from allocation.engine.codes import Kind
from allocation.engine.policy import Policy
from allocation.tape import command_lines, read_tape, replay, write_tape
from allocation.tape.decision_lines import decision_chunks
from allocation.tape.frames import reservations_frame
from allocation.tape.spelling import millionths
from tests.policies import policy_of
from tests.tape.random_columns import KINDS, random_columns
from tests.tapes import random_policy


def decisions(engine):
    return b"".join(decision_chunks(engine)).splitlines()


@settings(max_examples=60)
@given(seed=st.integers(0, 2**32 - 1))
@example(seed=3)
def test_the_lines_give_the_decisions_of_the_columns(seed):
    columns, policy = random_columns(seed), policy_of(random_policy(random.Random(seed)))
    played = AllocationEngine.on(columns, policy)
    played.play_all()

    replayed = replay(command_lines(columns), policy)

    assert decisions(replayed.engine) == decisions(played)
    assert np.array_equal(replayed.engine.book.used("log"), played.book.used("log"))
    assert replayed.reservations["reservation_id"].tolist() == reservations_frame(played)["reservation_id"].tolist()


def test_the_random_columns_have_every_kind_of_command():
    found = Counter(kind for seed in range(20) for kind in random_columns(seed).commands["kind"].tolist())
    assert set(found) == {*KINDS, Kind.ADOPT, Kind.DATES}


@pytest.mark.parametrize("seed", range(5))
def test_the_lines_survive_a_file(tmp_path, seed):
    lines = list(command_lines(random_columns(seed)))
    write_tape(tmp_path / "tape.jsonl", lines)
    assert [command for _, command in read_tape(tmp_path / "tape.jsonl")] == lines


def test_lines_are_made_one_by_one():
    lines = command_lines(random_columns(1))
    assert next(lines)["type"] == "supply"


def test_how_commands_are_spelled():
    columns = random_columns(2)
    columns.commands["at"] += 5
    lines = list(command_lines(columns))
    place = next(line for line in lines if line["type"] == "place")
    assert place["order_id"].startswith("O-000000")
    assert place["customer_id"] == place["order_id"].replace("O", "C")
    assert lines[0]["at"] == "2025-10-20T13:00:00.005Z"
    columns.commands["at"] -= 5
    assert next(command_lines(columns))["at"] == "2025-10-20T13:00:00Z"


def test_rates_are_exact():
    rates = {1_050_000: Decimal("1.05"), 1_333_333: Decimal("1.333333"), 2_000_000: 2, 1: Decimal("0.000001"), 0: 0}
    for micro, rate in rates.items():
        assert millionths(micro) == rate
    assert str(millionths(1_050_000)) == "1.05"


@pytest.mark.parametrize(("field", "value"), [("target", 3), ("order", -1), ("pool", 9), ("tier", -1)])
def test_what_depends_on_a_policy_cannot_be_written(field, value):
    columns = random_columns(2)
    row = {"target": Kind.CANCEL, "order": Kind.CANCEL, "pool": Kind.SUPPLY, "tier": Kind.PLACE}[field]
    at = int(np.flatnonzero(columns.commands["kind"] == row)[0])
    columns.commands[field][at] = value
    with pytest.raises(ValueError, match=rf"command {at + 1} \({row.name}\) of the columns cannot be written"):
        list(command_lines(columns))


def test_no_commands():
    columns = random_columns(0)
    assert list(command_lines(replace(columns, commands=columns.commands[:0]))) == []
    assert len(replay([], Policy()).decisions) == 0
