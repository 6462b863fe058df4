"""Random policies and tapes: small numbers, so that every rule is reached and every pool runs dry.

The generator knows none of the rules.  It only remembers which ids it used, so that later commands name them.
Commands about which the rules leave room (a late `adopt`, fields that are null) are not generated.
"""

from __future__ import annotations

import copy
import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone

STARTS = ("2025-03-03T05:30:00", "2025-10-20T13:00:00", "2025-10-31T23:10:00", "2025-06-15T15:20:30")
OFFSETS = (0, 0, 0, 60, -300, 540, 345)
PLACES = (("SKU-A", "DC-NY"), ("SKU-A", "DC-LA"), ("SKU-B", "DC-NY"))
LATE_PLACE = ("SKU-LATE", "DC-NY")
UNKNOWN_PLACE = ("SKU-NONE", "DC-NY")
TIERS = {"PLATINUM": 150, "VIP": 100, "GOLD": 50, "STANDARD": 50, "BASIC": 12.5}
TIER_NAMES = ("PLATINUM", "VIP", "VIP", "GOLD", "STANDARD", "STANDARD", "STANDARD", "BASIC")
RATES = (0, 0.5, 0.9, 1, 1.0, 1.05, 1.15, 1.333333, 1.5, 2)
DAYS = 26

Command = dict
Policy = dict


def random_case(seed: int) -> tuple[Policy, list[Command]]:
    """A policy and a tape; the same seed gives the same case."""
    rng = random.Random(seed)
    return random_policy(rng), TapeWriter(rng).write()


def random_policy(rng: random.Random) -> Policy:
    """Any valid policy; sections and single options are left out at times."""
    policy = {
        "timezone": rng.choice(("UTC", "America/New_York", "Europe/Berlin", "Asia/Tokyo")),
        "scoring": {
            "previous_purchase": rng.choice((0, 0, 10, 0.1)),
            "cart_value_per_100": rng.choice((0, 0, 1, 2.5)),
            "membership_year": rng.choice((0, 0, 1, 5)),
        },
        "overbooking": {"rate": rng.choice((0.5, 0.7, *RATES[2:]))},
        "hold": rng.choice(("firm", "provisional")),
        "queue": {
            "enabled": rng.random() < 0.9,
            "max_depth": rng.choice((None, 1, 2, 3, 4, 6)),
            "admission": rng.choice(("arrival", "priority")),
        },
        "waves": {
            "assignment": rng.choice(("requested", "earliest")),
            "move_up": rng.random() < 0.5,
        },
        "expiration": {
            "days_before_ship": rng.choice((0, 1, 3, 7, 14)),
            "grace_hours": rng.choice((0, 12, 24, 48)),
            "max_hold_hours": rng.choice((None, None, 36, 100)),
        },
        "intake": {
            "min_days": rng.choice((0, 0, 0, 1, 2)),
            "max_days": rng.choice((20, 60, 180)),
            "max_quantity": rng.choice((None, 3, 4, 5, 10)),
            "lines": rng.choice(("independent", "independent", "all_or_nothing")),
        },
        "confirm": {"unreserved": rng.choice(("keep", "cancel", "roll_over"))},
        "release": {
            "shortfall": rng.choice(("cancel", "roll_over", "roll_over")),
            "fill": rng.choice(("skip", "strict")),
            "standby": rng.random() < 0.6,
            "unfilled": rng.choice(("cancel", "roll_over")),
            "alert_broken_share": rng.choice((0, 0.1, 0.25, 0.5)),
        },
    }
    if not policy["queue"]["enabled"]:
        policy["hold"] = "firm"
    thinned = {name: _thinned(rng, value) for name, value in policy.items() if rng.random() < 0.95}
    # Tapes use all these tiers, so they are never left out; displacing needs the queue, which is the default.
    return {**thinned, "tiers": dict(TIERS)}


def _thinned(rng: random.Random, section: object) -> object:
    """Leave out single options of a section at times."""
    if not isinstance(section, dict):
        return section
    return {name: value for name, value in section.items() if rng.random() < 0.95}


