"""``launches.yaml``: which launches are reported on, and where their actuals are; everything that is wrong at once."""

from __future__ import annotations

import pytest

from allocation import simulate
from allocation.engine.errors import SettingError
from allocation.reporting import read_launches
from tests.analysis.runs import SMALL, small_scenario


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "small.yaml").write_text(SMALL)
    (tmp_path / "tape.jsonl").write_text("{}\n")
    (tmp_path / "past.csv").write_text("a\n")
    return tmp_path


def read(folder, text):
    (folder / "launches.yaml").write_text(text)
    return read_launches(folder / "launches.yaml")


def test_scenarios_and_actuals_are_found_beside_the_file(folder, monkeypatch):
    monkeypatch.chdir("/")
    first, second = read(
        folder,
        """
version: 1
launches:
  - scenario: small.yaml
    actuals: {snapshot: tape.jsonl}
    history: past.csv
  - scenario: console-waves
""",
    )
    assert (first.scenario.name, first.kind, first.tape) == ("small-launch", "snapshot", folder / "tape.jsonl")
    assert first.history == {"file": str(folder / "past.csv")}
    assert first.has == {"actuals", "history"}
    assert (second.scenario.name, second.kind, second.tape) == ("console-waves", None, None)
    assert not second.has


def test_a_run_folder_brings_the_policy_that_was_in_force(folder):
    simulate(small_scenario(**{"policy.overbooking.rate": 1.2})).save(folder / "night")
    (launch,) = read(folder, "version: 1\nlaunches: [{scenario: small.yaml, actuals: {run: night}}]")
    assert launch.tape == folder / "night" / "tape.jsonl"
    assert str(launch.scenario.policy.overbooking.rate) == "1.2"


def test_everything_that_is_wrong_is_told_at_once_with_its_line(folder):
    (folder / "bad.yaml").write_text(SMALL.replace("margin: 10", "margn: 10"))
    with pytest.raises(SettingError) as caught:
        read(
            folder,
            """version: 2
launches:
  - scenario: console-realistc
    actuals: {tap: tape.jsonl}
  - scenario: small.yaml
    actuals: {tape: nowhere.jsonl, run: nowhere}
    histroy: past.csv
  - scenario: small.yaml
    actuals: {run: nowhere}
  - scenario: bad.yaml
    history: nowhere.csv
more: 1
""",
        )
    text = str(caught.value)
    for line, message in (
        (1, "version: 2 is not one of 1"),
        (3, "no scenario is called 'console-realistc', did you mean console-realistic?"),
        (4, "unknown key, did you mean tape?"),
        (6, "names 2 of tape, run, snapshot; name one"),
        (7, "unknown key, did you mean history?"),
        (8, "small-launch is named twice"),
        (9, "nowhere is no run folder"),
        (11, "there is no such file"),
        (12, "more: unknown key"),
    ):
        assert any(f"launches.yaml:{line}:" in told and message in told for told in text.splitlines()), (line, text)
    # What is wrong in a scenario's own file has its own line.
    assert "bad.yaml:18" in text
    assert "names 0" not in text


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        ("version: 1\nlaunches: []", "has no launches"),
        ("version: 1\nlaunches: 3", "must be a list"),
        ("version: 1\nlaunches: [3]", "must be a section of keys"),
        ("version: 1", "launches: is missing"),
        ("[]", "must be a section of keys"),
        ("version: 1\nlaunches: !!python/object:os.system [x]", "is not taken"),
    ],
)
def test_other_files_are_refused(folder, text, message):
    with pytest.raises(SettingError, match=message):
        read(folder, text)
