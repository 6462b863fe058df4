"""The operations that a live account accepts, executed."""

from __future__ import annotations

import pytest

from tests.oms.sandbox.clients import (
    CATALOGUE,
    CREATE,
    CREATE_ORDER,
    POSITION,
    UPDATE,
    Client,
    order_input,
    quantity_input,
)
from tests.oms.sandbox.operations import BAD_INPUT, INVALID, VALID

CAT = {"ref": "DEFAULT:1"}
VARIABLES = {
    "position with quantities": {
        "cat": CAT,
        "pos": POSITION["ref"],
        "types": ["EXPECTED"],
        "status": ["ACTIVE"],
        "before": {"to": "2025-02-15T23:59:59.999Z"},
        "first": 10,
    },
    "positions by sku": {"cat": CAT, "sku": ["SKU-1"], "loc": ["DC-1"], "first": 10},
    "quantity by ref": {"ref": "q-1", "cat": CAT},
    "due reservations": {"cat": CAT, "window": {"from": "2025-02-15T00:00:00Z", "to": "2025-02-15T23:59:59Z"}},
    "create a quantity": {"input": quantity_input("q-2", expectedOn="2025-02-15T00:00:00Z")},
    "update a quantity": {"input": {"ref": "q-1", "catalogue": CAT, "status": "CONFIRMED"}},
    "aliased batch": {
        "input1": {"ref": "q-1", "catalogue": CAT, "status": "CONFIRMED"},
        "input2": {"ref": "r-1", "catalogue": CAT, "status": "INACTIVE"},
    },
    "new order": {"input": order_input("o-2", "1")},
    "order by ref": {"ref": "o-1"},
    "orders by ref": {"ref": ["o-1", "o-9"]},
    "customer by ref": {"ref": "ann"},
    "new fulfilment": {"input": {"ref": "f-1", "type": "HD_PFS", "order": {"id": "1"}, "fromAddress": {"id": "1"}}},
    "available to sell": {"cat": {"ref": "BASE:1"}, "sku": ["SKU-1"], "grp": ["DC-1"]},
    "location": {"ref": "DC-1"},
    "who am I": {},
    "product": {"ref": "SKU-1", "cat": {"ref": "PC:MASTER:1"}},
}


def nodes(connection: dict) -> list:
    return [edge["node"] for edge in connection["edges"]]


# Of 500 units, one is reserved by hand and one by the order.
EXPECTED = {
    "position with quantities": lambda data: (
        (
            data["inventoryPosition"]["onHand"],
            [node["quantity"] for node in nodes(data["inventoryPosition"]["quantities"])],
        )
        == (498, [1000])
    ),
    "positions by sku": lambda data: [n["onHand"] for n in nodes(data["inventoryPositions"])] == [498],
    "quantity by ref": lambda data: data["inventoryQuantity"]["position"]["productRef"] == "SKU-1",
    "due reservations": lambda data: [n["ref"] for n in nodes(data["inventoryQuantities"])] == ["r-1"],
    "create a quantity": lambda data: data["createInventoryQuantity"]["expectedOn"] == "2025-02-15T00:00:00.000Z",
    "update a quantity": lambda data: data["updateInventoryQuantity"]["status"] == "CONFIRMED",
    "aliased batch": lambda data: [value["status"] for value in data.values()] == ["CONFIRMED", "INACTIVE"],
    "new order": lambda data: (
        (
            data["createOrder"]["workflowRef"],
            nodes(data["createOrder"]["items"])[0]["product"],
        )
        == ("ORDER::HD", {"name": "One"})
    ),
    "order by ref": lambda data: nodes(data["order"]["items"])[0]["product"] == {"ref": "SKU-1"},
    "orders by ref": lambda data: [n["ref"] for n in nodes(data["orders"])] == ["o-1"],
    "customer by ref": lambda data: data["customer"]["primaryEmail"] == "ann@example.com",
    "new fulfilment": lambda data: data["createFulfilment"]["status"] == "CREATED",
    "available to sell": lambda data: [n["quantity"] for n in nodes(data["virtualPositions"])] == [498],
    "location": lambda data: data["location"]["primaryAddress"] == {"id": "1", "ref": "DC-1"},
    "who am I": lambda data: (
        data["me"]
        == {
            "ref": "release-manager",
            "username": "release-manager",
            "primaryRetailer": {"id": "1", "ref": "RETAILER-1"},
        }
    ),
    "product": lambda data: data["variantProduct"]["product"]["ref"] == "SKU-1:STANDARD",
}


