"""Mutations of fulfilments and fulfilment options."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from allocation.oms.sandbox.codes import DUPLICATE, Rejected
from allocation.oms.sandbox.context import Context, picked, upserted
from allocation.oms.sandbox.state import Record

UNIQUENESS: Final = "fc.api.fulfilment.uniqueness"
"""The account's setting that makes refs of fulfilments unique; DISABLED by default [DOC 2024-05]."""


def create_fulfilment(context: Context, given: Mapping[str, Any]) -> Record:
    """A new fulfilment of an order; where it ships from is the location with that primary address [R22]."""
    order = context.require("Order", given["order"]["id"], "order")
    items = [item for item in given.get("items") or () if item is not None]
    for item in items:
        context.require("OrderItem", item["orderItem"]["id"], "orderItem")
    ids = {name: (given.get(name) or {}).get("id") for name in ("fromAddress", "toAddress", "customer")}
    for name, number in ids.items():
        if number is not None:
            context.require("Customer" if name == "customer" else "Address", number, name)
    setting = context.find("Setting", UNIQUENESS)
    if setting and setting["value"] == "ENABLED" and context.find("Fulfilment", given["ref"]):
        raise Rejected(DUPLICATE, f"Fulfilment {given['ref']} violates a unique constraint", "ref")
    made = context.create(
        "Fulfilment",
        {
            **picked(given, "ref", "type", "deliveryType", "eta", "expiryTime", "fulfilmentChoiceRef"),
            "attributes": upserted(None, given.get("attributes") or []),
            "orderId": order["id"],
            "orderRef": order["ref"],
            "retailerId": order["retailerId"],
            "userId": ids["customer"],
            "fromAddressId": ids["fromAddress"],
            "toAddressId": ids["toAddress"],
            "fromLocationRef": _location_at(context, ids["fromAddress"]),
        },
        order["workflowRef"],
    )
    for item in items:
        record = picked(item, "ref", "requestedQuantity", "filledQuantity", "rejectedQuantity")
        record |= {"status": "CREATED", "orderItemId": item["orderItem"]["id"], "fulfilmentId": made["id"]}
        context.add("FulfilmentItem", record)
    return made


def _location_at(context: Context, address_id: str | None) -> str | None:
    found = (
        location["ref"] for location in context.state.all("Location") if location["primaryAddressId"] == address_id
    )
    return next(found, None)


def update_fulfilment(context: Context, given: Mapping[str, Any]) -> Record:
    """A changed fulfilment, by id."""
    fulfilment = context.require("Fulfilment", given["id"], "id")
    changes = picked(given, "status", "type", "eta", "expiryTime", "attributes")
    return context.change("Fulfilment", fulfilment, changes)


def create_option(context: Context, given: Mapping[str, Any]) -> Record:
    """A new fulfilment option. Nothing is sourced: that is a workflow's work."""
    context.require("Retailer", given["retailerId"], "retailerId")
    record = {**picked(given, "ref", "type"), "attributes": upserted(None, given.get("attributes") or [])}
    return context.create("FulfilmentOption", record, "FULFILMENT_OPTION")
