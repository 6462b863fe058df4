"""Reading the values of commands: what each field must be, and the text that says what is wrong with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any, TypeVar

from allocation.engine.errors import Problem, TapeError
from allocation.engine.instants import milliseconds
from allocation.engine.policy import MICRO, QUANTITY_MAX, RATE_MAX

T = TypeVar("T")
ID_LENGTH_MAX = 200
SHOWN_MAX = 60
YEAR_MIN, YEAR_MAX = 1900, 9000
"""Instants and dates outside are slips of the pen, and calendars end near them."""
EXPECTED_MAX = 1000 * QUANTITY_MAX
"""Most units that a pool may expect in all, so that limits fit 64 bits."""


FIELDS: dict[str, tuple[frozenset[str], frozenset[str]]] = {
    kind: (frozenset(required.split()), frozenset(optional.split()))
    for kind, required, optional in (
        ("supply", "sku location", "on_hand received expected"),
        ("overbooking", "sku location rate", "source"),
        (
            "place",
            "order_id customer_id ship_date lines",
            "tier payment previous_purchases cart_value membership_years source",
        ),
        ("pay", "", "order_id reservation_id"),
        ("cancel", "", "order_id reservation_id only"),
        ("tier", "tier", "order_id reservation_id"),
        (
            "adopt",
            "sku location reservation_id order_id quantity tier arrival requested status paid",
            "assigned expires_at previous_purchases cart_value membership_years",
        ),
        ("dates", "confirmed", "released_until sku location"),
        ("expire", "", ""),
        ("confirm", "ship_date", "sku location"),
        ("release", "ship_date", "sku location"),
    )
}
"""The fields that each type of command must and may have, besides its type and instant."""
NULLABLE = frozenset({"assigned", "expires_at", "released_until"})
"""The fields that may be null."""
MISSING: Any = type("Missing", (), {"__repr__": lambda _self: "(missing)"})()
"""Stands for a field that a customer's order should have and has not: no value of its kind."""


