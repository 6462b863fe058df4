"""Holds as inventory quantities of a type of their own, and back.

The platform's own arithmetic counts ``RESERVED`` lines that are ``ACTIVE`` [DOC inventory-quantity-types]; a hold is
neither, so it takes nothing from the units on hand until a release has made an order of it. Everything that the rules
need is in typed attributes, which cannot be filtered but are read back exactly [R22]; ``expectedOn`` only serves to
find holds by their date, and is midnight UTC of that calendar date.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime
from typing import Any

from allocation.engine.codes import Status
from allocation.engine.errors import BadAnswer
from allocation.oms.port import OPEN as OPEN_STATUSES
from allocation.oms.port import Hold

OPEN = tuple(status.name for status in OPEN_STATUSES)
"""Statuses of the holds that are open, as they are written."""
REF_MAX = 100
ADDRESS = "customer_email"
"""Attribute of a hold whose customer the platform may not know. It is read for that customer's order only."""
_DIGEST = 16
_TEXT, _WHOLE, _TRUTH = "STRING", "INTEGER", "BOOLEAN"


def hold_ref(reservation_id: str) -> str:
    """The ref of a reservation's hold: the same whenever it is written, and short enough for the platform [DOC].

    >>> hold_ref("RES-O-1-1")
    'HOLD-RES-O-1-1'
    """
    ref = f"HOLD-{reservation_id}"
    if len(ref) <= REF_MAX:
        return ref
    digest = hashlib.sha256(reservation_id.encode()).hexdigest()[:_DIGEST]
    return f"{ref[: REF_MAX - _DIGEST - 1]}-{digest}"


def position_ref(sku: str, location: str) -> str:
    """The ref of a position, by convention [DOC graphql-inventory-queries]."""
    return f"{sku}:{location}:DEFAULT"


def attributes_of(hold: Hold) -> list[dict[str, Any]]:
    """All of a hold but its quantity and status; as an attribute cannot be taken away, what is not there is empty."""
    return [
        _attribute("reservation_id", _TEXT, hold.reservation_id),
        _attribute("order_id", _TEXT, hold.order_id),
        _attribute("tier", _TEXT, hold.tier),
        _attribute("arrival", _WHOLE, hold.arrival),
        _attribute("requested", _TEXT, hold.requested.isoformat()),
        _attribute("assigned", _TEXT, "" if hold.assigned is None else hold.assigned.isoformat()),
        _attribute("paid", _TRUTH, hold.paid),
        _attribute("expires_at", _TEXT, "" if hold.expires_at is None else hold.expires_at.isoformat()),
        _attribute("purchases", _WHOLE, hold.purchases),
        _attribute("cart_value_hundredths", _WHOLE, hold.cart_value),
        _attribute("membership_years", _WHOLE, hold.membership_years),
        _attribute("customer", _TEXT, hold.customer),
    ]


def _attribute(name: str, kind: str, value: str | int | bool) -> dict[str, Any]:
    return {"name": name, "type": kind, "value": value}


def instant_of(day: date) -> str:
    """A calendar date as the platform's DateTime: midnight UTC."""
    return f"{day.isoformat()}T00:00:00.000Z"


def day_of(text: str) -> date:
    """The calendar date, in UTC, of the platform's DateTime."""
    return datetime.fromisoformat(text).astimezone(UTC).date()


class OwnHolds:
    """Holds as this package writes them.

    Args:
        hold_type: Type of their quantities.
    """

    can_create = True
    open = OPEN
    address = ADDRESS

    def __init__(self, hold_type: str) -> None:
        self.type = hold_type

    def ref(self, reservation_id: str) -> str:
        """The ref of a reservation's quantity."""
        return hold_ref(reservation_id)

    def read(self, nodes: Iterable[Mapping[str, Any]]) -> Iterator[Hold]:
        """The holds that quantities are; `BadAnswer` where one is none."""
        return map(hold_of, nodes)

    def content(self, hold: Hold) -> dict[str, Any]:
        """What a quantity is to hold, but for its catalogue."""
        return {
            "ref": hold_ref(hold.reservation_id),
            "quantity": hold.quantity,
            "expectedOn": instant_of(hold.assigned or hold.requested),
            "attributes": attributes_of(hold),
        }

    def status(self, hold: Hold) -> str:
        """The status of its quantity."""
        return hold.status.name


def hold_of(node: Mapping[str, Any]) -> Hold:
    """The hold that a quantity with its position is.

    Raises:
        BadAnswer: It lacks what a hold has, or holds something else; with its ref.
    """
    try:
        given = {entry["name"]: entry["value"] for entry in node["attributes"] or ()}
        return Hold(
            reservation_id=given["reservation_id"],
            order_id=given["order_id"],
            sku=node["position"]["productRef"],
            location=node["position"]["locationRef"],
            quantity=int(node["quantity"]),
            tier=given["tier"],
            arrival=int(given["arrival"]),
            requested=date.fromisoformat(given["requested"]),
            assigned=date.fromisoformat(given["assigned"]) if given["assigned"] else None,
            status=Status[node["status"]],
            paid=_truth(given["paid"]),
            expires_at=datetime.fromisoformat(given["expires_at"]) if given["expires_at"] else None,
            purchases=int(given["purchases"]),
            cart_value=int(given["cart_value_hundredths"]),
            membership_years=int(given["membership_years"]),
            customer=given["customer"],
            made_at=datetime.fromisoformat(node["createdOn"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise BadAnswer(
            f"quantity {node.get('ref')!r} cannot be read as a hold: {type(error).__name__} {error}"
        ) from error


def _truth(value: object) -> bool:
    if not isinstance(value, bool):
        raise TypeError(f"paid {value!r} is no truth value")
    return value
