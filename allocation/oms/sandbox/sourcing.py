"""What an order of a workflow takes from the units on hand: one ACTIVE, negative RESERVED line an item [DOC 2025-04].

The platform reserves for fulfilments, which its sourcing makes of an order; where an order is sourced from is here the
location that its attributes name, or else where most is on hand [INF]. It is played at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from allocation.oms.sandbox import inventory
from allocation.oms.sandbox.context import Context
from allocation.oms.sandbox.state import Record

BOOKED = "BOOKED"
_ENDED = ("CANCELLED", "REJECTED")


def reserve(context: Context, order: Record) -> None:
    """Take the units of an order that was booked."""
    if order["status"] != BOOKED:
        return
    for item in context.state.of("OrderItem", order["id"]):
        position = _position(context, order, item)
        if position is None:
            continue
        catalogue = {"ref": position["catalogueRef"]}
        inventory.create_quantity(
            context,
            {
                "ref": _ref(order, item),
                "catalogue": catalogue,
                "position": {"ref": position["ref"], "catalogue": catalogue},
                "type": "RESERVED",
                "quantity": -item["quantity"],
            },
        )


def give_back(context: Context, order: Record) -> None:
    """Give back the units of an order that was cancelled."""
    if order["status"] not in _ENDED:
        return
    for item in context.state.of("OrderItem", order["id"]):
        quantity = context.find("InventoryQuantity", _ref(order, item))
        if quantity is not None and quantity["status"] == "ACTIVE":
            catalogue = {"ref": quantity["catalogueRef"]}
            inventory.update_quantity(context, {"ref": quantity["ref"], "catalogue": catalogue, "status": "INACTIVE"})


def _ref(order: Mapping[str, Any], item: Mapping[str, Any]) -> str:
    # By ids: where refs of orders are not unique, two may be the same.
    return f"ORDER:{order['id']}:ITEM:{item['id']}:RESERVED"


def _position(context: Context, order: Record, item: Record) -> Record | None:
    product = context.state.get(item["productKind"], item["productId"])
    named = [one["value"] for one in order["attributes"] if one["name"] == "location"]
    positions = [
        position
        for position in context.state.all("InventoryPosition")
        if product is not None and position["productRef"] == product["ref"]
    ]
    there = [position for position in positions if position["locationRef"] in named]
    return max(there or positions, key=lambda position: position["onHand"] or 0, default=None)
