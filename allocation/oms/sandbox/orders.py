"""Mutations of orders and fulfilment choices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from allocation.oms.sandbox import sourcing, workflow
from allocation.oms.sandbox.codes import DUPLICATE_ORDER, Rejected, unknown
from allocation.oms.sandbox.context import Context, picked, upserted
from allocation.oms.sandbox.customers import add_customer, require_customer_input
from allocation.oms.sandbox.state import Record

Input = Mapping[str, Any]
ADDRESS: Final = (
    *("ref", "name", "companyName", "street", "city", "state", "postcode", "region", "country"),
    *("latitude", "longitude", "timeZone"),
)
_ITEM: Final = (
    "ref",
    "quantity",
    "price",
    "paidPrice",
    "currency",
    "taxPrice",
    "taxType",
    "totalPrice",
    "totalTaxPrice",
)
_CHOICE: Final = (
    *("ref", "type", "deliveryType", "currency", "deliveryInstruction", "fulfilmentPrice", "fulfilmentTaxPrice"),
    *("fulfilmentType", "pickupLocationRef", "deliverAfter", "deliverBefore", "dispatchOn"),
)


def create_order(context: Context, given: Input) -> Record:
    """A new order of a customer who is known by id."""
    _require_free(context, given)
    products = _require_parts(context, given)
    customer = context.require("Customer", given["customer"]["id"], "customer")
    return _add_order(context, given, customer, products)


def create_order_and_customer(context: Context, given: Input) -> Record:
    """A new order of a new customer."""
    _require_free(context, given)
    products = _require_parts(context, given)
    require_customer_input(context, given["customer"])
    return _add_order(context, given, add_customer(context, given["customer"]), products)


def update_order(context: Context, given: Input) -> Record:
    """A changed order, by id."""
    order = context.require("Order", given["id"], "id")
    changed = context.change("Order", order, picked(given, "status", "totalPrice", "totalTaxPrice", "attributes"))
    sourcing.give_back(context, changed)
    return changed


def create_choice(context: Context, given: Input) -> Record:
    """A new fulfilment choice of an order that is there."""
    order = context.require("Order", given["order"]["id"], "order")
    _require_pickup(context, given)
    return _add_choice(context, given, order["id"])


def _require_free(context: Context, given: Input) -> None:
    """A second order of one ref is C0121E, where that is enforced [SDK]."""
    if context.settings.uniqueness == "enforced" and context.find("Order", given["ref"]):
        raise Rejected(DUPLICATE_ORDER, f"an order with the ref {given['ref']} exists already", "ref")


def _require_parts(context: Context, given: Input) -> list[tuple[str, Record]]:
    """Everything that an order refers to is there; kind and record of the product of each item."""
    retailer = context.require("Retailer", given["retailer"]["id"], "retailer")
    for choice in _choices(given):
        _require_pickup(context, choice)
    return [_require_product(context, item, retailer["id"]) for item in given["items"] if item is not None]


def _require_product(context: Context, item: Input, retailer_id: str) -> tuple[str, Record]:
    # Where no catalogue is named it is the retailer's. [INF]
    catalogue = item.get("productCatalogueRef") or f"PC:MASTER:{retailer_id}"
    for kind in ("VariantProduct", "StandardProduct"):
        product = context.find(kind, item["productRef"], catalogueRef=catalogue)
        if product is not None:
            return kind, product
    raise unknown("Product", f"{item['productRef']} of {catalogue}", "productRef")


def _require_pickup(context: Context, choice: Input) -> None:
    if choice.get("pickupLocationRef"):
        context.require_ref("Location", choice["pickupLocationRef"], "pickupLocationRef")


def _choices(given: Input) -> Sequence[Input]:
    several = given.get("fulfilmentChoices") or []
    return [choice for choice in (given.get("fulfilmentChoice"), *several) if choice is not None]


def _add_order(context: Context, given: Input, customer: Record, products: Sequence[tuple[str, Record]]) -> Record:
    order = context.create(
        "Order",
        {
            **picked(given, "ref", "type", "totalPrice", "totalTaxPrice"),
            "attributes": upserted(None, given.get("attributes") or []),
            "retailerId": given["retailer"]["id"],
            "customerId": customer["id"],
            "customerRef": customer["ref"],
            "paymentRef": (given.get("payment") or {}).get("ref"),
        },
        f"ORDER::{given['type']}",
    )
    items = [item for item in given["items"] if item is not None]
    for item, (kind, product) in zip(items, products, strict=True):
        record = {**picked(item, *_ITEM), "status": "CREATED", "orderId": order["id"]}
        record |= {"productKind": kind, "productId": product["id"]}
        context.add("OrderItem", {**record, "attributes": upserted(None, item.get("attributes") or [])})
    for choice in _choices(given):
        _add_choice(context, choice, order["id"])
    order = workflow.order_created(context, order)
    sourcing.reserve(context, order)
    return order


def _add_choice(context: Context, given: Input, order_id: str) -> Record:
    address = given.get("deliveryAddress")
    record = {**picked(given, *_CHOICE), "status": "CREATED", "orderId": order_id}
    record["deliveryAddressId"] = context.add("Address", picked(address, *ADDRESS))["id"] if address else None
    return context.add("FulfilmentChoice", {**record, "attributes": upserted(None, given.get("attributes") or [])})
