"""What a release needs of an order management system, whatever it is.

An adapter (``oms/fluent`` is one) offers these calls, and a numbered conformance suite proves that it does
(``tests/oms/conformance.py``). Nothing here speaks to anybody.

::

    Outcome of a write
    ├── Confirmed    it was done, and the answer says so
    ├── Rejected     it was not done, and never will be: the system said so, with a code that is known to mean that
    ├── Taken        it was not done: something of this key is there already; look whether it is the same
    ├── NotSent      it was not done: the request never left, or was turned away before anything was looked at
    └── Unknown      nobody knows; look it up by its key before anything else
"""

from __future__ import annotations

import enum
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Protocol, TypeAlias

from allocation.engine.codes import Status

KEY_DIGITS = 20
KEY_PREFIX_MAX = 40
HOLDS_MAX = 20
"""Holds that are best written by one call: an adapter may send them as one request, whose parts can be told apart."""


# ----- outcomes


@dataclass(frozen=True, slots=True)
class Confirmed:
    """It was done.

    Attributes:
        reference: What the system calls the thing that was written, such as its id.
    """

    reference: str


@dataclass(frozen=True, slots=True)
class Rejected:
    """It was not done, and sending it again would not change that.

    Attributes:
        code: The system's own code.
        reason: What it says.
    """

    code: str
    reason: str


@dataclass(frozen=True, slots=True)
class Taken:
    """It was not done, because the key is taken: by this very thing, sent before, or by another one.

    Attributes:
        code: The system's own code.
        reason: What it says.
    """

    code: str
    reason: str


@dataclass(frozen=True, slots=True)
class NotSent:
    """It was not done: the request never left, or was turned away unread. It may be sent again."""

    reason: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """Nobody knows whether it was done. It must be looked up, and is never sent again before that."""

    reason: str


Outcome: TypeAlias = Confirmed | Rejected | Taken | NotSent | Unknown


class Uniqueness(enum.Enum):
    """What is proved of the system: whether a second order under a key that is taken is refused."""

    ENFORCED = "enforced"
    NONE = "none"


# ----- what is read


@dataclass(frozen=True, slots=True)
class Arrival:
    """Units that are promised to arrive on a date."""

    day: date
    quantity: int
    ref: str


@dataclass(frozen=True, slots=True)
class PoolSupply:
    """Supply of one SKU at one location.

    Attributes:
        sku, location: The pool.
        on_hand: Units that no order has taken: the system takes off what orders take, maybe a little later.
        arrivals: In the order of their dates.
        counted: Units of the last count, with what orders took since; None where the system does not tell.
        counted_at: When they were counted.
    """

    sku: str
    location: str
    on_hand: int
    arrivals: tuple[Arrival, ...] = ()
    counted: int | None = None
    counted_at: datetime | None = None


OPEN = (Status.RESERVED, Status.CONFIRMED, Status.QUEUED, Status.WAITLISTED)
"""Statuses of a hold that is open."""


@dataclass(frozen=True, slots=True)
class Hold:
    """An open reservation as the system keeps it: all that ``adopt`` needs (RULES.md section 4).

    Attributes:
        reservation_id, order_id: Their ids.
        sku, location: The pool.
        quantity: Units.
        tier: The customer's tier.
        purchases, cart_value, membership_years: Inputs of the score; the cart value in hundredths of the currency.
        arrival: Arrival number.
        requested: The ship date that its queue is of.
        assigned: Where it is held; None while it waits.
        status: RESERVED, CONFIRMED, QUEUED or WAITLISTED while it is open, else how it ended.
        paid: Whether it is paid.
        expires_at: When it expires, if it is held and unpaid.
        customer: The customer's reference, empty where it is not known.
        made_at: When the system got it, by its own clock; None for one that was not read. No part of what it says.
    """

    reservation_id: str
    order_id: str
    sku: str
    location: str
    quantity: int
    tier: str
    arrival: int
    requested: date
    assigned: date | None
    status: Status
    paid: bool
    expires_at: datetime | None = None
    purchases: int = 0
    cart_value: int = 0
    membership_years: int = 0
    customer: str = ""
    made_at: datetime | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class ReleaseOrder:
    """The order that gives a reservation its units.

    Attributes:
        key: Its own reference, the same for the same effect on any machine (`order_key`).
        reservation_id: Whose units they are.
        customer: The customer's reference.
        sku, location: The pool.
        quantity: Units.
        tier: The customer's tier.
        ship_date: When it ships.
    """

    key: str
    reservation_id: str
    customer: str
    sku: str
    location: str
    quantity: int
    tier: str
    ship_date: date

    def payload(self) -> tuple[str, str, str, str, int, str]:
        """What must be the same wherever an order of this key is found."""
        day = self.ship_date.isoformat()
        return self.reservation_id, self.customer, self.sku, self.location, self.quantity, day


