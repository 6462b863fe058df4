"""Fluent Commerce as an order management system: the port's calls, in the platform's terms."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any, TypeVar

from allocation.engine.errors import NotFound, OmsError
from allocation.oms import port
from allocation.oms.fluent import outcomes
from allocation.oms.fluent.client import FluentClient, Reads
from allocation.oms.fluent.codes import ALREADY_THERE, NOT_FOUND, REJECTIONS
from allocation.oms.fluent.documents import Mutation
from allocation.oms.fluent.holds import OwnHolds, day_of, position_ref
from allocation.oms.fluent.mapping import MappedHolds, load_mapping
from allocation.oms.fluent.queries import (
    CATALOGUE,
    CREATE_ORDER,
    CREATE_ORDER_AND_CUSTOMER,
    CUSTOMERS,
    ORDERS,
    POSITION_QUANTITIES,
    POSITIONS,
    QUANTITIES,
    QUANTITY,
    create_quantities,
    update_quantities,
)

EXPECTED, LAST_ON_HAND = "EXPECTED", "LAST_ON_HAND"
_CORRECTIONS = ("CORRECTION", "DELTA")
"""Types of what was put right since the last count; like a sale, it counts while it is ACTIVE [DOC]."""
REFS_MAX = 100
"""Refs of one question."""
_IN_FORCE = ("CREATED", "ACTIVE")
"""Statuses of arrivals that are still expected, and of a count that is the last."""
_GONE = ("CANCELLED", "REJECTED")
"""Statuses of orders that give nobody anything [CODE]."""
_Item = TypeVar("_Item")


class FluentReads:
    """The port's questions.

    Args:
        client: What asks; one that cannot write will do.
        proved: What a conformance run against this account has proved.
    """

    def __init__(self, client: Reads, proved: port.Uniqueness = port.Uniqueness.NONE) -> None:
        self._reads = client
        self._settings = client.settings
        self._proved = proved
        mapping = client.settings.hold_mapping
        self._holds = OwnHolds(client.settings.hold_type) if mapping is None else MappedHolds(load_mapping(mapping))
        # Filled by several threads: what is once in it stays as it is.
        self._customers: dict[str, str] = {}

    @property
    def account(self) -> str:
        """Name of the account."""
        return self._settings.account

    def supply(self, pools: Sequence[tuple[str, str]] | None = None) -> Iterator[port.PoolSupply]:
        """Units on hand as the platform works them out, and quantities of type EXPECTED that are still to come."""
        self._require_catalogue()
        wanted: dict[str, Any] = {"catalogue": self._catalogue()}
        if pools is not None:
            wanted |= {"skus": sorted({sku for sku, _ in pools}), "locations": sorted({place for _, place in pools})}
        for node in self._reads.nodes(POSITIONS, wanted):
            name = (node["productRef"], node["locationRef"])
            if pools is None or name in pools:
                yield self._pool(node)

    def _require_catalogue(self) -> None:
        """A catalogue that is misspelt would read as one without supply."""
        if self._reads.ask(CATALOGUE, {"ref": self._settings.catalogue})["inventoryCatalogue"] is None:
            raise NotFound(
                f"account {self.account} has no inventory catalogue {self._settings.catalogue!r}; set "
                "ALLOCATION_FLUENT_CATALOGUE to one that it has"
            )

    def _pool(self, position: Mapping[str, Any]) -> port.PoolSupply:
        """A position with its arrivals, and what was counted there last, if that is certain."""
        kinds = {"types": [EXPECTED, LAST_ON_HAND, *_CORRECTIONS], "statuses": list(_IN_FORCE)}
        asked = {"ref": position["ref"], "catalogue": self._catalogue(), **kinds}
        arrivals, counts, corrected = [], [], 0
        for node in self._reads.nodes(POSITION_QUANTITIES, asked):
            if node["type"] == LAST_ON_HAND:
                counts.append(node)
            elif node["type"] in _CORRECTIONS:
                corrected += int(node["quantity"]) if node["status"] == "ACTIVE" else 0
            elif node["expectedOn"]:
                arrivals.append(port.Arrival(day_of(node["expectedOn"]), int(node["quantity"]), node["ref"]))
        is_certain = len(counts) == 1
        return port.PoolSupply(
            position["productRef"],
            position["locationRef"],
            int(position["onHand"] or 0),
            tuple(sorted(arrivals, key=lambda arrival: (arrival.day, arrival.ref))),
            int(counts[0]["quantity"]) + corrected if is_certain else None,
            datetime.fromisoformat(counts[0]["updatedOn"]) if is_certain else None,
        )

    def holds(self) -> Iterator[port.Hold]:
        """Every open quantity of the type of holds."""
        kinds = {"types": [self._holds.type], "statuses": list(self._holds.open)}
        yield from self._holds.read(self._reads.nodes(QUANTITIES, {"catalogue": self._catalogue(), **kinds}))

    def holds_named(self, reservation_ids: Sequence[str]) -> Iterator[port.Hold]:
        """The quantities of those reservations' refs, whatever their statuses."""
        for chunk in _chunks(reservation_ids, REFS_MAX):
            asked = {"catalogue": self._catalogue(), "refs": [self._holds.ref(name) for name in chunk]}
            yield from self._holds.read(self._reads.nodes(QUANTITIES, asked))

    def orders(self, keys: Sequence[str]) -> Iterator[port.FoundOrder]:
        """Every order of these refs."""
        for chunk in _chunks(keys, REFS_MAX):
            yield from map(_found, self._reads.nodes(ORDERS, {"refs": list(chunk)}))

    def orders_since(self, since: datetime) -> Iterator[port.FoundOrder]:
        """Every order that was created at or after an instant."""
        start = since.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        yield from map(_found, self._reads.nodes(ORDERS, {"created": {"from": start}}))

    def known_customers(self, customers: Sequence[str]) -> list[str]:
        """Those that the platform has; their ids are remembered for their orders."""
        wanted = [name for name in dict.fromkeys(customers) if name and name not in self._customers]
        for chunk in _chunks(wanted, REFS_MAX):
            for node in self._reads.nodes(CUSTOMERS, {"refs": list(chunk)}):
                self._customers[node["ref"]] = str(node["id"])
        return [name for name in customers if name in self._customers]

    def uniqueness(self) -> port.Uniqueness:
        """What has been proved of this account."""
        return self._proved

    def _customer_id(self, customer: str) -> str | None:
        self.known_customers([customer])
        return self._customers.get(customer)

    def _quantity(self, reservation_id: str) -> dict[str, Any] | None:
        variables = {"ref": self._holds.ref(reservation_id), "catalogue": self._catalogue()}
        found: dict[str, Any] | None = self._reads.ask(QUANTITY, variables)["inventoryQuantity"]
        return found

    def _catalogue(self) -> dict[str, str]:
        return {"ref": self._settings.catalogue}


