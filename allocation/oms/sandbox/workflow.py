"""The reference workflow of inventory, played at once: what becomes ACTIVE, and what is on hand."""

from __future__ import annotations

from typing import Final

from allocation.oms.sandbox.context import Context
from allocation.oms.sandbox.state import Record

LAST_ON_HAND: Final = "LAST_ON_HAND"
COUNTED: Final = frozenset({"RESERVED", "SALE", "CORRECTION", "DELTA"})
"""On hand is the last LAST_ON_HAND plus the ACTIVE ones of these; RESERVED and SALE are negative. EXPECTED, and any
type of one's own, is no part of it. [DOC reference behaviour, 2025-04]"""
_RESET: Final = frozenset({"SALE", "CORRECTION", "DELTA"})


def quantity_created(context: Context, quantity: Record) -> None:
    """A new quantity becomes ACTIVE; a new physical count ends what it has counted already [DOC]."""
    if context.settings.mode != "active":
        return
    if quantity["type"] == LAST_ON_HAND:
        end_what_was_counted(context, quantity)
    _count(context, quantity, context.change("InventoryQuantity", quantity, {"status": "ACTIVE"}))


def end_what_was_counted(context: Context, count: Record) -> None:
    """Sales, corrections and deltas before a physical count are in it, and an older count is void [DOC, CODE]."""
    for other in context.state.of("InventoryQuantity", count["positionId"]):
        ended = other["type"] in _RESET or (other["type"] == LAST_ON_HAND and other["id"] != count["id"])
        if ended and other["status"] == "ACTIVE":
            _count(context, other, context.change("InventoryQuantity", other, {"status": "INACTIVE"}))


def quantity_changed(context: Context, before: Record, after: Record) -> None:
    """What is on hand follows."""
    if context.settings.mode == "active":
        _count(context, before, after)


def position_created(context: Context, position: Record) -> None:
    """A new position becomes ACTIVE."""
    if context.settings.mode == "active":
        context.change("InventoryPosition", position, {"status": "ACTIVE"})


def _count(context: Context, before: Record, after: Record) -> None:
    """On hand after a quantity changed, and what is available to sell from that."""
    counts = LAST_ON_HAND in {before["type"], after["type"]}
    difference = _counted(after) - _counted(before)
    position = context.state.get("InventoryPosition", after["positionId"])
    if position is None or not (counts or difference):
        return
    # A sum that is kept: adding up thousands of reservations at every one of them would take minutes.
    counted = position.get("counted", 0) + difference
    last = _last_count(context, position["id"]) if counts else position.get("lastCount", 0)
    on_hand = last + counted
    context.change("InventoryPosition", position, {"counted": counted, "lastCount": last, "onHand": on_hand})
    for base in context.state.all("VirtualPosition"):
        if _what(base) == ("BASE", position["productRef"], position["locationRef"]):
            context.change("VirtualPosition", base, {"quantity": on_hand})


def _counted(quantity: Record) -> int:
    return (quantity["quantity"] or 0) if quantity["status"] == "ACTIVE" and quantity["type"] in COUNTED else 0


def _last_count(context: Context, position_id: str) -> int:
    counts = [
        quantity["quantity"] or 0
        for quantity in context.state.of("InventoryQuantity", position_id)
        if quantity["status"] == "ACTIVE" and quantity["type"] == LAST_ON_HAND
    ]
    return counts[-1] if counts else 0


def _what(virtual: Record) -> tuple[str, str, str]:
    return virtual["type"], virtual["productRef"], virtual["groupRef"]


def order_created(context: Context, order: Record) -> Record:
    """An order of a type that has a workflow is booked [CODE]; what it reserves is in `sourcing`."""
    if context.settings.mode == "active" and order["type"] in {"HD", "CC", "SFS"}:
        return context.change("Order", order, {"status": "BOOKED"})
    return order
