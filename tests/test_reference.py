"""The reference model against published cases, and against what must always hold."""

from __future__ import annotations

import gzip
import itertools
import json
from pathlib import Path

import pytest

from tests.reference import Reference, TapeFault
from tests.tapes import random_case

CASES = Path(__file__).parent / "cases" / "rules.jsonl.gz"
FIRST_CASES = 40
SEEDS = range(20)


@pytest.fixture(scope="module")
def cases() -> list[dict]:
    """The first published cases; without the file the tests fail rather than pass on nothing."""
    with gzip.open(CASES, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in itertools.islice(lines, FIRST_CASES)]


@pytest.mark.parametrize("number", range(FIRST_CASES))
def test_published_case(cases: list[dict], number: int) -> None:
    case = cases[number]
    reference = Reference(case["policy"])
    for line, command in enumerate(case["tape"], start=1):
        reference.apply(command, line)
    assert reference.outcome() == case["expected"]


@pytest.mark.parametrize("seed", SEEDS)
def test_invariants_on_random_tapes(seed: int) -> None:
    policy, tape = random_case(seed)
    reference = Reference(policy)
    for line, command in enumerate(tape, start=1):
        before = reference.state()
        if reference.apply(command, line):
            assert reference.state() == before
        reference.check_invariants()


@pytest.mark.parametrize("seed", SEEDS)
def test_random_case_is_deterministic(seed: int) -> None:
    assert random_case(seed) == random_case(seed)


@pytest.mark.parametrize(
    "command",
    [
        ["no object"],
        {"at": "2025-01-01T00:00:00Z"},
        {"type": "dance", "at": "2025-01-01T00:00:00Z"},
        {"type": "expire"},
        {"type": "expire", "at": "2025-01-01T00:00:00"},
        {"type": "expire", "at": "2024-12-31T23:59:59.999Z"},
        {"type": "supply", "at": "2025-01-01T00:00:00Z", "sku": "S", "location": "L", "on_hand": -1},
        {"type": "cancel", "at": "2025-01-01T00:00:00Z", "order_id": "A", "only": "some"},
        {"type": "release", "at": "2025-01-01T00:00:00Z", "ship_date": "2025-02-30"},
    ],
)
def test_fault_names_the_line(command: dict) -> None:
    reference = Reference({})
    reference.apply({"type": "expire", "at": "2025-01-01T00:00:00Z"}, 1)
    with pytest.raises(TapeFault, match="line 2") as fault:
        reference.apply(command, 2)
    assert fault.value.line == 2
