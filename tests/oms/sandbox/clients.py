"""A client in process, on virtual time."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from allocation.oms.sandbox import Arrival, Faults, Reply, Request, Sandbox, Settings, SupplyRow, parse_faults

START = datetime(2025, 2, 1, 9, tzinfo=UTC)
CATALOGUE = {"ref": "DEFAULT:1"}
POSITION = {"ref": "SKU-1:DC-1:DEFAULT", "catalogue": CATALOGUE}
ROWS = (
    SupplyRow("SKU-1", "DC-1", 500, "One", (Arrival(datetime(2025, 2, 10, tzinfo=UTC), 1000, "PO-1"),)),
    SupplyRow("SKU-2", "DC-1", 20, "Two"),
)


class Clock:
    """Time that passes only when somebody sleeps."""

    def __init__(self, now: datetime = START) -> None:
        self.now = now
        self.slept: list[float] = []

    def __call__(self) -> datetime:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += timedelta(seconds=seconds)


class Client:
    """Sends requests to a sandbox of its own."""

    def __init__(
        self, settings: Settings | None = None, faults: str = "", *, state: Path | None = None, load: bool = True
    ) -> None:
        self.clock = Clock()
        self.sandbox = Sandbox(settings, now=self.clock, sleep=self.clock.sleep, state=state)
        if load:
            self.sandbox.load(ROWS)
        self.token = self.log_in()
        self.sandbox.faults = parse_faults(faults)

    def log_in(self) -> str:
        reply = self.form(**PASSWORD)
        assert reply.status == 200, reply
        return str(reply.json()["access_token"])

    def form(self, **fields: str) -> Reply:
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        return self.sandbox.handle(Request("POST", "/oauth/token", headers, urlencode(fields).encode()))

    def send(self, method: str, target: str, body: object = None) -> Reply:
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        content = b"" if body is None else json.dumps(body).encode()
        return self.sandbox.handle(Request(method, target, headers, content))

    def post(self, text: str, **variables: Any) -> Reply:
        return self.send("POST", "/graphql", {"query": text, "variables": variables})

    def ask(self, text: str, **variables: Any) -> dict[str, Any]:
        reply = self.post(text, **variables)
        assert reply.status == 200, reply
        value: dict[str, Any] = reply.json()
        return value

    def data(self, text: str, **variables: Any) -> Any:
        """The data of an operation that must not fail."""
        answer = self.ask(text, **variables)
        assert "errors" not in answer, answer
        return answer["data"]

    def code(self, text: str, **variables: Any) -> str:
        """The code with which an operation is refused."""
        answer = self.ask(text, **variables)
        return str(answer["errors"][0]["extensions"]["code"])

    def calm(self) -> None:
        self.sandbox.faults = Faults()

    # ----- what tests often do

    def customer(self, username: str = "ann") -> str:
        made = self.data(CREATE_CUSTOMER, input=customer_input(username))
        return str(made["createCustomer"]["id"])


PASSWORD = {
    "grant_type": "password",
    "client_id": "SANDBOX",
    "client_secret": "sandbox-secret-1",
    "username": "release-manager",
    "password": "sandbox-password-1",
    "scope": "api",
}
CREATE_CUSTOMER = "mutation($input: CreateCustomerInput) { createCustomer(input: $input) { id ref status } }"
CREATE_ORDER = "mutation Order($input: CreateOrderInput) { createOrder(input: $input) { id ref status } }"
CREATE = """mutation Create($input: CreateInventoryQuantityInput) {
    createInventoryQuantity(input: $input) { id ref status quantity expectedOn attributes { name type value } } }"""
UPDATE = """mutation Update($input: UpdateInventoryQuantityInput) {
    updateInventoryQuantity(input: $input) { id ref status quantity attributes { name type value } } }"""
READ = """query Read($ref: String!) { inventoryQuantity(ref: $ref, catalogue: {ref: "DEFAULT:1"}) {
    ref status quantity expectedOn attributes { name type value } } }"""
ON_HAND = """query OnHand { inventoryPosition(ref: "SKU-1:DC-1:DEFAULT", catalogue: {ref: "DEFAULT:1"}) {
    onHand status } }"""


def quantity_input(ref: str, **more: Any) -> dict[str, Any]:
    return {"ref": ref, "catalogue": CATALOGUE, "position": POSITION, "type": "PREORDER", "quantity": 1, **more}


def customer_input(username: str) -> dict[str, Any]:
    return {
        "username": username,
        "firstName": username,
        "primaryEmail": f"{username}@example.com",
        "timezone": "UTC",
        "promotionOptIn": False,
        "retailer": {"id": "1"},
    }


def order_input(ref: str, customer: str, **more: Any) -> dict[str, Any]:
    item = {"ref": f"{ref}-1", "productRef": "SKU-1", "productCatalogueRef": "PC:MASTER:1", "quantity": 1}
    return {"ref": ref, "type": "HD", "retailer": {"id": "1"}, "customer": {"id": customer}, "items": [item], **more}
