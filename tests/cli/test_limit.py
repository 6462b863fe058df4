"""``allocation limit``, end to end: numbers for people and programs, and every problem at once."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from typing import NamedTuple

import pytest
from scipy import stats

from allocation.cli.app import main


class Ended(NamedTuple):
    code: int
    out: str
    err: str


Run = Callable[..., Ended]


@pytest.fixture
def limit(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    def run_command(text: str, *more: str) -> Ended:
        monkeypatch.setattr(sys, "argv", ["allocation", "limit", *text.split(), *more])
        capsys.readouterr()
        with pytest.raises(SystemExit) as left:
            main()
        out, err = capsys.readouterr()
        assert "Traceback" not in err
        assert "this is a defect" not in err
        return Ended(int(left.value.code or 0), out, err)

    return run_command


@pytest.fixture
def answer(limit: Run) -> Callable[[str], dict]:
    def run_command(text: str) -> dict:
        ended = limit(text, "--json")
        assert (ended.code, ended.err) == (0, "")
        return json.loads(ended.out)

    return run_command


def refused(ended: Ended, *texts: str) -> None:
    assert ended.code == 3, ended
    assert ended.out == ""
    assert len(ended.err) < 4000, "a message is read by a person"
    for text in texts:
        assert text in ended.err


def test_from_a_shell() -> None:
    arguments = ["limit", "--capacity", "150", "--show-rate", "0.85", "--margin", "1", "--denied-cost", "1"]
    done = subprocess.run(
        [sys.executable, "-m", "allocation", *arguments], capture_output=True, text=True, check=True, timeout=300
    )
    assert done.stderr == ""
    rows = [line.split() for line in done.stdout.splitlines()]
    assert rows[0] == ["Booking", "limit", "for", "150", "units", "(economic)"]
    assert [row[-1] for row in rows[2:9]] == ["176", "1.173334", "0.4341", "1.69", "2.09", "149.60", "146.23"]


@pytest.mark.parametrize(("k", "limits"), [(1, (189, 177, 167)), (2, (186, 175, 165))])
def test_the_published_table(answer, k, limits) -> None:
    """MCM 2002, Team 180 (Duke): every booking pays 1, and a bumped one costs k more."""
    for q, expected in zip(("0.80", "0.85", "0.90"), limits, strict=True):
        text = f"--capacity 150 --show-rate {q} --margin 1 --denied-cost {k} --revenue booked"
        assert answer(text)["limit"] == expected


def test_one_json_object(answer) -> None:
    told = answer("--capacity 1000 --show-rate 0.95 --margin 10 --denied-cost 30 --unsold-cost 2")
    numbers = {name: told.pop(name) for name in list(told) if name.startswith(("expected", "oversold"))}
    assert told == {
        "schema_version": 1,
        "method": "economic",
        "capacity": 1000,
        "show_rate": 0.95,
        "rho": 0.0,
        "margin": 10.0,
        "denied_cost": 30.0,
        "unsold_cost": 2.0,
        "level": 0.05,
        "revenue": "shows",
        "group_sizes": {"1": 1.0},
        "limit": 1048,
        "rate": 1.048,
    }
    assert numbers["oversold_probability"] == pytest.approx(stats.binom.sf(1000, 1048, 0.95))
    assert numbers["expected_shows_units"] == pytest.approx(1048 * 0.95)
    served = numbers["expected_shows_units"] - numbers["expected_oversold_units"]
    assert numbers["expected_unsold_units"] == pytest.approx(1000 - served)
    profit = 10 * served - 30 * numbers["expected_oversold_units"] - 2 * numbers["expected_unsold_units"]
    assert numbers["expected_profit"] == pytest.approx(profit)


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ("--method type1", 1041),
        ("--method type1 --level 0.5", 1052),
        ("--method type2 --level 0.001", 1047),
        ("--method deterministic", 1052),
        ("--method hybrid --margin 1 --denied-cost 1", 1041),
        ("--method normal --margin 1 --denied-cost 1", 1052),
        ("--margin 1 --denied-cost 2 --group-size 2", 1048),
        ("--margin 1 --denied-cost 2 --rho 0.01", 1039),
        ("--margin 1 --denied-cost 2 --group-size 1:0.6,2:0.4", 1048),
    ],
)
def test_methods_and_crowds(answer, more, expected) -> None:
    told = answer(f"--capacity 1000 --show-rate 0.95 {more}")
    assert told["limit"] == expected
    assert ("expected_profit" in told) == ("--margin" in more)


def test_no_capacity_has_no_rate(limit, answer) -> None:
    told = answer("--capacity 0 --show-rate 0.5 --margin 1 --denied-cost 1")
    assert (told["limit"], told["rate"]) == (0, None)
    assert "-" in limit("--capacity 0 --show-rate 0.5 --method type1").out


def test_the_rate_gives_the_limit_back_when_rounded_down(answer) -> None:
    told = answer("--capacity 150 --show-rate 0.9 --margin 1 --denied-cost 1 --revenue booked")
    assert (told["limit"], told["rate"]) == (167, 1.113334)


@pytest.mark.parametrize("crowd", ["", "--rho 0.2", "--group-size 3", "--rho 1e-6 --group-size 1:0.5,4:0.5"])
def test_a_thousand_million_units(answer, crowd) -> None:
    told = answer(f"--capacity 1000000000 --show-rate 0.95 --margin 3 --denied-cost 1 {crowd}")
    assert 10**9 < told["limit"] < 1.2 * 10**9
    balance = told["expected_oversold_units"] - told["expected_unsold_units"]
    assert balance == pytest.approx(told["expected_shows_units"] - 10**9, rel=1e-6)


def test_every_problem_is_told_at_once(limit) -> None:
    ended = limit(
        "--capacity 1.5 --show-rate 1.2 --margin nan --denied-cost abc --unsold-cost -1 --rho -1 --level 1 "
        "--group-size 0:a,2 --method best --revenue all"
    )
    refused(
        ended,
        "limit: 12 problems",
        "--capacity: '1.5' is no whole number of units; give one from 0 to 1000000000",
        "--show-rate: 1.2 is not between 0 and 1; give a probability",
        "--margin: nan is not between 0 and 1000000000; give an amount of money",
        "--denied-cost: 'abc' is not between 0 and 1000000000",
        "--unsold-cost: -1.0 is not between",
        "--rho: -1.0 is not between 0 and 1",
        "--level: at 1 every risk is permitted, and there is no finite limit; give a level below 1",
        "--group-size: 0 units are no order",
        "--group-size: 'a' is not between 0 and 1; give the share of the orders",
        "--group-size: '' is not between",
        "--method: 'best' is not one of economic, type1, type2, hybrid, normal, deterministic",
        "--revenue: 'all' is not one of shows, booked",
    )


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("--capacity -1 --show-rate 0.5", "--capacity: -1 is not between 0 and 1000000000"),
        ("--capacity 1000000001 --show-rate 0.5", "--capacity: 1000000001 is not between"),
        (f"--capacity {10**50} --show-rate 0.5", "--capacity: a number of more than 40 digits is not between"),
        (f"--capacity {'9' * 5000} --show-rate 0.5", "--capacity: '9999"),
        ("--capacity 1e3 --show-rate 0.5", "--capacity: '1e3' is no whole number"),
        ("--capacity ten --show-rate 0.5", "--capacity: 'ten' is no whole number"),
        ("--capacity 10 --show-rate nan", "--show-rate: nan is not between 0 and 1"),
        ("--capacity 10 --show-rate inf", "--show-rate: inf is not between 0 and 1"),
        ("--capacity 10 --show-rate 0", "--show-rate: at 0 nobody shows up, and there is no finite limit"),
        ("--capacity 10 --show-rate half", "--show-rate: 'half' is not between 0 and 1"),
        ("--capacity 10 --show-rate 1e-9", "--show-rate: at 1e-09 the rule accepts 1000 times the capacity"),
        ("--capacity 10 --show-rate 0.5 --level -0.1", "--level: -0.1 is not between"),
        ("--capacity 10 --show-rate 0.5 --rho 1 --level 0.6", "--show-rate: at 0.5 and correlation 1 the rule accepts"),
        ("--capacity 10 --show-rate 0.5 --group-size 1:0.5,2:0.4", "--group-size: the shares sum to 0.9"),
        ("--capacity 10 --show-rate 0.5 --group-size 1:0.5,1:0.5", "--group-size: names a size twice"),
        ("--capacity 10 --show-rate 0.5 --group-size 1.5", "--group-size: '1.5' is no whole number"),
        ("--capacity 10 --show-rate 0.5 --margin -1", "--margin: -1.0 is not between"),
        ("--capacity 10 --show-rate 0.5 --method hybrid", "--denied-cost: is missing"),
        ("--capacity 10 --show-rate 0.5 --method economic --margin 1", "--denied-cost: is missing"),
        (
            "--capacity 10 --show-rate 0.5 --method normal --margin 1 --denied-cost 0",
            "--denied-cost: at 0 a denied unit",
        ),
        (
            "--capacity 10 --show-rate 0.5 --method economic --margin 1 --denied-cost 0.5 --revenue booked",
            "give a cost above 1, or revenue shows",
        ),
    ],
)
def test_bad_input_is_told_and_refused(limit, text, told) -> None:
    refused(limit(text if "--method" in text else f"{text} --method type1"), told)


def test_what_is_typed_cannot_obey_the_terminal(limit) -> None:
    ended = limit("--capacity 10 --show-rate 0.5 --margin 1 --denied-cost 1", "--method", "\x1b[31mred")
    refused(ended, "--method: '\\x1b[31mred' is not one of")


def test_what_must_be_given(limit) -> None:
    ended = limit("--capacity 10")
    assert ended.code == 2
    assert "--show-rate" in ended.err
