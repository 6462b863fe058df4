"""What of a plan is there already, and what is there that the plan knows nothing of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from allocation.engine.errors import CheckFailed, Problem, StalePlan
from allocation.live.checks import require_one_each
from allocation.live.launch_orders import is_of
from allocation.live.looking import Found, Looker, live_by_key
from allocation.live.plan import Effect, Plan
from allocation.live.reconciling import is_same, unplanned, unplanned_orders
from allocation.live.sending import Sender
from allocation.live.states import Known, State, payload_digest
from allocation.oms.port import FoundOrder, Reader


@dataclass(frozen=True, slots=True)
class Findings:
    """What there is.

    Attributes:
        missing: Keys of orders that the journal says were made, and that cannot be seen.
        served: Effects by key of whom the plan knows that their order stands, as it still does.
        others: Orders for reservations that stand, and that the plan neither makes nor knew of.
        skipped: Reservations whose order does not stand any more as the plan knows it, each with the reason.
    """

    missing: Mapping[str, bool]
    served: Mapping[str, Effect]
    others: Sequence[FoundOrder]
    skipped: Mapping[str, str]


class Finder:
    """Looks for what is there, and writes it down.

    Args:
        oms: What is asked.
        plan: The plan.
        known: What the journal says of each key; the sender keeps it up to date.
        sender: What writes it down.
        looker: What looks up orders.
    """

    def __init__(self, oms: Reader, plan: Plan, known: Known, sender: Sender, looker: Looker) -> None:
        self._oms, self._plan, self._known = oms, plan, known
        self._sender, self._looker = sender, looker
        self._orders = [effect for effect in plan.effects if effect.order is not None]

    def find(self, *, is_final: bool) -> Findings:
        """Look up every order of the plan, of those whom it knows to have one, and of anybody else.

        Args:
            is_final: Whether what is not there now never will be.

        Raises:
            StalePlan: An earlier plan ordered something else for a reservation of this one.
            CheckFailed: Two orders stand under one key, or another one than was sent.
            OmsError: It cannot be read.
        """
        confirmed = [effect.key for effect in self._orders if self._known.state(effect.key) is State.CONFIRMED]
        found = self._looker.look_up([effect.key for effect in self._orders], confirmed)
        self._require_payloads(found)
        for effect in self._orders:
            self._sender.note_found(effect, found[effect.key], is_final=is_final)
        served, skipped = self._find_served()
        others = self._find_others(is_final=is_final)
        self._sender.flush()
        return Findings({key: True for key in confirmed if not found[key]}, served, others, skipped)

    def is_changed(self, effect: Effect) -> bool:
        """Whether another content was sent, or was to be, under the key of an order."""
        known = self._known.get(effect.key)
        return known is not None and effect.order is not None and known.payload != payload_digest(effect.order)

    def _require_payloads(self, found: Found) -> None:
        """Under a key nothing else is sent: who has another order by now needs another plan."""
        otherwise = list(self._ordered_otherwise(found))
        if otherwise:
            raise StalePlan(otherwise)
        require_one_each(self._orders, found)
        # One that was in doubt has been waited for until it would be seen, where it is another one.
        made = [effect for effect in self._orders if self._known.state(effect.key) is State.CONFIRMED]
        changed = [effect.key for effect in made if not found[effect.key] and self.is_changed(effect)]
        if changed:
            raise CheckFailed(
                f"{len(changed):,} orders were made under keys of this plan with another content, and cannot be seen, "
                f"such as {changed[0]}; nothing is sent"
            )

    def _ordered_otherwise(self, found: Found) -> Iterator[Problem]:
        for effect in self._orders:
            live = [one for one in found[effect.key] if one.live and one.order is not None]
            is_sent = effect.key in self._known and not self.is_changed(effect)
            if len(live) != 1 or effect.order is None or is_sent or is_same(effect.order, live[0]):
                continue
            if live[0].order is not None and live[0].order.reservation_id == effect.reservation_id:
                reason = f"order {live[0].reference} has its key, and is not what the plan would send"
                yield Problem((effect.reservation_id,), reason)

    def _find_served(self) -> tuple[dict[str, Effect], dict[str, str]]:
        """Whose order stands still, and whose does not."""
        known = {effect.key: effect for effect in self._plan.served}
        found = self._looker.look_up(list(known), list(known))
        require_one_each(known.values(), found)
        standing = live_by_key(found)
        served, skipped = {}, {}
        for key, effect in known.items():
            if key not in standing:
                skipped[effect.reservation_id] = "its order does not stand any more; make a new plan"
            elif is_of(effect.hold, standing[key][0]):
                served[key] = effect
            else:
                skipped[effect.reservation_id] = f"order {standing[key][0].reference} is of other units now"
        return served, skipped

    def _find_others(self, *, is_final: bool) -> list[FoundOrder]:
        """Orders that stand and that the plan knows nothing of: by an earlier plan, or by hand.

        What the journal knows of is looked up by its key, as who reads may lag behind.
        """
        seen = unplanned_orders(self._oms, self._plan)
        own = {effect.key: True for effect in self._orders}
        there = dict.fromkeys([*(found.key for found in seen), *self._plan.standing.values()], True)
        sent = {
            key: known
            for key, known in self._known.items()
            if key not in own and (known.is_open or known.state is State.CONFIRMED)
        }
        unseen = [key for key in sent if key not in there]
        found = self._looker.look_up(unseen, [key for key in unseen if not sent[key].is_open])
        for key, known in sent.items():
            is_there = key in there or bool(found[key])
            if known.is_open and (is_there or is_final):
                self._sender.note_key(key, known.payload, State.CONFIRMED if is_there else State.ABSENT, found=True)
        return [*seen, *unplanned(self._plan, (one for orders in found.values() for one in orders))]
