"""What the journal says beside what the order management system says, order by order."""

from __future__ import annotations

import enum
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from allocation.live.launch_orders import is_own, orders_of
from allocation.live.looking import Found
from allocation.live.plan import Plan
from allocation.live.states import Standing, State
from allocation.oms.port import FoundOrder, Reader, ReleaseOrder

BEFORE_THE_PLAN = timedelta(hours=1)
"""Older orders the plan has seen itself; clocks differ, and who reads may lag behind."""


class Verdict(enum.Enum):
    """What an order, or what is said of it, is."""

    MATCHED = "matched"
    MISSING = "missing"
    UNKNOWN = "unknown"
    DUPLICATE = "duplicate"
    CHANGED = "changed"
    FOREIGN = "foreign"
    CANCELLED = "cancelled"
    REJECTED = "rejected"
    SKIPPED = "skipped"
    OPEN = "open"


WRONG = (Verdict.MISSING, Verdict.DUPLICATE, Verdict.CHANGED, Verdict.FOREIGN, Verdict.REJECTED)
"""What a person must look into."""


@dataclass(frozen=True, slots=True)
class Row:
    """One order of a plan, or one that nobody planned.

    Attributes:
        key: Its key.
        reservation_id: Whose it is.
        verdict: What it comes to.
        references: What the system calls the orders under that key.
        reason: Why.
    """

    key: str
    reservation_id: str
    verdict: Verdict
    references: tuple[str, ...]
    reason: str

    def as_plain(self) -> dict[str, Any]:
        """The row as plain data."""
        return {
            "key": self.key,
            "reservation_id": self.reservation_id,
            "verdict": self.verdict.value,
            "references": list(self.references),
            "reason": self.reason,
        }


def unplanned_orders(oms: Reader, plan: Plan) -> list[FoundOrder]:
    """Orders for reservations that stand, and that the plan neither makes nor knew of when it was made.

    Raises:
        OmsError: It cannot be read.
    """
    return unplanned(plan, orders_of(oms, max(plan.orders_since, plan.at - BEFORE_THE_PLAN)))


def unplanned(plan: Plan, orders: Iterable[FoundOrder]) -> list[FoundOrder]:
    """Those of these orders that stand, and that a plan neither makes nor knew of when it was made."""
    own = {effect.key for effect in plan.effects if effect.order is not None}
    return [
        found
        for found in orders
        if found.live
        and found.key not in own
        and found.reference not in plan.standing
        and found.made_at >= plan.orders_since
    ]


def reconcile(
    plan: Plan,
    known: Mapping[str, Standing],
    found: Found,
    others: Iterable[FoundOrder],
    skipped: Mapping[str, str],
) -> list[Row]:
    """One row for each order of the plan, in its order, and then one for each that others made for its reservations.

    Args:
        plan: The plan.
        known: What the journal says, by key.
        found: What the system says, by key.
        others: Orders that the plan does not know (`unplanned_orders`).
        skipped: Why a reservation was left out, by its id.
    """
    rows = [
        _row(effect.order, known.get(effect.key), found[effect.key], skipped.get(effect.reservation_id))
        for effect in plan.effects
        if effect.order is not None
    ]
    names = {effect.reservation_id: True for effect in (*plan.effects, *plan.served)}
    for one in others:
        if one.reservation_id in names:
            own = is_own(one, plan.account, plan.launch)
            whose = "another plan of this launch made it; make a new plan" if own else "no plan of this launch made it"
            reason = f"the order {one.key} names this reservation, and {whose}"
            rows.append(Row(one.key, one.reservation_id, Verdict.FOREIGN, (one.reference,), reason))
    return rows


def counts(rows: Iterable[Row]) -> dict[str, int]:
    """Rows by verdict; every verdict is there."""
    counted = Counter(row.verdict for row in rows)
    return {verdict.value: counted[verdict] for verdict in Verdict}


def is_same(order: ReleaseOrder, found: FoundOrder) -> bool:
    """Whether what was found is what was sent."""
    return found.order is not None and found.order.payload() == order.payload()


def _row(order: ReleaseOrder, known: Standing | None, found: Sequence[FoundOrder], skipped: str | None) -> Row:
    verdict, reason = _verdict(order, known, found, skipped)
    return Row(order.key, order.reservation_id, verdict, tuple(one.reference for one in found), reason)


def _verdict(
    order: ReleaseOrder, known: Standing | None, found: Sequence[FoundOrder], skipped: str | None
) -> tuple[Verdict, str]:
    live = [one for one in found if one.live]
    if len(live) > 1:
        return Verdict.DUPLICATE, f"{len(live)} orders stand under one key; a person must cancel the others"
    if live and not is_same(order, live[0]):
        return Verdict.CHANGED, "the order under this key is not what was sent"
    if live:
        return Verdict.MATCHED, "one order stands"
    if found:
        return Verdict.CANCELLED, f"the order was made, and is {found[0].status} now"
    return _unseen(known, skipped)


def _unseen(known: Standing | None, skipped: str | None) -> tuple[Verdict, str]:
    """What an order is of which the system has nothing."""
    if known is not None and known.state is State.CONFIRMED:
        return Verdict.MISSING, "the journal says it was made, and there is no such order"
    if known is not None and known.is_open:
        return Verdict.UNKNOWN, str(known.detail.get("reason", "it may have been sent, and was not looked up since"))
    if skipped is not None:
        return Verdict.SKIPPED, skipped
    if known is not None and known.state is State.REJECTED:
        return Verdict.REJECTED, str(known.detail.get("reason", ""))
    return Verdict.OPEN, "not sent"