@pytest.fixture
def client() -> Client:
    client = Client()
    customer = client.customer()
    client.data(CREATE_ORDER, input=order_input("o-1", customer))
    client.data(CREATE, input=quantity_input("q-1", attributes=[{"name": "order", "type": "STRING", "value": "o-1"}]))
    reserved = quantity_input("r-1", type="RESERVED", quantity=-1, expectedOn="2025-02-15T12:00:00Z")
    client.data(CREATE, input=reserved)
    return client


@pytest.mark.parametrize("name", VALID)
def test_operations_of_a_live_account_execute(client: Client, name: str) -> None:
    data = client.data(VALID[name], **VARIABLES[name])
    assert EXPECTED[name](data), data


@pytest.mark.parametrize("name", INVALID)
def test_the_example_is_answered_200_with_errors_and_nothing_is_done(client: Client, name: str) -> None:
    commits = len(client.sandbox.ledger.commits)
    text, why = INVALID[name]
    answer = client.ask(text, sku="SKU-1", location="DC-1", shipDate="2025-02-15", by="2025-02-15", id="1", ref="q-1")
    assert "data" not in answer
    assert any(why in error["message"] for error in answer["errors"])
    assert all(error["locations"] for error in answer["errors"])
    assert len(client.sandbox.ledger.commits) == commits


def test_the_order_of_the_example_is_refused_for_its_variables(client: Client) -> None:
    text = "mutation Fulfil($input: CreateOrderInput!) { createOrder(input: $input) { id ref status } }"
    given = {
        "ref": "ORD-1",
        "type": "FULFILLMENT",
        "retailerId": 1,
        "customer": {"ref": "ann", "email": "ann@example.com"},
        "items": [{"skuRef": "SKU-1", "quantity": 1, "locationRef": "DC-1"}],
        "attributes": [{"name": "reservation", "value": "q-1"}],
    }
    answer = client.ask(text, input=given)
    assert "data" not in answer
    messages = " ".join(error["message"] for error in answer["errors"])
    for problem in ("retailerId", "retailer", "id", "skuRef", "productRef", "type"):
        assert problem in messages


def test_the_reservation_of_the_example_is_refused_for_its_variables(client: Client) -> None:
    given = {"ref": "R-1", "locationRef": "DC-1", "skuRef": "SKU-1", "quantity": 1, "type": "RESERVED", "status": "X"}
    messages = " ".join(error["message"] for error in client.ask(CREATE, input=given)["errors"])
    for problem in ("locationRef", "skuRef", "status", "catalogue", "position"):
        assert problem in messages


@pytest.mark.parametrize("text", BAD_INPUT.values(), ids=BAD_INPUT)
def test_wrong_inputs_do_nothing(client: Client, text: str) -> None:
    before = client.sandbox.records("InventoryQuantity"), client.sandbox.records("Order")
    assert "errors" in client.ask(f"mutation {{ {text} }}")
    assert (client.sandbox.records("InventoryQuantity"), client.sandbox.records("Order")) == before


