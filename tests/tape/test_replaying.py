import gzip
import json
from pathlib import Path

import pytest

from allocation.engine.errors import TapeError
from allocation.engine.policy import Policy
from allocation.tape import replay, write_tape
from tests.policies import policy_of
from tests.tapes import random_case

CASES = Path(__file__).parents[1] / "cases" / "rules.jsonl.gz"
SUPPLY = {"type": "supply", "at": "2025-01-01T00:00:00Z", "sku": "S", "location": "L", "on_hand": 10}
RATE = {"type": "overbooking", "at": "2025-01-01T00:00:00Z", "sku": "S", "location": "L"}


def cases(count):
    with gzip.open(CASES, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for _, line in zip(range(count), lines, strict=False)]


@pytest.mark.parametrize("case", cases(25), ids=lambda case: str(case["case"]))
def test_published_cases_from_files(case, tmp_path):
    path = tmp_path / "tape.jsonl"
    write_tape(path, case["tape"])
    assert replay(path, policy_of(case["policy"])).outcome() == case["expected"]


def test_a_file_and_its_commands_give_the_same(tmp_path):
    policy, tape = random_case(4)
    write_tape(tmp_path / "tape.jsonl.gz", tape)
    run = replay(tmp_path / "tape.jsonl.gz", policy_of(policy))
    assert run.digest == replay(tape, policy_of(policy)).digest == replay(iter(tape), policy_of(policy)).digest
    assert replay(str(tmp_path / "tape.jsonl.gz"), policy_of(policy)).summary == run.summary


def test_a_run_makes_its_commands_again(tmp_path):
    policy, tape = random_case(4)
    for source in (tape, iter(tape), (command for command in tape)):
        run = replay(source, policy_of(policy))
        assert list(run.tape()) == list(run.tape()) == tape


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ({"type": "suply"}, "type 'suply' is unknown"),
        ({"type": "expire", "at": "2024-12-31T23:59:59Z"}, "is before that of the command before"),
        ({**RATE, "rate": -1, "source": "nobody"}, "rate"),
    ],
)
def test_an_error_names_the_line(tmp_path, command, message):
    path = tmp_path / "tape.jsonl"
    write_tape(path, [SUPPLY, command])
    with pytest.raises(TapeError) as caught:
        replay(path, Policy())
    assert {problem.place for problem in caught.value.problems} == {f"{path}:2"}
    assert message in str(caught.value)
    with pytest.raises(TapeError, match=r"^tape:2: "):
        replay([SUPPLY, command], Policy())


def limit(run):
    return run.engine.atp("S", "L", "2025-02-01").limit


def test_another_policy_leaves_out_the_rates_of_the_first():
    tape = [SUPPLY, {**RATE, "rate": 1.5, "source": "policy"}, {**RATE, "rate": 1.2, "source": "person"}, SUPPLY]
    kept, left_out = replay(tape, Policy()), replay(tape, Policy(), keep_policy_rates=False)
    assert len(list(kept.tape())) == kept.engine.register.commands == 4
    assert list(left_out.tape()) == [tape[0], *tape[2:]]
    assert limit(replay(tape[:2], Policy())) == 15
    assert limit(replay(tape[:2], Policy(), keep_policy_rates=False)) == 10


def test_an_error_names_the_line_of_the_file_when_lines_are_left_out(tmp_path):
    write_tape(tmp_path / "t", [SUPPLY, {**RATE, "rate": 1.5, "source": "policy"}, {"type": "expire"}])
    with pytest.raises(TapeError, match=r"t:3: expire: at"):
        replay(tmp_path / "t", Policy(), keep_policy_rates=False)
