"""The fields of Query."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from graphql import GraphQLResolveInfo

from allocation.oms.sandbox import filters
from allocation.oms.sandbox.codes import unknown
from allocation.oms.sandbox.context import Context
from allocation.oms.sandbox.objects import Resolve
from allocation.oms.sandbox.state import Record


def _me(_source: object, info: GraphQLResolveInfo[Context]) -> Record | None:
    context = info.context
    return context.read("User", 1)


def _one(kind: str) -> Resolve:
    """By ref, by ref and catalogue, by id, or by whichever of them is given; nothing where there is none."""

    def resolve(_source: object, info: GraphQLResolveInfo[Context], **arguments: Any) -> Record | None:
        context = info.context
        number, ref, catalogue = (arguments.get(name) for name in ("id", "ref", "catalogue"))
        if number is not None:
            record = context.read(kind, number)
            return record if record and ref in {None, record.get("ref")} else None
        if ref is None:
            return None
        return context.find(kind, ref, **({"catalogueRef": catalogue["ref"]} if catalogue else {}))

    return resolve


def _many(kind: str) -> Resolve:
    def resolve(_source: object, info: GraphQLResolveInfo[Context], **arguments: Any) -> dict[str, Any]:
        context = info.context
        return context.page(kind, arguments)

    return resolve


def _quantity_aggregate(_source: object, info: GraphQLResolveInfo[Context], **arguments: Any) -> dict[str, int]:
    context = info.context
    position = context.require_key("InventoryPosition", arguments.pop("position"), "position")
    passes = filters.matcher(arguments)
    numbers = context.state.numbers("InventoryQuantity", parent=position["id"])
    return _aggregate((context.read("InventoryQuantity", number) for number in numbers), passes, "quantity")


def _position_aggregate(_source: object, info: GraphQLResolveInfo[Context], **arguments: Any) -> dict[str, int]:
    context = info.context
    if arguments.get("networkRef") is not None:
        # A sandbox has no networks.
        raise unknown("Network", arguments["networkRef"], "networkRef")
    arguments["productRef"] = [arguments["productRef"]]
    numbers = context.state.numbers("InventoryPosition", parent=arguments["catalogue"]["ref"])
    passes = filters.matcher(arguments)
    return _aggregate((context.read("InventoryPosition", number) for number in numbers), passes, "onHand")


def _aggregate(records: Any, passes: filters.Test, key: str) -> dict[str, int]:
    found = [record[key] or 0 for record in records if record is not None and passes(record)]
    return {"count": len(found), "sum": sum(found)}


def _nothing(_source: object, _info: GraphQLResolveInfo[Context], **_arguments: Any) -> dict[str, Any]:
    return {"edges": [], "pageInfo": {"hasNextPage": False, "hasPreviousPage": False}}


QUERIES: Final[Mapping[str, Resolve]] = {
    "me": _me,
    "inventoryCatalogue": _one("InventoryCatalogue"),
    "inventoryPosition": _one("InventoryPosition"),
    "inventoryPositions": _many("InventoryPosition"),
    "inventoryQuantity": _one("InventoryQuantity"),
    "inventoryQuantities": _many("InventoryQuantity"),
    "inventoryQuantityAggregate": _quantity_aggregate,
    "inventoryPositionAggregate": _position_aggregate,
    "virtualCatalogue": _one("VirtualCatalogue"),
    "virtualPosition": _one("VirtualPosition"),
    "virtualPositions": _many("VirtualPosition"),
    "searchVirtualInventory": _nothing,
    "order": _one("Order"),
    "orderById": _one("Order"),
    "orders": _many("Order"),
    "fulfilmentById": _one("Fulfilment"),
    "fulfilments": _many("Fulfilment"),
    "location": _one("Location"),
    "locationById": _one("Location"),
    "locations": _many("Location"),
    "standardProduct": _one("StandardProduct"),
    "variantProduct": _one("VariantProduct"),
    "variantProducts": _many("VariantProduct"),
    "customer": _one("Customer"),
    "customerById": _one("Customer"),
    "customers": _many("Customer"),
    "retailerById": _one("Retailer"),
    "retailers": _many("Retailer"),
    "setting": _one("Setting"),
    "settings": _many("Setting"),
}
