"""The ledger: a book, the names in it and the log of what was decided. It plays commands that are rows already."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Self

import numpy as np
from numpy.typing import NDArray

from allocation.engine.book import Book
from allocation.engine.codes import NOBODY, UNLIMITED, Kind
from allocation.engine.columns import Columns
from allocation.engine.decisions import Decisions, Explainer
from allocation.engine.errors import EngineFault
from allocation.engine.instants import LocalDays
from allocation.engine.policy import Policy
from allocation.engine.register import Register

_SCORED = (("previous_purchase", "purchases"), ("cart_value_per_100", "hundreds"), ("membership_year", "years"))
"""What a score weighs, as the policy and as a command call it."""
_HAND_OVER = (Kind.SUPPLY, Kind.OVERBOOKING, Kind.ADOPT, Kind.DATES)


@dataclass(frozen=True, slots=True)
class CommandRow:
    """A command: the fields of `tables.COMMAND`, and the local date of its instant."""

    kind: int
    at: int
    only: int = 0
    paid: int = 0
    option: int = 0
    tier: int = NOBODY
    order: int = NOBODY
    target: int = NOBODY
    pool: int = NOBODY
    day: int = 0
    local_day: int = 0
    first_line: int = 0
    lines: int = 0
    inputs: tuple[int, int, int] = field(default=(0, 0, 0))
    refused: int = 0
    number: int = 0
    received: int = 0

    def values(self) -> tuple[int, ...]:
        """As a row of the table."""
        return (
            *(self.kind, self.only, self.paid, self.option, self.tier, self.order, self.target, self.pool),
            *(self.day, self.first_line, self.lines, *self.inputs),
            *(self.refused, self.at, self.number, self.received),
        )


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The whole state of an engine; `AllocationEngine.restore` goes on from it. It can be pickled."""

    engine: Ledger


