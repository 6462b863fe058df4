"""Putting an open book into an order management system. It may be done again: what is there already stays one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from allocation.oms.port import Confirmed, Hold, NotSent, Outcome, Rejected, Unknown, Writer

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
    with ThreadPoolExecutor(max(workers, 1)) as pool:
        for outcome in pool.map(lambda hold: _write(oms, hold), holds):
            outcomes.append(outcome)
            if advance is not None:
                advance(len(outcomes), len(holds))
    left = tuple((hold, outcome) for hold, outcome in zip(holds, outcomes, strict=True) if not _is_done(outcome))
    return Loaded(len(holds) - len(left), left)


def _is_done(outcome: Outcome) -> bool:
    return isinstance(outcome, Confirmed)


def _write(oms: Writer, hold: Hold) -> Outcome:
    outcome: Outcome = NotSent("not tried")
    for _ in range(TRIES):
        outcome = oms.write_hold(hold)
        if isinstance(outcome, Confirmed | Rejected):
            return outcome
    return outcome


def reason_of(outcome: Outcome) -> str:
    """What an outcome says, in one line."""
    match outcome:
        case Confirmed(reference):
            return f"done: {reference}"
        case Rejected(code, reason):
            return f"rejected, {code}: {reason}"
        case NotSent(reason):
            return f"not sent: {reason}"
        case Unknown(reason):
            return f"unknown: {reason}"