class FluentWrites(FluentReads):
    """The port's questions and writes.

    Args:
        client: What asks and writes.
        proved: What a conformance run against this account has proved.
    """

    def __init__(self, client: FluentClient, proved: port.Uniqueness = port.Uniqueness.NONE) -> None:
        super().__init__(client, proved)
        self._writes = client

    def write_holds(self, holds: Sequence[port.Hold]) -> list[port.Outcome]:
        """Bring quantities to what they should be, several a request; those that are not there are created first.

        A new quantity starts as CREATED [R22], so that it is written a second time for its status.
        """
        return [outcome for chunk in _chunks(holds, port.HOLDS_MAX) for outcome in self._write_chunk(chunk)]

    def _write_chunk(self, holds: Sequence[port.Hold]) -> list[port.Outcome]:
        written = self._update(holds)
        new = [i for i, outcome in enumerate(written) if _is(outcome, NOT_FOUND)]
        if not new or not self._holds.can_create:
            return written
        inputs = [self._new_quantity(holds[i]) for i in new]
        created = self._send(create_quantities(len(new)), inputs)
        # Somebody may have created it in between: this process, before a lost answer.
        there = [i for i, one in zip(new, created, strict=True) if _is_done(one) or _is(one, *ALREADY_THERE)]
        for i, outcome in zip(new, created, strict=True):
            written[i] = outcome
        if there:
            again = self._update([holds[i] for i in there])
            for i, outcome in zip(there, again, strict=True):
                # It was there a moment ago: the answers contradict each other, and neither is to be believed.
                written[i] = port.Unknown("made, and then not found") if _is(outcome, NOT_FOUND) else outcome
        return written

    def _update(self, holds: Sequence[port.Hold]) -> list[port.Outcome]:
        inputs = [self._content(hold) | {"status": self._holds.status(hold)} for hold in holds]
        return self._send(update_quantities(len(holds)), inputs)

    def _send(self, mutation: Mutation, inputs: Sequence[Mapping[str, Any]]) -> list[port.Outcome]:
        variables = {f"input{number}": given for number, given in enumerate(inputs, start=1)}
        return [_outcome(outcome) for outcome in self._writes.execute_batch(mutation, variables)]

    def _content(self, hold: port.Hold) -> dict[str, Any]:
        return self._holds.content(hold) | {"catalogue": self._catalogue()}

    def _new_quantity(self, hold: port.Hold) -> dict[str, Any]:
        position = {"ref": position_ref(hold.sku, hold.location), "catalogue": self._catalogue()}
        return self._content(hold) | {"type": self._holds.type, "position": position}

    def submit(self, order: port.ReleaseOrder) -> port.Outcome:
        """Create an order; of a customer whom the platform does not know, too, where the hold has an e-mail address."""
        try:
            customer = self._customer_id(order.customer)
            address = "" if customer is not None else self._address_of(order)
        except OmsError as error:
            # Nothing was written yet.
            return port.NotSent(f"the customer cannot be looked up: {error}")
        if customer is not None:
            return self._create(order, customer)
        if not address:
            return port.Rejected("UNKNOWN_CUSTOMER", f"no customer has the ref {order.customer!r}")
        return self._create_with_customer(order, address)

    def _address_of(self, order: port.ReleaseOrder) -> str:
        node = self._quantity(order.reservation_id) if order.customer else None
        given = {entry["name"]: entry["value"] for entry in (node or {}).get("attributes") or ()}
        return str(given.get(self._holds.address) or "")

    def _create(self, order: port.ReleaseOrder, customer: str) -> port.Outcome:
        new = self._new_order(order) | {"customer": {"id": customer}}
        return _taken(_outcome(self._writes.execute(CREATE_ORDER, {"input": new})))

    def _create_with_customer(self, order: port.ReleaseOrder, address: str) -> port.Outcome:
        person = {
            "username": order.customer,
            "firstName": order.customer,
            "primaryEmail": address,
            "timezone": "UTC",
            "promotionOptIn": False,
            "retailer": {"id": self._settings.retailer_id},
        }
        new = self._new_order(order) | {"customer": person}
        made = _taken(_unspoken(self._writes.execute(CREATE_ORDER_AND_CUSTOMER, {"input": new})))
        if not isinstance(made, port.Taken):
            return made
        # It may be the customer that is there: another order of theirs was quicker. Nothing was made by this one.
        try:
            customer = self._customer_id(order.customer)
        except OmsError as error:
            return port.Unknown(f"the customer cannot be looked up: {error}")
        return made if customer is None else self._create(order, customer)

    def _new_order(self, order: port.ReleaseOrder) -> dict[str, Any]:
        return {
            "ref": order.key,
            "type": self._settings.order_type,
            "retailer": {"id": self._settings.retailer_id},
            "items": [
                {
                    "ref": f"{order.key}-1",
                    "productRef": order.sku,
                    "productCatalogueRef": self._settings.product_catalogue,
                    "quantity": order.quantity,
                }
            ],
            "attributes": [
                {"name": name, "type": "STRING", "value": value}
                for name, value in (
                    ("reservation_id", order.reservation_id),
                    ("tier", order.tier),
                    ("ship_date", order.ship_date.isoformat()),
                    ("location", order.location),
                    ("customer", order.customer),
                )
            ],
        }


