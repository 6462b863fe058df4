"""A sampled tape with the overbooking rates of a policy on it: those set at opening, and the reviews."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

import numpy as np

from allocation.engine.allocation_engine import AllocationEngine
from allocation.engine.codes import NOBODY, Kind
from allocation.engine.columns import Columns
from allocation.engine.policy import MICRO
from allocation.engine.tables import COMMAND, Records
from allocation.overbooking.rates import Rates, Review


@dataclass(frozen=True, slots=True)
class RatedTape:
    """A tape, and which of its commands are reviews.

    Attributes:
        columns: The tape. With reviews it is for one play only: each writes its rate into its command.
        reviews: By the number of its command.
    """

    columns: Columns
    reviews: Mapping[int, Review] = field(default_factory=lambda: MappingProxyType({}))

    def review(self, engine: AllocationEngine, number: int) -> None:
        """Before a command is played: if it is a review, set its rate from what the book has seen."""
        review = self.reviews.get(number)
        if review is None:
            return
        command = self.columns.commands[number]
        pool = engine.book.tables.pools[int(command["pool"])]
        command["number"] = review.learner.rate(int(pool["promises"]), int(pool["losses"]), review.at)

    def play(self, engine: AllocationEngine) -> None:
        """Play the whole tape."""
        self.play_until(engine, len(self.columns))

    def play_until(self, engine: AllocationEngine, end: int) -> None:
        """Play what is left before a command, by its number."""
        for number in self.reviews:
            if engine.played <= number < end:
                engine.play_until(number)
                self.review(engine, number)
        engine.play_until(end)


def rated_tape(sampled: Columns, rates: Rates, opens: int, first: int = 0) -> RatedTape:
    """Put ``overbooking`` commands with ``source: policy`` on a tape.

    Args:
        sampled: A policy-free tape; it is not changed.
        rates: What the policy says of overbooking.
        opens: When rates at opening are set, milliseconds.
        first: Number of the first command that they may come before; those before it have been played.
    """
    if not rates.at_opening and not rates.reviews:
        return RatedTape(sampled)
    rows = {name: row for row, name in enumerate(sampled.pools, 1)}
    fixed = [(opens, rows[pool], int(rate * MICRO)) for pool, rate in sorted(rates.at_opening.items())]
    commands = np.zeros(len(fixed) + len(rates.reviews), COMMAND)
    for name in ("tier", "order", "target"):
        commands[name] = NOBODY
    commands["kind"], commands["option"] = Kind.OVERBOOKING, 1
    reviewed = [(review.at, rows[review.pool], 0) for review in rates.reviews]
    for command, (at, pool, number) in zip(commands, fixed + reviewed, strict=True):
        command["at"], command["pool"], command["number"] = at, pool, number
    merged, places = _merged(sampled.commands, commands, first)
    reviews = dict(zip(places[len(fixed) :].tolist(), rates.reviews, strict=True))
    return RatedTape(replace(sampled, commands=merged), MappingProxyType(reviews))


def _merged(commands: Records, more: Records, first: int) -> tuple[Records, Records]:
    """Both, from `first` on in the order of instant and kind, and the places of `more`, which is in that order."""
    keys, of_more = (rows["at"] * len(Kind) + rows["kind"] for rows in (commands[first:], more))
    places = first + np.searchsorted(keys, of_more, side="right") + np.arange(len(more))
    there = np.ones(len(commands) + len(more), bool)
    there[places] = False
    merged = np.empty(len(there), COMMAND)
    # As whole words, which NumPy copies several times faster than fields.
    words, width = merged.view(np.int64).reshape(len(merged), -1), COMMAND.itemsize // 8
    words[there] = commands.view(np.int64).reshape(-1, width)
    words[places] = more.view(np.int64).reshape(-1, width)
    return merged, places
