"""Random tapes in columns: small numbers, every kind of command, adopted books, orders that are refused."""

from __future__ import annotations

from datetime import UTC, date, datetime

import numpy as np

from allocation.engine.codes import EVERYWHERE, NOBODY, UNLIMITED, Kind, Only, Status
from allocation.engine.columns import Columns
from allocation.engine.identity import NumberedOrders
from allocation.engine.instants import DAY_MS, milliseconds
from allocation.engine.tables import ADOPTION, COMMAND, LINE

START = milliseconds(datetime(2025, 10, 20, 13, tzinfo=UTC))
FIRST_DAY = date(2025, 10, 22).toordinal()
POOLS = (("SKU-A", "DC-LA"), ("SKU-A", "DC-NY"), ('SKU-"B"', "Zürich"))
TIERS = ("PLATINUM", "VIP", "STANDARD", "BASIC", "NOBODY")
ORDERS = 40
_NOT_FIRST = (Kind.SUPPLY, Kind.OVERBOOKING, Kind.CONFIRM, Kind.RELEASE, Kind.EXPIRE, Kind.PLACE, Kind.PAY)
KINDS = (*_NOT_FIRST, Kind.TIER, Kind.CANCEL)
OFTEN = (0.08, 0.04, 0.05, 0.05, 0.03, 0.5, 0.08, 0.07, 0.1)


class Writer:
    """Draws one tape."""

    def __init__(self, seed):
        self.rng = np.random.default_rng(seed)
        self.commands, self.lines, self.adoptions = [], [], []
        self.at = START
        self.orders = 0

    def pick(self, *choices):
        return choices[int(self.rng.integers(len(choices)))]

    def day(self):
        return FIRST_DAY + 4 * int(self.rng.integers(5))

    def pool(self):
        return 1 + int(self.rng.integers(len(POOLS)))

    def add(self, kind, lines=(), **fields):
        row = np.zeros(1, COMMAND)[0]
        for name in ("tier", "order", "target", "pool"):
            row[name] = NOBODY
        values = {"kind": kind, "at": self.at, "first_line": len(self.lines), "lines": len(lines), **fields}
        for name, value in values.items():
            row[name] = value
        self.commands.append(row)
        self.lines += lines

    def tape(self):
        for pool in range(1, len(POOLS)):
            self.supply(pool)
        if self.rng.random() < 0.4:
            self.hand_over()
        for kind in self.rng.choice(KINDS, size=int(self.rng.integers(5, 60)), p=OFTEN).tolist():
            self.at += self.pick(0, 1, 1000, DAY_MS // 7, int(self.rng.integers(DAY_MS)))
            self.command(Kind(kind))
        return Columns(
            commands=np.array(self.commands, COMMAND),
            lines=np.array([tuple(line) for line in self.lines], LINE),
            adoptions=np.array(self.adoptions, ADOPTION),
            pools=POOLS,
            tiers=TIERS,
            orders=NumberedOrders(ORDERS + 60),
        )

    def command(self, kind):
        order = {"order": int(self.rng.integers(self.orders + 2))}
        if kind is Kind.SUPPLY:
            self.supply(self.pool())
        elif kind is Kind.OVERBOOKING:
            rate = self.pick(0, 500_000, 1_000_000, 1_050_000, 1_333_333, 2_000_000)
            self.add(kind, pool=self.pool(), number=rate, option=self.pick(0, 1))
        elif kind in (Kind.CONFIRM, Kind.RELEASE):
            self.add(kind, pool=self.pick(EVERYWHERE, self.pool()), day=self.day())
        elif kind is Kind.PLACE:
            self.place()
        elif kind is Kind.TIER:
            self.add(kind, tier=int(self.rng.integers(len(TIERS))), **order)
        elif kind is Kind.CANCEL:
            self.add(kind, only=self.pick(*Only), **order)
        else:
            self.add(kind, **(order if kind is Kind.PAY else {}))

    def supply(self, pool):
        days = [self.day() for _ in range(int(self.rng.integers(4)))]
        announced = self.pick(0, 1, 1)
        lines = [(0, day, int(self.rng.integers(8))) for day in days] if announced else []
        on_hand, received = self.pick(-1, 0, 3, 8), self.pick(0, 0, 2, 5)
        self.add(Kind.SUPPLY, lines, pool=pool, number=on_hand, received=received, option=announced)

    def place(self):
        lines = [(self.pool(), 0, self.pick(1, 1, 2, 3, 12)) for _ in range(self.pick(1, 1, 1, 2, 3))]
        inputs = {"purchases": self.pick(0, 0, 3), "hundreds": self.pick(0, 0, 7), "years": self.pick(0, 0, 2)}
        day = self.pick(self.day(), self.day(), self.day(), self.day(), FIRST_DAY - 30, FIRST_DAY + 300)
        tier = int(self.rng.integers(len(TIERS))) if self.rng.random() < 0.2 else int(self.rng.integers(3))
        self.add(Kind.PLACE, lines, order=self.orders, tier=tier, paid=self.pick(0, 1, 1), day=day, **inputs)
        self.orders += 1

    def hand_over(self):
        for number in range(int(self.rng.integers(1, 8))):
            status = self.pick(Status.RESERVED, Status.CONFIRMED, Status.QUEUED, Status.WAITLISTED)
            held = status in (Status.RESERVED, Status.CONFIRMED)
            paid = status is Status.CONFIRMED or self.pick(True, False)
            requested = self.day()
            clock = START + int(self.rng.integers(10 * DAY_MS)) if held and not paid else UNLIMITED
            assigned = requested + self.pick(0, 4) if held else 0
            self.adoptions.append((self.pick(1, 2), 2 * number, clock, requested, assigned, 1 + number % 2, status))
            order, tier = {"order": self.orders + number // 2, "number": number}, int(self.rng.integers(4))
            self.add(Kind.ADOPT, pool=self.pick(1, 2), tier=tier, paid=paid, **order)
        self.orders += (len(self.adoptions) + 1) // 2
        if self.rng.random() < 0.5:
            marks = [(0, self.day(), 0) for _ in range(self.pick(0, 1, 2))]
            self.add(Kind.DATES, marks, pool=self.pick(EVERYWHERE, 1), day=self.pick(0, FIRST_DAY - 1))


def random_columns(seed):
    """A tape; the same seed gives the same one."""
    return Writer(seed).tape()