@dataclass(frozen=True, slots=True)
class FoundOrder:
    """An order that the system has.

    Attributes:
        key: Its key, whoever made it.
        reference: What the system calls it.
        order: What it says of itself; None where it cannot be read as an order of a release.
        status: The system's own word.
        live: Whether it stands; a cancelled one gives nobody anything.
        made_at: When the system got it, by its own clock.
        reservation_id: The reservation that it names, though the rest cannot be read; empty where it names none.
        takes: SKU, location and units of what it takes, as far as that can be read.
    """

    key: str
    reference: str
    order: ReleaseOrder | None
    status: str
    live: bool
    made_at: datetime
    reservation_id: str = ""
    takes: tuple[tuple[str, str, int], ...] = ()


# ----- the calls


class Reader(Protocol):
    """What a plan needs. It cannot write."""

    @property
    def account(self) -> str:
        """Whose system it is: part of every key."""
        ...

    def supply(self, pools: Sequence[tuple[str, str]] | None = None) -> Iterator[PoolSupply]:
        """The supply of these pools (sku, location), or of all; every page."""
        ...

    def holds(self) -> Iterator[Hold]:
        """Every hold that is open, with when it was made, in no order; every page."""
        ...

    def holds_named(self, reservation_ids: Sequence[str]) -> Iterator[Hold]:
        """The holds of these reservations, open or ended, in no order; of one that has none there is nothing."""
        ...

    def orders(self, keys: Sequence[str]) -> Iterator[FoundOrder]:
        """Every order under these keys, in no order; more than one a key where nothing prevents that."""
        ...

    def orders_since(self, since: datetime) -> Iterator[FoundOrder]:
        """Every order that was made at or after an instant, whoever made it; every page."""
        ...

    def known_customers(self, customers: Sequence[str]) -> list[str]:
        """Those of these customers for whom an order can be made, in the order in which they were given."""
        ...

    def uniqueness(self) -> Uniqueness:
        """What has been proved of this account."""
        ...


class Writer(Reader, Protocol):
    """What an apply needs."""

    def write_holds(self, holds: Sequence[Hold]) -> list[Outcome]:
        """Write holds, or bring those of these reservations up to date; what became of each. Twice is as once."""
        ...

    def submit(self, order: ReleaseOrder) -> Outcome:
        """Create an order. One request; it is never sent again from here."""
        ...


# ----- keys


def order_key(account: str, launch: str, reservation_id: str, wave: date, purpose: str = "release") -> str:
    """The reference of an effect: readable at the front, and the same on any machine and after a lost journal.

    It holds no random number and no time. Two effects that differ in anything have different keys: what is hashed says
    how long each part is.

    >>> order_key("ACME", "iphone-15-pro", "RES-O-1-1", date(2025, 9, 22))
    'RES-O-1-1-20250922-5c110fb51c4aee200476'

    Raises:
        ValueError: A part is empty.
    """
    parts = (account, launch, reservation_id, wave.isoformat(), purpose)
    if not all(parts):
        raise ValueError(f"{parts} has an empty part; an effect has an account, a launch, a reservation and a purpose")
    text = "".join(f"{len(part.encode())}:{part}" for part in parts)
    digest = hashlib.sha256(text.encode()).hexdigest()[:KEY_DIGITS]
    readable = "".join(c if c.isascii() and (c.isalnum() or c in "-_") else "-" for c in reservation_id)
    return f"{readable[:KEY_PREFIX_MAX]}-{wave:%Y%m%d}-{digest}"
