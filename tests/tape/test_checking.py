import json
import shutil

import pytest

from allocation.engine.errors import Mismatch, NotFound
from allocation.tape import check, replay, write_tape
from tests.policies import policy_of
from tests.tapes import random_case


@pytest.fixture
def run():
    policy, tape = random_case(8)
    return replay(tape, policy_of(policy))


@pytest.fixture
def folder(run, tmp_path):
    return run.save(tmp_path / "out")


def edit(path, number, change):
    lines = path.read_text().splitlines(keepends=True)
    lines[number] = change(lines[number])
    path.write_text("".join(lines))


def test_a_run_comes_out_the_same(folder, run):
    assert check(folder) == check(folder / "tape.jsonl") == check(str(folder)) == len(run.decisions)
    assert check(folder, run.policy) == len(run.decisions)


def test_the_first_difference_is_named(folder):
    decisions = folder / "decisions.jsonl"
    edit(decisions, 20, lambda line: line.replace('"line":', '"line":1'))
    edit(decisions, 11, lambda line: json.dumps({**json.loads(line), "ship_date": "1999-01-01"}) + "\n")
    with pytest.raises(Mismatch) as caught:
        check(folder)
    text = str(caught.value)
    assert text.startswith(f"decision 11 differs ({decisions}:12)\n  recorded: {{")
    recorded, replayed = (line.split(": ", 1)[1] for line in text.splitlines()[1:])
    assert json.loads(recorded)["ship_date"] == "1999-01-01"
    assert json.loads(replayed)["sequence"] == 11


def test_spaces_are_no_difference_but_the_file_was_changed(folder):
    edit(folder / "decisions.jsonl", 3, lambda line: json.dumps(json.loads(line)) + "\n")
    with pytest.raises(Mismatch, match=r"decisions\.jsonl was changed after the run was saved"):
        check(folder)


def test_decisions_that_are_missing_or_too_many(folder, run):
    decisions, count = folder / "decisions.jsonl", len(run.decisions)
    whole = decisions.read_text()
    decisions.write_text(whole[: whole[:-1].rindex("\n") + 1])
    with pytest.raises(Mismatch, match=rf"decision {count - 1} differs .*\n  recorded: nothing\n  replayed: {{"):
        check(folder)
    decisions.write_text(whole + whole.splitlines()[-1] + "\n")
    with pytest.raises(Mismatch, match=rf"decision {count} differs .*\n  recorded: {{.*\n  replayed: nothing"):
        check(folder)
    decisions.write_text(whole[:-20])
    with pytest.raises(Mismatch, match=f"decision {count - 1} differs"):
        check(folder)


def test_another_policy_gives_other_decisions(folder):
    other = policy_of({"overbooking": {"rate": 0}, "queue": {"max_depth": 1}})
    with pytest.raises(Mismatch, match=r"decision \d+ differs"):
        check(folder, other)


@pytest.mark.parametrize("name", ["tape.jsonl", "policy.json"])
def test_a_change_that_decides_nothing_is_still_a_change(folder, name):
    path = folder / name
    path.write_text(path.read_text().replace('"source":"shop"', '"source":"shot"').rstrip("\n") + "\n\n")
    with pytest.raises(Mismatch, match=f"{name} was changed after the run was saved"):
        check(folder)


def test_a_tape_with_decisions_beside_it(folder, run, tmp_path):
    write_tape(tmp_path / "night.jsonl.gz", run.tape())
    with pytest.raises(NotFound, match="there are no recorded decisions"):
        check(tmp_path / "night.jsonl.gz", run.policy)
    shutil.copy(folder / "decisions.jsonl", tmp_path)
    assert check(tmp_path / "night.jsonl.gz", run.policy) == len(run.decisions)
    with pytest.raises(NotFound, match="is in no run folder, so its policy is not on record; give one"):
        check(tmp_path / "night.jsonl.gz")


def test_what_is_no_run(tmp_path):
    with pytest.raises(NotFound, match="is no run folder"):
        check(tmp_path)


def message_of(folder):
    with pytest.raises(Mismatch) as caught:
        check(folder)
    return str(caught.value)


def test_a_recorded_line_of_endless_nesting_differs(folder):
    path = folder / "decisions.jsonl"
    edit(path, 4, lambda line: "[" * 200_000 + "\n")
    assert message_of(folder).startswith(f"decision 4 differs ({path}:5)\n  recorded: [[[")


def test_recorded_lines_are_shown_short_and_printable(folder):
    path = folder / "decisions.jsonl"
    edit(path, 4, lambda line: line.rstrip("}\n") + ',"note":"\x1b[31m' + "é\u202e" * 5000 + '"}\n')
    first, recorded, replayed = message_of(folder).splitlines()
    assert first == f"decision 4 differs ({path}:5)"
    assert "note" in recorded
    assert "\\x1b[31m" in recorded
    assert "\\u202e" in recorded
    assert (first + recorded + replayed).isprintable()
    assert len(recorded) < 1000
    assert recorded.endswith("...")


def test_the_difference_is_in_what_is_shown(folder):
    edit(folder / "decisions.jsonl", 4, lambda line: '{"a":"' + "x" * 5000 + '"}\n')
    edit(folder / "decisions.jsonl", 3, lambda line: line.rstrip("\n") + " " * 5000 + "|\n")
    _, recorded, replayed = message_of(folder).splitlines()
    assert replayed.endswith("}")
    assert "} " in recorded


@pytest.mark.parametrize(
    ("digests", "message"),
    [
        ([1], "digests: [1] is no object"),
        (None, "digests: None is no object"),
        ({"a\0b": ""}, r"digests: 'a\x00b' is no name of a file in the folder"),
        ({"../out/tape.jsonl": ""}, "digests: '../out/tape.jsonl' is no name of a file in the folder"),
        ({"/etc/passwd": ""}, "digests: '/etc/passwd' is no name of a file in the folder"),
        ({"..": ""}, "digests: '..' is no name of a file in the folder"),
        ({"none": ""}, "digests: the folder has no file 'none' to read"),
        ({"x" * 300: ""}, "digests: the folder has no file 'xxx"),
        ({"\ud800": ""}, r"digests: the folder has no file '\ud800'"),
    ],
)
def test_digests_that_are_none(folder, digests, message):
    path = folder / "manifest.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "digests": digests}))
    assert message_of(folder).startswith(f"{path}: {message}")
