"""The allocation engine: typed commands in, decisions out. The rules themselves are compiled; this is their face."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal

from allocation.engine import validation
from allocation.engine.codes import EVERYWHERE, NOBODY, UNLIMITED, Kind, Only, Refusal, Status
from allocation.engine.decisions import Decisions
from allocation.engine.errors import NotFound, Problem, SettingError, TapeError
from allocation.engine.identity import split_reservation_name
from allocation.engine.ledger import CommandRow, Ledger
from allocation.engine.policy import MICRO, QUANTITY_MAX
from allocation.engine.quotes import AtpQuote, quote
from allocation.engine.validation import Reader

Instant = datetime | str
Day = date | str
Amount = int | float | Decimal

_SCORE_MAX = 2**62
_PAYMENTS = {"AUTHORIZED": 1, "PENDING": 0}
_SOURCES = {"person": 0, "policy": 1}
_ONLY = {"waiting": Only.WAITING, "held": Only.HELD, "confirmed": Only.CONFIRMED}
_STATUSES = {status.name: status for status in Status if status is not Status.NONE}
_HAND_OVER = (Kind.SUPPLY, Kind.OVERBOOKING, Kind.ADOPT, Kind.DATES)


@dataclass(frozen=True, slots=True)
class _Order:
    """A well-formed or malformed order, as far as it could be read."""

    name: str
    day: int
    items: Sequence[tuple[str, str, int]]
    tier: str
    paid: int
    inputs: tuple[int, int, int]
    problems: tuple[str, ...]


class AllocationEngine(Ledger):
    """Decides who gets a promise and who gets a unit, command by command (RULES.md).

    Every method for a command takes its instant first, plays it to its end and returns the decisions that it made. A
    command that is refused changes nothing; its decisions say why. Time never goes back.

    Args:
        policy: What the rules leave open.

    Raises:
        TapeError: By every command, when one of its values is malformed, or its instant is before that of the command
            before; of a `place`, only its instant. Nothing has changed then.
    """

    # ----- commands

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
        name = reader.pool_name(sku, location)
        units = -1 if on_hand is None else reader.whole(on_hand, "on_hand")
        more = reader.whole(received, "received")
        deliveries = [] if expected is None else reader.deliveries(expected)
        pool = self._register.pool(name)
        present = 0 if pool == NOBODY else int(self._book.tables.pools["on_hand"][pool])
        if (present if units < 0 else units) + more > QUANTITY_MAX:
            reader.problems.append(f"units on hand would exceed {QUANTITY_MAX}")
        self._check(reader, "supply")
        return self._play(
            CommandRow(
                kind=Kind.SUPPLY,
                at=ms,
                pool=self._register.add_pool(name, self._book) if pool == NOBODY else pool,
                option=int(expected is not None),
                number=units,
                received=more,
                first_line=self._register.add_lines(deliveries, self._book),
                lines=len(deliveries),
            )
        )

    def overbooking(self, at: Instant, sku: str, location: str, rate: Amount, *, source: str = "person") -> Decisions:
        """Set the overbooking rate of a pool; `source` says whether a policy or a person decided it."""
        reader = Reader()
        ms = self._instant(at, reader)
        pool = self._register.pool(reader.pool_name(sku, location))
        option = reader.read(validation.choice, 0, source, "source", _SOURCES)
        micro = reader.read(validation.rate, 0, rate)
        self._check(reader, "overbooking")
        return self._play(CommandRow(kind=Kind.OVERBOOKING, at=ms, pool=pool, number=micro, option=option))

    def place(  # noqa: PLR0913 - an order has these fields
        self,
        at: Instant,
        order_id: str,
        customer_id: str,
        ship_date: Day,
        lines: Sequence[Mapping[str, Any]],
        *,
        tier: str = "STANDARD",
        payment: str = "AUTHORIZED",
        previous_purchases: int = 0,
        cart_value: Amount = 0,
        membership_years: int = 0,
        source: str | None = None,
    ) -> Decisions:
        """Take an order: every line becomes a reservation, or the order is refused whole with every reason.

        The same order again with the same content changes nothing and is not refused; with other content it is refused
        as a conflict.

        Args:
            at: The instant.
            order_id: The order's own id.
            customer_id: Whose order it is.
            ship_date: The date that the customer asks for.
            lines: At least one ``{sku, location, quantity}``.
            tier: The customer's tier.
            payment: AUTHORIZED, or PENDING until a `pay` command comes.
            previous_purchases: Count, for scoring.
            cart_value: Money, for scoring.
            membership_years: Count, for scoring.
            source: Where the order came from; part of its content only.
        """
        reader = Reader()
        ms = self._instant(at, reader)
        self._check(reader, "place")
        inputs = reader.inputs(previous_purchases, cart_value, membership_years)
        tier_name = reader.text(tier, "tier")
        self._check_score(tier_name, inputs, reader)
        customer = reader.text(customer_id, "customer_id")
        if source is not None:
            reader.text(source, "source")
        order = _Order(
            name=reader.text(order_id, "order_id"),
            day=reader.day(ship_date, "ship_date"),
            items=reader.items(lines),
            tier=tier_name,
            paid=reader.read(validation.choice, 0, payment, "payment", _PAYMENTS),
            inputs=inputs,
            problems=tuple(reader.problems),
        )
        if order.problems:
            return self._place(ms, order)
        money = Decimal(str(cart_value)).normalize()
        content = (customer, order.day, order.items, tier_name, order.paid, inputs, str(money), source)
        return self._place(ms, order, hashlib.blake2b(repr(content).encode(), digest_size=16).digest())

    def pay(self, at: Instant, *, order_id: str | None = None, reservation_id: str | None = None) -> Decisions:
        """The open, unpaid reservations of an order, or one of them, are paid."""
        reader = Reader()
        ms, order, target = self._target(at, order_id, reservation_id, reader)
        self._check(reader, "pay")
        return self._play(CommandRow(kind=Kind.PAY, at=ms, order=order, target=target))

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
        ms, order, target = self._target(at, order_id, reservation_id, reader)
        meant = Only.OPEN if only is None else reader.read(validation.choice, Only.OPEN, only, "only", _ONLY)
        self._check(reader, "cancel")
        return self._play(CommandRow(kind=Kind.CANCEL, at=ms, order=order, target=target, only=meant))

    def tier(
        self, at: Instant, tier: str, *, order_id: str | None = None, reservation_id: str | None = None
    ) -> Decisions:
        """The open reservations of an order, or one of them, get another tier."""
        reader = Reader()
        ms, order, target = self._target(at, order_id, reservation_id, reader)
        code = self._register.tier(reader.text(tier, "tier"))
        self._check(reader, "tier")
        return self._play(CommandRow(kind=Kind.TIER, at=ms, order=order, target=target, tier=code))

    def adopt(  # noqa: PLR0913, PLR0917 - a reservation has these fields
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
        paid: bool,
        assigned: Day | None = None,
        expires_at: Instant | None = None,
        previous_purchases: int = 0,
        cart_value: Amount = 0,
        membership_years: int = 0,
    ) -> Decisions:
        """Put an open reservation into the book exactly as it stands, before any order is taken.

        Args:
            at: The instant of the hand-over.
            sku: The pool's SKU.
            location: The pool's location.
            reservation_id: Its id, which it keeps.
            order_id: Its order; a later `place` of that order is refused.
            quantity: Units.
            tier: The customer's tier.
            arrival: Its arrival number, which it keeps.
            requested: The ship date that its queue is of.
            status: RESERVED, CONFIRMED, QUEUED or WAITLISTED.
            paid: Whether it is paid.
            assigned: Where it is held; None while it waits.
            expires_at: When it expires, if held and unpaid.
            previous_purchases: Count, for scoring.
            cart_value: Money, for scoring.
            membership_years: Count, for scoring.
        """
        reader = Reader()
        ms = self._instant(at, reader)
        pool = self._register.pool(reader.pool_name(sku, location))
        name, order = reader.text(reservation_id, "reservation_id"), reader.text(order_id, "order_id")
        tier_name = reader.text(tier, "tier")
        inputs = reader.inputs(previous_purchases, cart_value, membership_years)
        self._check_score(tier_name, inputs, reader)
        adoption = (
            reader.whole(quantity, "quantity", 1),
            reader.read(validation.whole, 0, arrival, "arrival", 0, UNLIMITED),
            UNLIMITED if expires_at is None else reader.read(validation.instant, 0, expires_at, "expires_at"),
            reader.day(requested, "requested"),
            0 if assigned is None else reader.day(assigned, "assigned"),
            parts[1] if (parts := split_reservation_name(name)) else 0,
            reader.read(validation.choice, Status.NONE, status, "status", _STATUSES),
        )
        if assigned is not None and status in ("QUEUED", "WAITLISTED"):
            reader.problems.append(f"assigned {assigned} where status {status} holds no date")
        row = CommandRow(
            kind=Kind.ADOPT,
            at=ms,
            pool=pool,
            tier=self._register.tier(tier_name),
            paid=int(reader.read(validation.boolean, False, paid, "paid")),
            inputs=inputs,
        )
        self._check(reader, "adopt")
        return self._adopt(row, name, order, adoption)

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
        days = [reader.day(day, "confirmed") for day in confirmed]
        until = 0 if released_until is None else reader.day(released_until, "released_until")
        self._check(reader, "dates")
        return self._play(
            CommandRow(
                kind=Kind.DATES,
                at=ms,
                pool=pool,
                day=until,
                first_line=self._register.add_lines([(0, day, 0) for day in days], self._book),
                lines=len(days),
                refused=Refusal.LATE if self._handed_over else Refusal.NONE,
            )
        )

    def expire(self, at: Instant) -> Decisions:
        """Held, unpaid reservations whose time has come expire."""
        reader = Reader()
        ms = self._instant(at, reader)
        self._check(reader, "expire")
        return self._play(CommandRow(kind=Kind.EXPIRE, at=ms))

    def confirm(self, at: Instant, ship_date: Day, *, sku: str | None = None, location: str | None = None) -> Decisions:
        """The cut-off of a ship date: its promises become firm, in one pool or in every pool."""
        return self._operate(Kind.CONFIRM, at, ship_date, sku, location)

    def release(self, at: Instant, ship_date: Day, *, sku: str | None = None, location: str | None = None) -> Decisions:
        """Stock on hand is given out for a ship date, in one pool or in every pool."""
        return self._operate(Kind.RELEASE, at, ship_date, sku, location)

    def apply(self, command: Mapping[str, Any]) -> Decisions:
        """Play one command as it stands on a tape (RULES.md section 4)."""
        kind = command.get("type")
        if not isinstance(kind, str) or kind not in validation.FIELDS:
            raise TapeError(f"type {validation.shown(kind)} is unknown; use one of {', '.join(validation.FIELDS)}")
        fields = validation.fields_of(kind, command)
        decisions: Decisions = getattr(self, kind)(**fields)
        return decisions

    # ----- questions

    def atp(self, sku: str, location: str, ship_date: Day, quantity: int = 1) -> AtpQuote:
        """What could be promised of a pool for a date, with the whole breakdown.

        Raises:
            SettingError: The date or the quantity is no such thing.
            NotFound: The pool does not exist.
        """
        reader = Reader()
        day, units = reader.day(ship_date, "ship_date"), reader.whole(quantity, "quantity", 1)
        if reader.problems:
            raise SettingError([Problem((), problem) for problem in reader.problems])
        pool = self._register.pool((sku, location))
        if pool == NOBODY or not self._book.tables.pools["exists"][pool]:
            known = ", ".join(f"{s} at {p}" for s, p in self._register.known_pools()) or "none"
            raise NotFound(f"no pool {sku} at {location}; there are: {known}")
        return quote(self._book, pool, sku, location, day, units)

    def position(self, reservation_id: str) -> int | None:
        """Queue position of a reservation (RULES.md section 3), None once it has ended.

        Raises:
            NotFound: There is no such reservation.
        """
        row = self._register.reservation(reservation_id, self._book)
        if row == NOBODY:
            raise NotFound(f"no reservation {reservation_id}")
        return self._book.position(row) or None

    # ----- reading values

    def _instant(self, at: Instant, reader: Reader) -> int:
        ms = reader.read(validation.instant, self._at, at)
        if ms < self._at:
            reader.problems.append(f"at {validation.shown(at)} is before that of the command before it")
        return ms

    def _check(self, reader: Reader, kind: str) -> None:
        if reader.problems:
            raise TapeError([Problem((), f"{kind}: {problem}") for problem in reader.problems])

    def _check_score(self, tier: str, inputs: tuple[int, int, int], reader: Reader) -> None:
        weights = self.policy.scoring
        of_inputs = (weights.previous_purchase, weights.cart_value_per_100, weights.membership_year)
        if any(of_inputs):
            score = self.policy.tiers.get(tier, Decimal(0))
            score += sum((w * x for w, x in zip(of_inputs, inputs, strict=True)), Decimal(0))
            if abs(score) * MICRO > _SCORE_MAX:
                reader.problems.append(f"the score {score} is out of range")

    def _pool_or_every(self, sku: object, location: object, reader: Reader) -> int:
        if sku is None and location is None:
            return EVERYWHERE
        return self._register.pool(reader.pool_name(sku, location))

    def _target(self, at: Instant, order_id: object, reservation_id: object, reader: Reader) -> tuple[int, int, int]:
        """The instant, and the row of the order or the reservation that is named."""
        ms = self._instant(at, reader)
        if (order_id is None) == (reservation_id is None):
            reader.problems.append("name either order_id or reservation_id")
            return ms, NOBODY, NOBODY
        if order_id is not None:
            return ms, self._register.order(reader.text(order_id, "order_id")), NOBODY
        name = reader.text(reservation_id, "reservation_id")
        return ms, NOBODY, self._register.reservation(name, self._book)

    # ----- playing

    def _operate(self, kind: Kind, at: Instant, ship_date: Day, sku: str | None, location: str | None) -> Decisions:
        reader = Reader()
        ms = self._instant(at, reader)
        day = reader.day(ship_date, "ship_date")
        pool = self._pool_or_every(sku, location, reader)
        self._check(reader, kind.name.lower())
        return self._play(CommandRow(kind=kind, at=ms, day=day, pool=pool))

    def _place(self, ms: int, order: _Order, content: bytes = b"") -> Decisions:
        known = self._register.order(order.name)
        if known == NOBODY:
            return self._place_new(ms, order, content)
        if content and self._register.contents.get(known) == content:
            return self._play(CommandRow(kind=Kind.REPEAT, at=ms, order=known))
        self._problems[self._register.commands] = (f"order_id {order.name} is taken by an order of other content",)
        return self._play(CommandRow(kind=Kind.PLACE, at=ms, refused=Refusal.CONFLICT))

    def _place_new(self, ms: int, order: _Order, content: bytes) -> Decisions:
        if order.problems:
            self._problems[self._register.commands] = order.problems
        new = len(self._register.orders)
        self._book.add_orders(new + 1)
        lines = [(self._register.pool((sku, place)), order.day, units) for sku, place, units in order.items]
        decisions = self._play(
            CommandRow(
                kind=Kind.PLACE,
                at=ms,
                tier=self._register.tier(order.tier),
                order=new,
                paid=order.paid,
                day=order.day,
                local_day=self._local_days.day_of(ms),
                first_line=self._register.add_lines(lines, self._book),
                lines=len(lines),
                inputs=order.inputs,
                refused=Refusal.MALFORMED if order.problems else Refusal.NONE,
            )
        )
        if not decisions.refused:
            self._register.add_order(order.name)
            self._register.contents[new] = content
        return decisions

    def _adopt(self, row: CommandRow, name: str, order: str, adoption: tuple[int, ...]) -> Decisions:
        refused: int = Refusal.LATE if self._handed_over else Refusal.NONE
        if self._register.reservation(name, self._book) != NOBODY or adoption[1] in self._register.arrivals:
            refused |= Refusal.TAKEN
        known = self._register.order(order)
        order_row = len(self._register.orders) if known == NOBODY else known
        self._book.add_orders(order_row + 1)
        self._register.know_days(adoption[3:5], self._book)
        reservation = int(self._book.tables.state["reservations"][0])
        decisions = self._play(
            replace(
                row,
                order=order_row,
                refused=refused,
                number=self._register.add_adoption(adoption, self._book),
            )
        )
        if not decisions.refused:
            if known == NOBODY:
                self._register.add_order(order)
            self._register.add_adopted(name, reservation, adoption[1])
        return decisions
