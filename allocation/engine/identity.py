"""Names of orders and reservations: text outside, row numbers inside."""

from __future__ import annotations

from dataclasses import dataclass, field

RESERVATION_PREFIX = "RES-"
LINE_DIGITS_MAX = 9


@dataclass
class OrderNames:
    """The order ids of a book, in the order of their rows."""

    names: list[str] = field(default_factory=list)
    rows: dict[str, int] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.names)

    def add(self, name: str) -> int:
        """A row for a new order."""
        self.rows[name] = len(self.names)
        self.names.append(name)
        return self.rows[name]

    def row(self, name: str) -> int | None:
        """The row of an order id, if it is known."""
        return self.rows.get(name)

    def name(self, row: int) -> str:
        """The id of an order."""
        return self.names[row]

    def copy(self) -> OrderNames:
        """The same names, for a copy of the book."""
        return OrderNames(list(self.names), dict(self.rows))


@dataclass(frozen=True, slots=True)
class NumberedOrders:
    """Order ids that are made from their rows (``O-0000001`` is row 0), so that a large tape keeps no text."""

    count: int
    prefix: str = "O-"

    def __len__(self) -> int:
        return self.count

    def row(self, name: str) -> int | None:
        """The row of an order id, if it is known."""
        digits = name.removeprefix(self.prefix)
        if not (digits.isascii() and digits.isdigit()):
            return None
        row = int(digits) - 1
        return row if 0 <= row < self.count and self.name(row) == name else None

    def name(self, row: int) -> str:
        """The id of an order."""
        return f"{self.prefix}{row + 1:07d}"

    def copy(self) -> NumberedOrders:
        """The same names, for a copy of the book."""
        return self


@dataclass(frozen=True, slots=True)
class ContinuedOrders:
    """The orders of a launch that has begun, and behind them those that are still to come."""

    known: OrderNames | NumberedOrders | ContinuedOrders
    more: NumberedOrders

    @classmethod
    def after(cls, known: OrderNames | NumberedOrders | ContinuedOrders, count: int) -> ContinuedOrders:
        """So many orders behind the known ones, under names that none of those has."""
        prefix = "NEW-"
        while any(known.name(row).startswith(prefix) for row in range(len(known))):
            prefix += "-"
        return cls(known, NumberedOrders(count, prefix))

    def __len__(self) -> int:
        return len(self.known) + len(self.more)

    def row(self, name: str) -> int | None:
        """The row of an order id, if it is known."""
        row = self.more.row(name)
        return self.known.row(name) if row is None else len(self.known) + row

    def name(self, row: int) -> str:
        """The id of an order."""
        return self.known.name(row) if row < len(self.known) else self.more.name(row - len(self.known))

    def copy(self) -> ContinuedOrders:
        """The same names, for a copy of the book."""
        return self


def reservation_name(order: str, line: int) -> str:
    """The id of a line's reservation."""
    return f"{RESERVATION_PREFIX}{order}-{line}"


def split_reservation_name(name: str) -> tuple[str, int] | None:
    """The order id and the line number in a reservation id, if it has the form of one."""
    if not name.startswith(RESERVATION_PREFIX):
        return None
    order, _, line = name.removeprefix(RESERVATION_PREFIX).rpartition("-")
    if not (line.isascii() and line.isdigit() and len(line) <= LINE_DIGITS_MAX):
        return None
    # Only the very id that `reservation_name` gives: RES-A-01 is no name of line 1.
    parts = (order, int(line))
    return parts if order and reservation_name(*parts) == name else None
