"""``allocation live ...`` from the command line, against a local Fluent over real sockets."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.cli.running import Run, Served, refused


def test_a_launch_is_loaded_planned_and_read_back(launch: Path, sandbox: Served, run: Run) -> None:
    where = ["--sandbox", sandbox.url]
    for _ in range(2):
        # Loading again changes nothing.
        done = run("live", "load", "tape.jsonl", "--policy", "policy.yaml", *where, "--json")
        assert done.code == 0, done.err
        assert json.loads(done.out)["left"] == []
    args = ["live", "plan", "--launch", "console", "--policy", "policy.yaml", "--ship-date", "2025-11-15", *where]
    planned = run(*args, "--out", "plan.json")
    assert planned.code == 0, planned.err
    assert "nothing has been sent" in planned.out
    plan = json.loads((launch / "plan.json").read_text())
    orders = [effect["order"] for effect in plan["effects"] if effect["order"]]
    assert orders
    assert sum(order["quantity"] for order in orders) <= 40
    rows = (launch / "plan.csv").read_text().splitlines()
    assert len(rows) == len(plan["effects"]) + 1
    again = run(*args, "--out", "again.json", "--json")
    assert json.loads(again.out)["totals"] == plan["totals"]
    read = run("live", "snapshot", "--out", "book.jsonl", *where, "--json")
    assert read.code == 0, read.err
    adopted = [json.loads(line) for line in (launch / "book.jsonl").read_text().splitlines()]
    assert sum(command["type"] == "adopt" for command in adopted) > 40
    quote = run("live", "atp", "PS6", "DC-EAST", "2025-11-22", "2", "--policy", "policy.yaml", *where, "--json")
    assert quote.code == 0, quote.err
    assert json.loads(quote.out)["atp"] <= 2


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["plan", "--launch", "x", "--policy", "policy.yaml", "--ship-date", "soon", "--out", "p.json"], "no date"),
        (["plan", "--launch", "x", "--policy", "policy.yaml", "--out", "p.json"], "needs a ship date"),
        (["plan", "--launch", "x", "--policy", "policy.yaml", "--action", "ship", "--out", "p.json"], "release"),
        (["plan", "--launch", "x", "--policy", "policy.yaml", "--out", "none/p.json"], "no folder"),
        (["plan", "--launch", "x", "--policy", "none.yaml", "--out", "p.json"], "none.yaml"),
        (["load", "none.jsonl"], "no such tape"),
        (["load", "tape.jsonl"], "no policy of its own"),
        (["snapshot", "--profile", "p", "--out", "b.jsonl"], "give one"),
        (["atp", "PS5", "DC-EAST", "2025-11-22", "--policy", "policy.yaml"], "no pool PS5"),
    ],
)
def test_mistakes_are_told_in_one_message(
    launch: Path, sandbox: Served, run: Run, arguments: list[str], words: str
) -> None:
    refused(run("live", *arguments, "--sandbox", sandbox.url), words)


def test_without_settings_everything_that_is_missing_is_named(
    launch: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in list(os.environ):
        if name.startswith("ALLOCATION_FLUENT_"):
            monkeypatch.delenv(name)
    refused(run("live", "snapshot", "--out", "b.jsonl"), "ALLOCATION_FLUENT_BASE_URL", "ALLOCATION_FLUENT_PASSWORD")


def test_a_policy_that_only_a_scenario_can_work_out_is_refused(launch: Path, sandbox: Served, run: Run) -> None:
    (launch / "policy.yaml").write_text("overbooking: {method: economic}\n", encoding="utf-8")
    args = ["--launch", "x", "--policy", "policy.yaml", "--ship-date", "2025-11-15", "--out", "p.json"]
    refused(run("live", "plan", *args, "--sandbox", sandbox.url), "must be one rate")


def test_a_system_that_does_not_answer_has_an_exit_code_of_its_own(
    launch: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    from allocation.cli import accounts

    monkeypatch.setattr(accounts.time, "sleep", lambda _: None)
    ended = run("live", "snapshot", "--out", "b.jsonl", "--sandbox", "http://127.0.0.1:9")
    assert ended.code == 8
    assert ended.out == ""
    assert not (launch / "b.jsonl").exists()
