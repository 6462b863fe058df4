"""Mutations of inventory: catalogues, positions, quantities, and what is available to sell."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from allocation.oms.sandbox import workflow
from allocation.oms.sandbox.codes import DUPLICATE, Rejected
from allocation.oms.sandbox.context import Context, picked, upserted
from allocation.oms.sandbox.state import Record

Input = Mapping[str, Any]
_QUANTITY = ("type", "quantity", "condition", "expectedOn", "storageAreaRef")


def create_catalogue(context: Context, given: Input) -> Record:
    """A new inventory catalogue."""
    if context.find("InventoryCatalogue", given["ref"]):
        raise _taken("InventoryCatalogue", given["ref"])
    record = picked(given, "ref", "type", "name", "description", "retailerRefs")
    return context.create(
        "InventoryCatalogue", {**record, **_attributes(given)}, "INVENTORY_CATALOGUE::" + given["type"]
    )


def create_position(context: Context, given: Input) -> Record:
    """A new position: a product at a location."""
    catalogue = context.require_ref("InventoryCatalogue", given["catalogue"]["ref"], "catalogue")
    if context.in_catalogue("InventoryPosition", given):
        raise _taken("InventoryPosition", given["ref"])
    record = picked(given, "ref", "type", "productRef", "locationRef", "onHand")
    record |= {"catalogueRef": catalogue["ref"], **_attributes(given)}
    made = context.create("InventoryPosition", record, catalogue["workflowRef"])
    workflow.position_created(context, made)
    return made


def update_position(context: Context, given: Input) -> Record:
    """A changed position."""
    position = context.require_key("InventoryPosition", given, "ref")
    return context.change("InventoryPosition", position, picked(given, "status", "type", "onHand", "attributes"))


def create_quantity(context: Context, given: Input) -> Record:
    """A new quantity. Its position must be there; that a second one of a ref is C0123E is [INF]."""
    catalogue = context.require_ref("InventoryCatalogue", given["catalogue"]["ref"], "catalogue")
    position = context.require_key("InventoryPosition", given["position"], "position")
    if context.in_catalogue("InventoryQuantity", given):
        raise _taken("InventoryQuantity", given["ref"])
    record = picked(given, "ref", *_QUANTITY)
    record |= {"catalogueRef": catalogue["ref"], "positionId": position["id"], **_attributes(given)}
    made = context.create("InventoryQuantity", record, catalogue["workflowRef"])
    workflow.quantity_created(context, made)
    return made


def update_quantity(context: Context, given: Input) -> Record:
    """A changed quantity, by ref and catalogue."""
    quantity = context.require_key("InventoryQuantity", given, "ref")
    changed = context.change("InventoryQuantity", quantity, picked(given, "status", "attributes", *_QUANTITY))
    workflow.quantity_changed(context, quantity, changed)
    return changed


def create_virtual_position(context: Context, given: Input) -> Record:
    """A new virtual position."""
    catalogue = context.require_ref("VirtualCatalogue", given["catalogue"]["ref"], "catalogue")
    if context.in_catalogue("VirtualPosition", given):
        raise _taken("VirtualPosition", given["ref"])
    record = picked(given, "ref", "type", "productRef", "groupRef", "quantity")
    record |= {"catalogueRef": catalogue["ref"], **_attributes(given)}
    return context.create("VirtualPosition", record, "VIRTUAL_CATALOGUE::" + catalogue["type"])


def update_virtual_position(context: Context, given: Input) -> Record:
    """A changed virtual position."""
    position = context.require_key("VirtualPosition", given, "ref")
    return context.change("VirtualPosition", position, picked(given, "status", "type", "quantity", "attributes"))


def _attributes(given: Input) -> Record:
    return {"attributes": upserted(None, given.get("attributes") or [])}


def _taken(kind: str, ref: str) -> Rejected:
    return Rejected(DUPLICATE, f"{kind} {ref} violates a unique constraint", "ref")