def _chunks(items: Sequence[_Item], size: int) -> Iterator[Sequence[_Item]]:
    for first in range(0, len(items), size):
        yield items[first : first + size]


def _is(outcome: port.Outcome, *codes: str) -> bool:
    """Whether a write was refused for one of these reasons."""
    return isinstance(outcome, port.Rejected) and outcome.code in codes


def _is_done(outcome: port.Outcome) -> bool:
    return isinstance(outcome, port.Confirmed)


def _taken(outcome: port.Outcome) -> port.Outcome:
    """A refusal because the ref is there already says that it must be looked at."""
    if isinstance(outcome, port.Rejected) and outcome.code in ALREADY_THERE:
        return port.Taken(outcome.code, outcome.reason)
    return outcome


def _unspoken(outcome: outcomes.Outcome) -> port.Outcome:
    """An outcome in the port's words and none of the platform's, which may repeat the address in any spelling."""
    match outcome:
        case outcomes.Rejected(code, _):
            return port.Rejected(code, REJECTIONS[code])
        case outcomes.Unknown(_, code):
            return port.Unknown(
                f"an order that makes its customer, too: no answer that tells, {code or 'without a code'}"
            )
        case _:
            return _outcome(outcome)


def _outcome(outcome: outcomes.Outcome) -> port.Outcome:
    """An outcome in the port's words."""
    match outcome:
        case outcomes.Confirmed(data):
            return port.Confirmed(str(data.get("id") or data.get("ref")))
        case outcomes.Rejected(code, message):
            return port.Rejected(code, message)
        case outcomes.NotSent(reason):
            return port.NotSent(reason)
        case outcomes.Unknown(reason):
            return port.Unknown(reason)


def _found(node: Mapping[str, Any]) -> port.FoundOrder:
    items = [edge["node"] for edge in node["items"]["edges"]]
    given = {entry["name"]: entry["value"] for entry in node["attributes"] or ()}
    return port.FoundOrder(
        str(node["ref"]),
        str(node["id"]),
        _release_order(node, given, items),
        str(node["status"]),
        live=node["status"] not in _GONE,
        made_at=datetime.fromisoformat(node["createdOn"]),
        reservation_id=str(given.get("reservation_id") or ""),
        takes=tuple(_takes(given, items)),
    )


def _takes(given: Mapping[str, Any], items: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, str, int]]:
    for item in items:
        if given.get("location") and item["product"] and item["quantity"] is not None:
            yield item["product"]["ref"], str(given["location"]), int(item["quantity"])


def _release_order(
    node: Mapping[str, Any], given: Mapping[str, Any], items: Sequence[Mapping[str, Any]]
) -> port.ReleaseOrder | None:
    """What an order says of itself; None where it is none that a release made."""
    try:
        (item,) = items
        return port.ReleaseOrder(
            key=node["ref"],
            reservation_id=str(given["reservation_id"]),
            customer=str(given["customer"]),
            sku=item["product"]["ref"],
            location=str(given["location"]),
            quantity=int(item["quantity"]),
            tier=str(given["tier"]),
            ship_date=date.fromisoformat(given["ship_date"]),
        )
    except (KeyError, TypeError, ValueError):
        return None
