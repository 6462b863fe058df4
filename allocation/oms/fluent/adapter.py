"""Fluent Commerce as an order management system: the port's calls, in the platform's terms."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from allocation.oms import port
from allocation.oms.fluent import outcomes
from allocation.oms.fluent.client import FluentClient, Reads
from allocation.oms.fluent.codes import ALREADY_THERE
from allocation.oms.fluent.holds import OPEN, attributes_of, day_of, hold_of, hold_ref, instant_of, position_ref
from allocation.oms.fluent.queries import (
    CREATE_ORDER,
    CREATE_QUANTITY,
    CUSTOMER,
    ORDER_ITEMS_BY_ID,
    ORDERS,
    POSITION_QUANTITIES,
    POSITIONS,
    QUANTITIES,
    QUANTITY,
    UPDATE_QUANTITY,
)

EXPECTED = "EXPECTED"
_COMING = ("CREATED", "ACTIVE")
"""Statuses of arrivals that are still expected."""
_GONE = ("CANCELLED", "REJECTED")
"""Statuses of orders that give nobody anything [CODE]."""


class FluentReads:
    """The port's questions.

    Args:
        client: What asks; one that cannot write will do.
        proved: What a conformance run against this account has proved.
    """

    def __init__(self, client: Reads, proved: port.Uniqueness = port.Uniqueness.NONE) -> None:
        self._reads = client
        self._settings = client.settings
        self._proved = proved

    @property
    def account(self) -> str:
        """Name of the account."""
        return self._settings.account

    def supply(self, pools: Sequence[tuple[str, str]] | None = None) -> Iterator[port.PoolSupply]:
        """Units on hand as the platform works them out, and quantities of type EXPECTED that are still to come."""
        wanted: dict[str, Any] = {"catalogue": self._catalogue()}
        if pools is not None:
            wanted |= {"skus": sorted({sku for sku, _ in pools}), "locations": sorted({place for _, place in pools})}
        for node in self._reads.nodes(POSITIONS, wanted):
            name = (node["productRef"], node["locationRef"])
            if pools is None or name in pools:
                yield port.PoolSupply(*name, int(node["onHand"] or 0), tuple(self._arrivals(node["ref"])))

    def _arrivals(self, ref: str) -> list[port.Arrival]:
        variables = {"ref": ref, "catalogue": self._catalogue(), "types": [EXPECTED], "statuses": list(_COMING)}
        found = [
            port.Arrival(day_of(node["expectedOn"]), int(node["quantity"]), node["ref"])
            for node in self._reads.nodes(POSITION_QUANTITIES, variables)
            if node["expectedOn"]
        ]
        return sorted(found, key=lambda arrival: (arrival.day, arrival.ref))

    def holds(self) -> Iterator[port.Hold]:
        """Every open quantity of the type of holds."""
        variables = {"catalogue": self._catalogue(), "types": [self._settings.hold_type], "statuses": list(OPEN)}
        for node in self._reads.nodes(QUANTITIES, variables):
            yield hold_of(node)

    def orders(self, key: str) -> Sequence[port.FoundOrder]:
        """Every order of this ref, each with its items."""
        return [self._found(node) for node in list(self._reads.nodes(ORDERS, {"refs": [key]}))]

    def _found(self, node: Mapping[str, Any]) -> port.FoundOrder:
        items = list(self._reads.nodes(ORDER_ITEMS_BY_ID, {"id": node["id"]}))
        live = node["status"] not in _GONE
        return port.FoundOrder(node["id"], _release_order(node, items), str(node["status"]), live)

    def has_customer(self, customer: str) -> bool:
        """Whether there is a customer of that ref."""
        return self._customer_id(customer) is not None

    def uniqueness(self) -> port.Uniqueness:
        """What has been proved of this account."""
        return self._proved

    def _customer_id(self, customer: str) -> str | None:
        found = self._reads.ask(CUSTOMER, {"ref": customer})["customer"] if customer else None
        return None if found is None else str(found["id"])

    def _catalogue(self) -> dict[str, str]:
        return {"ref": self._settings.catalogue}


class FluentWrites(FluentReads):
    """The port's questions and writes.

    Args:
        client: What asks and writes.
        proved: What a conformance run against this account has proved.
    """

    def __init__(self, client: FluentClient, proved: port.Uniqueness = port.Uniqueness.NONE) -> None:
        super().__init__(client, proved)
        self._writes = client

    def write_hold(self, hold: port.Hold) -> port.Outcome:
        """Write the quantity, which starts as CREATED, and then bring it to what it should be [R22]."""
        ref, catalogue = hold_ref(hold.reservation_id), self._catalogue()
        there = self._reads.ask(QUANTITY, {"ref": ref, "catalogue": catalogue})["inventoryQuantity"]
        content = {
            "ref": ref,
            "catalogue": catalogue,
            "quantity": hold.quantity,
            "expectedOn": instant_of(hold.assigned or hold.requested),
            "attributes": attributes_of(hold),
        }
        if there is None:
            position = {"ref": position_ref(hold.sku, hold.location), "catalogue": catalogue}
            new = content | {"type": self._settings.hold_type, "position": position}
            created = self._writes.execute(CREATE_QUANTITY, {"input": new})
            if not isinstance(created, outcomes.Confirmed) and not _is_there(created):
                return _outcome(created)
        return _outcome(self._writes.execute(UPDATE_QUANTITY, {"input": content | {"status": hold.status.name}}))

    def submit(self, order: port.ReleaseOrder) -> port.Outcome:
        """Create an order of a customer that is known."""
        customer = self._customer_id(order.customer)
        if customer is None:
            return port.Rejected("UNKNOWN_CUSTOMER", f"no customer has the ref {order.customer!r}")
        new = {
            "ref": order.key,
            "type": self._settings.order_type,
            "retailer": {"id": self._settings.retailer_id},
            "customer": {"id": customer},
            "items": [
                {
                    "ref": f"{order.key}-1",
                    "productRef": order.sku,
                    "productCatalogueRef": self._settings.product_catalogue,
                    "quantity": order.quantity,
                }
            ],
            "attributes": [
                {"name": name, "type": "STRING", "value": value}
                for name, value in (
                    ("reservation_id", order.reservation_id),
                    ("tier", order.tier),
                    ("ship_date", order.ship_date.isoformat()),
                    ("location", order.location),
                    ("customer", order.customer),
                )
            ],
        }
        return _outcome(self._writes.execute(CREATE_ORDER, {"input": new}))


def _is_there(outcome: outcomes.Outcome) -> bool:
    """Whether a write was refused because somebody has written it already."""
    return isinstance(outcome, outcomes.Rejected) and outcome.code in ALREADY_THERE


def _outcome(outcome: outcomes.Outcome) -> port.Outcome:
    """An outcome in the port's words."""
    match outcome:
        case outcomes.Confirmed(data):
            return port.Confirmed(str(data.get("id") or data.get("ref")))
        case outcomes.Rejected(code, message):
            return port.Rejected(code, message)
        case outcomes.NotSent(reason):
            return port.NotSent(reason)
        case outcomes.Unknown(reason):
            return port.Unknown(reason)


def _release_order(node: Mapping[str, Any], items: Sequence[Mapping[str, Any]]) -> port.ReleaseOrder | None:
    """What an order says of itself; None where it is none that a release made."""
    given = {entry["name"]: entry["value"] for entry in node["attributes"] or ()}
    try:
        (item,) = items
        return port.ReleaseOrder(
            key=node["ref"],
            reservation_id=given["reservation_id"],
            customer=given["customer"],
            sku=item["product"]["ref"],
            location=given["location"],
            quantity=int(item["quantity"]),
            tier=given["tier"],
            ship_date=date.fromisoformat(given["ship_date"]),
        )
    except (KeyError, TypeError, ValueError):
        return None
