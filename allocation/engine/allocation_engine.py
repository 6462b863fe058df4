"""The allocation engine: typed commands in, decisions out. The rules themselves are compiled; this is their face."""

from __future__ import annotations

import hashlib
from bisect import insort
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal

import numpy as np

from allocation.engine import validation
from allocation.engine.book import Book, calendar_rows, tier_rows
from allocation.engine.codes import EVERYWHERE, NOBODY, UNLIMITED, Kind, Only, Refusal, Status, Step
from allocation.engine.columns import Columns
from allocation.engine.decisions import Decisions, Explainer
from allocation.engine.errors import NotFound, Problem, TapeError
from allocation.engine.identity import NumberedOrders, OrderNames, reservation_name, split_reservation_name
from allocation.engine.instants import LocalDays
from allocation.engine.policy import MICRO, Policy
from allocation.engine.quotes import AtpQuote, quote
from allocation.engine.tables import DTYPES
from allocation.engine.validation import Reader

Instant = datetime | str
Day = date | str
Amount = int | float | Decimal

_SCORE_MAX = 2**62
_PAYMENTS = {"AUTHORIZED": 1, "PENDING": 0}
_SOURCES = {"person": 0, "policy": 1}
_ONLY = {"waiting": Only.WAITING, "held": Only.HELD, "confirmed": Only.CONFIRMED}
_STATUSES = {status.name: status for status in Status if status is not Status.NONE}
_FIELDS: dict[str, frozenset[str]] = {
    "supply": frozenset({"sku", "location", "on_hand", "received", "expected"}),
    "overbooking": frozenset({"sku", "location", "rate", "source"}),
    "pay": frozenset({"order_id", "reservation_id"}),
    "cancel": frozenset({"order_id", "reservation_id", "only"}),
    "tier": frozenset({"order_id", "reservation_id", "tier"}),
    "adopt": frozenset(
        {"sku", "location", "reservation_id", "order_id", "quantity", "tier", "arrival", "requested", "assigned"}
        | {"status", "paid", "expires_at", "previous_purchases", "cart_value", "membership_years"}
    ),
    "dates": frozenset({"sku", "location", "confirmed", "released_until"}),
    "expire": frozenset(),
    "confirm": frozenset({"ship_date", "sku", "location"}),
    "release": frozenset({"ship_date", "sku", "location"}),
    "place": frozenset(
        {"order_id", "customer_id", "ship_date", "lines", "tier", "payment", "previous_purchases", "cart_value"}
        | {"membership_years", "source"}
    ),
}
"""The fields of each command; an e-mail address is not among them: the engine reads none."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The whole state of an engine; `AllocationEngine.restore` goes on from it. It can be pickled."""

    state: Mapping[str, Any]


