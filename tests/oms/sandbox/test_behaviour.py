"""What the API does with inventory, orders and customers, rule by rule."""

from __future__ import annotations

import pytest

from allocation.oms.sandbox import Settings
from tests.oms.sandbox.clients import (
    CATALOGUE,
    CREATE,
    CREATE_CUSTOMER,
    CREATE_ORDER,
    ON_HAND,
    POSITION,
    READ,
    UPDATE,
    Client,
    customer_input,
    order_input,
    quantity_input,
)

STORED = Settings(mode="created")


@pytest.fixture
def client() -> Client:
    return Client()


# ----- quantities


def test_a_quantity_starts_as_created_and_stays_so_without_a_workflow() -> None:
    client = Client(STORED)
    assert client.data(CREATE, input=quantity_input("q"))["createInventoryQuantity"]["status"] == "CREATED"
    assert client.data(READ, ref="q")["inventoryQuantity"]["status"] == "CREATED"


def test_the_workflow_makes_it_active_after_it_was_answered(client: Client) -> None:
    assert client.data(CREATE, input=quantity_input("q"))["createInventoryQuantity"]["status"] == "CREATED"
    assert client.data(READ, ref="q")["inventoryQuantity"]["status"] == "ACTIVE"


def test_a_status_of_ones_own_stays(client: Client) -> None:
    client.data(CREATE, input=quantity_input("q"))
    client.data(UPDATE, input={"ref": "q", "catalogue": CATALOGUE, "status": "RESERVED"})
    assert client.data(READ, ref="q")["inventoryQuantity"]["status"] == "RESERVED"


@pytest.mark.parametrize(
    ("kind", "quantity", "on_hand"),
    [("RESERVED", -3, 497), ("SALE", -3, 497), ("CORRECTION", 2, 502), ("DELTA", 5, 505), ("EXPECTED", 100, 500)],
)
def test_on_hand_counts_what_is_documented(client: Client, kind: str, quantity: int, on_hand: int) -> None:
    client.data(CREATE, input=quantity_input("q", type=kind, quantity=quantity))
    assert client.data(ON_HAND)["inventoryPosition"] == {"onHand": on_hand, "status": "ACTIVE"}
    client.data(UPDATE, input={"ref": "q", "catalogue": CATALOGUE, "status": "INACTIVE"})
    assert client.data(ON_HAND)["inventoryPosition"]["onHand"] == 500


def test_a_type_of_ones_own_is_no_part_of_on_hand(client: Client) -> None:
    client.data(CREATE, input=quantity_input("q", type="PREORDER", quantity=-50))
    assert client.data(ON_HAND)["inventoryPosition"]["onHand"] == 500


def test_a_physical_count_ends_sales_and_keeps_reservations(client: Client) -> None:
    for kind in ("RESERVED", "SALE"):
        client.data(CREATE, input=quantity_input(kind, type=kind, quantity=-3))
    assert client.data(ON_HAND)["inventoryPosition"]["onHand"] == 494
    client.data(CREATE, input=quantity_input("count", type="LAST_ON_HAND", quantity=400))
    assert client.data(ON_HAND)["inventoryPosition"]["onHand"] == 397
    assert client.data(READ, ref="SALE")["inventoryQuantity"]["status"] == "INACTIVE"
    client.data(UPDATE, input={"ref": "count", "catalogue": CATALOGUE, "quantity": 10})
    assert client.data(ON_HAND)["inventoryPosition"]["onHand"] == 7


def test_without_a_workflow_on_hand_is_what_was_stored() -> None:
    client = Client(STORED)
    client.data(CREATE, input=quantity_input("q", type="RESERVED", quantity=-3))
    client.data(UPDATE, input={"ref": "q", "catalogue": CATALOGUE, "status": "ACTIVE"})
    assert client.data(ON_HAND)["inventoryPosition"]["onHand"] == 500


def test_attributes_are_put_in_by_name_and_other_fields_stay(client: Client) -> None:
    a, b = ({"name": name, "type": "STRING", "value": name} for name in "ab")
    number = {"name": "b", "type": "INTEGER", "value": 7}
    c = {"name": "c", "type": "JSON", "value": {"x": [1, None, "y"]}}
    client.data(CREATE, input=quantity_input("q", quantity=3, attributes=[a, b]))
    client.data(UPDATE, input={"ref": "q", "catalogue": CATALOGUE, "attributes": [number, c]})
    found = client.data(READ, ref="q")["inventoryQuantity"]
    assert (found["quantity"], found["attributes"]) == (3, [a, number, c])


