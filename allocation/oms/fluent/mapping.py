"""Holds that another writer made: which type, statuses and attributes they have is said in a mapping file.

::

    type: RESERVED  # of the quantities
    statuses: {RESERVED: RESERVED, CONFIRMED: CONFIRMED}  # theirs: ours, of the open ones
    written: {ALLOCATED: FULFILLED}  # ours: theirs, where the names differ
    ended: {SHIPPED: ALLOCATED, VOID: CANCELLED}  # theirs: ours, of ended ones that only the other writer writes
    attributes: {order_id: orderId, customer: customerId, tier: customerTier, requested: shipDate}
    defaults: {paid: true}

A reservation is named by its quantity's ref. Where no attribute says when it came, it is when the quantity was created;
where none says which ship date was asked for, it is the day on which the quantity is expected. Attributes may be texts,
and are never written: a release changes status, quantity and date.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, Literal
from zlib import crc32

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from allocation.engine.codes import Status
from allocation.engine.errors import BadAnswer, Problem, SettingError
from allocation.oms.fluent.holds import ADDRESS, day_of, instant_of
from allocation.oms.port import Hold

COUNTED = ("RESERVED", "SALE", "CORRECTION", "DELTA")
"""Types of which the platform counts the ACTIVE ones itself [DOC inventory-quantity-types]."""
_HUNDREDTHS = 100
_TIES = 1000
_TRUTH = {"true": True, "false": False}
_Open = Literal["RESERVED", "CONFIRMED", "QUEUED", "WAITLISTED"]
_Name = Literal["RESERVED", "CONFIRMED", "QUEUED", "WAITLISTED", "ALLOCATED", "CANCELLED", "EXPIRED", "REJECTED"]
_End = Literal["ALLOCATED", "CANCELLED", "EXPIRED", "REJECTED"]
_Field = Literal[
    "order_id",
    "tier",
    "arrival",
    "requested",
    "paid",
    "expires_at",
    "purchases",
    "cart_value",
    "membership_years",
    "customer",
    "customer_email",
]


class HoldMapping(BaseModel):
    """What a mapping file says.

    Attributes:
        type: Of the quantities.
        statuses: Of the platform, and what they are here; all others are ended ones.
        written: Names of the platform for statuses that a release writes, where they differ.
        ended: Ends that only the other writer writes; one that is not named anywhere is CANCELLED.
        attributes: Names of the attributes of what a hold has.
        defaults: What a hold has where it has no such attribute.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    type: str = Field(min_length=1, max_length=50)
    statuses: dict[str, _Open] = Field(min_length=1)
    written: dict[_Name, str] = {}
    ended: dict[str, _End] = {}
    attributes: dict[_Field, str]
    defaults: dict[_Field, str | int | bool] = {}

    @model_validator(mode="after")
    def _fits(self) -> HoldMapping:
        if "order_id" not in self.attributes:
            raise ValueError("attributes.order_id is missing: every hold has an order")
        if self.type in COUNTED and "ACTIVE" in self.statuses:
            raise ValueError(f"ACTIVE quantities of type {self.type} are taken from the units on hand already")
        return self


def load_mapping(path: Path) -> HoldMapping:
    """The mapping of a file.

    Raises:
        SettingError: It is none; all problems are named.
    """
    try:
        plain = YAML(typ="safe").load(path)
        return HoldMapping.model_validate(plain)
    except OSError as error:
        raise SettingError(f"{path}: {error.strerror or error}") from None
    except (YAMLError, UnicodeDecodeError) as error:
        raise SettingError(f"{path} is no YAML: {error}") from None
    except ValidationError as error:
        details = error.errors(include_input=False, include_url=False)
        raise SettingError([Problem(tuple(one["loc"]), one["msg"]) for one in details], str(path)) from None


