"""Putting an open book into an order management system. It may be done again: what is there already stays one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from allocation.oms.port import HOLDS_MAX, Confirmed, Hold, NotSent, Outcome, Rejected, Taken, Unknown, Writer

TRIES = 3


@dataclass(frozen=True, slots=True)
class Loaded:
    """What became of a load.

    Attributes:
        written: Holds that are there now as they should be.
        left: Those that are not, or of which nobody knows, each with what happened last.
    """

    written: int
    left: tuple[tuple[Hold, Outcome], ...]


def load_holds(
    oms: Writer, holds: Sequence[Hold], workers: int = 1, advance: Callable[[int, int], None] | None = None
) -> Loaded:
    """Write holds.

    A hold has one ref, and writing it twice is as once, so what was not sent or is unknown is simply tried again.

    Args:
        oms: Where they are written.
        holds: All of them.
        workers: How many are written at the same time.
        advance: Told (done, in all).
    """
    outcomes: list[Outcome] = []
    chunks = [holds[first : first + HOLDS_MAX] for first in range(0, len(holds), HOLDS_MAX)]
    with ThreadPoolExecutor(max(workers, 1)) as pool:
        for written in pool.map(lambda chunk: _write(oms, chunk), chunks):
            outcomes += written
            if advance is not None:
                advance(len(outcomes), len(holds))
    left = tuple((hold, outcome) for hold, outcome in zip(holds, outcomes, strict=True) if not _is_done(outcome))
    return Loaded(len(holds) - len(left), left)


def _is_done(outcome: Outcome) -> bool:
    return isinstance(outcome, Confirmed)


def _write(oms: Writer, holds: Sequence[Hold]) -> list[Outcome]:
    outcomes: list[Outcome] = [NotSent("not tried")] * len(holds)
    for _ in range(TRIES):
        again = [i for i, outcome in enumerate(outcomes) if not isinstance(outcome, Confirmed | Rejected)]
        if again:
            for i, outcome in zip(again, oms.write_holds([holds[i] for i in again]), strict=True):
                outcomes[i] = outcome
    return outcomes


def reason_of(outcome: Outcome) -> str:
    """What an outcome says, in one line."""
    match outcome:
        case Confirmed(reference):
            return f"done: {reference}"
        case Rejected(code, reason) | Taken(code, reason):
            return f"rejected, {code}: {reason}"
        case NotSent(reason):
            return f"not sent: {reason}"
        case Unknown(reason):
            return f"unknown: {reason}"