def test_root_fields_of_a_mutation_run_in_order_and_none_undoes_another(client: Client) -> None:
    text = """mutation {
        a: updateInventoryQuantity(input: {ref: "q-1", catalogue: {ref: "DEFAULT:1"}, quantity: 2}) { quantity }
        b: updateInventoryQuantity(input: {ref: "none", catalogue: {ref: "DEFAULT:1"}, quantity: 3}) { quantity }
        c: updateInventoryQuantity(input: {ref: "q-1", catalogue: {ref: "DEFAULT:1"}, quantity: 4}) { quantity } }"""
    answer = client.ask(text)
    assert answer["data"] == {"a": {"quantity": 2}, "b": None, "c": {"quantity": 4}}
    (error,) = answer["errors"]
    assert (error["path"], error["extensions"]) == (["b"], {"code": "C0120E", "field": "ref"})


def test_a_null_input_is_valid_and_does_nothing(client: Client) -> None:
    answer = client.ask(UPDATE)
    assert answer["data"] == {"updateInventoryQuantity": None}
    assert answer["errors"][0]["extensions"]["code"] == "C0140E"


def test_introspection_is_answered(client: Client) -> None:
    data = client.data('{ __schema { queryType { name } } __type(name: "Order") { fields { name } } }')
    assert {"name": "items"} in data["__type"]["fields"]


def test_the_operation_is_chosen_by_its_name(client: Client) -> None:
    text = 'query A { me { ref } } query B { order(ref: "o-1") { ref } }'
    body = {"query": text, "operationName": "B"}
    assert client.send("POST", "/graphql", body).json() == {"data": {"order": {"ref": "o-1"}}}
    assert "errors" in client.send("POST", "/graphql", {"query": text}).json()


def test_catalogue_and_position_can_be_made(client: Client) -> None:
    text = """mutation($c: CreateInventoryCatalogueInput, $p: CreateInventoryPositionInput) {
        createInventoryCatalogue(input: $c) { ref status }
        createInventoryPosition(input: $p) { ref status onHand catalogue { ref } product { name } } }"""
    position = {
        "ref": "p",
        "catalogue": {"ref": "C:1"},
        "type": "DEFAULT",
        "productRef": "SKU-1",
        "locationRef": "DC-1",
    }
    data = client.data(text, c={"ref": "C:1", "type": "DEFAULT", "name": "C"}, p={**position, "onHand": 3})
    made = {"ref": "p", "status": "CREATED", "onHand": 3, "catalogue": {"ref": "C:1"}, "product": {"name": "One"}}
    assert data["createInventoryPosition"] == made
    assert client.code(text, c={"ref": "C:1", "type": "DEFAULT", "name": "C"}, p=position) == "C0123E"


def test_fulfilments_lead_back_to_where_they_ship_from(client: Client) -> None:
    text = """mutation($input: CreateFulfilmentInput) { createFulfilment(input: $input) { id
        order { ref } user { ref } fromAddress { ref } fromLocation { ref }
        items { edges { node { filledQuantity orderItem { ref } } } } } }"""
    item = {"ref": "1", "filledQuantity": 1, "rejectedQuantity": 0, "orderItem": {"id": "1"}}
    given = {"ref": "f", "type": "HD_PFS", "order": {"id": "1"}, "fromAddress": {"id": "1"}, "customer": {"id": "1"}}
    made = client.data(text, input={**given, "items": [item]})["createFulfilment"]
    assert made.pop("id") == "1"
    assert made == {
        "order": {"ref": "o-1"},
        "user": {"ref": "ann"},
        "fromAddress": {"ref": "DC-1"},
        "fromLocation": {"ref": "DC-1"},
        "items": {"edges": [{"node": {"filledQuantity": 1, "orderItem": {"ref": "o-1-1"}}}]},
    }
    update = 'mutation { updateFulfilment(input: {id: "1", status: "FULFILLED"}) { status } }'
    assert client.data(update) == {"updateFulfilment": {"status": "FULFILLED"}}
    found = client.data('{ fulfilments(fromLocation: {ref: "DC-1"}, retailerId: 1) { edges { node { ref } } } }')
    assert nodes(found["fulfilments"]) == [{"ref": "f"}]
    assert CATALOGUE == CAT
