"""A release from the command line, against a local Fluent over real sockets: applied, killed, gone on with."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from allocation.live.journal import Journal
from allocation.live.plan import digest_of
from allocation.oms.sandbox import Sandbox, Server, Settings, parse_faults
from allocation.oms.sandbox.settings import Credentials
from allocation.oms.sandbox.taped import customers_of_tape, supply_of_tape
from allocation.tape import check
from tests.cli.running import Run, Served, refused

WAIT_S_MAX = 300
"""A machine that is slow and busy is no reason to fail."""
LAUNCH = ["--launch", "console", "--policy", "policy.yaml", "--ship-date", "2025-11-15"]


@pytest.fixture
def planned(launch: Path, sandbox: Served, run: Run) -> list[str]:
    """A loaded launch, proved to be unique, with a plan; the options that say where."""
    where = ["--sandbox", sandbox.url]
    loaded = run("live", "load", "tape.jsonl", "--policy", "policy.yaml", *where)
    assert loaded.code == 0, loaded.err
    proved = run("live", "prove", "--customer", "C-0000001", "--sku", "PS6", *where, "--json")
    assert proved.code == 0, proved.err
    assert json.loads(proved.out)["uniqueness"] == "enforced"
    assert run("live", "plan", *LAUNCH, "--out", "plan.json", *where).code == 0
    return where


def orders_of(sandbox: Served) -> Counter[str]:
    """Orders by reservation, but for those of the proof."""
    return Counter(
        next(one["value"] for one in order["attributes"] if one["name"] == "reservation_id")
        for order in sandbox.sandbox.records("Order")
        if order["type"] == "HD"
    )


def wanted(launch: Path) -> dict[str, int]:
    effects = json.loads((launch / "plan.json").read_text())["effects"]
    return {effect["reservation_id"]: 1 for effect in effects if effect["order"]}


def test_a_plan_is_applied_once_however_often(launch: Path, sandbox: Served, planned: list[str], run: Run) -> None:
    applied = run("live", "apply", "plan.json", "--yes", *planned, "--json")
    assert applied.code == 0, applied.err
    said = json.loads(applied.out)
    assert said["counts"]["matched"] == said["sent"] == len(wanted(launch)) > 20
    assert orders_of(sandbox) == wanted(launch)
    check(launch / "plan-run")
    again = run("live", "apply", "plan.json", "--yes", *planned, "--json")
    assert json.loads(again.out)["sent"] == 0
    for command in ("status", "reconcile"):
        shown = run("live", command, "plan.json", *planned, "--json")
        assert shown.code == 0, shown.err
        assert json.loads(shown.out)["counts"] == said["counts"]
    table = run("live", "status", "plan.json", *planned)
    assert "matched" in table.out
    assert orders_of(sandbox) == wanted(launch)


def test_it_is_applied_only_if_a_person_means_it(planned: list[str], run: Run, sandbox: Served) -> None:
    refused(run("live", "apply", "plan.json", *planned), "--yes")
    refused(run("live", "apply", "plan.json", "--confirm", "other", *planned), "is not the launch of the plan")
    assert not orders_of(sandbox)
    part = run("live", "apply", "plan.json", "--confirm", "console", "--max-orders", "5", *planned, "--json")
    assert json.loads(part.out)["counts"]["matched"] == 5
    assert part.code == 0


def test_a_place_that_is_taken_is_told_before_anything_is_sent(
    launch: Path, sandbox: Served, planned: list[str], run: Run
) -> None:
    (launch / "plan-run").mkdir()
    (launch / "plan-run" / "mine.txt").write_text("mine", encoding="utf-8")
    refused(run("live", "apply", "plan.json", "--yes", *planned), "plan-run")
    assert not orders_of(sandbox)


def test_a_plan_with_an_alert_needs_the_name_of_the_launch(
    launch: Path, sandbox: Served, planned: list[str], run: Run
) -> None:
    (launch / "policy.yaml").write_text("release: {alert_broken_share: 0.0}\n", encoding="utf-8")
    made = run("live", "plan", *LAUNCH, "--out", "alert.json", *planned)
    assert made.code == 10
    refused(run("live", "apply", "alert.json", "--yes", *planned), "raised an alert", "--confirm console")
    assert not orders_of(sandbox)


def test_a_held_lock_has_an_exit_code_and_is_released_by_a_person(
    launch: Path, planned: list[str], run: Run, sandbox: Served
) -> None:
    plan = json.loads((launch / "plan.json").read_text())
    journal = Journal(launch / "state" / "journal.sqlite", plan["account"], "console")
    lock = journal._take("anna", "elsewhere", 7, datetime.now(UTC), "plan")
    journal.close()
    held = run("live", "apply", "plan.json", "--yes", *planned)
    assert held.code == 5
    assert "anna on elsewhere, process 7" in held.err
    assert f"live unlock {lock.id}" in held.err
    assert not orders_of(sandbox)
    refused(run("live", "unlock", "0123"), "no lock")
    assert lock.id in run("live", "status", "plan.json", *planned).out
    assert "released" in run("live", "unlock", lock.id).out
    assert run("live", "apply", "plan.json", "--yes", *planned).code == 0


def test_a_stale_plan_has_an_exit_code(launch: Path, planned: list[str], run: Run, sandbox: Served) -> None:
    (position,) = sandbox.sandbox.records("InventoryPosition")
    quantity = next(q for q in sandbox.sandbox.records("InventoryQuantity") if q["type"] == "LAST_ON_HAND")
    with sandbox.sandbox._lock:
        from allocation.oms.sandbox import inventory

        context = sandbox.sandbox._context(0, datetime.now(UTC))
        key = {"ref": quantity["ref"], "catalogue": {"ref": position["catalogueRef"]}}
        inventory.update_quantity(context, key | {"quantity": 3})
    stale = run("live", "apply", "plan.json", "--yes", *planned)
    assert stale.code == 6
    assert "3 units are on hand" in stale.err
    assert not orders_of(sandbox)


@pytest.mark.parametrize("text", ["", "{}", "no JSON"])
def test_what_is_no_plan_is_told_in_one_message(launch: Path, run: Run, sandbox: Served, text: str) -> None:
    (launch / "bad.json").write_text(text, encoding="utf-8")
    refused(run("live", "apply", "bad.json", "--yes", "--sandbox", sandbox.url), "bad.json is no plan")
    refused(run("live", "apply", "none.json", "--yes", "--sandbox", sandbox.url), "none.json")


def test_without_a_proof_nothing_is_sent_unless_somebody_vouches(
    launch: Path, planned: list[str], run: Run, sandbox: Served
) -> None:
    other = ["--journal", "other.sqlite", *planned]
    refused(run("live", "apply", "plan.json", "--yes", *other), "--sole-writer")
    assert not orders_of(sandbox)


def test_a_sandbox_of_its_own_is_filled_once_and_kept(run: Run, tmp_path: Path) -> None:
    small = [f"--set=supply.0.expected.{i}.quantity=30" for i in range(3)]
    assert run("simulate", "console-realistic", "--set=demand.total=90", *small, "--out", "small").code == 0
    first = run("live", "plan", "--sandbox", "small", "--out", "plan.json")
    assert first.code in {0, 10}, first.err
    assert "filling a sandbox" in first.err
    applied = run("live", "apply", "plan.json", "--confirm", "small", "--sandbox", "small", "--json")
    assert applied.code == 0, applied.err
    assert "filling" not in applied.err
    said = json.loads(applied.out)
    assert said["counts"]["matched"] == said["sent"] > 5
    assert (
        json.loads(run("live", "status", "plan.json", "--sandbox", "small", "--json").out)["counts"] == said["counts"]
    )
    refused(run("live", "plan", "--sandbox", "none-such", "--out", "p.json"), "none-such")


def test_a_night_can_be_looked_at_when_other_rules_are_installed(
    launch: Path, planned: list[str], run: Run, sandbox: Served
) -> None:
    assert run("live", "apply", "plan.json", "--yes", *planned).code == 0
    content = {k: v for k, v in json.loads((launch / "plan.json").read_text()).items() if k != "digest"}
    older = content | {"engine_version": "older"}
    (launch / "plan.json").write_text(json.dumps(older | {"digest": digest_of(older)}))
    stale = run("live", "apply", "plan.json", "--yes", *planned)
    assert (stale.code, "the rules that are installed" in stale.err) == (6, True)
    looked = run("live", "status", "plan.json", *planned, "--json")
    assert looked.code == 0
    assert json.loads(looked.out)["counts"]["matched"] == len(wanted(launch))


def test_two_launches_of_one_name_have_a_sandbox_each(run: Run, tmp_path: Path) -> None:
    small = ["--set=demand.total=90", *(f"--set=supply.0.expected.{i}.quantity=30" for i in range(3))]

    def planned(folder: str, seed: int) -> tuple[str, str]:
        shutil.rmtree(tmp_path / folder / "night", ignore_errors=True)
        simulated = ["simulate", "console-realistic", *small, "--seed", str(seed), "--out", f"{folder}/night"]
        assert run(*simulated).code == 0
        assert run("live", "plan", "--sandbox", f"{folder}/night", "--out", "plan.json").code in {0, 10}
        plan = json.loads((tmp_path / "plan.json").read_text())
        assert plan["launch"] == "night"
        return plan["account"], plan["snapshot_digest"]

    # The last one is simulated anew in the folder of the first.
    found = [planned("a", 1), planned("b", 2), planned("a", 3)]
    assert len({account for account, _ in found}) == len({digest for _, digest in found}) == 3


# ----- real processes


@contextmanager
def started(
    launch: Path, where: list[str], sandbox: Served, orders: int
) -> Iterator[tuple[subprocess.Popen[str], threading.Event]]:
    """A release in a process of its own; from so many orders on the sandbox stands still until it is told to go on."""
    go_on = threading.Event()

    def sleep(seconds: float) -> None:
        time.sleep(seconds)
        if sum(orders_of(sandbox).values()) >= orders:
            go_on.wait()

    command = [sys.executable, "-m", "allocation", "live", "apply", "plan.json", "--yes", "--concurrency", "2"]
    root = str(Path(__file__).parents[2])
    environment = os.environ | {"PYTHONPATH": root, "ALLOCATION_STATE_DIR": str(launch / "state")}
    settings, usual = sandbox.sandbox.settings, sandbox.sandbox._sleep
    sandbox.sandbox.settings, sandbox.sandbox._sleep = settings.__class__(latency_ms=(20, 40)), sleep
    with subprocess.Popen(
        [*command, "--canary", "2", *where, "--json"],
        cwd=launch,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process, go_on
        finally:
            process.kill()
            go_on.set()
            sandbox.sandbox.settings, sandbox.sandbox._sleep = settings, usual


def until(condition: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    end = time.monotonic() + WAIT_S_MAX
    while not condition():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < end
        time.sleep(0.002)


@pytest.mark.slow
@pytest.mark.parametrize("orders", [0, 1, 9, 17])
def test_a_process_that_is_killed_leaves_nothing_twice_and_nothing_missing(
    launch: Path, planned: list[str], sandbox: Served, run: Run, orders: int
) -> None:
    journal = launch / "state" / "journal.sqlite"
    with started(launch, planned, sandbox, max(orders, 1)) as (process, _):
        until(lambda: sum(orders_of(sandbox).values()) >= orders and journal.exists(), process)
        if orders == 0:
            until(lambda: _lock(launch) is not None, process)
        process.send_signal(signal.SIGKILL)
        process.communicate()
    held = run("live", "apply", "plan.json", "--yes", *planned)
    assert held.code == 5, held
    found = _lock(launch)
    assert found is not None
    assert run("live", "unlock", found).code == 0
    done = run("live", "apply", "plan.json", "--yes", *planned, "--read-lag-s", "0.2", "--json")
    assert done.code == 0, done
    assert orders_of(sandbox) == wanted(launch)
    assert json.loads(done.out)["counts"]["matched"] == len(wanted(launch))


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.usefixtures("planned")
def test_a_network_that_fails_over_real_sockets_makes_nothing_twice(
    launch: Path, sandbox: Served, run: Run, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    for name, value in environment_of(sandbox.url).items():
        monkeypatch.setenv(name, value)
    sandbox.sandbox._draws = type(sandbox.sandbox._draws)(seed)
    sandbox.sandbox.faults = parse_faults(
        "5xx-after=0.05,reply-lost=0.05,late-commit=0.03:0.1-0.5s,malformed=0.03,partial=0.03,duplicate=0.05"
    )
    arguments = ["plan.json", "--yes", "--error-share", "1", "--canary", "0"]
    arguments += ["--server-request-s", "0.7", "--read-lag-s", "0.6"]
    first = run("live", "apply", *arguments)
    assert first.code in {0, 1, 7, 8}, first
    assert max(orders_of(sandbox).values(), default=1) == 1
    sandbox.sandbox.faults = parse_faults("")
    done = run("live", "apply", *arguments, "--json")
    assert done.code == 0, done
    assert orders_of(sandbox) == wanted(launch)


@pytest.mark.slow
def test_a_network_that_fails_makes_nothing_twice_where_nothing_is_unique(
    launch: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One request at a time, and a wait before every look-up; the account is one that the environment names."""
    sandbox = Sandbox(Settings(uniqueness="none"), now=lambda: datetime.now(UTC), sleep=time.sleep)
    sandbox.load(supply_of_tape(launch / "tape.jsonl"), customers_of_tape(launch / "tape.jsonl"))
    arguments = ["plan.json", "--yes", "--sole-writer", "--error-share", "1", "--canary", "0"]
    arguments += ["--server-request-s", "0.7", "--read-lag-s", "0.6"]
    with Server(sandbox, 0) as server:
        served = Served(server.url, sandbox)
        for name, value in environment_of(server.url).items():
            monkeypatch.setenv(name, value)
        assert run("live", "load", "tape.jsonl", "--policy", "policy.yaml").code == 0
        assert run("live", "plan", *LAUNCH, "--out", "plan.json").code == 0
        sandbox.faults = parse_faults("5xx-after=0.03,reply-lost=0.03,late-commit=0.04:0.1-0.6s,malformed=0.02")
        first = run("live", "apply", *arguments)
        assert first.code in {0, 1, 7, 8}, first
        # At the start, as the journal is new, and for an order that nobody knew of.
        assert first.err.count("allocation: waiting") > 1
        assert max(orders_of(served).values(), default=1) == 1
        sandbox.faults = parse_faults("")
        done = run("live", "apply", *arguments, "--json")
        assert done.code == 0, done
        assert orders_of(served) == wanted(launch)
    sandbox.close()


