"""Writing the holds of a plan as they are to be; a customer may have been quicker, and then theirs stays as it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from allocation.engine.codes import Status
from allocation.engine.errors import OmsError
from allocation.live.brakes import Around
from allocation.live.journal import Entry, Journal
from allocation.live.masking import masked
from allocation.live.parallel import GROUP, side_by_side
from allocation.live.plan import Effect
from allocation.oms.port import HOLDS_MAX, OPEN, Confirmed, Hold, Outcome, Unknown, Writer

HELD = "HELD"
"""Kind of the entry that says that a hold is written."""
HOLD_TRIES = 3


class Closer:
    """Writes holds, and knows which are written.

    Args:
        oms: Where.
        journal: Whose lock is held.
        plan: Digest of the plan.
        workers: Requests at one time.
        around: See `brakes`.

    Attributes:
        held: Keys of the effects whose holds are written.
        crossed: Reservations that somebody ended while their orders were made, each with what they became.
    """

    def __init__(self, oms: Writer, journal: Journal, plan: str, workers: int, around: Around) -> None:
        self.held: dict[str, bool] = {}
        self.crossed: dict[str, str] = {}
        self._oms, self._journal, self._plan, self._workers, self._around = oms, journal, plan, workers, around

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
            entries: list[Entry] = []
            for batch, outcomes in zip(some, side_by_side(self._write, some, self._workers), strict=True):
                for effect, outcome in zip(batch, outcomes, strict=True):
                    if isinstance(outcome, Confirmed):
                        self.held[effect.key] = True
                        entries.append(Entry(HELD, self._around.now().isoformat(), self._plan, effect.key))
                    elif outcome is not None:
                        left.append((effect, masked(str(getattr(outcome, "reason", outcome)))))
            self._journal.append(entries)
        return left

    def _write(self, effects: Sequence[Effect]) -> list[Outcome | None]:
        """What became of each; None where somebody else has ended it."""
        try:
            now = {hold.reservation_id: hold for hold in self._oms.holds_named([e.reservation_id for e in effects])}
        except OmsError as error:
            return [Unknown(f"the holds cannot be read: {error}")] * len(effects)
        ended = {effect.key: self._ended(effect, now) for effect in effects}
        due = [effect for effect in effects if not ended[effect.key]]
        outcomes = iter(self._oms.write_holds([effect.hold for effect in due]) if due else ())
        return [None if ended[effect.key] else next(outcomes) for effect in effects]

    def _ended(self, effect: Effect, now: Mapping[str, Hold]) -> bool:
        found = now.get(effect.reservation_id)
        if found is None or found.status in OPEN or found.status is effect.hold.status:
            return False
        if effect.hold.status is Status.ALLOCATED:
            self.crossed[effect.reservation_id] = f"became {found.status.name} while its order was made"
        return True
