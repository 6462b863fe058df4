"""What an account has before anybody asks: its retailer, its catalogues, and the supply of a launch."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from allocation.engine.instants import from_milliseconds, local_midnight
from allocation.oms.sandbox import fulfilments, inventory
from allocation.oms.sandbox.context import Context
from allocation.oms.sandbox.customers import add_customer
from allocation.oms.sandbox.instants import text_of


@dataclass(frozen=True, slots=True)
class Arrival:
    """Units that are expected.

    Attributes:
        expected_on: When, with an offset.
        quantity: Units.
        ref: Of the delivery, such as a purchase order.
    """

    expected_on: datetime
    quantity: int
    ref: str


@dataclass(frozen=True, slots=True)
class SupplyRow:
    """One SKU at one location: units on hand, and what is expected."""

    sku: str
    location: str
    on_hand: int = 0
    product: str = ""
    arrivals: Sequence[Arrival] = field(default=())


def arrival(day: date, quantity: int, ref: str, zone: ZoneInfo) -> Arrival:
    """A delivery that is there when a calendar date begins; without a ref of its own it is named by the date."""
    start = from_milliseconds(local_midnight(day.toordinal(), zone))
    return Arrival(start, quantity, ref or day.isoformat())


def found(context: Context) -> None:
    """Make the account, where the state is empty: a retailer, a user, catalogues with the usual names [DOC, CODE]."""
    if context.read("Retailer", 1):
        return
    number = context.settings.retailer_id
    name = f"RETAILER-{number}"
    # Ids of retailers are given by whoever runs the platform, so those before it are there, too.
    for i in range(1, number + 1):
        context.add("Retailer", {"ref": f"RETAILER-{i}", "status": "ACTIVE", "tradingName": f"Retailer {i}"})
    username = context.settings.credentials.username
    context.add("User", {"ref": username, "username": username, "retailerId": str(number)})
    catalogue = {"type": "DEFAULT", "status": "ACTIVE", "workflowVersion": 1, "attributes": [], "retailerRefs": [name]}
    context.add(
        "InventoryCatalogue",
        {**catalogue, "ref": f"DEFAULT:{number}", "name": "Default", "workflowRef": "INVENTORY_CATALOGUE::DEFAULT"},
    )
    context.add(
        "ProductCatalogue", {"ref": f"PC:MASTER:{number}", "type": "MASTER", "status": "ACTIVE", "name": "Master"}
    )
    # Its name is a convention. [INF]
    context.add(
        "VirtualCatalogue",
        {
            **catalogue,
            "type": "BASE",
            "ref": f"BASE:{number}",
            "name": "Base",
            "workflowRef": "VIRTUAL_CATALOGUE::BASE",
            "inventoryCatalogueRef": f"DEFAULT:{number}",
            "productCatalogueRef": f"PC:MASTER:{number}",
        },
    )
    setting = {"valueType": "STRING", "value": "DISABLED", "context": "ACCOUNT", "contextId": 0}
    context.add("Setting", {**setting, "ref": fulfilments.UNIQUENESS, "name": fulfilments.UNIQUENESS})


def load(context: Context, rows: Iterable[SupplyRow]) -> None:
    """Put supply in: products, locations, positions and quantities that are not there yet.

    A quantity that is there is set to what the row says, so that loading twice changes nothing.
    """
    catalogue = {"ref": f"DEFAULT:{context.settings.retailer_id}"}
    for row in rows:
        _product(context, row)
        _location(context, row.location)
        position = {"ref": f"{row.sku}:{row.location}:DEFAULT", "catalogue": catalogue}
        if context.in_catalogue("InventoryPosition", position) is None:
            parts = {"type": "DEFAULT", "productRef": row.sku, "locationRef": row.location, "onHand": row.on_hand}
            inventory.create_position(context, {**position, **parts})
            _virtual(context, row)
        _quantity(
            context, position, "LAST_ON_HAND", {"quantity": row.on_hand, "ref": f"{position['ref']}:LAST_ON_HAND"}
        )
        for arrival in row.arrivals:
            ref = f"{position['ref']}:EXPECTED:{arrival.ref}"
            when = text_of(arrival.expected_on)
            _quantity(context, position, "EXPECTED", {"quantity": arrival.quantity, "ref": ref, "expectedOn": when})


def load_customers(context: Context, refs: Iterable[str]) -> None:
    """Put in customers that are not there yet, with made-up names and addresses."""
    for ref in refs:
        person = {"username": ref, "firstName": ref, "primaryEmail": f"{ref}@example.com", "timezone": "UTC"}
        retailer = {"id": str(context.settings.retailer_id)}
        add_customer(context, {**person, "promotionOptIn": False, "retailer": retailer})


def _quantity(context: Context, position: Mapping[str, Any], kind: str, given: Mapping[str, Any]) -> None:
    key = {**given, "catalogue": position["catalogue"]}
    made = context.in_catalogue("InventoryQuantity", key)
    if made is None:
        made = inventory.create_quantity(context, {**key, "position": position, "type": kind})
        # What a launch starts with is in force, in either mode.
        inventory.update_quantity(context, {**key, "status": "ACTIVE"})
    else:
        inventory.update_quantity(context, key)
    if kind == "LAST_ON_HAND" and context.settings.mode == "created":
        inventory.update_position(context, {**position, "onHand": given["quantity"]})


def _product(context: Context, row: SupplyRow) -> None:
    catalogue = f"PC:MASTER:{context.settings.retailer_id}"
    if context.find("VariantProduct", row.sku, catalogueRef=catalogue):
        return
    record = {"type": "VARIANT", "status": "ACTIVE", "name": row.product or row.sku, "gtin": row.sku, "attributes": []}
    record |= {"catalogueRef": catalogue, "prices": []}
    standard = {**record, "ref": f"{row.sku}:STANDARD", "type": "STANDARD", "__typename": "StandardProduct"}
    base = context.add("StandardProduct", standard)
    variant = {**record, "ref": row.sku, "standardProductId": base["id"], "__typename": "VariantProduct"}
    context.add("VariantProduct", variant)


def _location(context: Context, ref: str) -> None:
    if context.find("Location", ref):
        return
    address = context.add("Address", {"ref": ref, "name": ref})
    record = {"ref": ref, "type": "WAREHOUSE", "status": "ACTIVE", "name": ref, "attributes": []}
    context.add(
        "Location", {**record, "primaryAddressId": address["id"], "retailerId": str(context.settings.retailer_id)}
    )


def _virtual(context: Context, row: SupplyRow) -> None:
    ref = f"{row.sku}:{row.location}:BASE"
    catalogue = {"ref": f"BASE:{context.settings.retailer_id}"}
    given = {"ref": ref, "catalogue": catalogue, "type": "BASE", "productRef": row.sku, "groupRef": row.location}
    made = inventory.create_virtual_position(context, {**given, "quantity": row.on_hand})
    context.change("VirtualPosition", made, {"status": "ACTIVE"})
