"""Fields that lead from one object to another."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

from graphql import GraphQLResolveInfo

from allocation.oms.sandbox.context import Context
from allocation.oms.sandbox.state import Record

Resolve: TypeAlias = Callable[..., Any]


def _by_id(kind: str, key: str) -> Resolve:
    """The record whose id this one holds."""

    def resolve(source: Record, info: GraphQLResolveInfo[Context]) -> Record | None:
        context = info.context
        number = source.get(key)
        return context.read(kind, number) if number is not None else None

    return resolve


def _by_ref(kind: str, key: str) -> Resolve:
    """The record whose ref this one holds."""

    def resolve(source: Record, info: GraphQLResolveInfo[Context]) -> Record | None:
        context = info.context
        ref = source.get(key)
        return context.find(kind, ref) if ref is not None else None

    return resolve


def _many(kind: str, key: str = "id") -> Resolve:
    """A page of the records whose parent this one is."""

    def resolve(source: Record, info: GraphQLResolveInfo[Context], **arguments: Any) -> dict[str, Any]:
        context = info.context
        return context.page(kind, arguments, parent=source[key])

    return resolve


def _link(key: str) -> Resolve:
    """A link ``{ref}``."""

    def resolve(source: Record, _info: GraphQLResolveInfo[Context]) -> dict[str, Any] | None:
        ref = source.get(key)
        return {"ref": ref} if ref is not None else None

    return resolve


def _ordered_product(source: Record, info: GraphQLResolveInfo[Context]) -> Record | None:
    context = info.context
    return context.read(source["productKind"], source["productId"])


def _stocked_product(source: Record, info: GraphQLResolveInfo[Context]) -> Record | None:
    # A position holds no catalogue of products: the first product of that ref is it. [INF]
    context = info.context
    return context.find("VariantProduct", source["productRef"]) or context.find("StandardProduct", source["productRef"])


def _choice(source: Record, info: GraphQLResolveInfo[Context]) -> Record | None:
    context = info.context
    found = context.state.numbers("FulfilmentChoice", parent=source["id"])
    return context.read("FulfilmentChoice", found[0]) if found else None


OBJECTS: Final[Mapping[str, Mapping[str, Resolve]]] = {
    "User": {"primaryRetailer": _by_id("Retailer", "retailerId")},
    "InventoryCatalogue": {"inventoryPositions": _many("InventoryPosition", "ref")},
    "InventoryPosition": {
        "catalogue": _by_ref("InventoryCatalogue", "catalogueRef"),
        "product": _stocked_product,
        "quantities": _many("InventoryQuantity"),
    },
    "InventoryQuantity": {
        "catalogue": _by_ref("InventoryCatalogue", "catalogueRef"),
        "position": _by_id("InventoryPosition", "positionId"),
    },
    "VirtualPosition": {"catalogue": _by_ref("VirtualCatalogue", "catalogueRef")},
    "Order": {
        "retailer": _by_id("Retailer", "retailerId"),
        "fulfilmentChoice": _choice,
        "customer": _by_id("Customer", "customerId"),
        "customerLink": _link("customerRef"),
        "items": _many("OrderItem"),
        "fulfilments": _many("Fulfilment"),
    },
    "OrderItem": {"product": _ordered_product, "order": _by_id("Order", "orderId")},
    "FulfilmentChoice": {"deliveryAddress": _by_id("Address", "deliveryAddressId")},
    "Fulfilment": {
        "order": _by_id("Order", "orderId"),
        "fromAddress": _by_id("Address", "fromAddressId"),
        "toAddress": _by_id("Address", "toAddressId"),
        "user": _by_id("Customer", "userId"),
        "fromLocation": _link("fromLocationRef"),
        "items": _many("FulfilmentItem"),
    },
    "FulfilmentItem": {"orderItem": _by_id("OrderItem", "orderItemId")},
    "Location": {
        "primaryAddress": _by_id("Address", "primaryAddressId"),
        "retailer": _by_id("Retailer", "retailerId"),
    },
    "StandardProduct": {"catalogue": _by_ref("ProductCatalogue", "catalogueRef")},
    "VariantProduct": {
        "product": _by_id("StandardProduct", "standardProductId"),
        "catalogue": _by_ref("ProductCatalogue", "catalogueRef"),
    },
    "Customer": {"retailer": _by_id("Retailer", "retailerId")},
}
"""By type and field; every other field is a value of the record."""