def test_instants_are_answered_in_utc(client: Client) -> None:
    made = client.data(CREATE, input=quantity_input("q", expectedOn="2025-02-15T00:00:00-05:00"))
    assert made["createInventoryQuantity"]["expectedOn"] == "2025-02-15T05:00:00.000Z"


@pytest.mark.parametrize("text", ["2025-02-15", "2025-02-15T00:00:00", "soon", "", 5, None])
def test_what_is_no_instant_is_refused(client: Client, text: object) -> None:
    answer = client.ask("query($r: DateRange) { orders(createdOn: $r) { pageInfo { hasNextPage } } }", r={"from": text})
    code = "C0101E" if text is None else "C0100E"
    assert answer["errors"][0]["extensions"]["code"] == code


# ----- references and uniqueness


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("catalogue", {"ref": "DEFAULT:9"}),
        ("position", {"ref": "SKU-9:DC-1:DEFAULT", "catalogue": CATALOGUE}),
        ("position", {"ref": POSITION["ref"], "catalogue": {"ref": "DEFAULT:9"}}),
    ],
)
def test_a_quantity_refers_to_what_is_there(client: Client, field: str, value: object) -> None:
    answer = client.ask(CREATE, input=quantity_input("q", **{field: value}))
    assert answer["data"] == {"createInventoryQuantity": None}
    assert answer["errors"][0]["extensions"] == {"code": "C0120E", "field": field}


def test_a_quantity_that_is_not_there_cannot_be_changed(client: Client) -> None:
    assert client.code(UPDATE, input={"ref": "q", "catalogue": CATALOGUE, "status": "X"}) == "C0120E"
    assert client.data(READ, ref="q") == {"inventoryQuantity": None}


@pytest.mark.parametrize("uniqueness", ["enforced", "none"])
def test_a_second_quantity_of_a_ref_is_refused(uniqueness: str) -> None:
    client = Client(Settings(uniqueness=uniqueness))
    client.data(CREATE, input=quantity_input("q"))
    assert client.code(CREATE, input=quantity_input("q")) == "C0123E"


def order_with(**more: object) -> dict:
    return {**order_input("o", "1"), **more}


ITEM = order_input("o", "1")["items"][0]


@pytest.mark.parametrize(
    "given",
    [
        order_with(customer={"id": "77"}),
        order_with(customer={"id": "ann"}),
        order_with(retailer={"id": "77"}),
        order_with(items=[{**ITEM, "productRef": "SKU-9"}]),
        order_with(items=[ITEM, {**ITEM, "productCatalogueRef": "PC:MASTER:2"}]),
        order_with(fulfilmentChoice={"deliveryType": "STANDARD", "pickupLocationRef": "DC-9"}),
    ],
)
def test_an_order_refers_to_what_is_there_or_nothing_is_made(client: Client, given: dict) -> None:
    client.customer()
    assert client.code(CREATE_ORDER, input=given) == "C0120E"
    assert not client.sandbox.records("Order")
    assert not client.sandbox.records("OrderItem")


def test_a_second_order_of_a_ref_is_refused(client: Client) -> None:
    customer = client.customer()
    client.data(CREATE_ORDER, input=order_input("o", customer))
    answer = client.ask(CREATE_ORDER, input=order_input("o", customer))
    assert answer["errors"][0]["extensions"] == {"code": "C0121E", "field": "ref"}
    assert len(client.sandbox.records("Order")) == 1


def test_a_second_order_of_a_ref_is_made_where_nothing_is_unique() -> None:
    client = Client(Settings(uniqueness="none"))
    customer = client.customer()
    ids = [client.data(CREATE_ORDER, input=order_input("o", customer))["createOrder"]["id"] for _ in range(2)]
    assert ids == ["1", "2"]
    found = client.data('{ orders(ref: "o") { edges { node { id } } } order(ref: "o") { id } }')
    assert [edge["node"]["id"] for edge in found["orders"]["edges"]] == ids
    assert found["order"] == {"id": "1"}


def test_the_code_may_be_in_the_message() -> None:
    client = Client(Settings(code_in="message"))
    client.data(CREATE, input=quantity_input("q"))
    (error,) = client.ask(CREATE, input=quantity_input("q"))["errors"]
    assert error["message"].startswith("C0123E: ")
    assert "extensions" not in error
    assert client.sandbox.ledger.requests[-1].codes == ("C0123E",)


# ----- orders and customers


