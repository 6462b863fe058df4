"""The command line, as a shell sees it: output, exit codes, and no traceback for a user's mistake."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest


def allocation(*arguments: str | Path, **options: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "allocation", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
        **options,
    )


def failed(done: subprocess.CompletedProcess[str], code: int, *texts: str) -> None:
    assert done.returncode == code, done
    assert "Traceback" not in done.stderr
    for text in texts:
        assert text in done.stderr


@pytest.fixture(scope="module")
def run_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs") / "run"
    done = allocation("simulate", "console-realistic", "--set", "demand.total=2000", "--out", folder, "--json")
    assert done.returncode == 0, done
    assert json.loads(done.stdout)["orders"] == 2000
    return folder


def test_simulate_prints_tables() -> None:
    done = allocation("simulate", "iphone-15-pro", "--set", "policy.overbooking.rate=1.05")
    assert done.returncode == 0, done
    assert "8,925" in done.stdout
    assert "By tier" in done.stdout


def test_simulate_prints_one_json_object() -> None:
    done = allocation("simulate", "iphone-15-pro", "--seed", "3", "--json")
    summary = json.loads(done.stdout)
    assert (summary["scenario"], summary["seed"], summary["confirmed_at_cutoff_units"]) == ("iphone-15-pro", 3, 8755)


def test_replay_checks_a_run_folder(run_folder: Path) -> None:
    done = allocation("replay", run_folder, "--check")
    assert done.returncode == 0, done
    assert "come out as recorded" in done.stdout


def test_replay_under_another_rate(run_folder: Path) -> None:
    done = allocation("replay", run_folder, "--set", "overbooking.rate=1.0", "--json")
    answer = json.loads(done.stdout)
    assert set(answer) == {"schema_version", "reservations", "refused", "releases", "atp", "summary"}
    assert answer["summary"]["oversold_units"] == 0


def test_replay_names_the_first_difference(run_folder: Path, tmp_path: Path) -> None:
    for file in run_folder.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    recorded = (tmp_path / "decisions.jsonl").read_text().splitlines(keepends=True)
    line = next(i for i, text in enumerate(recorded) if '"RESERVED"' in text)
    recorded[line] = recorded[line].replace('"RESERVED"', '"CONFIRMED"')
    (tmp_path / "decisions.jsonl").write_text("".join(recorded))
    failed(allocation("replay", tmp_path, "--check"), 9, "CONFIRMED", "RESERVED")


def test_replay_of_a_tape_with_a_policy_file(run_folder: Path, tmp_path: Path) -> None:
    policy = tmp_path / "policy.yaml"
    policy.write_text("overbooking: {rate: 1.15}\nintake: {max_quantity: 2}\nwaves: {assignment: earliest}\n")
    out = tmp_path / "out"
    done = allocation("replay", run_folder / "tape.jsonl", "--policy", policy, "--out", out)
    assert done.returncode == 0, done
    assert allocation("replay", out, "--check").returncode == 0
    assert allocation("replay", out / "tape.jsonl", "--policy", out / "policy.json", "--check").returncode == 0
    failed(allocation("replay", out, "--set", "overbooking.rate=1.0", "--check"), 9)


def test_scenario_commands() -> None:
    names = allocation("scenario", "list", "--names").stdout.split()
    assert names == sorted(names)
    assert "console-realistic" in names
    assert allocation("scenario", "validate", *names).returncode == 0
    assert "overbooking" in allocation("scenario", "show", "iphone-15-pro").stdout
    assert json.loads(allocation("scenario", "schema").stdout)["type"] == "object"
    assert len(json.loads(allocation("scenario", "list", "--json").stdout)["scenarios"]) == len(names)


def test_a_shown_scenario_can_be_saved_and_run(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(allocation("scenario", "show", "iphone-15-pro", "--set", "demand.counts.STANDARD=500").stdout)
    assert json.loads(allocation("simulate", file, "--json").stdout)["orders"] == 1734


@pytest.mark.parametrize(
    ("arguments", "texts"),
    [
        (("simulate", "iphone-15-por"), ("iphone-15-pro",)),
        (("simulate", "iphone-15-pro", "--set", "policy.overboking.rate=1"), ("overboking", "overbooking")),
        (("simulate", "iphone-15-pro", "--set", "policy.overbooking.rate=1.1234567"), ("1.1234567", "6 decimals")),
        (("simulate", "iphone-15-pro", "--set", "policy.overbooking.rate=many"), ("many",)),
        (("simulate", "iphone-15-pro", "--set", "rate"), ("rate",)),
        (("simulate", "iphone-15-pro", "--set", "supply.0.expected.0.quantity=-5"), ("-5",)),
        (("simulate", "iphone-15-pro", "--set", "supply.0.expected.0.quantity=1000000000000"), ("1000000000000",)),
        (("simulate", "iphone-15-pro", "--set", "policy.queue.enabled=false"), ("provisional", "queue")),
        (("simulate", "iphone-15-pro", "--set", "demand.counts.GOLD=5"), ("GOLD",)),
        (("simulate", "/"), ()),
        (("replay", "/nowhere.jsonl", "--policy", "/nowhere.yaml"), ("nowhere",)),
        (("replay", "README.md"), ("--policy",)),
    ],
)
def test_bad_input_ends_with_3_and_a_message(arguments: tuple[str, ...], texts: tuple[str, ...]) -> None:
    failed(allocation(*arguments), 3, *texts)


@pytest.mark.parametrize(
    "arguments", [("simulate",), ("simulat", "x"), ("simulate", "iphone-15-pro", "--seed", "x"), ("--sed", "1")]
)
def test_bad_usage_ends_with_2(arguments: tuple[str, ...]) -> None:
    failed(allocation(*arguments), 2, "Usage")


def test_validate_lists_every_problem_with_its_line(tmp_path: Path) -> None:
    text = allocation("scenario", "show", "console-waves").stdout
    file = tmp_path / "bad.yaml"
    file.write_text(text.replace("rate:", "rat:").replace("max_days: 180", "max_days: 3"))
    done = allocation("scenario", "validate", file)
    failed(done, 3, "bad.yaml:", "did you mean rate")
    assert "max_days" in done.stderr


def test_an_output_folder_that_is_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "precious.txt").write_text("mine")
    failed(allocation("simulate", "iphone-15-pro", "--out", tmp_path), 3, str(tmp_path))
    assert [path.name for path in tmp_path.iterdir()] == ["precious.txt"]


def test_a_reader_that_goes_away_is_no_error() -> None:
    done = subprocess.run(
        f"{sys.executable} -m allocation scenario show console-waves | head -1",
        shell=True,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
