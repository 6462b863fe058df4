"""Applying a plan: looking first, sending what is not there, and looking again.

There is one way to start, whether it is the first time, or after a crash, or after everything was done: look up every
order of the plan, write down what there is, compare the plan with the book, and send what is left in the plan's order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from allocation.engine.codes import Status
from allocation.engine.errors import CheckFailed, SettingError, StalePlan
from allocation.live.brakes import Around, Brakes, Waits
from allocation.live.checks import Units, require_one_each
from allocation.live.closing import HELD
from allocation.live.journal import Entry, Journal
from allocation.live.looking import Found, live_by_key, look_up
from allocation.live.plan import Effect, Plan, unknown_customers
from allocation.live.planfile import holds_of_tape, supply_of_tape
from allocation.live.reconciling import (
    WRONG,
    Row,
    Verdict,
    counts,
    foreign_orders,
    reconcile,
)
from allocation.live.sending import Sender
from allocation.live.served import is_of
from allocation.live.staleness import compare
from allocation.live.states import Standing, State, payload_digest, standings
from allocation.oms.port import FoundOrder, Hold, Uniqueness, Writer

BEGUN = "PLAN"
"""Kind of the entry that an apply begins with, once nothing of an earlier one can land unseen."""
LOOKS_AGAIN = 3
"""How often an order that the journal has, and that cannot be seen, is looked for before it is called missing."""


@dataclass(frozen=True, slots=True)
class Applied:
    """What an apply came to.

    Attributes:
        rows: One for each order of the plan, and for each that nobody planned.
        sent: Orders that this apply sent.
        skipped: Reservations that were left out, each with the reason.
        crossed: Reservations that somebody ended while their orders were made, each with what they became: an order
            stands, and the hold is left as it is.
        holds_left: Reservations whose holds are not written, each with the reason.
        stopped: Why it stopped before the end, empty where it did not.
        unreachable: Whether that is because the system cannot be reached.
        warnings: What a person should look at.
    """

    rows: tuple[Row, ...]
    sent: int = 0
    skipped: Mapping[str, str] = field(default_factory=dict)
    crossed: Mapping[str, str] = field(default_factory=dict)
    holds_left: Mapping[str, str] = field(default_factory=dict)
    stopped: str = ""
    unreachable: bool = False
    warnings: tuple[str, ...] = ()

    @property
    def counts(self) -> dict[str, int]:
        """Rows by verdict."""
        return counts(self.rows)

    @property
    def has_unknown(self) -> bool:
        """Whether nobody knows of something."""
        return any(row.verdict is Verdict.UNKNOWN for row in self.rows) or bool(self.holds_left)

    @property
    def is_wrong(self) -> bool:
        """Whether a person must look into something."""
        return any(row.verdict in WRONG for row in self.rows) or bool(self.crossed)


class Applier:
    """Does what a plan says, exactly once, whatever happened before. The journal's lock must be held.

    Args:
        oms: Where.
        journal: Of the plan's account and launch.
        plan: As it was read.
        digest: Of the plan.
        around, brakes, waits: See `brakes`.
        sole_writer: Whether a person vouches that nobody else writes, where neither uniqueness nor a shared journal
            keeps others out.
    """

    def __init__(
        self,
        oms: Writer,
        journal: Journal,
        plan: Plan,
        digest: str,
        around: Around,
        brakes: Brakes | None = None,
        waits: Waits | None = None,
        *,
        sole_writer: bool = False,
    ) -> None:
        self._oms, self._journal, self._plan, self._digest = oms, journal, plan, digest
        self._around, self._waits = around, waits or Waits()
        self._sole_writer = sole_writer
        self._is_unique = oms.uniqueness() is Uniqueness.ENFORCED
        self._orders = [effect for effect in plan.effects if effect.order is not None]
        self._known: dict[str, Standing] = {}
        self._units = Units({(pool.sku, pool.location): pool.on_hand for pool in supply_of_tape(plan.tape)})
        self._sender = Sender(
            oms, journal, plan, digest, self._known, self._units, brakes or Brakes(), self._waits, self._around
        )
        self._closer = self._sender.closer
        # Reading side by side does no harm, whether keys are unique or not.
        self._readers = max((brakes or Brakes()).concurrency, 1)
        self._missing: dict[str, bool] = {}
        self._served: list[Effect] = []
        self._skipped: dict[str, str] = {}

    def run(self) -> Applied:
        """Look, compare, send, look again.

        Raises:
            SettingError: The plan is for another account, or nothing keeps a second writer out.
            StalePlan: What the plan was made from is no longer so; nothing was sent.
            CheckFailed: What must always hold does not; nothing more was sent.
            LockHeld: The lock was taken away; nothing more was sent.
            OmsError: The system cannot be read.
        """
        self._require_writer()
        self._open()
        foreign = self._look()
        self._compare(foreign)
        todo = [effect for effect in self._orders if self._is_to_send(effect)]
        warnings = [*unknown_customers(self._oms, todo), *self._already_served()]
        self._sender.send(todo, len(self._orders))
        if not self._sender.stopped:
            self._sender.settle(todo)
        self._skipped.update(self._sender.left_out)
        left = self._write_holds(todo)
        self._skipped.update(self._closer.left_out)
        rows = self._report()
        self._note("END", {"counts": counts(rows), "stopped": self._sender.stopped})
        return Applied(
            rows=tuple(rows),
            sent=self._sender.sent,
            skipped=self._skipped,
            crossed=self._crossed(rows),
            holds_left=left,
            stopped=self._sender.stopped,
            unreachable=self._sender.unreachable,
            warnings=tuple(warnings),
        )

    def look(self) -> Applied:
        """Look up what nobody knows, write down what there is, and tell; nothing is sent.

        Raises:
            CheckFailed, LockHeld, OmsError: As above.
        """
        self._open()
        self._look()
        return Applied(tuple(self._report()))

    # ----- before

    def _require_writer(self) -> None:
        if self._oms.account != self._plan.account:
            raise SettingError(f"the plan is for account {self._plan.account}, and this is {self._oms.account}")
        # Holds are written as a whole, so that two who write them do no harm; two orders do.
        if self._orders and not (self._is_unique or self._journal.is_shared or self._sole_writer):
            raise SettingError(
                f"nothing proves that {self._plan.account} refuses a second order of one key, and a journal in SQLite "
                "guards this machine only: prove it (`allocation live prove`), give a journal in PostgreSQL "
                "(--journal), or vouch with --sole-writer that nobody else applies plans of this launch"
            )

    def _open(self) -> None:
        """Read the journal, and wait where something of an earlier apply may still land."""
        entries = self._journal.entries()
        self._known.update(standings(entries))
        # What was written under another plan may have been changed since.
        written = [entry.key for entry in entries if entry.kind == HELD and entry.plan == self._digest]
        self._closer.held.update(dict.fromkeys(written, True))
        self._require_payloads()
        doubted = [effect for effect in self._plan.effects if self._is_open(effect)]
        if any(effect.order is None for effect in doubted):
            # What may have been sent and is not sent again must have landed by now, or never will.
            self._sender.wait(until_final=True)
        elif doubted or (not self._is_unique and self._orders and self._may_have_lost(entries)):
            self._sender.wait()
        # Only now: whoever finds this entry relies on the wait before it.
        self._note(BEGUN, {"uniqueness": self._oms.uniqueness().value, "sole_writer": self._sole_writer})

    def _may_have_lost(self, entries: Sequence[Entry]) -> bool:
        """Whether something may have been sent that the journal does not have: it is new, or its end was torn."""
        begun = [number for number, entry in enumerate(entries) if entry.kind == BEGUN]
        if not begun or self._journal.is_torn:
            return True
        return any(entry.detail.get("torn") for entry in entries[begun[-1] :])

    def _note(self, kind: str, detail: Mapping[str, object]) -> None:
        self._journal.append([Entry(kind, self._around.now().isoformat(), self._digest, detail=detail)])

    def _require_payloads(self) -> None:
        changed = [
            effect.key
            for effect in self._orders
            if effect.order is not None
            and self._state(effect) not in {None, State.ABSENT, State.NOT_SENT}
            and self._known[effect.key].payload != payload_digest(effect.order)
        ]
        if changed:
            raise CheckFailed(
                f"{len(changed):,} orders would be sent under keys that were used for something else, such as "
                f"{changed[0]}; nothing is sent"
            )

    def _look(self) -> list[FoundOrder]:
        """Look up every order of the plan and write down what there is; orders that somebody else made."""
        confirmed = [effect for effect in self._orders if self._state(effect) is State.CONFIRMED]
        found = self._look_until_seen(confirmed)
        require_one_each(self._orders, found)
        for effect in self._orders:
            there = found[effect.key]
            if there and self._state(effect) is not State.CONFIRMED:
                reference, status = there[0].reference, there[0].status
                self._sender.note(effect, State.CONFIRMED, reference=reference, status=status, found=True)
            elif not there and self._is_open(effect):
                self._sender.note(effect, State.ABSENT)
        self._sender.flush()
        self._missing = {effect.key: True for effect in confirmed if not found[effect.key]}
        self._look_for_served()
        return foreign_orders(self._oms, self._plan)

    def _look_for_served(self) -> None:
        """Find who gets no order by this plan, and has one of an earlier apply that died.

        Whose order stands is allocated: only its hold was not written any more. The plan knows of most; one that landed
        after it was made is seen here.
        """
        known = {effect.key: effect for effect in self._plan.served}
        others = {**self._late(), **known}
        found = look_up(self._oms, list(others), self._readers)
        require_one_each(others.values(), found)
        standing = live_by_key(found)
        for key, effect in others.items():
            name = effect.reservation_id
            if key in standing:
                self._served.append(effect)
                if not all(is_of(effect.hold, order) for order in standing[key]):
                    self._skipped[name] = f"order {standing[key][0].reference} has its key, and is not of it"
            elif key in known:
                self._skipped[name] = "its order does not stand any more; make a new plan"

    def _late(self) -> dict[str, Effect]:
        """What is to be done, by key, if there should be an order for somebody who is to get nothing."""
        if self._plan.action != "release":
            return {}
        before = {hold.reservation_id: hold for hold in holds_of_tape(self._plan.tape, {})}
        late = {}
        for effect in self._plan.effects:
            if effect.order is None:
                hold = replace(before[effect.reservation_id], customer=effect.hold.customer, status=Status.ALLOCATED)
                late[effect.key] = replace(effect, hold=replace(hold, assigned=self._plan.ship_date))
        return late

    def _look_until_seen(self, expected: Sequence[Effect]) -> Found:
        """What there is under every key; what must be there is looked for again, as who reads may lag behind."""
        found = look_up(self._oms, [effect.key for effect in self._orders], self._readers)
        for _ in range(LOOKS_AGAIN):
            unseen = [effect.key for effect in expected if not found[effect.key]]
            if not unseen or self._around.should_stop():
                break
            seconds = self._waits.read_lag_s
            self._around.say(f"{len(unseen):,} orders are not seen yet; looking again in {seconds:.0f} s")
            self._around.sleep(seconds)
            found.update(look_up(self._oms, unseen, self._readers))
        return found

    def _compare(self, foreign: Sequence[FoundOrder]) -> None:
        """Compare the plan with the book, and find out who is left out and why."""
        served = {effect.reservation_id: effect for effect in self._plan.served}
        holds = list(self._oms.holds())
        done = self._done(holds)
        others = [hold for hold in holds if hold.reservation_id not in served]
        fresh = compare(self._plan, list(self._oms.supply()), others, self._released(foreign), done)
        if fresh.problems:
            raise StalePlan(fresh.problems)
        for found in foreign:
            if found.order is not None:
                self._skipped[found.order.reservation_id] = f"order {found.key} was made for it since"
        by_name = {effect.reservation_id: effect for effect in self._plan.effects} | served
        is_open = {hold.reservation_id: True for hold in holds}
        closed = [name for name in served if name not in is_open]
        now = {hold.reservation_id: hold for hold in self._oms.holds_named([*fresh.ended, *closed])}
        for name in (*fresh.ended, *closed):
            effect = by_name[name]
            is_wanted = name in now and now[name].status is effect.hold.status
            if is_wanted and (name in served or effect.hold.status is not Status.ALLOCATED):
                # As the plan wants it: written by this very apply before it was stopped, or by another one.
                self._closer.held[effect.key] = True
            else:
                self._skipped[name] = f"is {now[name].status.name} since" if name in now else "its hold is gone"

    def _released(self, foreign: Sequence[FoundOrder]) -> dict[tuple[str, str], int]:
        """Units of each pool that were given to the plan's reservations since it was made, by whomever."""
        units = self._units.given()
        for found in foreign:
            if found.order is not None:
                pool = (found.order.sku, found.order.location)
                units[pool] = units.get(pool, 0) + found.order.quantity
        return units

    def _done(self, holds: Sequence[Hold]) -> dict[str, bool]:
        """Reservations for which everything, or all but the hold, is done; the units of their orders are counted."""
        done = {}
        now = {hold.reservation_id: hold for hold in holds}
        for effect in self._plan.effects:
            is_made = self._state(effect) is State.CONFIRMED
            if is_made and effect.order is not None:
                self._units.give(effect.order)
            is_written = effect.key in self._closer.held
            # An open one may be as the plan wants it already, such as one that was rolled over.
            if is_made or is_written or (effect.order is None and now.get(effect.reservation_id) == effect.hold):
                done[effect.reservation_id] = True
        return done

    def _is_to_send(self, effect: Effect) -> bool:
        if effect.reservation_id in self._skipped or effect.key in self._missing:
            return False
        known = self._known.get(effect.key)
        if known is None:
            return True
        # What was rejected stays so under the plan that sent it; a new plan may try again.
        is_final = known.state is State.REJECTED and known.plan == self._digest
        return known.state is not State.CONFIRMED and not is_final

    def _already_served(self) -> list[str]:
        names = [effect.reservation_id for effect in self._served if effect not in self._plan.served]
        if not names:
            return []
        told = f"{len(names):,} have an order of an earlier apply and are allocated whatever this plan says"
        return [f"{told}, such as {names[0]}"]

    # ----- after

    def _write_holds(self, todo: Sequence[Effect]) -> dict[str, str]:
        """Write the holds of what is confirmed; those of who gets nothing only when every order has been sent."""
        never_sent = {None, State.ABSENT, State.NOT_SENT}
        sent = [effect for effect in todo if effect.reservation_id not in self._skipped]
        complete = not self._sender.stopped and all(self._state(effect) not in never_sent for effect in sent)
        served = {effect.key: effect for effect in self._served}
        due = [
            served.get(effect.key, effect)
            for effect in (*self._plan.served, *self._plan.effects)
            if effect.reservation_id not in self._skipped
            and (effect.key in served or (complete if effect.order is None else self._state(effect) is State.CONFIRMED))
        ]
        return {effect.reservation_id: reason for effect, reason in self._closer.close(due)}

    def _crossed(self, rows: Sequence[Row]) -> dict[str, str]:
        standing = {row.reservation_id: True for row in rows if row.verdict is Verdict.MATCHED}
        standing.update({effect.reservation_id: True for effect in self._served})
        return {name: reason for name, reason in self._closer.crossed.items() if name in standing}

    def _report(self) -> list[Row]:
        confirmed = [effect for effect in self._orders if self._state(effect) is State.CONFIRMED]
        found = self._look_until_seen(confirmed)
        return reconcile(self._plan, self._known, found, foreign_orders(self._oms, self._plan), self._skipped)

    def _is_open(self, effect: Effect) -> bool:
        return effect.key in self._known and self._known[effect.key].is_open

    def _state(self, effect: Effect) -> State | None:
        known = self._known.get(effect.key)
        return None if known is None else known.state
