"""Sending the orders of a plan and writing its holds: on disk as an intent before it leaves, never again blind."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from allocation.engine.errors import OmsError
from allocation.live.brakes import Around, Brakes, Waits
from allocation.live.checks import Units, require_one_each, require_priority
from allocation.live.closing import Closer
from allocation.live.journal import Entry, Journal
from allocation.live.looking import look_up
from allocation.live.parallel import GROUP, side_by_side
from allocation.live.plan import Effect, Plan
from allocation.live.staleness import changes, planned_holds
from allocation.live.states import Known, Standing, State, payload_digest
from allocation.oms.port import (
    HOLDS_MAX,
    OPEN,
    Confirmed,
    FoundOrder,
    Hold,
    NotSent,
    Outcome,
    Rejected,
    Taken,
    Uniqueness,
    Unknown,
    Writer,
)
from allocation.tape.masking import masked


class Sender:
    """Sends orders, and knows what became of each.

    Args:
        oms: Where they go.
        journal: Whose entries have been read, under the lock.
        plan: What is applied.
        digest: Of the plan.
        known: What the journal says of each key; kept up to date.
        units: What is given out; kept up to date.
        brakes, waits, around: See `brakes`.

    Attributes:
        sent: Orders that were sent, the second time too.
        stopped: Why nothing more is sent, empty while something may be.
        unreachable: Whether that is because the system cannot be reached.
        closer: What writes the holds.
        left_out: Reservations that are not open any more as they were planned, each with the reason.
        ended: Reservations whose order was made and does not stand any more, each with the reason.
    """

    def __init__(
        self,
        oms: Writer,
        journal: Journal,
        plan: Plan,
        digest: str,
        known: Known,
        units: Units,
        brakes: Brakes,
        waits: Waits,
        around: Around,
    ) -> None:
        self.sent = 0
        self.stopped = ""
        self.unreachable = False
        self.left_out: dict[str, str] = {}
        self.ended: dict[str, str] = {}
        self._oms, self._journal, self._plan = oms, journal, digest
        self._ranks = {effect.key: rank for rank, effect in enumerate(plan.effects)}
        self._planned = planned_holds(plan)
        self._known, self._units = known, units
        self._brakes, self._waits, self._around = brakes, waits, around
        self._is_unique = oms.uniqueness() is Uniqueness.ENFORCED
        self._workers = max(brakes.concurrency, 1) if self._is_unique else 1
        self.closer = Closer(oms, journal, digest, self._planned, self._workers, around)
        # By key: why this process was refused an order.
        self._refused: dict[str, dict[str, str]] = {}
        self._entries: list[Entry] = []
        self._due: list[Effect] = []
        self._errors = 0

    # ----- orders

    def send(self, effects: Sequence[Effect], total: int) -> None:
        """Send orders in their order, the canary first, and write the holds of those that are confirmed.

        Raises:
            CheckFailed: What must always hold does not; nothing more is sent.
            LockHeld: The lock was taken away.
        """
        last, done, is_first = -1, total - len(effects), True
        for group in self._groups(effects):
            if self._must_stop():
                break
            last = require_priority(last, [self._ranks[effect.key] for effect in group])
            sent = self._send_group(group)
            done += len(group)
            self._around.advance(done, total)
            if is_first and sent and self._brakes.canary:
                is_first = False
                self._require_canary(sent)
            self._write_some_holds(sent)
        self.flush()

    def _write_some_holds(self, effects: Sequence[Effect]) -> None:
        """An order and its open hold are two truths, so the holds follow their orders closely."""
        made = [effect for effect in effects if self._known[effect.key].state is State.CONFIRMED]
        self._due += [effect for effect in made if effect.reservation_id not in self.ended]
        if len(self._due) >= HOLDS_MAX * self._workers:
            # What fails is tried again at the end, with all that is left.
            due, self._due = self._due, []
            self.closer.close_once(due)

    def _groups(self, effects: Sequence[Effect]) -> Iterator[Sequence[Effect]]:
        left = effects if self._brakes.orders_max is None else effects[: self._brakes.orders_max]
        # Who is first may have left: the canary is of those who are sent.
        while self._brakes.canary and left and not self.sent:
            yield left[: self._brakes.canary]
            left = left[self._brakes.canary :]
        yield from self._parts(left)

    def _parts(self, effects: Sequence[Effect]) -> Iterator[Sequence[Effect]]:
        size = GROUP * self._workers if self._is_unique else 1
        for first in range(0, len(effects), size):
            yield effects[first : first + size]

    def _must_stop(self) -> bool:
        self.stopped = self.stopped or self._around.should_stop()
        if not self.stopped and self.sent >= self._brakes.error_share_from:
            share = self._errors / self.sent
            if share > self._brakes.error_share_max:
                limit = f"more than {self._brakes.error_share_max:.0%}"
                self.stopped = f"{self._errors:,} of {self.sent:,} orders are rejected or unknown, {limit}"
        return bool(self.stopped)

    def _require_canary(self, effects: Sequence[Effect]) -> None:
        """The first orders must all stand before the rest follows."""
        self.settle(effects)
        due = [effect for effect in effects if effect.reservation_id not in self.left_out]
        failed = [effect.key for effect in due if self._known[effect.key].state is not State.CONFIRMED]
        if failed and not self.stopped:
            state = self._known[failed[0]]
            reason = state.detail.get("reason", "")
            self.stopped = f"canary: {failed[0]} is {state.state.value}, not CONFIRMED: {reason}"

    def _send_group(self, effects: Sequence[Effect]) -> Sequence[Effect]:
        """Send those that are still due: customers cancel all night, and while this goes on."""
        effects = self._still_due(effects)
        for effect in effects:
            if effect.order is not None:
                self._units.give(effect.order)
        doubted = {effect.key for effect in effects if self._known.is_open(effect.key)}
        self._note_all(effects, State.INTENT)
        self.flush()
        began = self._around.now()
        outcomes = side_by_side(self._submit, effects, self._workers)
        self._keep_pace(len(effects), began)
        for effect, outcome in zip(effects, outcomes, strict=True):
            self._settle_one(effect, outcome, is_doubted=effect.key in doubted)
        return effects

    def _still_due(self, effects: Sequence[Effect]) -> Sequence[Effect]:
        try:
            found = self._oms.holds_named([effect.reservation_id for effect in effects])
            now = {hold.reservation_id: hold for hold in found}
        except OmsError as error:
            self.stopped, self.unreachable = f"the holds cannot be read: {masked(str(error))}", True
            return ()
        reasons = {effect.reservation_id: self._ended(effect, now) for effect in effects}
        self.left_out.update({name: reason for name, reason in reasons.items() if reason})
        return [effect for effect in effects if not reasons[effect.reservation_id]]

    def _ended(self, effect: Effect, now: Mapping[str, Hold]) -> str:
        """Why an effect is not due any more as it was planned, if it is not."""
        found = now.get(effect.reservation_id)
        if found is None:
            return "its hold is gone"
        if found.status not in OPEN:
            return f"is {found.status.name} since"
        return "; ".join(problem.message for problem in changes(self._planned[effect.reservation_id], found))

    def _keep_pace(self, orders: int, began: datetime) -> None:
        if self._brakes.orders_per_s_max is not None:
            early_s = orders / self._brakes.orders_per_s_max - (self._around.now() - began).total_seconds()
            if early_s > 0:
                self._around.sleep(early_s)

    def _submit(self, effect: Effect) -> Outcome:
        if effect.order is None:
            raise ValueError(f"{effect.key} has no order")
        return self._oms.submit(effect.order)

    def _settle_one(self, effect: Effect, outcome: Outcome, *, is_doubted: bool) -> None:
        """Write down what became of an order.

        Args:
            effect: Whose order.
            outcome: Of this request.
            is_doubted: Whether an earlier request of it may still land: then only a look-up tells that it did not.
        """
        self.sent += 1
        match outcome:
            case Confirmed(reference):
                self.note(effect, State.CONFIRMED, reference=reference)
            case Rejected(code, reason):
                self._errors += 1
                self._refused[effect.key] = {"code": code, "reason": reason}
                self._not_made(effect, State.REJECTED, is_doubted=is_doubted, code=code, reason=reason)
            case NotSent(reason):
                self._not_made(effect, State.NOT_SENT, is_doubted=is_doubted, reason=reason)
                if not self.stopped:
                    self.stopped, self.unreachable = f"the system cannot be reached: {masked(reason)}", True
            case Taken(code, reason):
                # By our own, sent before, as like as not: nobody knows before it has been looked at.
                self.note(effect, State.UNKNOWN, code=code, reason=f"the key is taken: {reason}")
            case Unknown(reason):
                self._errors += 1
                self.note(effect, State.UNKNOWN, reason=reason)

    def _not_made(self, effect: Effect, state: State, *, is_doubted: bool, **detail: Any) -> None:
        if is_doubted:
            self.note(effect, State.UNKNOWN, **detail)
        else:
            self._units.take_back(effect.key)
            self.note(effect, state, **detail)

    # ----- what nobody knows

    def settle(self, effects: Sequence[Effect]) -> None:
        """Look up what is unknown after a wait, and send again what is proved not to be there.

        Raises:
            CheckFailed: Two orders stand under one key, or another one than was sent.
            OmsError: It cannot be looked up.
        """
        for _ in range(self._brakes.lookups_max):
            left_out = self.left_out
            unknown = [
                effect
                for effect in effects
                if self._known.is_open(effect.key) and effect.reservation_id not in left_out
            ]
            self.stopped = self.stopped or self._around.should_stop()
            if not unknown or self.stopped:
                break
            # What was refused is not sent again: it must have landed by then, or never will.
            refused = {effect.key: True for effect in unknown if effect.key in self._refused}
            absent = self.look(unknown, is_final=self.wait(until_final=bool(refused)))
            again = [effect for effect in absent if effect.key not in refused]
            if again and not self._resend(again):
                break
        self.flush()

    def prove(self, effects: Sequence[Effect]) -> None:
        """Find out what became of orders that may have been sent, and are not sent again.

        Raises:
            CheckFailed, OmsError: As above.
        """
        if effects:
            self.look(effects, is_final=self.wait(until_final=True))

    def _resend(self, absent: Sequence[Effect]) -> bool:
        """Send again what is not there; whether all of it was."""
        for group in self._parts(absent):
            is_enough = self._brakes.orders_max is not None and self.sent >= self._brakes.orders_max
            if is_enough or self._must_stop():
                return False
            self._send_group(group)
        return True

    def wait(self, *, until_final: bool = False) -> bool:
        """Wait until a look-up proves something; whether what is not there then never will be.

        Where the system refuses a second order of a key, one that is sent again too early is refused, and no harm done.

        Args:
            until_final: Wait in full all the same, because what is not there is not sent again.
        """
        is_short = self._is_unique and not until_final
        seconds = self._waits.read_lag_s if is_short else self._waits.quiescence_s
        self._around.say(f"waiting {seconds:.0f} s, so that nothing that was sent can still land unseen")
        self._around.sleep(seconds)
        return not is_short

    def look(self, effects: Sequence[Effect], *, is_final: bool) -> list[Effect]:
        """Look up orders and write down what there is; those of which there is none.

        Args:
            effects: Whose orders.
            is_final: Whether what is not there never will be; else it stays unknown until it is sent again.
        """
        found = look_up(self._oms, [effect.key for effect in effects], self._workers)
        require_one_each(effects, found)
        for effect in effects:
            self.note_found(effect, found[effect.key], is_final=is_final)
        self.flush()
        return [effect for effect in effects if not found[effect.key]]

    def note_found(self, effect: Effect, there: Sequence[FoundOrder], *, is_final: bool) -> None:
        """Write down what was found under the key of an order; `flush` puts it on disk."""
        if there:
            one = next((found for found in there if found.live), there[0])
            if not one.live:
                self.ended[effect.reservation_id] = f"has order {one.reference}, which is {one.status}"
            if self._known.state(effect.key) is not State.CONFIRMED:
                self.note(effect, State.CONFIRMED, reference=one.reference, status=one.status, found=True)
        elif is_final and self._known.is_open(effect.key):
            self._units.take_back(effect.key)
            refused = self._refused.get(effect.key)
            self.note(effect, State.ABSENT if refused is None else State.REJECTED, **(refused or {}))

    # ----- the journal

    def note(self, effect: Effect, state: State, **detail: Any) -> None:
        """Write down what is known of an order; `flush` puts it on disk."""
        if effect.order is None:
            raise ValueError(f"{effect.key} has no order")
        self.note_key(effect.key, payload_digest(effect.order), state, **detail)

    def note_key(self, key: str, payload: str, state: State, **detail: Any) -> None:
        """The same of an order that another plan sent, of which only the key and the payload's digest are known."""
        told = {name: masked(value) if isinstance(value, str) else value for name, value in detail.items()}
        told["payload"] = payload
        self._known[key] = Standing(state, self._plan, payload, told)
        self._entries.append(self._entry(state.value, key, told))

    def _note_all(self, effects: Sequence[Effect], state: State) -> None:
        for effect in effects:
            self.note(effect, state)

    def _entry(self, kind: str, key: str, detail: dict[str, Any]) -> Entry:
        return Entry(kind, self._around.now().isoformat(), self._plan, key, detail)

    def flush(self) -> None:
        """Put on disk what has been noted."""
        entries, self._entries = self._entries, []
        self._journal.append(entries)
