"""Writing the holds of a plan as they are to be; a customer may have been quicker, and then theirs stays as it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from allocation.engine.codes import Status
from allocation.engine.errors import OmsError
from allocation.live.brakes import Around
from allocation.live.journal import Entry, Journal
from allocation.live.parallel import GROUP, side_by_side
from allocation.live.plan import Effect
from allocation.live.staleness import changes
from allocation.oms.port import HOLDS_MAX, OPEN, Confirmed, Hold, NotSent, Outcome, Unknown, Writer
from allocation.tape.masking import masked

HELD, HOLDING, NOT_HELD = "HELD", "HOLDING", "NOT_HELD"
"""Kinds of the entries that say that a hold is written, is going to be, and was not."""
HOLD_TRIES = 3


class Closer:
    """Writes holds, and knows which are written.

    Args:
        oms: Where.
        journal: Whose lock is held.
        plan: Digest of the plan.
        planned: Holds as the plan was made from them, by reservation.
        workers: Requests at one time.
        around: See `brakes`.

    Attributes:
        held: Keys of the effects whose holds are written.
        unsure: Effects by key whose holds were written by a request that may still land, over whatever is there then.
        crossed: Reservations that somebody ended while their orders were made, each with what they became.
        left_out: Reservations that get no order and were changed or ended meanwhile, each with the reason.
    """

    def __init__(
        self, oms: Writer, journal: Journal, plan: str, planned: Mapping[str, Hold], workers: int, around: Around
    ) -> None:
        self.held: dict[str, bool] = {}
        self.unsure: dict[str, Effect] = {}
        self.crossed: dict[str, str] = {}
        self.left_out: dict[str, str] = {}
        self._oms, self._journal, self._plan, self._planned = oms, journal, plan, planned
        self._workers, self._around = workers, around

    def close(self, effects: Sequence[Effect]) -> list[tuple[Effect, str]]:
        """Write holds as they are to be; those that are not so, each with the reason.

        A hold is written as a whole, so that writing it twice is as once: it is simply tried again. Who asks to stop
        waits for it: an order whose hold is open would be two truths.
        """
        left = self.close_once([effect for effect in effects if effect.key not in self.held])
        for _ in range(HOLD_TRIES - 1):
            if not left or self._around.should_stop():
                break
            left = self.close_once([effect for effect, _ in left])
        return left

    def close_once(self, effects: Sequence[Effect]) -> list[tuple[Effect, str]]:
        """The same, tried once."""
        batches = [effects[first : first + HOLDS_MAX] for first in range(0, len(effects), HOLDS_MAX)]
        left: list[tuple[Effect, str]] = []
        size = GROUP * self._workers
        for first in range(0, len(batches), size):
            some = batches[first : first + size]
            self._journal.append([self._entry(HOLDING, effect) for batch in some for effect in batch])
            entries: list[Entry] = []
            for batch, outcomes in zip(some, side_by_side(self._write, some, self._workers), strict=True):
                for effect, outcome in zip(batch, outcomes, strict=True):
                    if isinstance(outcome, Confirmed):
                        self.held[effect.key] = True
                    elif outcome is not None:
                        left.append((effect, masked(str(getattr(outcome, "reason", outcome)))))
                    if isinstance(outcome, Unknown):
                        self.unsure[effect.key] = effect
                    elif effect.key not in self.unsure:
                        entries.append(self._entry(HELD if effect.key in self.held else NOT_HELD, effect))
            self._journal.append(entries)
        return left

    def close_again(self, effects: Sequence[Effect]) -> list[tuple[Effect, str]]:
        """Once nothing can land any more: the same, for those of which that was unsure."""
        self._journal.append([self._entry(NOT_HELD, effect) for effect in self.unsure.values()])
        for key in self.unsure:
            self.held.pop(key, None)
        self.unsure = {}
        return self.close(effects)

    def _entry(self, kind: str, effect: Effect) -> Entry:
        return Entry(kind, self._around.now().isoformat(), self._plan, effect.key)

    def _write(self, effects: Sequence[Effect]) -> list[Outcome | None]:
        """What became of each; None where somebody else was quicker."""
        try:
            now = {hold.reservation_id: hold for hold in self._oms.holds_named([e.reservation_id for e in effects])}
        except OmsError as error:
            # Nothing was written yet.
            return [NotSent(f"the holds cannot be read: {error}")] * len(effects)
        wanted = {
            effect.reservation_id: _over(effect, now.get(effect.reservation_id))
            for effect in effects
            if not self._is_theirs(effect, now.get(effect.reservation_id))
        }
        due = [hold for name, hold in wanted.items() if now.get(name) != hold]
        outcomes = self._oms.write_holds(due) if due else ()
        written = {hold.reservation_id: outcome for hold, outcome in zip(due, outcomes, strict=True)}
        names = [effect.reservation_id for effect in effects]
        # One that is as it is to be needs no request.
        return [written.get(name, Confirmed(name)) if name in wanted else None for name in names]

    def _is_theirs(self, effect: Effect, found: Hold | None) -> bool:
        """Whether a hold is not what the plan was made from any more, nor what it is to become."""
        if found is None or found == effect.hold:
            return False
        name = effect.reservation_id
        if found.status not in OPEN:
            if found.status is effect.hold.status:
                return False
            if effect.hold.status is Status.ALLOCATED:
                self.crossed[name] = f"is {found.status.name}, and its order stands"
            else:
                self.left_out[name] = f"is {found.status.name} since"
            return True
        changed = "; ".join(problem.message for problem in changes(self._planned.get(name, effect.hold), found))
        if effect.hold.status is not Status.ALLOCATED:
            if changed:
                self.left_out[name] = changed
            return bool(changed)
        # Who has an order has it, but of what was ordered.
        if _ordered(found) != _ordered(effect.hold):
            self.crossed[name] = f"has its order, and was changed meanwhile: {changed or 'its customer'}"
            return True
        return False


def _over(effect: Effect, found: Hold | None) -> Hold:
    """A hold as it is to be written: what a clerk put right meanwhile stays so."""
    if found is not None and found.status not in OPEN:
        return found
    if found is None or effect.hold.status is not Status.ALLOCATED:
        return effect.hold
    return replace(found, status=effect.hold.status, assigned=effect.hold.assigned)


def _ordered(hold: Hold) -> tuple[str, str, int, str]:
    return hold.sku, hold.location, hold.quantity, hold.customer


def may_land(entries: Sequence[Entry]) -> dict[str, str]:
    """Keys of holds that a request which began may still write, each with the digest of its plan.

    Args:
        entries: Of the journal.
    """
    begun: dict[str, str] = {}
    for entry in entries:
        if entry.kind == HOLDING:
            begun[entry.key] = entry.plan
        elif entry.kind in {HELD, NOT_HELD}:
            begun.pop(entry.key, None)
    return begun