def environment_of(url: str) -> dict[str, str]:
    """An account that gives up soon."""
    known = Credentials()
    given = {"BASE_URL": url, "CLIENT_ID": known.client_id, "CLIENT_SECRET": known.client_secret}
    given |= {"USERNAME": known.username, "PASSWORD": known.password, "RETAILER_ID": "1", "CONNECT_TIMEOUT_S": "0.5"}
    given |= {"READ_TIMEOUT_S": "2", "WRITE_TIMEOUT_S": "0.5"}
    return {f"ALLOCATION_FLUENT_{name}": value for name, value in given.items()}


@pytest.mark.slow
def test_ctrl_c_waits_for_what_was_sent_and_says_what_is_left(
    launch: Path, planned: list[str], sandbox: Served, run: Run
) -> None:
    with started(launch, planned, sandbox, 5) as (process, go_on):
        until(lambda: sum(orders_of(sandbox).values()) >= 5, process)
        process.send_signal(signal.SIGINT)
        go_on.set()
        out, err = process.communicate(timeout=WAIT_S_MAX)
    assert process.returncode == 130, err
    assert "stopping once what was sent is answered" in err
    assert "Traceback" not in err
    said = json.loads(out)
    assert said["stopped"] == "interrupted"
    assert said["counts"]["unknown"] == 0
    assert said["counts"]["matched"] == sum(orders_of(sandbox).values()) < len(wanted(launch))
    # The lock is given back, so that nobody has to be asked.
    assert run("live", "apply", "plan.json", "--yes", *planned).code == 0
    assert orders_of(sandbox) == wanted(launch)


def _lock(launch: Path) -> str | None:
    plan = json.loads((launch / "plan.json").read_text())
    journal = Journal(launch / "state" / "journal.sqlite", plan["account"], "console")
    try:
        lock = journal.lock()
    finally:
        journal.close()
    return None if lock is None else lock.id
