"""A slow and obvious model of the allocation rules: the oracle that the engine is compared with.

It keeps nothing but the plain facts (supply, reservations, marked dates) and recomputes every limit,
headroom, queue and rank from them on every question.  Section numbers are those of the rules.

Notes that begin with "Ambiguity:" say where the rules leave room, which reading is taken here, and which of
the published cases fail under the other reading ("undecided" where every case agrees with both readings).
"""

from __future__ import annotations

import copy
import math
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

Number = int | float | Decimal
PoolKey = tuple[str, str]

DEFAULT_POLICY: dict = {
    "timezone": "UTC",
    "tiers": {"VIP": 100, "STANDARD": 50},
    "scoring": {"previous_purchase": 0, "cart_value_per_100": 0, "membership_year": 0},
    "overbooking": {"rate": 1.05},
    "hold": "firm",
    "queue": {"enabled": True, "max_depth": None, "admission": "arrival"},
    "waves": {"assignment": "requested", "move_up": False},
    "expiration": {"days_before_ship": 7, "grace_hours": 24, "max_hold_hours": None},
    "intake": {"min_days": 7, "max_days": 180, "max_quantity": 10, "lines": "independent"},
    "confirm": {"unreserved": "keep"},
    "release": {
        "shortfall": "cancel",
        "fill": "skip",
        "standby": True,
        "unfilled": "cancel",
        "alert_broken_share": 0.10,
    },
}

HELD = ("RESERVED", "CONFIRMED")
ACTIVE = (*HELD, "QUEUED")
WAITING = ("QUEUED", "WAITLISTED")
OPEN = (*HELD, *WAITING)
ENDED = ("CANCELLED", "EXPIRED", "REJECTED")
STATUSES = (*OPEN, "ALLOCATED", *ENDED)
# Within a command only: a new line, or one that rolls over, whose turn has not come.
UNDECIDED = "UNDECIDED"

MAX_QUANTITY = 10**9
DATE_SHAPE = re.compile(r"\d{4}-\d{2}-\d{2}")


