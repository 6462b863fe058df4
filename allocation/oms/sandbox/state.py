"""What the sandbox knows: records by kind, in ascending id, and what of them a lagging reader sees.

A record is what the API shows of a thing, as plain JSON values, plus the ids of the things that it refers to. Records
are never changed in place: a change puts a new one under the same id.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from allocation.oms.sandbox.storage import Storage

Record = dict[str, Any]

PARENTS: Final[Mapping[str, str]] = {
    "InventoryPosition": "catalogueRef",
    "InventoryQuantity": "positionId",
    "OrderItem": "orderId",
    "Fulfilment": "orderId",
    "FulfilmentItem": "fulfilmentId",
    "FulfilmentChoice": "orderId",
    "Batch": "jobId",
}
"""Kinds of which a thing has many, and the key that says whose they are."""


@dataclass(slots=True)
class Table:
    """The records of one kind; ids ascend, a ref and a parent never change."""

    records: dict[int, Record] = field(default_factory=dict)
    by_ref: dict[str, list[int]] = field(default_factory=dict)
    by_parent: dict[object, list[int]] = field(default_factory=dict)

    def add(self, number: int, record: Record, parent: object) -> None:
        """Put a new record in."""
        self.records[number] = record
        self.by_ref.setdefault(record.get("ref") or "", []).append(number)
        self.by_parent.setdefault(parent, []).append(number)


class State:
    """All records. Not safe for threads: whoever has the sandbox's lock uses it.

    Args:
        storage: Where records are kept beyond the end of the process.
    """

    def __init__(self, storage: Storage | None = None) -> None:
        self._storage = storage
        self._tables: dict[str, Table] = {}
        self._counters: dict[str, int] = {}
        self._unsaved: dict[tuple[str, int], Record] = {}
        self._lagging: dict[tuple[str, int], tuple[str, Record | None]] = {}
        for kind, number, record in storage.records() if storage else ():
            self._table(kind).add(number, record, _parent(kind, record))
            self._counters[kind] = number

    def _table(self, kind: str) -> Table:
        return self._tables.setdefault(kind, Table())

    def __len__(self) -> int:
        return sum(len(table.records) for table in self._tables.values())

    # ----- reading

    def get(self, kind: str, number: int | str | None) -> Record | None:
        """The record of an id as it is now."""
        return self._table(kind).records.get(_number(number))

    def all(self, kind: str) -> list[Record]:
        """Every record of a kind as it is now, oldest first."""
        return list(self._table(kind).records.values())

    def of(self, kind: str, parent: object) -> list[Record]:
        """The records of a parent as they are now, oldest first."""
        records = self._table(kind).records
        return [records[number] for number in self.numbers(kind, parent=parent)]

    def numbers(self, kind: str, *, refs: Sequence[str | None] | None = None, parent: object = None) -> Sequence[int]:
        """Ids, ascending, of all records, of those with one of some refs, or of those of a parent."""
        table = self._table(kind)
        if refs is not None:
            return sorted({number for ref in refs for number in table.by_ref.get(ref or "", ())})
        if parent is not None:
            return table.by_parent.get(parent, [])
        return list(table.records)

    def as_of(self, at: str) -> Callable[[str, int | str | None], Record | None]:
        """A reader that does not see yet what became visible to readers after an instant."""
        self._lagging = {key: found for key, found in self._lagging.items() if found[0] > at}
        if not self._lagging:
            return self.get

        def read(kind: str, number: int | str | None) -> Record | None:
            key = (kind, _number(number))
            return self._lagging[key][1] if key in self._lagging else self.get(*key)

        return read

    # ----- writing

    def add(self, kind: str, record: Record, *, lag_until: str = "") -> Record:
        """Put a new record in, under the next id of its kind."""
        number = self._counters[kind] = self._counters.get(kind, 0) + 1
        record = {"id": str(number), **record}
        self._table(kind).add(number, record, _parent(kind, record))
        self._wrote(kind, number, None, record, lag_until)
        return record

    def change(self, kind: str, record: Record, changes: Mapping[str, Any], *, lag_until: str = "") -> Record:
        """Put a changed record in the place of what is there under its id."""
        number = int(record["id"])
        records = self._table(kind).records
        before = records[number]
        records[number] = after = {**before, **changes}
        self._wrote(kind, number, before, after, lag_until)
        return after

    def _wrote(self, kind: str, number: int, before: Record | None, after: Record, lag_until: str) -> None:
        self._unsaved[kind, number] = after
        if lag_until:
            # A reader that lags goes on seeing what it saw.
            until, seen = self._lagging.get((kind, number), ("", before))
            self._lagging[kind, number] = (max(until, lag_until), seen)

    def save(self) -> None:
        """Keep what was written since the last time, before anybody is told of it."""
        if self._storage is not None and self._unsaved:
            self._storage.write(self._unsaved)
        self._unsaved = {}

    def close(self) -> None:
        """Save and let go of the file."""
        self.save()
        if self._storage is not None:
            self._storage.close()


def _parent(kind: str, record: Record) -> object:
    key = PARENTS.get(kind)
    return record.get(key) if key else None


def _number(value: int | str | None) -> int:
    """An id as a number; what is no id is nobody's."""
    text = str(value)
    return int(text) if text.isascii() and text.isdigit() and len(text) < len(str(2**63)) else 0
