"""Decisions as people and programs read them; made from rows of the log only when somebody asks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from allocation.engine.book import Book
from allocation.engine.codes import Kind, Reason, Refusal, Status, Step
from allocation.engine.instants import from_milliseconds
from allocation.engine.tables import Records


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """Why a promise could be made: units by its date, as they stood just before."""

    supply_by: int
    limit: int
    promised: int
    atp: int


@dataclass(frozen=True, slots=True)
class Decision:
    """One thing that was decided.

    Attributes:
        sequence: Number from 0, without gaps.
        at: The instant of the command.
        line: Number of the command, from 1: its line on a tape.
        cause: The command's type.
        step: The step of the rules that decided.
        reservation_id: None for a refused command.
        before: Status before, None for a new reservation.
        after: Status after, None for a refused command.
        reason: Why a reservation ended.
        ship_date: Where it is held after the decision, else what it requests.
        arithmetic: Of a promise.
        refused: All reasons why a command was refused.
    """

    sequence: int
    at: datetime
    line: int
    cause: str
    step: str
    reservation_id: str | None
    before: str | None
    after: str | None
    reason: str | None
    ship_date: date | None
    arithmetic: Arithmetic | None
    refused: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Explainer:
    """Turns codes of the log into text."""

    book: Book
    problems: Mapping[int, Sequence[str]]
    reservation_id: Callable[[int], str]

    def decision(self, sequence: int, row: Any) -> Decision:
        """One row of the log."""
        command = self.book.tables.commands[int(row["command"])]
        refused = int(row["step"]) == Step.REFUSED
        known = int(row["limit"]) or int(row["supply_by"]) or int(row["promised"]) or int(row["atp"])
        numbers = (int(row[name]) for name in ("supply_by", "limit", "promised", "atp"))
        return Decision(
            sequence=sequence,
            at=from_milliseconds(int(command["at"])),
            line=int(row["command"]) + 1,
            cause=Kind(int(command["kind"])).name.lower(),
            step=Step(int(row["step"])).name.lower(),
            reservation_id=None if refused else self.reservation_id(int(row["reservation"])),
            before=Status(int(row["before"])).name if row["before"] else None,
            after=Status(int(row["after"])).name if row["after"] else None,
            reason=reason_name(int(row["reason"])),
            ship_date=date.fromordinal(int(row["day"])) if row["day"] else None,
            arithmetic=Arithmetic(*numbers) if known else None,
            refused=self.reasons(row) if refused else (),
        )

    def reasons(self, row: Any) -> tuple[str, ...]:
        """Every reason why a command was refused."""
        c, bits = int(row["command"]), int(row["refused"])
        noted = tuple(self.problems.get(c, ()))
        texts = (text for bit in Refusal if bits & bit for text in self._texts(bit, c))
        return noted + tuple(texts)

    def _texts(self, bit: Refusal, c: int) -> Iterator[str]:
        command = self.book.tables.commands[c]
        intake = self.book.policy.intake
        ahead = int(command["day"]) - int(self.book.tables.local_days["day"][c])
        if bit is Refusal.QUANTITY:
            yield from self._quantities(command)
        elif bit is Refusal.TOO_SOON:
            yield f"the ship date is {ahead} days ahead; intake.min_days is {intake.min_days}"
        elif bit is Refusal.TOO_LATE:
            yield f"the ship date is {ahead} days ahead; intake.max_days is {intake.max_days}"
        elif bit in _TEXTS:
            yield _TEXTS[bit]

    def _quantities(self, command: Any) -> Iterator[str]:
        cap = self.book.policy.intake.max_quantity
        first = int(command["first_line"])
        for number, line in enumerate(self.book.tables.lines[first : first + int(command["lines"])], 1):
            quantity = int(line["quantity"])
            if quantity < 1 or (cap is not None and quantity > cap):
                yield f"line {number}: quantity {quantity} is not from 1 to intake.max_quantity {cap}"


_TEXTS = {
    Refusal.TIER: "the tier has no score in the policy",
    Refusal.POOL: "a pool that it names does not exist",
    Refusal.CLOSED: "the ship date is closed",
    Refusal.UNKNOWN: "the order or reservation does not exist",
    Refusal.NO_TARGET: "no reservation that it names is in a state that it could act on",
    Refusal.NO_POOL: "no pool is left to act on: the date is closed or already confirmed, or an earlier date still has "
    "held reservations",
    Refusal.TAKEN: "the reservation id or the arrival number is taken",
    Refusal.NOT_OPEN: "the reservation is not open",
    Refusal.UNASSIGNED: "the reservation is held but has no assigned date",
    Refusal.LATE: "a book can be handed over only before other commands",
}


def reason_name(code: int) -> str | None:
    """The word for a reason, None for none."""
    return Reason(code).name.lower() if code else None


class Decisions(Sequence[Decision]):
    """A run of decisions, read from the log when it is looked at."""

    def __init__(self, book: Book, first: int, last: int, explainer: Explainer) -> None:
        self._book = book
        self._first = first
        self._last = last
        self._explainer = explainer

    @property
    def rows(self) -> Records:
        """The rows of the log (`tables.LOG`)."""
        rows: Records = self._book.tables.log[self._first : self._last]
        return rows

    @property
    def refused(self) -> bool:
        """Whether the command was refused."""
        return self._last > self._first and bool(self._book.tables.log["step"][self._last - 1] == Step.REFUSED)

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why the command was refused."""
        return self._explainer.reasons(self.rows[-1]) if self.refused else ()

    def __len__(self) -> int:
        return self._last - self._first

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        i = index + len(self) if index < 0 else index
        if not 0 <= i < len(self):
            raise IndexError(index)
        return self._explainer.decision(self._first + i, self._book.tables.log[self._first + i])

    def __repr__(self) -> str:
        return f"<{len(self)} decisions{', refused' if self.refused else ''}>"
