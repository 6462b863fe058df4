"""Reading the values of commands: what each field must be, and the text that says what is wrong with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, TypeVar

from allocation.engine.policy import MICRO, QUANTITY_MAX, RATE_MAX
from allocation.engine.instants import milliseconds

T = TypeVar("T")
ID_LENGTH_MAX = 200


class Malformed(ValueError):
    """A value is not what its field asks for; the text names the field, the value and the rule."""


def shown(value: object) -> str:
    """A value as it appears in a message: never longer than a line."""
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def text(value: object, name: str) -> str:
    """A text that is not empty."""
    if not isinstance(value, str) or not value.strip():
        raise Malformed(f"{name} {shown(value)} must be a text that is not empty")
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
    number = decimal(value, "rate", RATE_MAX) * MICRO
    if number != number.to_integral_value():
        raise Malformed(f"rate {value} has more than 6 decimals")
    return int(number)


def hundreds(value: object) -> int:
    """Whole hundreds of a cart value."""
    try:
        return int(decimal(value, "cart_value") // 100)
    except InvalidOperation:
        raise Malformed(f"cart_value {shown(value)} has too many digits") from None


def day(value: object, name: str) -> int:
    """The day number of a calendar date, written ``YYYY-MM-DD``."""
    if isinstance(value, date) and not isinstance(value, datetime):
        return value.toordinal()
    if isinstance(value, str) and len(value) == len("2025-01-31"):
        try:
            return date.fromisoformat(value).toordinal()
        except ValueError:
            pass
    raise Malformed(f"{name} {shown(value)} must be a calendar date such as 2025-01-31")


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
    return milliseconds(value)


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
