"""Every published case: the outcome of its tape is exactly the one that the rules give."""

from __future__ import annotations

import gzip
import json
from functools import cache
from pathlib import Path

import pytest

from allocation.engine.allocation_engine import AllocationEngine
from allocation.engine.outcome import outcome
from tests.policies import policy_of

CASES = Path(__file__).parents[1] / "cases" / "rules.jsonl.gz"
COUNT = 320
BLOCK = 20


@cache
def cases() -> list[dict]:
    """All cases, read once."""
    with gzip.open(CASES, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def test_there_are_as_many_cases_as_published() -> None:
    assert len(cases()) == COUNT


@pytest.mark.parametrize("first", range(0, COUNT, BLOCK))
def test_outcome_of_every_case(first: int) -> None:
    different = []
    for case in cases()[first : first + BLOCK]:
        engine = AllocationEngine(policy_of(case["policy"]))
        for command in case["tape"]:
            engine.apply(command)
        result = outcome(engine)
        different += [(case["case"], part) for part in case["expected"] if result[part] != case["expected"][part]]
    assert not different