class Ledger:
    """Plays rows of commands and remembers what they led to.

    Args:
        policy: What the rules leave open.
        book: One that is finished with: it is started anew, and its memory used again. None makes a new one.
    """

    def __init__(self, policy: Policy, book: Book | None = None) -> None:
        self.policy = policy
        self._book = Book(policy) if book is None else book
        if book is not None:
            book.restart(policy)
        self._register = Register()
        self._register.set_tiers(tuple(policy.tiers), self._book)
        self._local_days = LocalDays(policy.zone)
        self._decided = 0
        self._at = -UNLIMITED
        self._handed_over = False
        self._problems: dict[int, tuple[str, ...]] = {}

    @property
    def decisions(self) -> Decisions:
        """Every decision so far."""
        return self._view(0)

    @property
    def book(self) -> Book:
        """The tables, to be read only."""
        return self._book

    @property
    def register(self) -> Register:
        """The names in the tables, to be read only."""
        return self._register

    @property
    def pools(self) -> Sequence[tuple[str, str]]:
        """(sku, location) of each pool row; row 0 is none."""
        return self._register.pools

    @property
    def tiers(self) -> Sequence[str]:
        """Name of each tier code."""
        return self._register.tiers

    @property
    def played(self) -> int:
        """How many commands have been played."""
        return self._register.commands

    def reservation_id(self, row: int) -> str:
        """The id of a reservation's row."""
        return self._register.reservation_name(row, self._book)

    def order_id(self, row: int) -> str:
        """The id of an order's row."""
        return self._register.orders.name(row)

    # ----- whole tapes and states

    @classmethod
    def on(cls, columns: Columns, policy: Policy, book: Book | None = None, past: Ledger | None = None) -> Self:
        """One with a whole tape before it, to be played by `play_command` or `play_all`.

        Args:
            columns: The tape. Any number of engines may play it at the same time: none writes to it.
            policy: What the rules leave open.
            book: One that is finished with, whose memory is used again.
            past: One that has played the beginning of the tape (`columns` of it), maybe under another policy: go on
                where it stands. Open reservations stand as they stood, in lines and with scores of this policy.
        """
        engine = cls(policy, book)
        engine._register = Register.of(columns, engine._book)
        engine._book.replace(local_days=columns.local_days(policy.zone))
        if past is not None:
            engine._register.commands = past.played
            same = (policy.tiers, policy.scoring) == (past.policy.tiers, past.policy.scoring)
            engine._book.take_over(past.book, None if same else _scores(past, engine._book))
        return engine

    def columns(self) -> Columns:
        """The commands that were applied so far, as a tape in columns."""
        tables, register = self._book.tables, self._register
        return Columns(
            commands=tables.commands[: register.commands].copy(),
            lines=tables.lines[: register.lines].copy(),
            adoptions=tables.adoptions[: register.adoptions].copy(),
            pools=tuple(register.pools[1:]),
            tiers=register.tiers,
            orders=register.orders.copy(),
        )

    def play_command(self, number: int) -> None:
        """Play the next command of the tape that the engine was made on.

        Args:
            number: Its number, from 0, which must be the next one.

        Raises:
            EngineFault: It is not: somebody lost or repeated a command.
        """
        if number != self._register.commands:
            raise EngineFault(f"command {number} was sent where {self._register.commands} is due")
        self._decided = self._book.play(number, number + 1)
        self._register.commands = number + 1

    def play_until(self, number: int) -> None:
        """Play what is left before a command, by its number, of the tape that the engine was made on."""
        self._decided = self._book.play(self._register.commands, number)
        self._register.commands = number

    def play_all(self) -> None:
        """Play all commands that are left of the tape that the engine was made on."""
        self.play_until(len(self._book.tables.commands))

    def finish(self) -> None:
        """Give back the memory that only further commands need; the engine answers questions still."""
        self._book.finish()

    def snapshot(self) -> Snapshot:
        """The whole state, independent of what the engine does next."""
        return Snapshot(self.copy())

    @classmethod
    def restore(cls, snapshot: Snapshot) -> Self:
        """An engine that goes on where the snapshot was taken."""
        engine = object.__new__(cls)
        engine.__dict__.update(snapshot.engine.copy().__dict__)
        return engine

    def copy(self) -> Self:
        """An engine of its own in the same state."""
        engine = object.__new__(type(self))
        engine.__dict__.update(self.__dict__)
        engine._book, engine._register = self._book.copy(), self._register.copy()
        engine._problems = dict(self._problems)
        return engine

    def _play(self, row: CommandRow) -> Decisions:
        before = self._decided
        c = self._register.add_command(row.values(), row.local_day, self._book)
        self._register.know_days((row.day,), self._book)
        self._decided = self._book.play(c, c + 1)
        self._at = row.at
        # A hand-over ends with the first command that is no part of it.
        self._handed_over |= row.kind not in _HAND_OVER
        return self._view(before)

    def _view(self, first: int) -> Decisions:
        return Decisions(self._book, first, self._decided, Explainer(self._book, self._problems, self.reservation_id))


def _scores(past: Ledger, book: Book) -> NDArray[np.int64]:
    """What the reservations of a past would score under the policy and tiers of a book (RULES.md section 3)."""
    tables, rows = past.book.tables, past.book.used("reservations")
    commands = tables.commands[: past.played]
    ordering = np.flatnonzero(np.isin(commands["kind"], (Kind.PLACE, Kind.ADOPT)) & (commands["order"] >= 0))
    # A refused order's row is taken by the next one: the last command of a row is the one that counts.
    source = np.zeros(len(tables.orders), np.int64)
    source[commands["order"][ordering]] = ordering
    inputs, policy = commands[source[rows["order"]]], book.tables.policy[0]
    score: NDArray[np.int64] = book.tables.tiers["score"][rows["tier"]]
    for weight, name in _SCORED:
        score = score + int(policy[weight]) * inputs[name].astype(np.int64)
    return score