class MappedHolds:
    """Holds that another writer made."""

    can_create = False

    def __init__(self, mapping: HoldMapping) -> None:
        self._mapping = mapping
        self.type = mapping.type
        self.open = tuple(mapping.statuses)
        self.address = mapping.attributes.get("customer_email", ADDRESS)

    def ref(self, reservation_id: str) -> str:
        """The ref of a reservation's quantity, which is its id."""
        return reservation_id

    def read(self, nodes: Iterable[Mapping[str, Any]]) -> Iterator[Hold]:
        """The holds that quantities are; `BadAnswer` where one is none."""
        return map(self._hold, nodes)

    def content(self, hold: Hold) -> dict[str, Any]:
        """What a quantity is to hold, but for its catalogue; the attributes stay the other writer's."""
        return {
            "ref": hold.reservation_id,
            "quantity": hold.quantity,
            "expectedOn": instant_of(hold.assigned or hold.requested),
        }

    def status(self, hold: Hold) -> str:
        """The status of its quantity."""
        name: Any = hold.status.name
        theirs = {ours: status for status, ours in reversed(self._mapping.statuses.items())}
        return self._mapping.written.get(name) or theirs.get(name, hold.status.name)

    def _hold(self, node: Mapping[str, Any]) -> Hold:
        try:
            return self._read(node)
        except (KeyError, TypeError, ValueError, InvalidOperation) as error:
            what = f"{type(error).__name__} {error}"
            raise BadAnswer(f"quantity {node.get('ref')!r} cannot be read with the mapping: {what}") from error

    def _read(self, node: Mapping[str, Any]) -> Hold:
        given = {entry["name"]: entry["value"] for entry in node["attributes"] or ()}
        own: dict[str, Any] = {str(name): value for name, value in self._mapping.defaults.items()}
        own |= {name: given[theirs] for name, theirs in self._mapping.attributes.items() if theirs in given}
        status = self._status(str(node["status"]))
        requested = (
            date.fromisoformat(str(own["requested"])[:10]) if own.get("requested") else day_of(node["expectedOn"])
        )
        held = status not in {Status.QUEUED, Status.WAITLISTED}
        expires = own.get("expires_at")
        return Hold(
            reservation_id=str(node["ref"]),
            order_id=str(own["order_id"]),
            sku=node["position"]["productRef"],
            location=node["position"]["locationRef"],
            quantity=abs(int(node["quantity"])),
            tier=str(own.get("tier", "STANDARD")),
            arrival=int(own["arrival"]) if "arrival" in own else _arrival(node),
            requested=requested,
            assigned=day_of(node["expectedOn"]) if held else None,
            status=status,
            paid=_truth(own.get("paid", True)),
            expires_at=datetime.fromisoformat(str(expires)) if expires else None,
            purchases=int(own.get("purchases", 0)),
            cart_value=int(Decimal(str(own.get("cart_value", 0))) * _HUNDREDTHS),
            membership_years=int(own.get("membership_years", 0)),
            customer=str(own.get("customer", "")),
            made_at=datetime.fromisoformat(node["createdOn"]),
        )

    def _status(self, theirs: str) -> Status:
        if theirs in self._mapping.statuses:
            return Status[self._mapping.statuses[theirs]]
        ours: dict[str, str] = {status: name for name, status in self._mapping.written.items()}
        ours |= self._mapping.ended
        # Another system has ends of its own: what matters of them is that they are ends.
        return Status.__members__.get(ours.get(theirs, theirs), Status.CANCELLED)


def _arrival(node: Mapping[str, Any]) -> int:
    """When it was created, in microseconds; the last three digits are of its ref, as the platform keeps milliseconds.

    It must be the same at every reading, whoever has left the line since, so that it cannot be a rank.
    """
    created = datetime.fromisoformat(node["createdOn"])
    return round(created.timestamp() * 1000) * _TIES + crc32(str(node["ref"]).encode()) % _TIES


def _truth(value: str | int | bool) -> bool:
    if isinstance(value, bool):
        return value
    return _TRUTH[str(value).lower()]
