"""Applying a plan: looking first, sending what is not there, and looking again.

There is one way to start, whether it is the first time, or after a crash, or after everything was done: look up every
order of the plan, write down what there is, compare the plan with the book, and send what is left in the plan's order.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from allocation.engine.codes import Status
from allocation.engine.errors import SettingError, StalePlan
from allocation.live.applied import Applied
from allocation.live.brakes import Around, Brakes, Waits
from allocation.live.checks import Units, require_account, units_taken
from allocation.live.closing import HELD, NOT_HELD, may_land
from allocation.live.finding import Finder, Findings
from allocation.live.journal import Entry, Journal
from allocation.live.leaving_out import leave_out
from allocation.live.looking import Looker
from allocation.live.plan import Effect, Plan
from allocation.live.planfile import supply_of_tape
from allocation.live.planning import unknown_customers
from allocation.live.reconciling import Row, Verdict, counts, reconcile, unplanned_orders
from allocation.live.sending import Sender
from allocation.live.staleness import compare, too_many
from allocation.live.states import Known, State, standings
from allocation.oms.port import OPEN, Hold, PoolSupply, Uniqueness, Writer

BEGUN = "PLAN"
"""Kind of the entry that an apply begins with, once nothing of an earlier one can land unseen."""


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
        self._known = Known()
        self._units = Units({(pool.sku, pool.location): pool.on_hand for pool in supply_of_tape(plan.tape)})
        self._sender = Sender(
            oms, journal, plan, digest, self._known, self._units, brakes or Brakes(), self._waits, self._around
        )
        self._closer = self._sender.closer
        # Reading side by side does no harm, whether keys are unique or not.
        readers = max((brakes or Brakes()).concurrency, 1)
        self._looker = Looker(oms, readers, around, self._waits.read_lag_s)
        self._finder = Finder(oms, plan, self._known, self._sender, self._looker)
        self._missing: Mapping[str, bool] = {}
        self._served: Mapping[str, Effect] = {}
        self._skipped: dict[str, str] = dict(plan.unclear)
        self._crossed: dict[str, str] = {**plan.unclear, **plan.crossed}
        # Whether what is not there now never will be.
        self._is_final = False

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
        # Before the orders: what took units by then is found among them.
        supply = list(self._oms.supply())
        findings = self._finder.find(is_final=self._is_final)
        self._missing, self._served = findings.missing, findings.served
        self._compare(supply, findings)
        # Who has an order is done with first: the longer it takes, the more may happen to the order.
        self._closer.close(self._made())
        todo = [effect for effect in self._orders if self._is_to_send(effect)]
        warnings = unknown_customers(self._oms, todo)
        self._sender.send(todo, len(self._orders))
        if not self._sender.stopped:
            self._sender.settle(todo)
        self._skipped.update(self._sender.left_out)
        if not self._sender.stopped:
            self._prove_left_out()
        left = self._write_holds(todo)
        self._skipped.update(self._closer.left_out)
        rows = self._report()
        self._note("END", {"counts": counts(rows), "stopped": self._sender.stopped})
        return Applied(
            rows=tuple(rows),
            sent=self._sender.sent,
            skipped=self._skipped,
            crossed=self._contradictions(rows),
            holds_left=left,
            stopped=self._sender.stopped,
            unreachable=self._sender.unreachable,
            warnings=tuple(warnings),
        )

    def look(self) -> Applied:
        """Look up what nobody knows, write down what there is, and tell; nothing is sent.

        Raises:
            SettingError, StalePlan, CheckFailed, LockHeld, OmsError: As above.
        """
        self._open()
        self._finder.find(is_final=self._is_final)
        return Applied(tuple(self._report()))

    # ----- before

    def _require_writer(self) -> None:
        # Holds are written as a whole, so that two who write them do no harm; two orders do.
        if self._orders and not (self._is_unique or self._journal.is_shared or self._sole_writer):
            raise SettingError(
                f"nothing proves that {self._plan.account} refuses a second order of one key, and a journal in SQLite "
                "guards this machine only: prove it (`allocation live prove`), give a journal in PostgreSQL "
                "(--journal), or vouch with --sole-writer that nobody else applies plans of this launch"
            )

    def _open(self) -> None:
        """Read the journal, and wait where something of an earlier apply may still land."""
        require_account(self._plan, self._oms.account)
        entries = self._journal.entries()
        self._known.update(standings(entries))
        # What was written under another plan may have been changed since.
        written = [entry.key for entry in entries if entry.kind == HELD and entry.plan == self._digest]
        self._closer.held.update(dict.fromkeys(written, True))
        doubted = [key for key, known in self._known.items() if known.is_open]
        again = [
            effect for effect in self._orders if self._known.is_open(effect.key) and not self._finder.is_changed(effect)
        ]
        is_lost = self._may_have_lost(entries)
        writing = may_land(entries)
        is_others = any(plan != self._digest for plan in writing.values())
        if doubted or is_lost or is_others:
            # What may have been sent and is not sent again must have landed by now, or never will.
            self._is_final = self._sender.wait(until_final=is_lost or is_others or len(again) < len(doubted))
        self._settle_holds(writing)
        # Only now: where no key is unique, whoever finds this entry relies on the wait before it.
        self._note(BEGUN, {"uniqueness": self._oms.uniqueness().value, "sole_writer": self._sole_writer})

    def _settle_holds(self, writing: Mapping[str, str]) -> None:
        """Holds that an earlier process was writing are as they are now, or are looked at again at the end."""
        if self._is_final:
            at = self._around.now().isoformat()
            self._journal.append([Entry(NOT_HELD, at, plan, key) for key, plan in writing.items()])
            return
        effects = {effect.key: effect for effect in (*self._plan.served, *self._plan.effects)}
        self._closer.unsure.update({key: effects[key] for key in writing if key in effects})

    def _may_have_lost(self, entries: Sequence[Entry]) -> bool:
        """Whether something may have been sent that the journal does not have: it is new, or its end was torn.

        Where keys are unique, a new journal is of one that was lost only if there are orders of it.
        """
        begun = [number for number, entry in enumerate(entries) if entry.kind == BEGUN]
        if self._journal.is_torn or any(entry.detail.get("torn") for entry in entries[begun[-1] if begun else 0 :]):
            return True
        return not begun and (not self._is_unique or bool(self._plan.served))

    def _note(self, kind: str, detail: Mapping[str, object]) -> None:
        self._journal.append([Entry(kind, self._around.now().isoformat(), self._digest, detail=detail)])

    def _compare(self, supply: Sequence[PoolSupply], findings: Findings) -> None:
        """Compare the plan with the book, and find out who is left out and why.

        Raises:
            StalePlan: What the plan was made from is no longer so.
        """
        aside = {effect.reservation_id: True for effect in self._plan.served} | dict.fromkeys(self._plan.unclear)
        holds = list(self._oms.holds())
        done = self._done(holds)
        due = [hold for hold in holds if hold.reservation_id not in aside]
        others = findings.others
        released = units_taken(others) + Counter(self._units.given())
        fresh = compare(self._plan, supply, due, released, done)
        if fresh.problems:
            raise StalePlan(fresh.problems)
        is_open = {hold.reservation_id: True for hold in holds}
        left_out = leave_out(self._oms, self._plan, findings, is_open, fresh.ended, self._sender.ended)
        self._skipped.update(left_out.skipped)
        self._crossed.update(left_out.crossed)
        self._closer.held.update(left_out.held)
        to_send = [effect.order for effect in self._orders if effect.order and self._is_to_send(effect)]
        made = [effect.order for effect in self._orders if effect.order and self._may_stand(effect)]
        over = list(too_many(self._plan, to_send, made, others))
        if over:
            raise StalePlan(over)

    def _may_stand(self, effect: Effect) -> bool:
        """Whether an order is there, or may be, and is not sent again."""
        is_doubted = self._known.is_open(effect.key) and not self._is_to_send(effect)
        return is_doubted or self._known.state(effect.key) is State.CONFIRMED

    def _done(self, holds: Sequence[Hold]) -> dict[str, bool]:
        """Reservations for which everything, or all but the hold, is done; the units of their orders are counted."""
        done = {}
        now = {hold.reservation_id: hold for hold in holds}
        for effect in self._plan.effects:
            is_made = self._known.state(effect.key) is State.CONFIRMED
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

    # ----- after

    def _prove_left_out(self) -> None:
        """Who is left out and may have been sent an order by an earlier apply: whether it landed after all."""
        doubted = [e for e in self._orders if self._known.is_open(e.key) and e.reservation_id in self._skipped]
        self._sender.prove(doubted)
        landed = [e.reservation_id for e in doubted if self._known.state(e.key) is State.CONFIRMED]
        for hold in self._oms.holds_named([name for name in landed if name not in self._sender.ended]):
            if hold.status is not Status.ALLOCATED:
                self._crossed[hold.reservation_id] = f"{self._skipped[hold.reservation_id]}, and its order stands"

    def _write_holds(self, todo: Sequence[Effect]) -> dict[str, str]:
        """Write the holds of what is confirmed; those of who gets nothing only when every order has been sent."""
        names = {effect.reservation_id: True for effect in todo}
        ended = {name: reason for name, reason in self._sender.ended.items() if name in names}
        self._skipped.update(ended)
        for hold in self._oms.holds_named(list(ended)):
            if hold.status in OPEN:
                self._crossed[hold.reservation_id] = f"{ended[hold.reservation_id]}, and its hold is open"
        never_sent = {None, State.ABSENT, State.NOT_SENT}
        sent = [effect for effect in todo if effect.reservation_id not in self._skipped]
        is_complete = not self._sender.stopped and all(
            self._known.state(effect.key) not in never_sent for effect in sent
        )
        due = [*self._made(), *(self._losers() if is_complete else ())]
        left = {effect.reservation_id: reason for effect, reason in self._closer.close(due)}
        return self._close_again(due, left)

    def _close_again(self, due: Sequence[Effect], left: dict[str, str]) -> dict[str, str]:
        """Look again at the holds that a request of unknown outcome may still write, once it cannot any more."""
        unsure = [effect.reservation_id for effect in self._closer.unsure.values()]
        if not unsure:
            return left
        if self._around.should_stop():
            return left | dict.fromkeys(unsure, "a request that writes it may still land; apply again")
        self._sender.wait(until_final=True)
        return {effect.reservation_id: reason for effect, reason in self._closer.close_again(due)}

    def _made(self) -> list[Effect]:
        """Who has an order."""
        return [
            effect
            for effect in (*self._plan.served, *self._orders)
            if effect.reservation_id not in self._skipped
            and effect.key not in self._missing
            and (effect.key in self._served or self._known.state(effect.key) is State.CONFIRMED)
        ]

    def _losers(self) -> list[Effect]:
        """Who gets nothing; but where an order was rejected, units are left, and who is short of them waits."""
        orders = [
            effect.order for effect in self._orders if effect.order and self._known.state(effect.key) is State.REJECTED
        ]
        rejected = {(order.sku, order.location): order.reservation_id for order in orders}
        losers = [effect for effect in self._plan.effects if effect.order is None]
        for effect in losers:
            pool = (effect.hold.sku, effect.hold.location)
            if pool in rejected and effect.hold.status is not Status.EXPIRED:
                reason = f"waits, as the order of {rejected[pool]} was rejected: put that right, and make a new plan"
                self._skipped.setdefault(effect.reservation_id, reason)
        return [effect for effect in losers if effect.reservation_id not in self._skipped]

    def _contradictions(self, rows: Sequence[Row]) -> dict[str, str]:
        standing = {row.reservation_id: True for row in rows if row.verdict is Verdict.MATCHED}
        standing.update({effect.reservation_id: True for effect in self._served.values()})
        return self._crossed | {name: reason for name, reason in self._closer.crossed.items() if name in standing}

    def _report(self) -> list[Row]:
        confirmed = [effect.key for effect in self._orders if self._known.state(effect.key) is State.CONFIRMED]
        found = self._looker.look_up([effect.key for effect in self._orders], confirmed)
        return reconcile(self._plan, self._known, found, unplanned_orders(self._oms, self._plan), self._skipped)
