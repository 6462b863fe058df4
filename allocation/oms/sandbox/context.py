"""What resolvers know of the request that they work for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from allocation.oms.sandbox import filters, paging
from allocation.oms.sandbox.codes import SERVER_ERROR, Rejected, unknown
from allocation.oms.sandbox.ledger import Commit
from allocation.oms.sandbox.settings import Settings
from allocation.oms.sandbox.state import Record, State

Read = Callable[[str, int | str | None], Record | None]


@dataclass(slots=True)
class Context:
    """One execution of one request.

    Attributes:
        state: All records.
        settings: How the sandbox behaves.
        at: The instant at which it executes.
        request: Its number.
        lag_until: Until when readers do not see what it writes; empty if they see it at once.
        fails: Response key of a root field that is made to fail before it does anything.
        commits: What took effect.
        read: Reads a record by kind and id; a mutation sees everything, a query may lag.
    """

    state: State
    settings: Settings
    at: str
    request: int = 0
    lag_until: str = ""
    fails: str = ""
    commits: list[Commit] = field(default_factory=list)
    read: Read = field(init=False)

    def __post_init__(self) -> None:
        self.read = self.state.get

    def lag(self) -> None:
        """Read as a replica that is behind does."""
        self.read = self.state.as_of(self.at)

    # ----- reading

    def find(self, kind: str, ref: str | None, **more: object) -> Record | None:
        """The oldest record with a ref, and with what else is named."""
        for number in self.state.numbers(kind, refs=[ref]):
            record = self.read(kind, number)
            if record is not None and all(record.get(key) == value for key, value in more.items()):
                return record
        return None

    def in_catalogue(self, kind: str, key: Mapping[str, Any]) -> Record | None:
        """The record of a key ``{ref, catalogue: {ref}}``."""
        return self.find(kind, key["ref"], catalogueRef=key["catalogue"]["ref"])

    def page(self, kind: str, arguments: Mapping[str, Any], parent: object = None) -> dict[str, Any]:
        """A page of the records of a kind, or of a parent, that pass the filters."""
        passes = filters.matcher(arguments)
        numbers = (
            self.state.numbers(kind, parent=parent)
            if parent is not None
            else self.state.numbers(kind, refs=arguments.get("ref"))
        )

        def read(number: int) -> Record | None:
            record = self.read(kind, number)
            return record if record is not None and passes(record) else None

        return paging.connection(numbers, read, arguments)

    # ----- checking

    def require(self, kind: str, number: str | int, field: str) -> Record:
        """The record of an id; C0120E where there is none."""
        record = self.read(kind, number)
        if record is None:
            raise unknown(kind, number, field)
        return record

    def require_ref(self, kind: str, ref: str, field: str) -> Record:
        """The record of a ref; C0120E where there is none."""
        record = self.find(kind, ref)
        if record is None:
            raise unknown(kind, ref, field)
        return record

    def require_key(self, kind: str, key: Mapping[str, Any], field: str) -> Record:
        """The record of a key ``{ref, catalogue: {ref}}``; C0120E where there is none."""
        record = self.in_catalogue(kind, key)
        if record is None:
            raise unknown(kind, key["ref"], field)
        return record

    def may_run(self, response_key: str) -> None:
        """Fail a root field that is meant to fail."""
        if response_key == self.fails:
            raise Rejected(SERVER_ERROR, "an internal server error occurred")

    # ----- writing

    def add(self, kind: str, record: Record) -> Record:
        """Put a new record in, with its instants."""
        return self.state.add(kind, {**record, "createdOn": self.at, "updatedOn": self.at}, lag_until=self.lag_until)

    def create(self, kind: str, record: Record, workflow: str) -> Record:
        """Put a new entity in: it starts as CREATED, whatever was asked, and an event says so [GQLDOC]."""
        made = self.add(kind, {**record, "status": "CREATED", "workflowRef": workflow, "workflowVersion": 1})
        self.fire("CREATE", kind, made)
        return made

    def change(self, kind: str, record: Record, changes: Mapping[str, Any]) -> Record:
        """Change a record; what is None stays as it is, and attributes are put in by name [R22, INF for None]."""
        given = {key: value for key, value in changes.items() if value is not None}
        if "attributes" in given:
            given["attributes"] = upserted(record.get("attributes"), given["attributes"])
        return self.state.change(kind, record, {**given, "updatedOn": self.at}, lag_until=self.lag_until)

    def fire(self, name: str, kind: str, record: Record) -> None:
        """Note an event of the platform."""
        active = self.settings.mode == "active"
        self.state.add(
            "Event",
            {
                "ref": "",
                "name": name,
                "entityType": _snake(kind),
                "entityId": record["id"],
                "entityRef": record.get("ref"),
                "rootEntityType": _ROOTS.get(kind, _snake(kind)),
                "rootEntityRef": record.get("catalogueRef") or record.get("orderRef") or record.get("ref"),
                "retailerId": str(self.settings.retailer_id),
                "eventStatus": "SUCCESS" if active else "NO_MATCH",
                "generatedOn": self.at,
                "attributes": {},
            },
        )


_ROOTS = {
    "InventoryPosition": "INVENTORY_CATALOGUE",
    "InventoryQuantity": "INVENTORY_CATALOGUE",
    "Fulfilment": "ORDER",
    "VirtualPosition": "VIRTUAL_CATALOGUE",
}
"""Whose workflow an event goes to [DOC]."""


def _snake(kind: str) -> str:
    """The name of a kind as the Event API spells it.

    >>> _snake("InventoryQuantity")
    'INVENTORY_QUANTITY'
    """
    return "".join(f"_{letter}" if letter.isupper() and i else letter for i, letter in enumerate(kind)).upper()


def upserted(old: list[Record] | None, new: list[Record | None]) -> list[Record]:
    """Attributes after new ones were put in by name [R22]."""
    merged = {attribute["name"]: attribute for attribute in old or ()}
    merged.update({attribute["name"]: attribute for attribute in new if attribute is not None})
    return list(merged.values())


def picked(given: Mapping[str, Any], *names: str) -> Record:
    """Some fields of an input, null where they are not given."""
    return {name: given.get(name) for name in names}
