"""Mutations of customers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from allocation.oms.sandbox.codes import DUPLICATE, Rejected
from allocation.oms.sandbox.context import Context, picked, upserted
from allocation.oms.sandbox.state import Record

_FIELDS = ("username", "firstName", "lastName", "primaryEmail", "primaryPhone", "country", "timezone", "promotionOptIn")


def create_customer(context: Context, given: Mapping[str, Any]) -> Record:
    """A new customer, whose ref is the username [R22]."""
    require_customer_input(context, given)
    return add_customer(context, given)


def require_customer_input(context: Context, given: Mapping[str, Any]) -> None:
    """Refuse an unknown retailer, and a username that is taken [INF]."""
    context.require("Retailer", given["retailer"]["id"], "retailer")
    if context.settings.uniqueness == "enforced" and context.find("Customer", given["username"]):
        raise Rejected(DUPLICATE, f"Customer {given['username']} violates a unique constraint", "username")


def add_customer(context: Context, given: Mapping[str, Any]) -> Record:
    """The customer of an input that was checked; where nothing is unique, the one that is there already."""
    found = context.find("Customer", given["username"])
    if found is not None:
        return found
    record = {"ref": given["username"], **picked(given, *_FIELDS), "retailerId": given["retailer"]["id"]}
    record["attributes"] = upserted(None, given.get("attributes") or [])
    made = context.create("Customer", record, "CUSTOMER")
    return context.change("Customer", made, {"status": "ACTIVE"}) if context.settings.mode == "active" else made