def test_an_order_holds_what_it_was_given(client: Client) -> None:
    customer = client.customer()
    attribute = {"name": "ship_date", "type": "STRING", "value": "2025-02-15"}
    address = {"ref": "home", "city": "Paris"}
    choice = {"deliveryType": "STANDARD", "deliveryAddress": address, "dispatchOn": "2025-02-15T00:00:00Z"}
    given = order_input("o", customer, attributes=[attribute], totalPrice=9.5, fulfilmentChoice=choice)
    client.data(CREATE_ORDER, input=given)
    text = """{ order(ref: "o") { status type totalPrice retailer { id } customer { username } customerLink { ref }
        attributes { name type value } fulfilmentChoice { deliveryType dispatchOn deliveryAddress { city } }
        items { edges { node { ref quantity status order { ref } } } } } }"""
    assert client.data(text)["order"] == {
        "status": "BOOKED",
        "type": "HD",
        "totalPrice": 9.5,
        "retailer": {"id": "1"},
        "customer": {"username": "ann"},
        "customerLink": {"ref": "ann"},
        "attributes": [attribute],
        "fulfilmentChoice": {
            "deliveryType": "STANDARD",
            "dispatchOn": "2025-02-15T00:00:00.000Z",
            "deliveryAddress": {"city": "Paris"},
        },
        "items": {"edges": [{"node": {"ref": "o-1", "quantity": 1, "status": "CREATED", "order": {"ref": "o"}}}]},
    }


def test_a_type_without_a_workflow_is_taken_and_goes_nowhere(client: Client) -> None:
    client.data(CREATE_ORDER, input=order_input("o", client.customer(), type="FULFILLMENT"))
    assert client.data('{ order(ref: "o") { status workflowRef } }')["order"] == {
        "status": "CREATED",
        "workflowRef": "ORDER::FULFILLMENT",
    }


def test_an_order_is_changed_by_id(client: Client) -> None:
    client.data(CREATE_ORDER, input=order_input("o", client.customer()))
    text = "mutation($input: UpdateOrderInput) { updateOrder(input: $input) { ref status } }"
    assert client.data(text, input={"id": "1", "status": "CANCELLED"})["updateOrder"]["status"] == "CANCELLED"
    assert client.code(text, input={"id": "2", "status": "CANCELLED"}) == "C0120E"


def test_an_order_can_bring_its_customer(client: Client) -> None:
    text = """mutation($input: CreateOrderAndCustomerInput) {
        createOrderAndCustomer(input: $input) { ref customer { id username } } }"""
    given = order_input("o", "") | {"customer": customer_input("bob")}
    assert client.data(text, input=given)["createOrderAndCustomer"]["customer"] == {"id": "1", "username": "bob"}
    assert client.code(text, input=given) == "C0121E"
    assert client.code(text, input={**given, "ref": "o-2"}) == "C0123E"
    assert len(client.sandbox.records("Order")) == 1


def test_a_username_is_a_customers_ref(client: Client) -> None:
    client.customer("ann")
    assert client.code(CREATE_CUSTOMER, input=customer_input("ann")) == "C0123E"
    assert client.data('{ customer(ref: "ann") { id } none: customer(ref: "bob") { id } }') == {
        "customer": {"id": "1"},
        "none": None,
    }


def test_customers_are_loaded_once_and_found_by_several_refs(client: Client) -> None:
    client.customer("ann")
    for _ in range(2):
        client.sandbox.load([], ["bob", "ann", "eve", "bob"])
    assert [one["ref"] for one in client.sandbox.records("Customer")] == ["ann", "bob", "eve"]
    text = "query($refs: [String]) { customers(ref: $refs) { edges { node { ref username primaryEmail timezone } } } }"
    found = client.data(text, refs=["eve", "nobody", "ann"])["customers"]["edges"]
    assert [edge["node"] for edge in found] == [
        {"ref": "ann", "username": "ann", "primaryEmail": "ann@example.com", "timezone": "UTC"},
        {"ref": "eve", "username": "eve", "primaryEmail": "eve@example.com", "timezone": "UTC"},
    ]


def test_one_of_several_mutations_fails_by_itself(client: Client) -> None:
    text = """mutation($a: UpdateInventoryQuantityInput, $b: UpdateInventoryQuantityInput) {
        one: updateInventoryQuantity(input: $a) { ref } two: updateInventoryQuantity(input: $b) { quantity } }"""
    there = {"ref": "SKU-1:DC-1:DEFAULT:LAST_ON_HAND", "catalogue": {"ref": "DEFAULT:1"}}
    reply = client.post(text, a={**there, "ref": "none"}, b={**there, "quantity": 7}).json()
    assert reply["data"] == {"one": None, "two": {"quantity": 7}}
    assert [error["path"] for error in reply["errors"]] == [["one"]]