class TapeWriter:
    """Writes one tape."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.length = rng.randint(20, 120)
        self.now = datetime.fromisoformat(rng.choice(STARTS)).replace(tzinfo=UTC)
        self.pools = list(PLACES[: rng.randint(1, 3)])
        first = self.now.date() + timedelta(days=rng.randint(2, 5))
        self.days = sorted({first + timedelta(days=rng.randint(0, DAYS - 6)) for _ in range(rng.randint(2, 6))})
        # Slow enough that the last date is mostly still ahead when the tape stops.
        span = timedelta(days=(self.days[-1] - self.now.date()).days * rng.choice((0.3, 0.7, 1.0)))
        self.pace_ms = span / timedelta(milliseconds=1) / self.length
        self.released = 0
        self.tape: list[Command] = []
        self.placed: list[Command] = []
        self.order_ids: list[str] = []
        self.reservation_ids: list[str] = []

    def write(self) -> list[Command]:
        """The whole tape: supply, at times a book handed over, then a mix of everything."""
        self._open_pools()
        if self.rng.random() < 0.3:
            self._hand_over()
        kinds = self._mix()
        while len(self.tape) < self.length:
            self._advance()
            self.rng.choices(list(kinds), weights=list(kinds.values()))[0]()
        return self.tape

    def _mix(self) -> dict[Callable[[], None], int]:
        """What follows the start, and how often."""
        return {
            self._place: 52,
            self._repeat: 3,
            self._malformed: 3,
            self._pay: 7,
            self._cancel: 9,
            self._tier: 8,
            self._supply: 7,
            self._overbooking: 4,
            self._expire: 4,
            self._confirm: 4,
            self._release: 4,
            self._late_pool: 1,
        }

    # --- helpers ----------------------------------------------------------------------------------------

    def _advance(self) -> None:
        """Let some time pass; often none, so that equal instants occur, too."""
        if self.rng.random() < 0.8:
            self.now += timedelta(milliseconds=int(self.rng.expovariate(1) * self.pace_ms))

    def _emit(self, kind: str, **fields: object) -> Command:
        """Write a command with the present time in some offset."""
        local = self.now.astimezone(timezone(timedelta(minutes=self.rng.choice(OFFSETS))))
        at = local.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        command = {"type": kind, "at": at, **fields}
        self.tape.append(command)
        return command

    def _day(self) -> str:
        return self.rng.choice(self.days).isoformat()

    def _open_day(self) -> str:
        """A date that is ahead and was probably not released."""
        ahead = self.now.date() + timedelta(days=1)
        open_days = [day for day in self.days[self.released :] if day > ahead] or self.days[-1:]
        return self.rng.choice(open_days).isoformat()

    def _pool(self) -> dict[str, str]:
        sku, location = self.rng.choice(self.pools)
        return {"sku": sku, "location": location}

    def _some_pool(self, share: float) -> dict[str, str]:
        """A pool by name, at times an unknown one, or none at all."""
        if self.rng.random() >= share:
            return {}
        if self.rng.random() < 0.1:
            return {"sku": UNKNOWN_PLACE[0], "location": UNKNOWN_PLACE[1]}
        return self._pool()

    def _expected(self, most: int) -> list[dict]:
        """Some waves; at times one of nothing, or two on one date."""
        chosen = [day for day in self.days[self.released :] if self.rng.random() < 0.7]
        if chosen and self.rng.random() < 0.15:
            chosen.append(self.rng.choice(chosen))
        if self.rng.random() < 0.15:
            chosen.append(self.rng.choice(self.days) + timedelta(days=self.rng.randint(1, 3)))
        return [
            {"date": day.isoformat(), "quantity": self.rng.randint(0, most), "ref": f"PO-{number}"}
            for number, day in enumerate(chosen, start=1)
        ]

    def _target(self) -> dict[str, str]:
        """An order or a reservation; now and then one that does not exist."""
        if not self.order_ids or self.rng.random() < 0.03:
            return self.rng.choice(({"order_id": "O-NONE"}, {"reservation_id": "RES-NONE-1"}))
        if self.rng.random() < 0.5:
            return {"order_id": self.rng.choice(self.order_ids[-30:])}
        return {"reservation_id": self.rng.choice(self.reservation_ids[-40:])}

    # --- the start --------------------------------------------------------------------------------------

    def _open_pools(self) -> None:
        for sku, location in self.pools:
            self._emit(
                "supply",
                sku=sku,
                location=location,
                on_hand=self.rng.choice((0, 0, 1, 3, 6)),
                expected=self._expected(7),
            )
            if self.rng.random() < 0.2:
                self._overbooking()

    def _hand_over(self) -> None:
        """An open book from elsewhere, with its marked dates."""
        arrivals = self.rng.sample(range(1, 60), self.rng.randint(1, 14))
        for number, arrival in enumerate(sorted(arrivals), start=1):
            self._adopt(number, arrival)
        for _ in range(self.rng.randint(0, 2)):
            self._dates()
        for _ in range(self.rng.randint(0, 2)):
            self._bad_adopt()

    def _adopt(self, number: int, arrival: int) -> Command:
        """One reservation of the book; two lines of one order share the tier."""
        order, line = f"L{(number + 1) // 2}", 2 - number % 2
        tier = TIER_NAMES[((number + 1) // 2 + len(self.days)) % len(TIER_NAMES)]
        status = self.rng.choice(("RESERVED", "RESERVED", "CONFIRMED", "QUEUED", "WAITLISTED"))
        held = status in ("RESERVED", "CONFIRMED")
        requested = self.rng.choice(self.days)
        assigned = self.rng.choice([day for day in self.days if day >= requested])
        paid = status == "CONFIRMED" or self.rng.random() < 0.7
        clock = self.now + timedelta(hours=self.rng.randint(1, 200))
        command = self._emit(
            "adopt",
            **self._pool(),
            reservation_id=f"RES-{order}-{line}",
            order_id=order,
            quantity=self.rng.randint(1, 3),
            tier=tier,
            arrival=arrival,
            requested=requested.isoformat(),
            assigned=assigned.isoformat() if held else None,
            status=status,
            paid=paid,
            expires_at=clock.isoformat() if held and not paid else None,
        )
        if self.rng.random() < 0.3:
            command.update(previous_purchases=3, cart_value=250.5, membership_years=2)
        self.order_ids.append(order)
        self.reservation_ids.append(f"RES-{order}-{line}")
        return command

    def _bad_adopt(self) -> None:
        """An adopt that is refused: each has one thing wrong."""
        good = next(command for command in self.tape if command["type"] == "adopt")
        fresh = {**good, "reservation_id": "RES-X-1", "order_id": "X", "arrival": 99}
        fresh["at"] = self.tape[-1]["at"]
        wrong = (
            {"reservation_id": good["reservation_id"]},
            {"arrival": good["arrival"]},
            {"sku": UNKNOWN_PLACE[0]},
            {"tier": "NOBODY"},
            {"status": self.rng.choice(("ALLOCATED", "CANCELLED"))},
            {"status": "RESERVED", "assigned": None},
        )
        self.tape.append({**fresh, **self.rng.choice(wrong)})

    def _dates(self) -> None:
        """Marked dates; a released one only before every date in use, or the first of them."""
        confirmed = sorted({self._day() for _ in range(self.rng.randint(0, 2))})
        until = self.rng.choice((None, None, (self.now - timedelta(days=1)).date(), self.days[0]))
        self._emit(
            "dates",
            **self._some_pool(0.7),
            confirmed=confirmed,
            released_until=until.isoformat() if until else None,
        )

    # --- orders -----------------------------------------------------------------------------------------

    def _order(self) -> Command:
        """The fields of a new order."""
        day = self._open_day()
        if self.rng.random() < 0.06:
            day = (self.now.date() + timedelta(days=self.rng.choice((-1, 0, 1, 19, 20, 21, 61, 181)))).isoformat()
        number = len(self.tape) + 1
        order: Command = {
            "order_id": f"O{number}",
            "customer_id": f"C{number}",
            "ship_date": day,
            "lines": self._lines(),
        }
        if self.rng.random() < 0.9:
            order["tier"] = self.rng.choice(TIER_NAMES)
        if self.rng.random() < 0.5:
            order["customer_email"] = f"c{number}@example.com"
        if self.rng.random() < 0.4:
            order["payment"] = self.rng.choice(("PENDING", "PENDING", "PENDING", "AUTHORIZED"))
        if self.rng.random() < 0.3:
            order["previous_purchases"] = self.rng.randint(0, 4)
            order["cart_value"] = self.rng.choice((0, 99.99, 100, 250.5, 1999))
            order["membership_years"] = self.rng.randint(0, 5)
        if self.rng.random() < 0.1:
            order["source"] = "shop"
        return order

    def _lines(self) -> list[dict]:
        """One to three lines, often of one pool."""
        count = self.rng.choice((1, 1, 1, 1, 1, 2, 2, 3))
        return [{**self._pool(), "quantity": self.rng.choice((1, 1, 1, 2, 2, 3, 4))} for _ in range(count)]

    def _place(self) -> None:
        order = self._order()
        self.placed.append(self._emit("place", **order))
        self.order_ids.append(order["order_id"])
        self.reservation_ids += [f"RES-{order['order_id']}-{n + 1}" for n in range(len(order["lines"]))]

    def _repeat(self) -> None:
        """An order_id once more: with identical content, or with other content."""
        if not self.placed:
            return
        order = copy.deepcopy(self.rng.choice(self.placed))
        del order["type"], order["at"]
        changes: tuple[dict, ...] = (
            {},
            {"payment": order.get("payment", "AUTHORIZED"), "tier": order.get("tier", "STANDARD")},
            {"previous_purchases": order.get("previous_purchases", 0), "customer_email": "new@example.com"},
            {"cart_value": order.get("cart_value", 0) + 0.5},
            {"customer_id": "C-OTHER"},
            {"source": "elsewhere"},
            {"lines": order["lines"] + order["lines"][:1]},
            {"ship_date": (self.days[-1] + timedelta(days=1)).isoformat()},
        )
        adopted = [name for name in self.order_ids if name.startswith("L")]
        if adopted and self.rng.random() < 0.3:
            order["order_id"] = self.rng.choice(adopted)
        self._emit("place", **{**order, **self.rng.choice(changes)})

    def _malformed(self) -> None:
        """An order that nobody can accept; its id stays free and may be used again."""
        order = self._order()
        line = order["lines"][0]
        wrong: tuple[dict, ...] = (
            {"lines": []},
            {"lines": "two"},
            {"lines": [{"sku": line["sku"], "location": line["location"]}]},
            {"lines": [{**line, "quantity": 0}]},
            {"lines": [{**line, "quantity": -1}]},
            {"lines": [{**line, "quantity": 1.5}]},
            {"lines": [{**line, "quantity": "1"}]},
            {"lines": [{**line, "quantity": True}]},
            {"lines": [{**line, "quantity": 11}, {**line, "quantity": 10**9 + 1}]},
            {"lines": [*order["lines"], {**line, "sku": UNKNOWN_PLACE[0]}]},
            {"ship_date": "2025-13-01"},
            {"ship_date": "soon"},
            {"customer_id": 7},
            {"tier": "NOBODY"},
            {"payment": "CASH"},
            {"cart_value": -0.01},
            {"cart_value": "9.99"},
            {"previous_purchases": -1},
            {"membership_years": -2},
        )
        order.update(self.rng.choice(wrong))
        if self.rng.random() < 0.25:
            del order[self.rng.choice(("order_id", "customer_id", "ship_date", "lines"))]
        self._emit("place", **order)

    # --- everything else --------------------------------------------------------------------------------

    def _pay(self) -> None:
        self._emit("pay", **self._target())

    def _cancel(self) -> None:
        only = self.rng.choice((None, None, None, "waiting", "held", "confirmed"))
        self._emit("cancel", **self._target(), **({"only": only} if only else {}))

    def _tier(self) -> None:
        tier = "NOBODY" if self.rng.random() < 0.05 else self.rng.choice(TIER_NAMES)
        self._emit("tier", **self._target(), tier=tier)

    def _supply(self) -> None:
        """Late arrivals, cuts, new announcements."""
        change: dict[str, object] = {}
        if self.rng.random() < 0.4:
            change["on_hand"] = self.rng.choice((0, 1, 2, 4, 7))
        if self.rng.random() < 0.5:
            change["received"] = self.rng.randint(0, 5)
        if self.rng.random() < 0.5 or not change:
            change["expected"] = self._expected(5)
        self._emit("supply", **self._pool(), **change)

    def _late_pool(self) -> None:
        """A pool that appears in the middle of the tape."""
        if LATE_PLACE not in self.pools:
            self.pools.append(LATE_PLACE)
        self._emit("supply", sku=LATE_PLACE[0], location=LATE_PLACE[1], expected=self._expected(4))

    def _overbooking(self) -> None:
        pool = self._some_pool(1.0)
        source = self.rng.choice(({}, {}, {"source": "person"}, {"source": "policy"}))
        self._emit("overbooking", **pool, rate=self.rng.choice(RATES), **source)

    def _expire(self) -> None:
        self._emit("expire")

    def _confirm(self) -> None:
        self._emit("confirm", ship_date=self._next_day(), **self._some_pool(0.3))

    def _release(self) -> None:
        """Often the delivery comes first; often it is short."""
        day = self._next_day()
        if self.rng.random() < 0.6:
            self._emit("supply", **self._pool(), received=self.rng.choice((0, 1, 2, 3, 5, 8)))
        pool = self._some_pool(0.3)
        self._emit("release", ship_date=day, **pool)
        if not pool and day in [d.isoformat() for d in self.days]:
            self.released = max(self.released, 1 + [d.isoformat() for d in self.days].index(day))

    def _next_day(self) -> str:
        """Mostly the first date that is still open, now and then any."""
        if self.released >= len(self.days) or self.rng.random() < 0.2:
            return self._day()
        return self.days[self.released].isoformat()
