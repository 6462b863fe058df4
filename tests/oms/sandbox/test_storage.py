"""A sandbox that is stopped and started again."""

from __future__ import annotations

import json
import shutil
import sqlite3
from datetime import timedelta
from pathlib import Path

import pytest

from allocation.engine.errors import SettingError
from allocation.oms.sandbox import Request, Sandbox, Settings, parse_faults
from tests.oms.sandbox.clients import (
    CATALOGUE,
    CREATE,
    CREATE_ORDER,
    READ,
    ROWS,
    START,
    UPDATE,
    Client,
    Clock,
    order_input,
    quantity_input,
)

KINDS = (
    "InventoryPosition",
    "InventoryQuantity",
    "Order",
    "OrderItem",
    "Customer",
    "Location",
    "VariantProduct",
    "Event",
)


def copied(state: Path) -> Path:
    """What is on disk while the file is in use: what is there after a kill."""
    folder = state.parent / "copy"
    folder.mkdir()
    for path in (state, state.with_name(f"{state.name}-wal")):
        shutil.copy(path, folder / path.name)
    return folder / state.name


def again(client: Client, state: Path, *, closed: bool = True) -> Client:
    """The same client after its sandbox was started anew."""
    if closed:
        client.sandbox.close()
    else:
        state = copied(state)
    other = Client.__new__(Client)
    other.clock = client.clock
    other.sandbox = Sandbox(now=client.clock, sleep=client.clock.sleep, state=state)
    other.token = client.token
    return other


@pytest.mark.parametrize("closed", [True, False])
def test_everything_that_was_answered_is_there_after_a_restart(tmp_path: Path, *, closed: bool) -> None:
    state = tmp_path / "state.sqlite"
    client = Client(state=state)
    given = quantity_input("q", attributes=[{"name": "a", "type": "JSON", "value": {"x": [1, None]}}])
    client.data(CREATE, input=given)
    client.data(UPDATE, input={"ref": "q", "catalogue": CATALOGUE, "quantity": 4})
    client.data(CREATE_ORDER, input=order_input("o", client.customer()))
    before = {kind: client.sandbox.records(kind) for kind in KINDS}
    other = again(client, state, closed=closed)
    assert {kind: other.sandbox.records(kind) for kind in KINDS} == before
    # The token is good, refs are taken, ids go on.
    assert other.data(READ, ref="q")["inventoryQuantity"]["quantity"] == 4
    assert other.code(CREATE, input=given) == "C0123E"
    assert other.code(CREATE_ORDER, input=order_input("o", "1")) == "C0121E"
    assert other.data(CREATE_ORDER, input=order_input("o-2", "1"))["createOrder"]["id"] == "2"
    assert other.log_in() not in {client.token, ""}
    other.sandbox.close()
    client.sandbox.close()


def test_a_file_has_one_sandbox(tmp_path: Path) -> None:
    state = tmp_path / "state.sqlite"
    client = Client(state=state)
    with pytest.raises(SettingError, match="locked"):
        Sandbox(now=client.clock, sleep=client.clock.sleep, state=state)
    client.sandbox.close()


def test_loading_twice_changes_nothing(tmp_path: Path) -> None:
    state = tmp_path / "state.sqlite"
    client = Client(state=state)
    quantities = [(q["ref"], q["quantity"], q["status"]) for q in client.sandbox.records("InventoryQuantity")]
    assert [q[1:] for q in quantities] == [(500, "ACTIVE"), (1000, "ACTIVE"), (20, "ACTIVE")]
    other = again(client, state)
    other.sandbox.load(ROWS)
    assert [(q["ref"], q["quantity"], q["status"]) for q in other.sandbox.records("InventoryQuantity")] == quantities
    assert [p["onHand"] for p in other.sandbox.records("InventoryPosition")] == [500, 20]
    other.sandbox.close()


def test_a_batch_that_was_taken_is_worked_on_after_a_restart(tmp_path: Path) -> None:
    state = tmp_path / "state.sqlite"
    client = Client(state=state)
    client.send("POST", "/api/v4.1/job", {"name": "j", "retailerId": "1"})
    row = {"skuRef": "SKU-1", "locationRef": "DC-1", "qty": 7, "retailerId": "1"}
    body = {"action": "UPSERT", "entityType": "INVENTORY", "entities": [row]}
    assert client.send("POST", "/api/v4.1/job/1/batch", body).json() == {"id": "1"}
    other = again(client, state)
    assert other.sandbox.records("InventoryPosition")[0]["onHand"] == 7
    other.sandbox.close()


def test_what_was_late_and_not_answered_dies_with_the_server(tmp_path: Path) -> None:
    state = tmp_path / "state.sqlite"
    client = Client(state=state)
    client.sandbox.faults = parse_faults("late-commit=1:3s")
    client.post(CREATE, input=quantity_input("q"))
    other = again(client, state)
    other.clock.now = START + timedelta(hours=1)
    assert other.data(READ, ref="q") == {"inventoryQuantity": None}
    other.sandbox.close()


def test_a_reply_is_sent_after_it_is_on_disk(tmp_path: Path) -> None:
    state = tmp_path / "state.sqlite"
    client = Client(state=state)
    client.data(CREATE, input=quantity_input("q"))
    with sqlite3.connect(copied(state)) as database:
        bodies = [
            json.loads(body) for (body,) in database.execute("SELECT body FROM record WHERE kind = 'InventoryQuantity'")
        ]
    database.close()
    assert [body["ref"] for body in bodies][-1] == "q"
    client.sandbox.close()


@pytest.mark.parametrize("content", ["text", "database", "version"])
def test_a_file_of_another_kind_is_refused_and_left_alone(tmp_path: Path, content: str) -> None:
    path = tmp_path / "state"
    if content == "text":
        path.write_text("no database, but long enough to be looked at" * 50)
    elif content == "database":
        with sqlite3.connect(path) as database:
            database.execute("CREATE TABLE other (x)")
        database.close()
    else:
        Client(state=path).sandbox.close()
        with sqlite3.connect(path) as database:
            database.execute("PRAGMA user_version = 99")
        database.close()
    before = path.read_bytes()
    clock = Clock()
    with pytest.raises(SettingError, match="cannot be the state of a sandbox"):
        Sandbox(now=clock, sleep=clock.sleep, state=path)
    assert path.read_bytes() == before
    with pytest.raises(SettingError):
        Sandbox(now=clock, sleep=clock.sleep, state=tmp_path / "no" / "folder")


def test_the_account_is_made_once(tmp_path: Path) -> None:
    clock = Clock()
    for _ in range(2):
        sandbox = Sandbox(Settings(), now=clock, sleep=clock.sleep, state=tmp_path / "s")
        assert len(sandbox.records("Retailer")) == len(sandbox.records("InventoryCatalogue")) == 1
        assert sandbox.handle(Request("POST", "/oauth/token")).status == 401
        sandbox.close()