def test_refs_of_fulfilments_are_unique_where_the_account_says_so(client: Client) -> None:
    client.data(CREATE_ORDER, input=order_input("o", client.customer()))
    text = "mutation($input: CreateFulfilmentInput) { createFulfilment(input: $input) { id } }"
    given = {"ref": "f", "type": "HD_PFS", "order": {"id": "1"}}
    assert [client.data(text, input=given)["createFulfilment"]["id"] for _ in range(2)] == ["1", "2"]
    shown = client.data('{ settings(name: "fc.api.fulfilment.uniqueness") { edges { node { value } } } }')
    assert shown["settings"]["edges"][0]["node"] == {"value": "DISABLED"}


# ----- limits


@pytest.mark.parametrize(
    ("given", "fits"),
    [
        ({"ref": "r" * 100}, True),
        ({"ref": "r" * 101}, False),
        ({"type": "t" * 51}, False),
        ({"condition": "c" * 255}, True),
        ({"condition": "c" * 256}, False),
        ({"attributes": [{"name": "n" * 256, "type": "STRING", "value": "v"}]}, False),
        ({"attributes": [{"name": "n", "type": "STRING", "value": "v" * 5000}]}, True),
    ],
)
def test_texts_have_a_longest(client: Client, given: dict, *, fits: bool) -> None:
    answer = client.ask(CREATE, input={**quantity_input("q"), **given})
    assert ("errors" not in answer) == fits
    assert fits or answer["errors"][0]["extensions"]["code"] == "C0141E"


def test_a_status_has_a_longest(client: Client) -> None:
    client.data(CREATE, input=quantity_input("q"))
    assert client.code(UPDATE, input={"ref": "q", "catalogue": CATALOGUE, "status": "s" * 51}) == "C0141E"


def test_a_missing_variable_is_named(client: Client) -> None:
    answer = client.ask(READ)
    assert answer["errors"][0]["extensions"]["code"] == "C0140E"
    assert "ref" in answer["errors"][0]["message"]


def test_a_request_has_a_largest_size(client: Client) -> None:
    assert client.send("POST", "/graphql", {"query": "{ me { ref } }", "pad": "x" * 2_200_000}).status == 413


# ----- filters and aggregates


REFS = """query($type: [String!], $status: [String], $on: DateRange) {
    inventoryQuantities(type: $type, status: $status, expectedOn: $on, first: 50) { edges { node { ref } } } }"""


@pytest.fixture(scope="module")
def filtered() -> Client:
    client = Client(STORED, load=True)
    for i in range(6):
        day = f"2025-03-0{i + 1}T00:00:00.000Z" if i < 5 else None
        client.data(CREATE, input=quantity_input(f"q{i}", type="AB"[i % 2], quantity=i, expectedOn=day))
        client.data(UPDATE, input={"ref": f"q{i}", "catalogue": CATALOGUE, "status": "XYZ"[i % 3]})
    return client


@pytest.mark.parametrize(
    ("filters", "refs"),
    [
        ({"type": ["A"]}, "q0 q2 q4"),
        ({"type": ["A", "B"]}, "q0 q1 q2 q3 q4 q5"),
        ({"type": ["A"], "status": ["X"]}, "q0"),
        ({"type": ["A"], "status": ["X", "Y"]}, "q0 q4"),
        ({"type": ["A", "B"], "on": {"from": "2025-03-02T00:00:00Z", "to": "2025-03-04T00:00:00Z"}}, "q1 q2 q3"),
        ({"type": ["A", "B"], "on": {"from": "2025-03-04T00:00:00.001Z"}}, "q4"),
        ({"type": ["A", "B"], "on": {"to": "2025-03-01T00:00:00Z"}}, "q0"),
        ({"type": ["a"]}, ""),
        ({"type": []}, ""),
        ({"type": ["A", "B"], "on": {"from": "2026-01-01T00:00:00Z", "to": "2025-01-01T00:00:00Z"}}, ""),
    ],
)
def test_filters_are_or_within_and_between(filtered: Client, filters: dict, refs: str) -> None:
    found = filtered.data(REFS, **filters)["inventoryQuantities"]["edges"]
    assert " ".join(edge["node"]["ref"] for edge in found) == refs


def test_aggregates_say_how_many_and_how_much(filtered: Client) -> None:
    text = """query($p: InventoryPositionKey!, $on: DateRange) {
        inventoryQuantityAggregate(position: $p, type: ["A", "B"], expectedOn: $on) { count sum }
        inventoryPositionAggregate(catalogue: {ref: "DEFAULT:1"}, productRef: "SKU-1") { count sum } }"""
    data = filtered.data(text, p=POSITION, on={"to": "2025-03-03T00:00:00Z"})
    assert data["inventoryQuantityAggregate"] == {"count": 3, "sum": 3}
    assert data["inventoryPositionAggregate"] == {"count": 1, "sum": 500}
    assert filtered.code(text, p={**POSITION, "ref": "none"}) == "C0120E"
