"""Events, jobs and batches."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.oms.sandbox.clients import CREATE, ON_HAND, Client, quantity_input

EVENT = {
    "name": "UpdateInventoryQty",
    "retailerId": "1",
    "entityType": "INVENTORY_POSITION",
    "entityRef": "SKU-1:DC-1:DEFAULT",
    "rootEntityType": "INVENTORY_CATALOGUE",
    "rootEntityRef": "DEFAULT:1",
}


@pytest.fixture
def client() -> Client:
    return Client()


def get(client: Client, target: str) -> Any:
    reply = client.send("GET", f"/api/v4.1/{target}")
    assert reply.status == 200, reply
    return reply.json()


def test_a_synchronous_event_is_answered_with_its_entity(client: Client) -> None:
    answer = client.send("POST", "/api/v4.1/event/sync", EVENT).json()
    assert (answer["entityId"], answer["eventStatus"]) == ("1", "COMPLETE")
    assert get(client, f"event/{answer['eventId']}")["name"] == "UpdateInventoryQty"


def test_an_event_of_nothing_matches_nothing(client: Client) -> None:
    answer = client.send("POST", "/api/v4.1/event/sync", {**EVENT, "entityRef": "none"}).json()
    assert answer["eventStatus"] == "NO_MATCH"


def test_an_asynchronous_event_is_answered_with_its_id(client: Client) -> None:
    answer = client.send("POST", "/api/v4.1/event/async", EVENT).json()
    assert get(client, f"event/{answer['id']}")["eventStatus"] == "COMPLETE"


@pytest.mark.parametrize("name", ["name", "retailerId", "entityType", "entityRef"])
def test_an_event_needs_its_parts(client: Client, name: str) -> None:
    reply = client.send("POST", "/api/v4.1/event/async", {k: v for k, v in EVENT.items() if k != name})
    assert reply.status == 400
    assert name in reply.json()["errors"][0]["message"]


def test_events_are_searched_by_context_time_and_page(client: Client) -> None:
    for i in range(5):
        client.data(CREATE, input=quantity_input(f"q{i}"))
    target = "event?context.entityType=INVENTORY_QUANTITY&context.rootEntityRef=DEFAULT:1&name=CREATE"
    found = get(client, target)
    assert (found["count"], found["hasMore"]) == (8, False)
    assert found["results"][-1]["context"]["entityRef"] == "q4"
    page = get(client, f"{target}&start=3&count=2")
    assert (page["start"], page["count"], page["hasMore"]) == (3, 2, True)
    assert [one["context"]["entityRef"] for one in page["results"]] == ["q0", "q1"]
    assert get(client, f"{target}&from=2025-02-01T10:00:00.000Z")["count"] == 0
    client.clock.now += timedelta(days=31)
    client.token = client.log_in()
    assert get(client, target)["count"] == 0
    assert client.send("GET", "/api/v4.1/event?count=x").status == 400
    assert client.send("GET", "/api/v4.1/event/77777").status == 404


def job(client: Client) -> str:
    return str(client.send("POST", "/api/v4.1/job", {"name": "inventory", "retailerId": "1"}).json()["id"])


def batch(client: Client, job_id: str, *entities: object, **more: object):
    body = {"action": "UPSERT", "entityType": "INVENTORY", "entities": entities, **more}
    return client.send("POST", f"/api/v4.1/job/{job_id}/batch", body)


def row(sku: str, quantity: object, **more: object) -> dict[str, object]:
    return {"skuRef": sku, "locationRef": "DC-1", "qty": quantity, "retailerId": "1", **more}


def test_a_batch_is_worked_on_later_and_puts_quantities_in(client: Client) -> None:
    client.data(CREATE, input=quantity_input("s", type="SALE", quantity=-5))
    number = job(client)
    made = batch(client, number, row("SKU-1", 300), row("SKU-7", 9, type="EXPECTED"), row("SKU-8", "many")).json()["id"]
    assert get(client, f"job/{number}/batch/{made}")["status"] == "PENDING"
    assert client.data(ON_HAND)["inventoryPosition"]["onHand"] == 495
    client.clock.now += timedelta(seconds=1)
    assert get(client, f"job/{number}/batch/{made}")["status"] == "COMPLETE"
    assert client.data(ON_HAND)["inventoryPosition"]["onHand"] == 300
    (result,) = get(client, f"job/{number}/results")["results"]
    assert (result["processed"], result["failed"], result["errors"][0]["index"]) == (2, 1, 2)
    text = """{ inventoryPosition(ref: "SKU-7:DC-1:DEFAULT", catalogue: {ref: "DEFAULT:1"}) {
        quantities { edges { node { type quantity } } } } }"""
    position = client.data(text)["inventoryPosition"]
    assert position["quantities"]["edges"] == [{"node": {"type": "EXPECTED", "quantity": 9}}]


def test_a_job_is_open_until_midnight_utc(client: Client) -> None:
    number = job(client)
    assert get(client, f"job/{number}")["status"] == "OPEN"
    client.clock.now += timedelta(hours=15)
    assert get(client, f"job/{number}")["status"] == "CLOSED"
    assert batch(client, number, row("SKU-1", 1)).status == 400


def test_what_is_no_job_or_batch_is_refused(client: Client) -> None:
    number = job(client)
    assert batch(client, number).status == 400
    assert batch(client, number, *[row("SKU-1", 1)] * 5001).status == 400
    assert batch(client, number, row("SKU-1", 1), action="DELETE").status == 400
    assert batch(client, "99", row("SKU-1", 1)).status == 404
    assert client.send("POST", "/api/v4.1/job", {"name": "x"}).status == 400
    for target in ("job/99", f"job/{number}/batch/99", "job/99/results", "nothing", ""):
        assert client.send("GET", f"/api/v4.1/{target}").status == 404, target
    assert client.send("POST", "/api/v4.1/order", {}).status == 404
    assert client.send("POST", "/api/v4.1/job", [1]).status == 400