def fields_of(kind: str, command: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a command of a tape, for the method of its type.

    An order comes from a customer: what it lacks is one more reason to refuse it, and what it has beyond its fields,
    such as an e-mail address, is not read.

    Raises:
        TapeError: A field is missing, unknown or null.
    """
    required, optional = FIELDS[kind]
    problems = [] if "at" in command else ["at is missing"]
    if kind != "place":
        given = command.keys() - {"type", "at"}
        problems += [f"{name} is missing" for name in sorted(required - given)]
        known = ", ".join(sorted(required | optional)) or "none"
        problems += [f"{name} is no field of it; it has {known}" for name in sorted(given - required - optional)]
        problems += [f"{name} None must have a value" for name in sorted(given - NULLABLE) if command[name] is None]
    if problems:
        raise TapeError([Problem((), f"{kind}: {problem}") for problem in problems])
    fields = {name: command[name] for name in ("at", *required, *optional) if name in command}
    if kind == "place":
        fields |= dict.fromkeys(required - command.keys(), MISSING)
    return fields


class Malformed(ValueError):
    """A value is not what its field asks for; the text names the field, the value and the rule."""


def shown(value: object) -> str:
    """A value as it appears in a message: never longer than a line."""
    text = repr(value)
    return text if len(text) <= SHOWN_MAX else text[: SHOWN_MAX - 3] + "..."


def text(value: object, name: str) -> str:
    """A text that is not empty."""
    if not isinstance(value, str) or not value.strip():
        raise Malformed(f"{name} {shown(value)} must be a text that is not empty")
    if not value.isprintable():
        raise Malformed(f"{name} {shown(value)} has characters that cannot be printed")
    if len(value) > ID_LENGTH_MAX:
        raise Malformed(f"{name} {shown(value)} is longer than {ID_LENGTH_MAX} characters")
    return value


def whole(value: object, name: str, low: int = 0, high: int = QUANTITY_MAX) -> int:
    """A whole number in a range."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise Malformed(f"{name} {shown(value)} must be a whole number")
    if not low <= value <= high:
        raise Malformed(f"{name} {value} must be from {low} to {high}")
    return value


def decimal(value: object, name: str, high: int = QUANTITY_MAX) -> Decimal:
    """A number that is not negative, exactly as it is written."""
    if isinstance(value, bool) or not isinstance(value, (int, float, Decimal)):
        raise Malformed(f"{name} {shown(value)} must be a number")
    number = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
    if not number.is_finite() or not 0 <= number <= high:
        raise Malformed(f"{name} {value} must be from 0 to {high}")
    return number


def rate(value: object) -> int:
    """An overbooking rate, in millionths."""
    number = Fraction(decimal(value, "rate", RATE_MAX)) * MICRO
    if number.denominator != 1:
        raise Malformed(f"rate {value} has more than 6 decimals")
    return int(number)


def hundreds(value: object) -> int:
    """Whole hundreds of a cart value."""
    return int(Fraction(decimal(value, "cart_value")) // 100)


def day(value: object, name: str) -> int:
    """The day number of a calendar date, written ``YYYY-MM-DD``."""
    if isinstance(value, str) and len(value) == len("2025-01-31"):
        with suppress(ValueError):
            value = date.fromisoformat(value)
    if not isinstance(value, date) or isinstance(value, datetime):
        raise Malformed(f"{name} {shown(value)} must be a calendar date such as 2025-01-31")
    if not YEAR_MIN <= value.year <= YEAR_MAX:
        raise Malformed(f"{name} {value} is not in the years {YEAR_MIN} to {YEAR_MAX}")
    return value.toordinal()


def instant(value: object, name: str = "at") -> int:
    """Milliseconds of an instant with an offset."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            raise Malformed(f"{name} {shown(value)} is no instant such as 2025-01-31T18:00:00Z") from None
    if not isinstance(value, datetime):
        raise Malformed(f"{name} {shown(value)} must be an instant such as 2025-01-31T18:00:00Z")
    if value.tzinfo is None:
        raise Malformed(f"{name} {value.isoformat()} has no offset; write one such as Z or +02:00")
    if not YEAR_MIN <= value.year <= YEAR_MAX:
        raise Malformed(f"{name} {value.isoformat()} is not in the years {YEAR_MIN} to {YEAR_MAX}")
    return milliseconds(value)


def boolean(value: object, name: str) -> bool:
    """True or false."""
    if not isinstance(value, bool):
        raise Malformed(f"{name} {shown(value)} must be true or false")
    return value


def choice(value: object, name: str, choices: Mapping[str, T]) -> T:
    """One of a few words."""
    if not isinstance(value, str) or value not in choices:
        raise Malformed(f"{name} {shown(value)} must be one of {', '.join(choices)}")
    return choices[value]


def rows(value: object, name: str) -> Sequence[Mapping[str, Any]]:
    """A list of objects."""
    if isinstance(value, (str, bytes)) or not isinstance(value, Sequence):
        raise Malformed(f"{name} {shown(value)} must be a list")
    for item in value:
        if not isinstance(item, Mapping):
            raise Malformed(f"{name} has {shown(item)}, which is no object")
    return value


class Reader:
    """Reads the fields of one command and collects everything that is wrong with them."""

    def __init__(self) -> None:
        self.problems: list[str] = []

    def read(self, parse: Callable[..., T], default: T, *arguments: Any) -> T:
        """The parsed value, or the default with a problem noted."""
        try:
            return parse(*arguments)
        except Malformed as problem:
            self.problems.append(str(problem))
            return default

    def text(self, value: object, name: str) -> str:
        """A text, empty where it is malformed."""
        return self.read(text, "", value, name)

    def whole(self, value: object, name: str, low: int = 0) -> int:
        """A whole number, `low` where it is malformed."""
        return self.read(whole, low, value, name, low)

    def day(self, value: object, name: str) -> int:
        """A day number, 0 where it is malformed."""
        return self.read(day, 0, value, name)

    def rows(self, value: object, name: str) -> Sequence[Mapping[str, Any]]:
        """A list of objects, empty where it is malformed."""
        none: Sequence[Mapping[str, Any]] = ()
        return self.read(rows, none, value, name)

    def pool_name(self, sku: object, location: object) -> tuple[str, str]:
        """The name of a pool."""
        return self.text(sku, "sku"), self.text(location, "location")

    def inputs(self, purchases: object, cart_value: object, years: object) -> tuple[int, int, int]:
        """The scoring inputs: earlier purchases, whole hundreds of cart value, membership years."""
        return (
            self.whole(purchases, "previous_purchases"),
            self.read(hundreds, 0, cart_value),
            self.whole(years, "membership_years"),
        )

    def deliveries(self, expected: object) -> list[tuple[int, int, int]]:
        """Lines of a supply: no pool, day number, units."""
        deliveries = []
        for item in self.rows(expected, "expected"):
            when = self.day(item.get("date"), "expected date")
            units = self.whole(item.get("quantity"), "expected quantity")
            if item.get("ref") is not None:
                self.text(item["ref"], "expected ref")
            deliveries.append((0, when, units))
        if sum(units for _, _, units in deliveries) > EXPECTED_MAX:
            self.problems.append(f"expected: more than {EXPECTED_MAX} units in all")
        return deliveries

    def items(self, lines: object) -> list[tuple[str, str, int]]:
        """Lines of an order: sku, location, units."""
        before = len(self.problems)
        items = [
            (
                self.text(item.get("sku"), f"line {number}: sku"),
                self.text(item.get("location"), f"line {number}: location"),
                self.whole(item.get("quantity"), f"line {number}: quantity", 1),
            )
            for number, item in enumerate(self.rows(lines, "lines"), 1)
        ]
        if not items and len(self.problems) == before:
            self.problems.append("lines: an order needs at least one line")
        return items
