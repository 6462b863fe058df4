"""Who is who in a book: names outside, row numbers inside, and the rows that commands are written to."""

from __future__ import annotations

from bisect import insort
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from allocation.engine.book import Book, calendar_rows, tier_rows
from allocation.engine.codes import NOBODY
from allocation.engine.columns import Columns
from allocation.engine.errors import EngineFault
from allocation.engine.identity import (
    ContinuedOrders,
    NumberedOrders,
    OrderNames,
    reservation_name,
    split_reservation_name,
)


@dataclass
class Register:
    """The names in a book, and its tape as rows.

    Attributes:
        orders: Order ids.
        pools: (sku, location) of each pool row; row 0 is no pool.
        tiers: Name of each tier code.
        contents: Digest of each accepted order's content.
        arrivals: Arrival numbers of adopted reservations.
        commands: How many commands have been written.
    """

    orders: OrderNames | NumberedOrders | ContinuedOrders = field(default_factory=OrderNames)
    pools: list[tuple[str, str]] = field(default_factory=lambda: [("", "")])
    tiers: tuple[str, ...] = ()
    contents: dict[int, bytes] = field(default_factory=dict)
    arrivals: set[int] = field(default_factory=set)
    commands: int = 0
    lines: int = 0
    adoptions: int = 0
    _pool_rows: dict[tuple[str, str], int] = field(default_factory=dict)
    _pool_order: list[tuple[str, str]] = field(default_factory=list)
    _days: set[int] = field(default_factory=set)
    _adopted_rows: dict[str, int] = field(default_factory=dict)
    _adopted_names: dict[int, str] = field(default_factory=dict)

    @classmethod
    def of(cls, columns: Columns, book: Book) -> Register:
        """The register of a whole tape, which is put into an empty book."""
        register = cls(orders=columns.orders, pools=[("", ""), *columns.pools])
        register.set_tiers(columns.tiers, book)
        register._pool_rows = {name: row for row, name in enumerate(columns.pools, 1)}
        register._pool_order = sorted(columns.pools)
        book.add_pools(len(columns.pools) + 1)
        book.chain_pools([register._pool_rows[name] for name in register._pool_order])
        book.add_orders(len(columns.orders))
        book.replace(commands=columns.commands, lines=columns.lines, adoptions=columns.adoptions)
        register.lines, register.adoptions = len(columns.lines), len(columns.adoptions)
        # Every line becomes a reservation at the most; growing on the way would copy what is there.
        book.reserve_reservations(len(columns.lines) + len(columns.adoptions) + 1)
        register.know_days(columns.days, book)
        return register

    def copy(self) -> Register:
        """The same register, for a copy of the book."""
        register = Register()
        register.__dict__.update({name: _copied(value) for name, value in self.__dict__.items()})
        return register

    # ----- names

    def set_tiers(self, names: tuple[str, ...], book: Book) -> None:
        """Number the tiers."""
        self.tiers = names
        book.replace(tiers=tier_rows(book.policy, names))

    def tier(self, name: str) -> int:
        """Code of a tier, or NOBODY."""
        return self.tiers.index(name) if name in self.tiers else NOBODY

    def pool(self, name: tuple[str, str]) -> int:
        """Row of a pool, or NOBODY."""
        return self._pool_rows.get(name, NOBODY)

    def known_pools(self) -> Sequence[tuple[str, str]]:
        """The pools in (sku, location) order."""
        return self._pool_order

    def order(self, name: str) -> int:
        """Row of an order, or NOBODY."""
        row = self.orders.row(name) if name else None
        return NOBODY if row is None else row

    def add_order(self, name: str) -> None:
        """The next order row is that of this order."""
        if not isinstance(self.orders, OrderNames):
            raise EngineFault(f"order {name} came on top of a sampled tape, which has all its orders")
        self.orders.add(name)

    def reservation(self, name: str, book: Book) -> int:
        """Row of a reservation, or NOBODY."""
        if name in self._adopted_rows:
            return self._adopted_rows[name]
        parts = split_reservation_name(name)
        order = self.order(parts[0]) if parts else NOBODY
        if parts is None or order == NOBODY:
            return NOBODY
        row = int(book.tables.orders["first"][order])
        # An adopted one has the name it was given, whatever its line.
        while row != NOBODY and (row in self._adopted_names or int(book.tables.reservations["line"][row]) != parts[1]):
            row = int(book.tables.reservations["next_in_order"][row])
        return row

    def reservation_name(self, row: int, book: Book) -> str:
        """Id of a reservation's row."""
        if row in self._adopted_names:
            return self._adopted_names[row]
        found = book.tables.reservations[row]
        return reservation_name(self.orders.name(int(found["order"])), int(found["line"]))

    def add_adopted(self, name: str, row: int, arrival: int) -> None:
        """An adopted reservation keeps its id and its arrival number."""
        self._adopted_rows[name] = row
        self._adopted_names[row] = name
        self.arrivals.add(arrival)

    @property
    def adopted(self) -> dict[int, str]:
        """Ids of the adopted reservations by their rows."""
        return self._adopted_names

    # ----- rows

    def add_pool(self, name: tuple[str, str], book: Book) -> int:
        """A row for a new pool."""
        row = len(self.pools)
        self.pools.append(name)
        self._pool_rows[name] = row
        insort(self._pool_order, name)
        book.add_pools(row + 1)
        book.chain_pools([self._pool_rows[known] for known in self._pool_order])
        return row

    def know_days(self, days: Sequence[int], book: Book) -> None:
        """Put dates on the calendar."""
        new = [day for day in dict.fromkeys(days) if day > 0 and day not in self._days]
        if new:
            self._days.update(new)
            book.replace(calendar=np.concatenate([book.tables.calendar, calendar_rows(new, book.policy)]))

    def add_lines(self, lines: Sequence[tuple[int, int, int]], book: Book) -> int:
        """Rows for lines (pool, day, units); the first one."""
        first = self.lines
        self.lines = first + len(lines)
        self.know_days([day for _, day, _ in lines], book)
        book.reserve("lines", self.lines)
        for row, line in enumerate(lines, first):
            book.tables.lines[row] = line
        return first

    def add_adoption(self, adoption: tuple[int, ...], book: Book) -> int:
        """A row for what an ``adopt`` says (`tables.ADOPTION`)."""
        row = self.adoptions
        self.adoptions = row + 1
        book.reserve("adoptions", self.adoptions)
        book.tables.adoptions[row] = adoption
        return row

    def add_command(self, command: tuple[int, ...], local_day: int, book: Book) -> int:
        """A row for a command (`tables.COMMAND`) and the local date of its instant."""
        row = self.commands
        self.commands = row + 1
        book.reserve("commands", self.commands)
        book.reserve("local_days", self.commands)
        book.tables.commands[row] = command
        book.tables.local_days[row] = (local_day,)
        return row


def _copied(value: object) -> object:
    return value.copy() if hasattr(value, "copy") else value