class TapeFault(Exception):
    """A line that makes the whole tape invalid, as opposed to a command that is refused."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(f"line {line}: {message}")
        self.line = line


class Malformed(Exception):
    """A field that is missing or has the wrong shape."""


class Refusal(Exception):
    """A command that is refused: it changes nothing."""

    def __init__(self, *reasons: str) -> None:
        super().__init__(", ".join(reasons))
        self.reasons = list(reasons)


# --- reading fields -------------------------------------------------------------------------------------


def exact(value: Number) -> Fraction:
    """The number as it was written: 1.15 is 115/100, not the nearest binary fraction."""
    return Fraction(str(value))


def read_text(record: dict, key: str) -> str:
    """A required, non-empty text."""
    value = record.get(key)
    if not isinstance(value, str) or not value:
        raise Malformed(f"{key} is missing or no text")
    return value


def read_whole(record: dict, key: str, default: int | None = None) -> int:
    """A whole number from 0 to 10^9; without a default it is required.

    Ambiguity: a number written with a point (2.0) is not whole, and purchases and membership years are
    whole numbers as quantities are; cart value is a decimal number.  Undecided.
    """
    value = record.get(key, default)
    if not isinstance(value, int) or isinstance(value, bool):
        raise Malformed(f"{key} is missing or no whole number")
    if not 0 <= value <= MAX_QUANTITY:
        raise Malformed(f"{key} is out of range")
    return value


def read_number(record: dict, key: str, default: Number | None = None) -> Fraction:
    """A decimal number that is not negative; without a default it is required."""
    value = record.get(key, default)
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal) or not math.isfinite(value):
        raise Malformed(f"{key} is missing or no number")
    if value < 0:
        raise Malformed(f"{key} is negative")
    return exact(value)


def to_date(value: object) -> date:
    """A calendar date written YYYY-MM-DD."""
    if not isinstance(value, str) or not DATE_SHAPE.fullmatch(value):
        raise Malformed("not a calendar date")
    try:
        return date.fromisoformat(value)
    except ValueError as error:
        raise Malformed("not a calendar date") from error


def read_date(record: dict, key: str) -> date:
    """A required calendar date."""
    try:
        return to_date(record.get(key))
    except Malformed as error:
        raise Malformed(f"{key} is missing or no calendar date") from error


def read_instant(record: dict, key: str) -> int:
    """A required instant with an offset, as milliseconds since 1970 (finer parts are cut off)."""
    value = record.get(key)
    if not isinstance(value, str):
        raise Malformed(f"{key} is missing or no instant")
    try:
        moment = datetime.fromisoformat(value)
    except ValueError as error:
        raise Malformed(f"{key} is no instant") from error
    if moment.tzinfo is None:
        raise Malformed(f"{key} has no offset")
    return to_ms(moment)


def read_choice(record: dict, key: str, choices: tuple[str, ...], default: str | None = None) -> str | None:
    """One of a few words, or the default when the field is absent.

    Ambiguity: here and for every other field null is no value, hence malformed; only `assigned`,
    `expires_at` and `released_until` may be null.  Undecided.
    """
    if key in record and record[key] not in choices:
        raise Malformed(f"{key} is not one of {', '.join(choices)}")
    return record.get(key, default)


def read_list(record: dict, key: str) -> list:
    """A required list."""
    value = record.get(key)
    if not isinstance(value, list):
        raise Malformed(f"{key} is missing or no list")
    return value


def to_ms(moment: datetime) -> int:
    """Milliseconds since 1970."""
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)


def read_expected(command: dict) -> list[tuple[date, int]]:
    """The dated arrivals of a supply command; the `ref` decides nothing."""
    entries = []
    for entry in read_list(command, "expected"):
        if not isinstance(entry, dict):
            raise Malformed("an expected entry is no object")
        entries.append((read_date(entry, "date"), read_whole(entry, "quantity")))
    return entries


def read_rate(record: dict) -> Fraction:
    """An overbooking rate: not negative, at most six decimals."""
    rate = read_number(record, "rate")
    if (rate * 10**6).denominator != 1:
        raise Malformed("rate has more than six decimals")
    return rate


# --- what is kept ---------------------------------------------------------------------------------------


@dataclass
class Reservation:
    """One line of an accepted order."""

    reservation_id: str
    order_id: str
    pool: PoolKey
    quantity: int
    tier: str
    purchases: int
    cart_value: Fraction
    years: int
    arrival: int
    requested: date
    paid: bool
    status: str = UNDECIDED
    reason: str | None = None
    assigned: date | None = None
    expires_at: int | None = None
    score: Fraction = Fraction(0)

    @property
    def held(self) -> bool:
        return self.status in HELD

    @property
    def active(self) -> bool:
        return self.status in ACTIVE

    @property
    def waiting(self) -> bool:
        return self.status in WAITING

    @property
    def open(self) -> bool:
        return self.status in OPEN

    def priority(self) -> tuple[Fraction, int]:
        """Sorts the best first: score descending, then arrival."""
        return (-self.score, self.arrival)

    def end(self, status: str, reason: str | None = None) -> None:
        """Leave the book (or get stock); only stock keeps a date."""
        self.status = status
        self.reason = reason
        self.assigned = None
        self.expires_at = None

    def let_go(self) -> None:
        """Stand in line: whatever was held is given back."""
        self.status = "QUEUED"
        self.assigned = None
        self.expires_at = None


@dataclass
class Pool:
    """One SKU at one location."""

    key: PoolKey
    rate: Fraction
    on_hand: int = 0
    expected: list[tuple[date, int]] = field(default_factory=list)
    confirmed: set[date] = field(default_factory=set)
    closed_until: date | None = None

    def is_closed(self, day: date) -> bool:
        return self.closed_until is not None and day <= self.closed_until

    def close(self, day: date) -> None:
        """Close every date up to this one; closed dates never open again."""
        if not self.is_closed(day):
            self.closed_until = day

    def expected_dates(self) -> list[date]:
        """The dates of the announced arrivals."""
        return sorted({day for day, _ in self.expected})


@dataclass(frozen=True)
class OrderContent:
    """What a place command asks for, with defaults filled in: what decides whether a repeat is identical."""

    customer_id: str
    tier: str
    ship_date: date
    lines: tuple[tuple[PoolKey, int], ...]
    paid: bool
    purchases: int
    cart_value: Fraction
    years: int
    source: object


@dataclass
class ReleaseTotals:
    """What one release did, over all its pools."""

    allocated_units: int = 0
    allocated: int = 0
    broken: int = 0
    pools: int = 0


def merge_policy(given: dict) -> dict:
    """Fill in the defaults (section 10).

    Ambiguity: `tiers` is a section like the others, so a tier left out keeps its default score.  Undecided:
    the cases name no tier or all of them.
    """
    merged = copy.deepcopy(DEFAULT_POLICY)
    for name, value in given.items():
        if isinstance(value, dict):
            merged[name].update(value)
        else:
            merged[name] = value
    return merged


class Reference:
    """The book of one tape under one policy."""

    def __init__(self, policy: dict) -> None:
        self.policy = merge_policy(policy)
        self.zone = ZoneInfo(self.policy["timezone"])
        self.pools: dict[PoolKey, Pool] = {}
        self.book: list[Reservation] = []
        self.contents: dict[str, OrderContent] = {}
        self.refused: list[int] = []
        self.releases: list[dict] = []
        self.confirmed_everywhere: set[date] = set()
        self.closed_everywhere: date | None = None
        self.now = 0
        self.started = False
        self.handing_over = True
        self.next_arrival = 1
        self.changed: set[PoolKey] = set()
        # Only for check_invariants.
        self.entered: dict[str, int] = {}
        self.finished: dict[str, tuple] = {}
        self.unsettled: set[PoolKey] = set()

    # --- commands (section 4) ----------------------------------------------------------------------------

    def apply(self, command: dict, line: int) -> list[str]:
        """Carry out one line of the tape: the reasons of a refusal, or nothing."""
        try:
            handler = self._read_header(command)
            self.changed = set()
            handler(command)
        except Malformed as error:
            raise TapeFault(line, str(error)) from error
        except Refusal as refusal:
            self.refused.append(line)
            return refusal.reasons
        # Handing over promotes nothing, so only what came in by other commands is known to be settled.
        if command["type"] in ("adopt", "dates"):
            self.unsettled |= self.changed
            return []
        for key in sorted(self.changed):
            self._promote(self.pools[key])
            self.unsettled.discard(key)
        return []

    def _read_header(self, command: dict) -> Callable[[dict], None]:
        """Check the type and the time of a line, and find what carries it out."""
        if not isinstance(command, dict):
            raise Malformed("no object")
        handlers: dict[object, Callable[[dict], None]] = {
            "supply": self._supply,
            "overbooking": self._overbooking,
            "place": self._place,
            "pay": self._pay,
            "cancel": self._cancel,
            "tier": self._tier,
            "adopt": self._adopt,
            "dates": self._dates,
            "expire": self._expire,
            "confirm": self._confirm,
            "release": self._release,
        }
        kind = command.get("type")
        if not isinstance(kind, str) or kind not in handlers:
            raise Malformed("unknown type")
        now = read_instant(command, "at")
        if self.started and now < self.now:
            raise Malformed("goes back in time")
        self.started, self.now = True, now
        return self._in_order(kind, handlers[kind])

    def _in_order(self, kind: str, handler: Callable[[dict], None]) -> Callable[[dict], None]:
        """Handing over ends with the first command that is neither part of it nor about supply.

        Ambiguity: a late `adopt` or `dates` is refused, since the list of errors of the tape does not name
        it. A refused command ends the handing over, too.  Undecided: no case has a late one.
        """
        if kind not in ("supply", "overbooking", "adopt", "dates"):
            self.handing_over = False
        if kind in ("adopt", "dates") and not self.handing_over:
            return self._refuse_late
        return handler

    def _refuse_late(self, command: dict) -> None:
        """A book is handed over at the start or not at all."""
        raise Refusal("too late to hand over")

    def _supply(self, command: dict) -> None:
        """Set the supply of a pool; the first one makes the pool."""
        key = (read_text(command, "sku"), read_text(command, "location"))
        on_hand = read_whole(command, "on_hand") if "on_hand" in command else None
        received = read_whole(command, "received", 0)
        expected = read_expected(command) if "expected" in command else None
        if key not in self.pools:
            self.pools[key] = self._new_pool(key)
        pool = self.pools[key]
        if on_hand is not None:
            pool.on_hand = on_hand
        pool.on_hand += received
        if expected is not None:
            pool.expected = expected
        self.changed.add(key)

    def _new_pool(self, key: PoolKey) -> Pool:
        """A pool that appears takes over the marks that were made for every pool."""
        pool = Pool(key, exact(self.policy["overbooking"]["rate"]))
        pool.confirmed = set(self.confirmed_everywhere)
        pool.closed_until = self.closed_everywhere
        return pool

    def _overbooking(self, command: dict) -> None:
        """Set the rate of one pool, whoever asked for it (`source` matters to another replay only)."""
        key = (read_text(command, "sku"), read_text(command, "location"))
        rate = read_rate(command)
        read_choice(command, "source", ("policy", "person"), "person")
        pool = self._known_pool(key)
        pool.rate = rate
        self.changed.add(key)

    def _known_pool(self, key: PoolKey) -> Pool:
        if key not in self.pools:
            raise Refusal("unknown pool")
        return self.pools[key]

    def _targets(self, command: dict) -> list[Reservation]:
        """The reservations that a command names, line by line.

        Ambiguity: neither or both of order_id and reservation_id is an error of the tape.  Undecided.
        """
        if ("order_id" in command) == ("reservation_id" in command):
            raise Malformed("names either an order or a reservation")
        key = "order_id" if "order_id" in command else "reservation_id"
        name = read_text(command, key)
        return [r for r in self._by_arrival(self.book) if getattr(r, key) == name]

    @staticmethod
    def _by_arrival(reservations: Iterable[Reservation]) -> list[Reservation]:
        return sorted(reservations, key=lambda r: r.arrival)

    @staticmethod
    def _by_priority(reservations: Iterable[Reservation]) -> list[Reservation]:
        return sorted(reservations, key=Reservation.priority)

    def _pay(self, command: dict) -> None:
        """Open, unpaid targets are paid.

        Ambiguity: paid ones and ended ones of the order are passed over; it is refused only with no unpaid
        open one at all (nearly every case), and waiting ones can be paid (case 18 and 36 others).
        """
        named = self._targets(command)
        targets = [r for r in named if r.open and not r.paid]
        self._need(named, targets)
        for reservation in targets:
            reservation.paid = True
            self._firm_up(reservation)
            self.changed.add(reservation.pool)

    @staticmethod
    def _need(named: list[Reservation], targets: list[Reservation]) -> None:
        """Refuse a command that names nobody, or nobody it could act on."""
        if not named:
            raise Refusal("unknown order or reservation")
        if not targets:
            raise Refusal("no target")

    def _firm_up(self, reservation: Reservation) -> None:
        """A paid reservation that is held on a confirmed date is confirmed."""
        confirmed = self.pools[reservation.pool].confirmed
        if reservation.status == "RESERVED" and reservation.paid and reservation.assigned in confirmed:
            reservation.status = "CONFIRMED"

    def _cancel(self, command: dict) -> None:
        """Open targets (of the kind in `only`) are cancelled by the customer."""
        kinds = {None: OPEN, "waiting": WAITING, "held": HELD, "confirmed": ("CONFIRMED",)}
        only = read_choice(command, "only", ("waiting", "held", "confirmed"))
        named = self._targets(command)
        targets = [r for r in named if r.status in kinds[only]]
        self._need(named, targets)
        for reservation in targets:
            reservation.end("CANCELLED", "customer")
            self.changed.add(reservation.pool)

    def _tier(self, command: dict) -> None:
        """Open targets get a new tier; waiting ones that rose ask for stock again.

        Ambiguity: open targets whose score does not change are targets, so naming the tier that they have
        is not refused.  Cases 9, 11, 22 and 46 others.
        Ambiguity: who is waiting is looked at when its turn comes, not when the command begins.  It matters
        only if one line displaces a later one of its order (adopted lines may differ in score).  Undecided.
        """
        tier = read_text(command, "tier")
        named = self._targets(command)
        if tier not in self.policy["tiers"]:
            raise Refusal("unknown tier")
        targets = [r for r in named if r.open]
        self._need(named, targets)
        before = {r.reservation_id: r.score for r in targets}
        for reservation in targets:
            reservation.tier = tier
            reservation.score = self._score(reservation)
            self.changed.add(reservation.pool)
        for reservation in targets:
            if reservation.waiting and reservation.score > before[reservation.reservation_id]:
                reservation.status = "QUEUED"
                self._ask(reservation)
                self._trim(reservation)

    def _adopt(self, command: dict) -> None:
        """Put an open reservation into the book as it stands.

        Ambiguity: a quantity below 1, and a waiting one with an assigned date, are malformed.  Undecided.
        Ambiguity: new orders arrive after the highest adopted arrival number.  Cases 260 to 267 and 48
        others.
        """
        reservation = self._read_adopted(command)
        if reservation.quantity < 1:
            raise Malformed("quantity below 1")
        if reservation.waiting and reservation.assigned is not None:
            raise Malformed("waiting with an assigned date")
        self._check_adopted(reservation)
        reservation.score = self._score(reservation)
        self._enter(reservation)
        self.next_arrival = max(self.next_arrival, reservation.arrival + 1)
        self.changed.add(reservation.pool)

    @staticmethod
    def _read_adopted(command: dict) -> Reservation:
        """The reservation that an adopt command describes."""
        if not isinstance(command.get("paid"), bool):
            raise Malformed("paid is missing or not true or false")
        if command.get("status") not in STATUSES:
            raise Malformed("status is missing or unknown")
        return Reservation(
            reservation_id=read_text(command, "reservation_id"),
            order_id=read_text(command, "order_id"),
            pool=(read_text(command, "sku"), read_text(command, "location")),
            quantity=read_whole(command, "quantity"),
            tier=read_text(command, "tier"),
            purchases=read_whole(command, "previous_purchases", 0),
            cart_value=read_number(command, "cart_value", 0),
            years=read_whole(command, "membership_years", 0),
            arrival=read_whole(command, "arrival"),
            requested=read_date(command, "requested"),
            paid=command["paid"],
            status=command["status"],
            assigned=None if command.get("assigned") is None else read_date(command, "assigned"),
            expires_at=None if command.get("expires_at") is None else read_instant(command, "expires_at"),
        )

    def _check_adopted(self, reservation: Reservation) -> None:
        """Refuse what does not belong into the book."""
        self._known_pool(reservation.pool)
        if reservation.tier not in self.policy["tiers"]:
            raise Refusal("unknown tier")
        if any(r.reservation_id == reservation.reservation_id for r in self.book):
            raise Refusal("reservation exists")
        if any(r.arrival == reservation.arrival for r in self.book):
            raise Refusal("arrival is taken")
        if not reservation.open:
            raise Refusal("not open")
        if reservation.held and reservation.assigned is None:
            raise Refusal("held without a date")

    def _enter(self, reservation: Reservation) -> None:
        """Write a new reservation into the book."""
        self.book.append(reservation)
        self.entered[reservation.reservation_id] = reservation.quantity

    def _dates(self, command: dict) -> None:
        """Mark confirmed and released dates, for one pool or for every pool."""
        confirmed = {to_date(day) for day in read_list(command, "confirmed")}
        until = None if command.get("released_until") is None else read_date(command, "released_until")
        pools = self._named_pools(command)
        if "sku" not in command:
            self._mark_everywhere(confirmed, until)
        for pool in pools:
            pool.confirmed |= confirmed
            if until is not None:
                pool.close(until)

    def _named_pools(self, command: dict) -> list[Pool]:
        """The pool that a command names, or every pool, in order."""
        if ("sku" in command) != ("location" in command):
            raise Malformed("sku and location come together")
        if "sku" not in command:
            return [self.pools[key] for key in sorted(self.pools)]
        return [self._known_pool((read_text(command, "sku"), read_text(command, "location")))]

    def _mark_everywhere(self, confirmed: set[date], until: date | None) -> None:
        """Remember marks for the pools that appear later."""
        self.confirmed_everywhere |= confirmed
        if until is not None and (self.closed_everywhere is None or until > self.closed_everywhere):
            self.closed_everywhere = until

    def _expire(self, command: dict) -> None:
        """Held, unpaid ones whose clock ran out expire."""
        for reservation in self.book:
            clock = reservation.expires_at
            if reservation.held and not reservation.paid and clock is not None and self.now >= clock:
                reservation.end("EXPIRED", "unpaid")
                self.changed.add(reservation.pool)

    # --- supply, limit, ATP (section 2) ------------------------------------------------------------------

    def _of(self, pool: Pool) -> list[Reservation]:
        return [r for r in self.book if r.pool == pool.key]

    def _supply_by(self, pool: Pool, day: date) -> int:
        return pool.on_hand + sum(quantity for arrives, quantity in pool.expected if arrives <= day)

    def _limit(self, pool: Pool, day: date) -> int:
        return math.floor(self._supply_by(pool, day) * pool.rate)

    def _promised(self, pool: Pool, day: date) -> int:
        return sum(r.quantity for r in self._of(pool) if r.held and r.assigned <= day)

    def _headroom(self, pool: Pool, day: date) -> int:
        return self._limit(pool, day) - self._promised(pool, day)

    def _planning_dates(self, pool: Pool) -> list[date]:
        """Expected dates and the assigned dates of the held ones.

        Ambiguity: an expected entry of quantity 0 is an expected date like any other, here, as a later wave
        and as the next one of a roll-over.  Cases 68, 138, 218.
        """
        return sorted({*pool.expected_dates(), *(r.assigned for r in self._of(pool) if r.held)})

    def _atp(self, pool: Pool, day: date) -> int:
        later = [x for x in self._planning_dates(pool) if x > day]
        return min(self._headroom(pool, x) for x in [day, *later])

    # --- queues (sections 3 and 5) -----------------------------------------------------------------------

    def _score(self, reservation: Reservation) -> Fraction:
        """The exact score of a reservation."""
        weights = self.policy["scoring"]
        hundreds = math.floor(reservation.cart_value / 100)
        return (
            exact(self.policy["tiers"][reservation.tier])
            + exact(weights["previous_purchase"]) * reservation.purchases
            + exact(weights["cart_value_per_100"]) * hundreds
            + exact(weights["membership_year"]) * reservation.years
        )

    def _queue(self, pool: Pool, requested: date) -> list[Reservation]:
        return [r for r in self._of(pool) if r.requested == requested]

    def _queue_dates(self, pool: Pool) -> list[date]:
        return sorted({r.requested for r in self._of(pool) if r.open})

    def _by_admission(self, reservations: Iterable[Reservation]) -> list[Reservation]:
        if self.policy["queue"]["admission"] == "priority":
            return self._by_priority(reservations)
        return self._by_arrival(reservations)

    def _room(self, queue: list[Reservation]) -> bool:
        depth = self.policy["queue"]["max_depth"]
        return depth is None or sum(r.active for r in queue) < depth

    def _trim(self, reservation: Reservation) -> None:
        """While the queue is too long its last QUEUED one goes behind it."""
        depth = self.policy["queue"]["max_depth"]
        queue = self._queue(self.pools[reservation.pool], reservation.requested)
        while depth is not None and sum(r.active for r in queue) > depth:
            queued = [r for r in queue if r.status == "QUEUED"]
            if not queued:
                return
            self._by_admission(queued)[-1].status = "WAITLISTED"

    def _position(self, reservation: Reservation) -> int | None:
        """The place in line (section 3)."""
        queue = self._queue(self.pools[reservation.pool], reservation.requested)
        active = [r for r in queue if r.active]
        if reservation.active:
            return self._by_priority(active).index(reservation) + 1
        if reservation.status == "WAITLISTED":
            behind = self._by_admission(r for r in queue if r.status == "WAITLISTED")
            return len(active) + behind.index(reservation) + 1
        return None

    # --- becoming held (section 5) -----------------------------------------------------------------------

    def _choices(self, reservation: Reservation) -> list[date]:
        """The dates it may stand on, earliest first: the requested one, and later waves with `earliest`.

        Ambiguity: closed dates are left out of every asking for stock, not only in a walk, and the
        requested date is no exception.  Cases 110, 133, 144 and 12 others.
        """
        pool = self.pools[reservation.pool]
        days = [reservation.requested]
        if self.policy["waves"]["assignment"] == "earliest":
            days += [day for day in pool.expected_dates() if day > reservation.requested]
        return [day for day in days if not pool.is_closed(day)]

    def _reserve(self, reservation: Reservation, days: list[date]) -> bool:
        """Reserve on the first of these dates with enough ATP."""
        pool = self.pools[reservation.pool]
        for day in days:
            if self._atp(pool, day) >= reservation.quantity:
                self._hold(reservation, day)
                return True
        return False

    def _hold(self, reservation: Reservation, day: date) -> None:
        """Make it held on this date, and start its clock if it is unpaid."""
        reservation.status = "RESERVED"
        reservation.assigned = day
        reservation.expires_at = None if reservation.paid else self._clock(reservation)
        self._firm_up(reservation)

    def _clock(self, reservation: Reservation) -> int:
        """When an unpaid one that becomes held now will expire.

        The clock starts anew each time: the one of an earlier hold does not count (case 21 and 15 others).
        Ambiguity: a midnight that a time zone skips is the moment of the jump, the first moment of that
        day; one that happens twice is the first.  Undecided.
        """
        rules = self.policy["expiration"]
        hour = 3_600_000
        day = reservation.requested - timedelta(days=rules["days_before_ship"])
        midnight = to_ms(datetime(day.year, day.month, day.day, tzinfo=self.zone))
        clock = max(midnight, self.now + math.floor(exact(rules["grace_hours"]) * hour))
        if rules["max_hold_hours"] is not None:
            clock = min(clock, self.now + math.floor(exact(rules["max_hold_hours"]) * hour))
        return clock

    def _ask(self, reservation: Reservation) -> bool:
        """Ask for stock as a new line does (5.1 to 5.3)."""
        choices = self._choices(reservation)
        on_time = [day for day in choices if day == reservation.requested]
        if self._reserve(reservation, on_time):
            return True
        provisional = self.policy["hold"] == "provisional" and bool(on_time)
        if provisional and self._displace(reservation, lambda r: r.score < reservation.score):
            return True
        return self._reserve(reservation, choices)

    def _displace(self, reservation: Reservation, weaker: Callable[[Reservation], bool]) -> bool:
        """Take the requested date from weaker RESERVED ones, if that is enough (5.2).

        Ambiguity: the displaced ones stay active in their own queues, and only the queue of the line is
        trimmed.  Undecided; it shows only where another queue was too long before (random case 2).
        """
        pool, day = self.pools[reservation.pool], reservation.requested
        victims: list[Reservation] = []
        before = self._atp(pool, day)
        units = max(before, 0)
        standing = [r for r in self._of(pool) if r.status == "RESERVED" and r.assigned == day and weaker(r)]
        for victim in reversed(self._by_priority(standing)):
            if units >= reservation.quantity:
                break
            victims.append(victim)
            units += victim.quantity
        if units < reservation.quantity:
            return False
        for victim in victims:
            victim.let_go()
            if pool.is_closed(victim.requested):
                victim.requested = day
        self._hold(reservation, day)
        assert self._atp(pool, day) >= min(before, 0), "a swap took more than it gave back"
        return True

    # --- place (section 5) -------------------------------------------------------------------------------

    def _place(self, command: dict) -> None:
        """Take an order in.

        Ambiguity: the order_id is looked at before anything else, so a malformed repeat is a conflict; the
        content is that of the accepted place command, whatever `tier` and `pay` did since.  Undecided.
        """
        order_id = command.get("order_id")
        content, reasons = self._read_order(command)
        if isinstance(order_id, str) and any(r.order_id == order_id for r in self.book):
            # Only orders placed here have a content to compare: a repeat of an adopted one is a conflict.
            if content is None or self.contents.get(order_id) != content:
                raise Refusal("conflict")
            return
        if content is not None:
            reasons += self._check_order(content)
        if reasons or content is None:
            raise Refusal(*reasons)
        self.contents[command["order_id"]] = content
        lines = self._new_lines(command["order_id"], content)
        self.changed |= {r.pool for r in lines}
        if self.policy["intake"]["lines"] == "all_or_nothing":
            self._take_all_or_nothing(lines)
        else:
            self._take_each(lines)

    def _read_order(self, command: dict) -> tuple[OrderContent | None, list[str]]:
        """The content of an order, or why it cannot be read.

        Ambiguity: the e-mail address is not read, so it neither counts as content nor can it be malformed
        (undecided: no repeat changes it alone).  `source` counts: cases 12, 15, 27 and 13 others.
        """
        reasons: list[str] = []

        def attempt(read: Callable[[], object]) -> object:
            try:
                return read()
            except Malformed as error:
                reasons.append(str(error))
                return None

        attempt(lambda: read_text(command, "order_id"))
        tier = {"tier": command.get("tier", "STANDARD")}
        fields = {
            "customer_id": attempt(lambda: read_text(command, "customer_id")),
            "tier": attempt(lambda: read_text(tier, "tier")),
            "ship_date": attempt(lambda: read_date(command, "ship_date")),
            "lines": attempt(lambda: self._read_lines(command)),
            "paid": attempt(
                lambda: read_choice(command, "payment", ("AUTHORIZED", "PENDING"), "AUTHORIZED") != "PENDING"
            ),
            "purchases": attempt(lambda: read_whole(command, "previous_purchases", 0)),
            "cart_value": attempt(lambda: read_number(command, "cart_value", 0)),
            "years": attempt(lambda: read_whole(command, "membership_years", 0)),
            "source": command.get("source"),
        }
        return (None, reasons) if reasons else (OrderContent(**fields), reasons)

    @staticmethod
    def _read_lines(command: dict) -> tuple[tuple[PoolKey, int], ...]:
        """The lines of an order: pool and quantity."""
        lines = read_list(command, "lines")
        if not lines or not all(isinstance(line, dict) for line in lines):
            raise Malformed("no lines")
        return tuple(
            ((read_text(line, "sku"), read_text(line, "location")), read_whole(line, "quantity")) for line in lines
        )

    def _check_order(self, content: OrderContent) -> list[str]:
        """Every reason to refuse an order that can be read."""
        intake = self.policy["intake"]
        reasons = []
        for key, quantity in content.lines:
            if quantity < 1:
                reasons.append("quantity below 1")
            if intake["max_quantity"] is not None and quantity > intake["max_quantity"]:
                reasons.append("quantity above the most allowed")
            if key not in self.pools:
                reasons.append("unknown pool")
            elif self.pools[key].is_closed(content.ship_date):
                reasons.append("ship date closed")
        if content.tier not in self.policy["tiers"]:
            reasons.append("unknown tier")
        ahead = (content.ship_date - self._today()).days
        if not intake["min_days"] <= ahead <= intake["max_days"]:
            reasons.append("ship date too soon or too late")
        return reasons

    def _today(self) -> date:
        """The local date of the present command."""
        moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=self.now)
        return moment.astimezone(self.zone).date()

    def _new_lines(self, order_id: str, content: OrderContent) -> list[Reservation]:
        """The reservations of an accepted order, not yet decided on."""
        lines = []
        for number, (key, quantity) in enumerate(content.lines, start=1):
            reservation = Reservation(
                reservation_id=f"RES-{order_id}-{number}",
                order_id=order_id,
                pool=key,
                quantity=quantity,
                tier=content.tier,
                purchases=content.purchases,
                cart_value=content.cart_value,
                years=content.years,
                arrival=self.next_arrival,
                requested=content.ship_date,
                paid=content.paid,
            )
            reservation.score = self._score(reservation)
            self.next_arrival += 1
            self._enter(reservation)
            lines.append(reservation)
        return lines

    def _take_each(self, lines: list[Reservation]) -> None:
        """Every line finds its own way."""
        for reservation in lines:
            if not self._ask(reservation):
                if self.policy["queue"]["enabled"]:
                    reservation.let_go()
                else:
                    reservation.end("REJECTED", "insufficient_inventory")
            self._trim(reservation)

    def _take_all_or_nothing(self, lines: list[Reservation]) -> None:
        """Every line reserves without displacing, or none does.

        Ambiguity: the queues are trimmed only when all lines reserved; a rejected order leaves no trace in
        them.  Undecided.  No line displaces: case 12 and 15 others.
        """
        for reservation in lines:
            if not self._reserve(reservation, self._choices(reservation)):
                for line in lines:
                    line.end("REJECTED", "insufficient_inventory")
                return
        for reservation in lines:
            self._trim(reservation)

    # --- promote (section 6) -----------------------------------------------------------------------------

    def _promote(self, pool: Pool) -> None:
        """Serve everybody who can be served.

        The cases agree with a single round, too; repeating is what the rules say.
        """
        while self._refill(pool) | self._walk(pool) | self._serve_waitlist(pool):
            pass

    def _refill(self, pool: Pool) -> bool:
        """Let wait-listed ones into queues with room."""
        changed = False
        for day in self._queue_dates(pool):
            queue = self._queue(pool, day)
            while self._room(queue) and any(r.status == "WAITLISTED" for r in queue):
                first = self._by_admission(r for r in queue if r.status == "WAITLISTED")[0]
                first.status = "QUEUED"
                changed = True
        return changed

    def _walk(self, pool: Pool) -> bool:
        """Over the whole pool by priority: queued ones reserve, later-assigned ones move up."""
        move_up = self.policy["waves"]["move_up"]
        changed = False
        walkers = [r for r in self._of(pool) if r.status == "QUEUED" or (move_up and self._is_late(r))]
        for reservation in self._by_priority(walkers):
            if reservation.status == "QUEUED":
                changed |= self._reserve(reservation, self._choices(reservation))
            else:
                changed |= self._move_up(pool, reservation)
        return changed

    @staticmethod
    def _is_late(reservation: Reservation) -> bool:
        return reservation.held and reservation.assigned > reservation.requested

    def _move_up(self, pool: Pool, reservation: Reservation) -> bool:
        """Move a held one to an earlier date, if every date it then stands on has room for it.

        Ambiguity: a paid RESERVED one that moves to a confirmed date becomes CONFIRMED (cases 147, 155,
        161), but it does not become held by moving: the clock of an unpaid one goes on (cases 147, 155,
        161, 213).
        """
        own = reservation.assigned
        for day in self._choices(reservation):
            if day >= own:
                return False
            between = [x for x in self._planning_dates(pool) if day < x < own]
            if all(self._headroom(pool, x) >= reservation.quantity for x in [day, *between]):
                reservation.assigned = day
                self._firm_up(reservation)
                return True
        return False

    def _serve_waitlist(self, pool: Pool) -> bool:
        """Wait-listed ones reserve where a queued one would.

        Ambiguity: their queue is not trimmed for it, though it may then be longer than its depth.
        Undecided.
        """
        changed = False
        for day in self._queue_dates(pool):
            behind = [r for r in self._queue(pool, day) if r.status == "WAITLISTED"]
            for reservation in self._by_admission(behind):
                changed |= self._reserve(reservation, self._choices(reservation))
        return changed

    # --- confirm (section 7) -----------------------------------------------------------------------------

    def _confirm(self, command: dict) -> None:
        """Make the promises of a date firm.

        Ambiguity: without a pool named the mark holds for later pools even if some pool was left out.  That
        it holds at all: cases 127, 236, 249 (confirm) and 40, 140, 145 (release).
        """
        day = read_date(command, "ship_date")
        pools = [p for p in self._named_pools(command) if not p.is_closed(day) and day not in p.confirmed]
        if not pools:
            raise Refusal("no pool to confirm")
        if "sku" not in command:
            self._mark_everywhere({day}, None)
        for pool in pools:
            pool.confirmed.add(day)
            for reservation in self._of(pool):
                if reservation.assigned == day:
                    self._firm_up(reservation)
            self._part_with_waiting(pool, day)
            self.changed.add(pool.key)

    def _part_with_waiting(self, pool: Pool, day: date) -> None:
        """What confirming a date does with those who wait for it."""
        rule = self.policy["confirm"]["unreserved"]
        if rule == "keep":
            return
        waiting = [r for r in self._queue(pool, day) if r.waiting]
        self._part_with(pool, day, waiting, rule, "not_selected")

    def _part_with(self, pool: Pool, day: date, leavers: list[Reservation], rule: str, reason: str) -> None:
        """Cancel the leavers, or roll them over."""
        if rule == "roll_over":
            self._roll_over(pool, day, leavers, reason)
            return
        for reservation in leavers:
            reservation.end("CANCELLED", reason)

    # --- release (section 8) -----------------------------------------------------------------------------

    def _release(self, command: dict) -> None:
        """Give out stock on hand for a date."""
        day = read_date(command, "ship_date")
        pools = [p for p in self._named_pools(command) if self._can_release(p, day)]
        if not pools:
            raise Refusal("no pool to release")
        if "sku" not in command:
            self._mark_everywhere(set(), day)
        totals = ReleaseTotals(pools=len(pools))
        for pool in pools:
            self._release_pool(pool, day, totals)
            self.changed.add(pool.key)
        self._record_release(day, totals)

    def _can_release(self, pool: Pool, day: date) -> bool:
        """Not a closed date, nor one behind a date that still has held ones.

        Ambiguity: the earlier date is the one that a held reservation is assigned to, not the requested
        one. Case 21 and 33 others.
        """
        return not pool.is_closed(day) and not any(r.held and r.assigned < day for r in self._of(pool))

    def _record_release(self, day: date, totals: ReleaseTotals) -> None:
        """Note what a release did.

        Ambiguity: the share of broken promises counts reservations, not units (case 16 and 13 others), over
        all pools of the release; with nobody served and nobody broken there is no alert.
        Ambiguity: allocated_units includes standby (case 21 and 29 others), the share does not.  Unpaid
        ones that expire in step 1 are not broken (nearly every case).
        """
        walked = totals.allocated + totals.broken
        share = Fraction(totals.broken, walked) if walked else Fraction(0)
        self.releases.append(
            {
                "ship_date": day.isoformat(),
                "allocated_units": totals.allocated_units,
                "broken": totals.broken,
                "pools": totals.pools,
                "alert": share > exact(self.policy["release"]["alert_broken_share"]),
            }
        )

    def _release_pool(self, pool: Pool, day: date, totals: ReleaseTotals) -> None:
        """The five steps, in one pool."""
        rules = self.policy["release"]
        for reservation in self._held_on(pool, day):
            if not reservation.paid:
                reservation.end("EXPIRED", "unpaid")
        going_on = self._give_to_held(pool, day, totals)
        if rules["standby"] and going_on:
            self._give_to_standby(pool, day, totals)
        pool.close(day)
        pool.expected = [entry for entry in pool.expected if entry[0] > day]
        left_over = self._held_on(pool, day)
        totals.broken += len(left_over)
        self._part_with(pool, day, left_over, rules["shortfall"], "oversold")
        waiting = [r for r in self._of(pool) if r.waiting and r.requested <= day]
        self._part_with(pool, day, waiting, rules["unfilled"], "not_fulfilled")

    def _held_on(self, pool: Pool, day: date) -> list[Reservation]:
        return self._by_priority(r for r in self._of(pool) if r.held and r.assigned == day)

    def _give_to_held(self, pool: Pool, day: date, totals: ReleaseTotals) -> bool:
        """Step 2; whether the walk may go on with standby."""
        for reservation in self._held_on(pool, day):
            if reservation.quantity <= pool.on_hand:
                self._give(pool, reservation, day, totals)
                totals.allocated += 1
            elif self.policy["release"]["fill"] == "strict":
                return False
        return True

    @staticmethod
    def _give(pool: Pool, reservation: Reservation, day: date, totals: ReleaseTotals) -> None:
        """Hand over units on hand."""
        pool.on_hand -= reservation.quantity
        reservation.end("ALLOCATED")
        reservation.assigned = day
        totals.allocated_units += reservation.quantity

    def _give_to_standby(self, pool: Pool, day: date, totals: ReleaseTotals) -> None:
        """Step 3: QUEUED ones first, then WAITLISTED ones (cases 50, 301).

        Ambiguity: with `strict` a standby that the stock does not cover ends the walk (case 181); one that
        only a later promise stands against does not (undecided), for the stock would have sufficed.
        """
        standby = [r for r in self._of(pool) if r.waiting and r.paid and r.requested <= day]
        for reservation in sorted(standby, key=lambda r: (r.status != "QUEUED", r.priority())):
            if reservation.quantity > pool.on_hand:
                if self.policy["release"]["fill"] == "strict":
                    return
            elif self._spares_later_promises(pool, day, reservation.quantity):
                self._give(pool, reservation, day, totals)

    def _spares_later_promises(self, pool: Pool, day: date, quantity: int) -> bool:
        """Whether every later promise still stands with this many units fewer on hand.

        Ambiguity: arrivals of this date or earlier that did not come still count here, as do the promises
        of this date that got no stock: both go only in steps 4 and 5.  Undecided.
        """
        pool.on_hand -= quantity
        spared = all(self._headroom(pool, x) >= 0 for x in self._planning_dates(pool) if x > day)
        pool.on_hand += quantity
        return spared

    # --- roll over (section 9) ---------------------------------------------------------------------------

    def _roll_over(self, pool: Pool, day: date, leavers: list[Reservation], reason: str) -> None:
        """Send the leavers of a step to the next wave.

        Ambiguity: one that is cancelled for want of room keeps the new requested date (case 1); with no
        next wave the requested date stays.
        Ambiguity: those whose turn has not come are neither held nor QUEUED (they "become" QUEUED only
        then), so they do not count as active in the new queue.  Undecided; it shows only where a shortfall
        displaces somebody in a full queue (random case 117).
        Ambiguity: with queues off those displaced become QUEUED all the same, as 5.2 says.  Undecided.
        """
        later = [x for x in pool.expected_dates() if x > day and not pool.is_closed(x)]
        if not later:
            self._part_with(pool, day, leavers, "cancel", reason)
            return
        for reservation in leavers:
            reservation.let_go()
            reservation.status = UNDECIDED
            reservation.requested = later[0]
        for reservation in self._by_priority(leavers):
            if not self._settle_leaver(reservation, reason):
                if self.policy["queue"]["enabled"]:
                    reservation.let_go()
                else:
                    reservation.end("CANCELLED", reason)
            self._trim(reservation)

    def _settle_leaver(self, reservation: Reservation, reason: str) -> bool:
        """Whether a leaver finds a place on the next wave or later.

        A later wave comes before displacing (case 110), and an equal score that arrived later can be
        displaced (case 41 and 7 others), both unlike a new line.
        """
        if self._reserve(reservation, self._choices(reservation)):
            return True
        if reason != "oversold":
            return False
        return self._displace(reservation, lambda r: r.priority() > reservation.priority())

    # --- what is reported --------------------------------------------------------------------------------

    def reservations(self) -> list[dict]:
        """Every reservation, in arrival order."""
        return [
            {
                "reservation_id": r.reservation_id,
                "order_id": r.order_id,
                "status": r.status,
                "reason": r.reason,
                "requested_ship_date": r.requested.isoformat(),
                "ship_date": r.assigned.isoformat() if r.assigned else None,
                "queue_position": self._position(r),
            }
            for r in self._by_arrival(self.book)
        ]

    def atp(self) -> list[dict]:
        """Every planning date of every pool."""
        return [
            {
                "sku": key[0],
                "location": key[1],
                "ship_date": day.isoformat(),
                "supply_by": self._supply_by(self.pools[key], day),
                "limit": self._limit(self.pools[key], day),
                "promised": self._promised(self.pools[key], day),
                "atp": self._atp(self.pools[key], day),
            }
            for key in sorted(self.pools)
            for day in self._planning_dates(self.pools[key])
        ]

    def outcome(self) -> dict:
        """Everything that a published case states."""
        return {
            "reservations": self.reservations(),
            "refused": list(self.refused),
            "releases": copy.deepcopy(self.releases),
            "atp": self.atp(),
        }

    def state(self) -> list[tuple]:
        """The whole book in arrival order, for comparing after every command."""
        return [
            (
                r.reservation_id,
                r.status,
                r.reason,
                r.requested.isoformat(),
                r.assigned.isoformat() if r.assigned else None,
                r.paid,
                r.expires_at if r.held and not r.paid else None,
                r.score,
            )
            for r in self._by_arrival(self.book)
        ]

    # --- what must always hold (section 11) ---------------------------------------------------------------

    def check_invariants(self) -> None:
        """Assert what must hold after every command; call it after each one to see that ends are final."""
        self._check_shapes()
        self._check_units()
        self._check_ends()
        for key in sorted(self.pools.keys() - self.unsettled):
            self._check_served(self.pools[key])

    def _check_shapes(self) -> None:
        """One status each, and a date exactly while held or allocated."""
        assert len({r.reservation_id for r in self.book}) == len({r.arrival for r in self.book}) == len(self.book)
        for reservation in self.book:
            assert reservation.status in STATUSES
            assert (reservation.assigned is not None) == (reservation.held or reservation.status == "ALLOCATED")
            assert (reservation.reason is not None) == (reservation.status in ENDED)

    def _check_units(self) -> None:
        """Units are conserved, and no release gave the same ones twice."""
        placed = {r.reservation_id: r.quantity for r in self.book}
        assert placed == self.entered
        assert all(pool.on_hand >= 0 for pool in self.pools.values())
        given = sum(r.quantity for r in self.book if r.status == "ALLOCATED")
        assert given == sum(release["allocated_units"] for release in self.releases)

    def _check_ends(self) -> None:
        """What ended, or has stock, stays as it was when it was first seen so."""
        for reservation in self.book:
            seen = (reservation.status, reservation.reason, reservation.assigned, reservation.requested)
            known = self.finished.get(reservation.reservation_id)
            if known is None and not reservation.open:
                self.finished[reservation.reservation_id] = seen
            assert known in (None, seen)

    def _check_served(self, pool: Pool) -> None:
        """Nobody waits who could be served, and no queue has both room and a wait-list."""
        for reservation in self._of(pool):
            if reservation.waiting:
                assert all(self._atp(pool, x) < reservation.quantity for x in self._choices(reservation))
        for day in self._queue_dates(pool):
            queue = self._queue(pool, day)
            assert not (self._room(queue) and any(r.status == "WAITLISTED" for r in queue))