class AllocationEngine:
    """Decides who gets a promise and who gets a unit, command by command (RULES.md).

    Every method for a command takes its instant first, plays it to its end and returns the decisions that it made. A
    command that is refused changes nothing; its decisions say why. Time never goes back.

    Args:
        policy: What the rules leave open.

    Raises:
        TapeError: By every command but `place`, when one of its values is malformed, or its instant is before that of
            the command before. Nothing has changed then.
    """

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self._book = Book(policy)
        self._days = LocalDays(policy.zone)
        self._orders: OrderNames | NumberedOrders = OrderNames()
        self._pools: list[tuple[str, str]] = [("", "")]
        self._pool_rows: dict[tuple[str, str], int] = {}
        self._pool_order: list[tuple[str, str]] = []
        self._set_tiers(tuple(policy.tiers))
        self._calendar: dict[int, None] = {}
        self._commands = 0
        self._lines = 0
        self._adoptions = 0
        self._decided = 0
        self._at = -UNLIMITED
        self._handed_over = False
        self._contents: dict[int, bytes] = {}
        self._adopted_rows: dict[str, int] = {}
        self._adopted_names: dict[int, str] = {}
        self._arrivals: set[int] = set()
        self._problems: dict[int, tuple[str, ...]] = {}
        self._scored = any((policy.scoring.previous_purchase, policy.scoring.cart_value_per_100)) or bool(
            policy.scoring.membership_year
        )

    def _set_tiers(self, names: tuple[str, ...]) -> None:
        self._tiers = names
        self._tier_codes = {name: code for code, name in enumerate(names)}
        self._book.replace(tiers=tier_rows(self.policy, names))

    # ----- commands

    def apply(self, command: Mapping[str, Any]) -> Decisions:
        """Play one command as it stands on a tape (RULES.md section 4).

        Raises:
            TapeError: It is malformed, of an unknown type, or goes back in time.
        """
        kind = command.get("type")
        if not isinstance(kind, str) or kind not in _FIELDS:
            raise TapeError(f"type {validation.shown(kind)} is unknown; use one of {', '.join(_FIELDS)}")
        if "at" not in command:
            raise TapeError(f"{kind}: at is missing")
        fields = {name: value for name, value in command.items() if name not in ("type", "at")}
        if kind == "place":
            return self.place(command["at"], **{name: fields.get(name, _ABSENT) for name in _FIELDS[kind]})
        unknown = sorted(fields.keys() - _FIELDS[kind])
        if unknown:
            raise TapeError(f"{kind} has no field {', '.join(unknown)}; it has {', '.join(sorted(_FIELDS[kind]))}")
        missing = [name for name in _REQUIRED.get(kind, ()) if name not in fields]
        if missing:
            raise TapeError(f"{kind}: {', '.join(missing)} missing")
        decisions: Decisions = getattr(self, kind)(command["at"], **fields)
        return decisions

    def supply(
        self,
        at: Instant,
        sku: str,
        location: str,
        *,
        on_hand: int | None = None,
        received: int = 0,
        expected: Sequence[Mapping[str, Any]] | None = None,
    ) -> Decisions:
        """Set the supply of a pool, which begins to exist with it.

        Args:
            at: The instant.
            sku: The pool's SKU.
            location: The pool's location.
            on_hand: Units physically there; None leaves them.
            received: Units added after that.
            expected: All arrivals that are promised, each ``{date, quantity, ref}``; None leaves them.
        """
        reader = Reader()
        ms = self._instant(at, reader)
        pool_name = (reader.read(validation.text, "", sku, "sku"), reader.read(validation.text, "", location, "location"))
        units = -1 if on_hand is None else reader.read(validation.whole, 0, on_hand, "on_hand")
        more = reader.read(validation.whole, 0, received, "received")
        deliveries = self._deliveries(expected, reader)
        self._check(reader, "supply")
        pool = self._pool_rows.get(pool_name)
        present = 0 if pool is None else int(self._book.tables.pools["on_hand"][pool])
        if (present if units < 0 else units) + more > validation.QUANTITY_MAX:
            raise TapeError(f"supply: units on hand would exceed {validation.QUANTITY_MAX}")
        if pool is None:
            pool = self._open_pool(pool_name)
        first = self._add_lines(deliveries)
        return self._play(
            kind=Kind.SUPPLY,
            at=ms,
            pool=pool,
            option=int(expected is not None),
            number=units,
            received=more,
            first_line=first,
            lines=len(deliveries),
        )

    def overbooking(
        self, at: Instant, sku: str, location: str, rate: Amount, *, source: str = "person"
    ) -> Decisions:
        """Set the overbooking rate of a pool; `source` says whether a policy or a person decided it."""
        reader = Reader()
        ms = self._instant(at, reader)
        pool = self._named_pool(sku, location, reader)
        option = reader.read(validation.choice, 0, source, "source", _SOURCES)
        micro = reader.read(validation.rate, 0, rate)
        self._check(reader, "overbooking")
        return self._play(kind=Kind.OVERBOOKING, at=ms, pool=pool, number=micro, option=option)

    def place(
        self,
        at: Instant,
        order_id: str,
        customer_id: str,
        ship_date: Day,
        lines: Sequence[Mapping[str, Any]],
        *,
        tier: str = "STANDARD",
        payment: Literal["AUTHORIZED", "PENDING"] = "AUTHORIZED",
        previous_purchases: int = 0,
        cart_value: Amount = 0,
        membership_years: int = 0,
        source: str | None = None,
    ) -> Decisions:
        """Take an order: every line becomes a reservation, or the order is refused whole with every reason.

        The same order again with the same content changes nothing and gives the reservations that exist; with other
        content it is refused.

        Args:
            at: The instant.
            order_id: The order's own id.
            customer_id: Whose order it is.
            ship_date: The date that the customer asks for.
            lines: At least one ``{sku, location, quantity}``.
            tier: The customer's tier.
            payment: PENDING until a `pay` command comes.
            previous_purchases: Count, for scoring.
            cart_value: Money, for scoring.
            membership_years: Count, for scoring.
            source: Where the order came from; part of its content only.

        Raises:
            TapeError: The instant is malformed or before that of the command before.
        """
        reader = Reader()
        ms = self._instant(at, reader)
        self._check(reader, "place")
        order = reader.read(validation.text, "", order_id, "order_id")
        customer = reader.read(validation.text, "", customer_id, "customer_id")
        day = reader.read(validation.day, 0, ship_date, "ship_date")
        items = self._items(lines, reader)
        tier_name = reader.read(validation.text, "", _given(tier, "STANDARD"), "tier")
        paid = reader.read(validation.choice, 0, _given(payment, "AUTHORIZED"), "payment", _PAYMENTS)
        purchases = reader.read(validation.whole, 0, _given(previous_purchases, 0), "previous_purchases")
        value = _given(cart_value, 0)
        hundreds = reader.read(validation.hundreds, 0, value)
        years = reader.read(validation.whole, 0, _given(membership_years, 0), "membership_years")
        origin = _given(source, None)
        if origin is not None:
            reader.read(validation.text, "", origin, "source")
        inputs = (purchases, hundreds, years)
        self._check_score(tier_name, inputs, reader)
        money = "" if reader.problems else str(Decimal(str(value)).normalize())
        content = _digest((customer, day, items, tier_name, paid, purchases, money, years, origin))
        known = self._orders.row(order) if order else None
        if known is not None:
            return self._place_again(ms, known, content, malformed=bool(reader.problems))
        return self._place_new(ms, order, day, items, tier_name, paid, inputs, content, reader.problems)

    def pay(
        self, at: Instant, *, order_id: str | None = None, reservation_id: str | None = None
    ) -> Decisions:
        """The open, unpaid reservations of an order, or one of them, are paid."""
        ms, order, target = self._target(at, "pay", order_id, reservation_id)
        return self._play(kind=Kind.PAY, at=ms, order=order, target=target)

    def cancel(
        self,
        at: Instant,
        *,
        order_id: str | None = None,
        reservation_id: str | None = None,
        only: Literal["waiting", "held", "confirmed"] | None = None,
    ) -> Decisions:
        """The open reservations of an order, or one of them, are cancelled; `only` those of a kind."""
        reader = Reader()
        meant = Only.OPEN if only is None else reader.read(validation.choice, Only.OPEN, only, "only", _ONLY)
        ms, order, target = self._target(at, "cancel", order_id, reservation_id, reader)
        return self._play(kind=Kind.CANCEL, at=ms, order=order, target=target, only=meant)

    def tier(
        self, at: Instant, tier: str, *, order_id: str | None = None, reservation_id: str | None = None
    ) -> Decisions:
        """The open reservations of an order, or one of them, get another tier."""
        reader = Reader()
        name = reader.read(validation.text, "", tier, "tier")
        ms, order, target = self._target(at, "tier", order_id, reservation_id, reader)
        return self._play(
            kind=Kind.TIER, at=ms, order=order, target=target, tier=self._tier_codes.get(name, NOBODY)
        )

    def adopt(
        self,
        at: Instant,
        sku: str,
        location: str,
        reservation_id: str,
        order_id: str,
        quantity: int,
        tier: str,
        arrival: int,
        requested: Day,
        status: str,
        *,
        assigned: Day | None = None,
        paid: bool,
        expires_at: Instant | None = None,
        previous_purchases: int = 0,
        cart_value: Amount = 0,
        membership_years: int = 0,
    ) -> Decisions:
        """Put an open reservation into the book exactly as it stands, before any order is taken."""
        reader = Reader()
        ms = self._instant(at, reader)
        pool = self._named_pool(sku, location, reader)
        name = reader.read(validation.text, "", reservation_id, "reservation_id")
        order = reader.read(validation.text, "", order_id, "order_id")
        tier_name = reader.read(validation.text, "", tier, "tier")
        code = reader.read(validation.choice, Status.NONE, status, "status", _STATUSES)
        if not isinstance(paid, bool):
            reader.problems.append(f"paid {validation.shown(paid)} must be true or false")
        row = (
            reader.read(validation.whole, 1, quantity, "quantity", 1),
            reader.read(validation.whole, 0, arrival, "arrival", 0, UNLIMITED),
            UNLIMITED if expires_at is None else reader.read(validation.instant, 0, expires_at, "expires_at"),
            reader.read(validation.day, 0, requested, "requested"),
            0 if assigned is None else reader.read(validation.day, 0, assigned, "assigned"),
            code,
        )
        inputs = (
            reader.read(validation.whole, 0, previous_purchases, "previous_purchases"),
            reader.read(validation.hundreds, 0, cart_value),
            reader.read(validation.whole, 0, membership_years, "membership_years"),
        )
        self._check_score(tier_name, inputs, reader)
        self._check(reader, "adopt")
        return self._adopt(ms, pool, name, order, tier_name, bool(paid), inputs, row)

    def dates(
        self,
        at: Instant,
        *,
        confirmed: Sequence[Day] = (),
        released_until: Day | None = None,
        sku: str | None = None,
        location: str | None = None,
    ) -> Decisions:
        """Mark dates as confirmed or released, in one pool or in every pool, before any order is taken."""
        reader = Reader()
        ms = self._instant(at, reader)
        pool = self._pool_or_every(sku, location, reader)
        if isinstance(confirmed, str) or not isinstance(confirmed, Sequence):
            reader.problems.append(f"confirmed {validation.shown(confirmed)} must be a list of dates")
            confirmed = ()
        days = [reader.read(validation.day, 0, day, "confirmed") for day in confirmed]
        until = 0 if released_until is None else reader.read(validation.day, 0, released_until, "released_until")
        self._check(reader, "dates")
        first = self._add_lines([(0, day, 0) for day in days])
        refused = Refusal.LATE if self._handed_over else Refusal.NONE
        return self._play(
            kind=Kind.DATES, at=ms, pool=pool, day=until, first_line=first, lines=len(days), refused=refused
        )

    def expire(self, at: Instant) -> Decisions:
        """Held, unpaid reservations whose time has come expire."""
        reader = Reader()
        ms = self._instant(at, reader)
        self._check(reader, "expire")
        return self._play(kind=Kind.EXPIRE, at=ms)

    def confirm(
        self, at: Instant, ship_date: Day, *, sku: str | None = None, location: str | None = None
    ) -> Decisions:
        """The cut-off of a ship date: its promises become firm, in one pool or in every pool."""
        return self._operate(Kind.CONFIRM, at, ship_date, sku, location)

    def release(
        self, at: Instant, ship_date: Day, *, sku: str | None = None, location: str | None = None
    ) -> Decisions:
        """Stock on hand is given out for a ship date, in one pool or in every pool."""
        return self._operate(Kind.RELEASE, at, ship_date, sku, location)

    # ----- questions

    def atp(self, sku: str, location: str, ship_date: Day, quantity: int = 1) -> AtpQuote:
        """What could be promised of a pool for a date, with the whole breakdown.

        Raises:
            NotFound: The pool does not exist.
            Malformed: The date or the quantity is no such thing.
        """
        day = validation.day(ship_date, "ship_date")
        units = validation.whole(quantity, "quantity", 1)
        pool = self._pool_rows.get((sku, location))
        if pool is None:
            known = ", ".join(f"{s} at {p}" for s, p in self._pool_order) or "none"
            raise NotFound(f"no pool {sku} at {location}; there are: {known}")
        return quote(self._book, pool, sku, location, day, units)

    def position(self, reservation_id: str) -> int | None:
        """Queue position of a reservation (RULES.md section 3), None once it has ended.

        Raises:
            NotFound: There is no such reservation.
        """
        row = self._reservation_row(reservation_id)
        if row is None:
            raise NotFound(f"no reservation {reservation_id}")
        return self._book.position(row) or None

    @property
    def decisions(self) -> Decisions:
        """Every decision so far."""
        return self._view(0, self._decided)

    @property
    def book(self) -> Book:
        """The tables, to be read only."""
        return self._book

    # ----- whole tapes and states

    @classmethod
    def on(cls, columns: Columns, policy: Policy) -> AllocationEngine:
        """An engine with a whole tape before it, to be played by `play_next` or `play_all`."""
        engine = cls(policy)
        engine._orders = columns.orders
        engine._set_tiers(columns.tiers)
        engine._pools = [("", ""), *columns.pools]
        engine._pool_rows = {name: row for row, name in enumerate(columns.pools, 1)}
        engine._pool_order = sorted(columns.pools)
        book = engine._book
        book.add_pools(len(columns.pools) + 1)
        book.chain_pools([engine._pool_rows[name] for name in engine._pool_order])
        book.add_orders(len(columns.orders))
        book.replace(
            commands=engine._with_local_days(columns), lines=columns.lines, adoptions=columns.adoptions
        )
        days = np.unique(np.concatenate([columns.lines["day"], columns.commands["day"]]))
        book.replace(calendar=calendar_rows([int(day) for day in days if day > 0], policy))
        return engine

    def _with_local_days(self, columns: Columns) -> Any:
        commands = columns.commands.copy()
        commands["local_day"] = self._days.days_of(commands["at"])
        return commands

    def play_next(self) -> None:
        """Play the next command of the tape that the engine was made on."""
        c = self._commands
        self._decided = self._book.play(c, c + 1)
        self._commands = c + 1

    def play_all(self) -> None:
        """Play all commands that are left of the tape that the engine was made on."""
        last = len(self._book.tables.commands)
        self._decided = self._book.play(self._commands, last)
        self._commands = last

    def snapshot(self) -> Snapshot:
        """The whole state, independent of what the engine does next."""
        return Snapshot(_copied(self.__dict__))

    @classmethod
    def restore(cls, snapshot: Snapshot) -> AllocationEngine:
        """An engine that goes on where the snapshot was taken."""
        engine = object.__new__(cls)
        engine.__dict__.update(_copied(snapshot.state))
        return engine

    # ----- reading values

    def _instant(self, at: Instant, reader: Reader) -> int:
        ms = reader.read(validation.instant, self._at, at)
        if ms < self._at:
            reader.problems.append(f"at {validation.shown(at)} is before the command before it")
        return ms

    def _check(self, reader: Reader, kind: str) -> None:
        if reader.problems:
            raise TapeError([Problem((), f"{kind}: {problem}") for problem in reader.problems])

    def _check_score(self, tier: str, inputs: tuple[int, int, int], reader: Reader) -> None:
        if not self._scored or tier not in self.policy.tiers:
            return
        weights = self.policy.scoring
        of_inputs = (weights.previous_purchase, weights.cart_value_per_100, weights.membership_year)
        score = self.policy.tiers[tier] + sum(w * x for w, x in zip(of_inputs, inputs, strict=True))
        if abs(score) * MICRO > _SCORE_MAX:
            reader.problems.append(f"the score {score} is out of range")

    def _deliveries(self, expected: object, reader: Reader) -> list[tuple[int, int, int]]:
        if expected is None:
            return []
        deliveries = []
        for item in reader.read(validation.rows, (), expected, "expected"):
            day = reader.read(validation.day, 0, item.get("date"), "expected date")
            quantity = reader.read(validation.whole, 0, item.get("quantity"), "expected quantity")
            if item.get("ref") is not None:
                reader.read(validation.text, "", item["ref"], "expected ref")
            deliveries.append((0, day, quantity))
        if sum(quantity for _, _, quantity in deliveries) > 1000 * validation.QUANTITY_MAX:
            reader.problems.append(f"expected: more than {1000 * validation.QUANTITY_MAX} units in all")
        return deliveries

    def _items(self, lines: object, reader: Reader) -> list[tuple[str, str, int]]:
        items = []
        for number, item in enumerate(reader.read(validation.rows, (), lines, "lines"), 1):
            sku = reader.read(validation.text, "", item.get("sku"), f"line {number}: sku")
            place = reader.read(validation.text, "", item.get("location"), f"line {number}: location")
            units = reader.read(validation.whole, 1, item.get("quantity"), f"line {number}: quantity", 1)
            items.append((sku, place, units))
        if not items and not reader.problems:
            reader.problems.append("lines: an order needs at least one line")
        return items

    def _named_pool(self, sku: object, location: object, reader: Reader) -> int:
        name = (reader.read(validation.text, "", sku, "sku"), reader.read(validation.text, "", location, "location"))
        return self._pool_rows.get(name, NOBODY)

    def _pool_or_every(self, sku: object, location: object, reader: Reader) -> int:
        if sku is None and location is None:
            return EVERYWHERE
        return self._named_pool(sku, location, reader)

    def _target(
        self, at: Instant, kind: str, order_id: object, reservation_id: object, reader: Reader | None = None
    ) -> tuple[int, int, int]:
        reader = reader or Reader()
        ms = self._instant(at, reader)
        if (order_id is None) == (reservation_id is None):
            reader.problems.append("name either order_id or reservation_id")
        order, target = NOBODY, NOBODY
        if order_id is not None:
            row = self._orders.row(reader.read(validation.text, "", order_id, "order_id"))
            order = NOBODY if row is None else row
        if reservation_id is not None:
            row = self._reservation_row(reader.read(validation.text, "", reservation_id, "reservation_id"))
            target = NOBODY if row is None else row
        self._check(reader, kind)
        return ms, order, target

    def _reservation_row(self, name: str) -> int | None:
        if name in self._adopted_rows:
            return self._adopted_rows[name]
        parts = split_reservation_name(name)
        order = self._orders.row(parts[0]) if parts else None
        if parts is None or order is None:
            return None
        tables = self._book.tables
        row = int(tables.orders["first"][order])
        while row != NOBODY:
            found = tables.reservations[row]
            # An adopted one has the name it was given, whatever its line.
            if found["line"] == parts[1] and row not in self._adopted_names:
                return row
            row = int(found["next_in_order"])
        return None

    # ----- writing rows and playing them

    def _open_pool(self, name: tuple[str, str]) -> int:
        pool = len(self._pools)
        self._pools.append(name)
        self._pool_rows[name] = pool
        insort(self._pool_order, name)
        self._book.add_pools(pool + 1)
        self._book.chain_pools([self._pool_rows[known] for known in self._pool_order])
        return pool

    def _know_days(self, days: Sequence[int]) -> None:
        new = [day for day in dict.fromkeys(days) if day > 0 and day not in self._calendar]
        if new:
            self._calendar.update(dict.fromkeys(new))
            rows = calendar_rows(new, self.policy)
            self._book.replace(calendar=np.concatenate([self._book.tables.calendar, rows]))

    def _add_lines(self, lines: Sequence[tuple[int, int, int]]) -> int:
        first = self._lines
        self._know_days([day for _, day, _ in lines])
        self._book.reserve("lines", first + len(lines))
        for i, line in enumerate(lines, first):
            self._book.tables.lines[i] = line
        self._lines = first + len(lines)
        return first

    def _play(
        self,
        *,
        kind: int,
        at: int,
        only: int = 0,
        paid: int = 0,
        option: int = 0,
        tier: int = NOBODY,
        order: int = NOBODY,
        target: int = NOBODY,
        pool: int = NOBODY,
        day: int = 0,
        local_day: int = 0,
        first_line: int = 0,
        lines: int = 0,
        inputs: tuple[int, int, int] = (0, 0, 0),
        refused: int = 0,
        number: int = 0,
        received: int = 0,
    ) -> Decisions:
        c = self._commands
        self._book.reserve("commands", c + 1)
        self._book.tables.commands[c] = (
            *(kind, only, paid, option, tier, order, target, pool, day, local_day, first_line, lines),
            *(*inputs, refused, at, number, received),
        )
        self._know_days((day,))
        before = self._decided
        self._decided = self._book.play(c, c + 1)
        self._commands = c + 1
        self._at = at
        # A hand-over ends with the first command that is no part of it.
        self._handed_over |= kind not in (Kind.SUPPLY, Kind.OVERBOOKING, Kind.ADOPT, Kind.DATES)
        return self._view(before, self._decided)

    def _place_again(self, ms: int, order: int, content: bytes, *, malformed: bool) -> Decisions:
        if malformed or self._contents.get(order) != content:
            self._problems[self._commands] = (
                f"order_id {self._orders.name(order)} is taken by an order of other content",
            )
            return self._play(kind=Kind.PLACE, at=ms, order=order, refused=Refusal.CONFLICT)
        return self._play(kind=Kind.REPEAT, at=ms, order=order)

    def _place_new(
        self,
        ms: int,
        order: str,
        day: int,
        items: Sequence[tuple[str, str, int]],
        tier: str,
        paid: int,
        inputs: tuple[int, int, int],
        content: bytes,
        problems: Sequence[str],
    ) -> Decisions:
        if problems:
            self._problems[self._commands] = tuple(problems)
        row = len(self._orders)
        self._book.add_orders(row + 1)
        rows = [(self._pool_rows.get((sku, place), NOBODY), day, units) for sku, place, units in items]
        decisions = self._play(
            kind=Kind.PLACE,
            at=ms,
            tier=self._tier_codes.get(tier, NOBODY),
            order=row,
            paid=paid,
            day=day,
            local_day=self._days.day_of(ms),
            first_line=self._add_lines(rows),
            lines=len(rows),
            inputs=inputs,
            refused=Refusal.MALFORMED if problems else Refusal.NONE,
        )
        if not decisions.refused:
            self._names().add(order)
            self._contents[row] = content
        return decisions

    def _names(self) -> OrderNames:
        assert isinstance(self._orders, OrderNames), "a sampled tape has its orders already"
        return self._orders

    def _adopt(
        self,
        ms: int,
        pool: int,
        name: str,
        order: str,
        tier: str,
        paid: bool,
        inputs: tuple[int, int, int],
        row: tuple[int, ...],
    ) -> Decisions:
        arrival = row[1]
        refused: int = Refusal.LATE if self._handed_over else Refusal.NONE
        if name in self._adopted_rows or arrival in self._arrivals:
            refused |= Refusal.TAKEN
        known = self._orders.row(order)
        order_row = len(self._orders) if known is None else known
        self._book.add_orders(order_row + 1)
        self._book.reserve("adoptions", self._adoptions + 1)
        self._book.tables.adoptions[self._adoptions] = row
        self._know_days(row[3:5])
        parts = split_reservation_name(name)
        reservation = int(self._book.tables.state["reservations"][0])
        decisions = self._play(
            kind=Kind.ADOPT,
            at=ms,
            pool=pool,
            tier=self._tier_codes.get(tier, NOBODY),
            order=order_row,
            paid=int(paid),
            lines=parts[1] if parts else 0,
            inputs=inputs,
            refused=refused,
            number=self._adoptions,
        )
        self._adoptions += 1
        if not decisions.refused:
            if known is None:
                self._names().add(order)
            self._adopted_rows[name] = reservation
            self._adopted_names[reservation] = name
            self._arrivals.add(arrival)
        return decisions

    def _operate(
        self, kind: Kind, at: Instant, ship_date: Day, sku: str | None, location: str | None
    ) -> Decisions:
        reader = Reader()
        ms = self._instant(at, reader)
        day = reader.read(validation.day, 0, ship_date, "ship_date")
        pool = self._pool_or_every(sku, location, reader)
        self._check(reader, kind.name.lower())
        return self._play(kind=kind, at=ms, day=day, pool=pool)

    # ----- names for the views

    def _view(self, first: int, last: int) -> Decisions:
        return Decisions(self._book, first, last, Explainer(self._book, self._problems, self.reservation_id))

    def reservation_id(self, row: int) -> str:
        """The id of a reservation's row."""
        if row in self._adopted_names:
            return self._adopted_names[row]
        found = self._book.tables.reservations[row]
        return reservation_name(self._orders.name(int(found["order"])), int(found["line"]))

    def order_id(self, row: int) -> str:
        """The id of an order's row."""
        return self._orders.name(row)

    @property
    def pools(self) -> Sequence[tuple[str, str]]:
        """(sku, location) of each pool row; row 0 is none."""
        return self._pools

    @property
    def tiers(self) -> Sequence[str]:
        """Name of each tier code."""
        return self._tiers

    @property
    def played(self) -> int:
        """How many commands have been played."""
        return self._commands


_ABSENT: Any = type("Absent", (), {"__repr__": lambda _self: "(missing)"})()
_REQUIRED = {
    "supply": ("sku", "location"),
    "overbooking": ("sku", "location", "rate"),
    "tier": ("tier",),
    "adopt": (
        *("sku", "location", "reservation_id", "order_id", "quantity", "tier", "arrival", "requested"),
        *("status", "paid"),
    ),
    "confirm": ("ship_date",),
    "release": ("ship_date",),
}


def _given(value: Any, default: Any) -> Any:
    return default if value is _ABSENT else value


def _digest(content: tuple[object, ...]) -> bytes:
    return hashlib.blake2b(repr(content).encode(), digest_size=16).digest()


def _copied(state: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: value.copy() if hasattr(value, "copy") else value
        for name, value in state.items()
    }


__all__ = ["DTYPES", "AllocationEngine", "Snapshot", "Step"]
