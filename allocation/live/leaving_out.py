"""Who of a plan is left out, because things are not any more as they were when it was made."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from allocation.engine.codes import Status
from allocation.live.finding import Findings
from allocation.live.launch_orders import ended_otherwise, is_own
from allocation.live.plan import Effect, Plan
from allocation.oms.port import FoundOrder, Reader


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Who is left out.

    Attributes:
        skipped: Reservations for which nothing is done, each with the reason.
        crossed: Reservations whose hold and order contradict each other, each with what is so.
        held: Keys of effects whose holds are as the plan wants them already.
    """

    skipped: dict[str, str]
    crossed: dict[str, str]
    held: dict[str, bool]


def leave_out(
    oms: Reader,
    plan: Plan,
    findings: Findings,
    is_open: Collection[str],
    ended: Sequence[str],
    ended_orders: Mapping[str, str],
) -> LeftOut:
    """Who has another order, whose order was cancelled, and whose hold ended.

    Args:
        oms: What is asked.
        plan: The plan.
        findings: What orders there are.
        is_open: Reservations whose holds are open.
        ended: Reservations of the plan whose holds ended, though not by what is known of them.
        ended_orders: Reservations whose order was made and does not stand any more, each with the reason.

    Raises:
        OmsError: It cannot be read.
    """
    by_name = {effect.reservation_id: effect for effect in (*plan.effects, *plan.served)}
    skipped, crossed, held = dict(findings.skipped), dict(findings.skipped), {}
    for found in findings.others:
        if found.reservation_id in by_name:
            skipped[found.reservation_id] = f"order {found.key} was made for it since"
    for name, reason in ended_orders.items():
        if name in is_open:
            skipped[name] = crossed[name] = f"{reason}, and its hold is open"
    served = {effect.reservation_id: effect for effect in findings.served.values()}
    closed = [*ended, *(name for name in served if name not in is_open)]
    now = {hold.reservation_id: hold for hold in oms.holds_named(closed)}
    for name in closed:
        effect = by_name[name]
        if name in now and _is_wanted(effect, now[name].status, is_served=name in served):
            # As the plan wants it: written by this very apply before it was stopped, or by another one.
            held[effect.key] = True
            continue
        skipped[name] = f"is {now[name].status.name} since" if name in now else "its hold is gone"
        if name in served:
            crossed[name] = f"{skipped[name]}, and its order stands"
    strangers = list(_strangers(plan, findings.others, by_name, is_open))
    crossed |= ended_otherwise(oms, strangers)
    return LeftOut(skipped, crossed, held)


def _is_wanted(effect: Effect, status: Status, *, is_served: bool) -> bool:
    return status is effect.hold.status and (is_served or status is not Status.ALLOCATED)


def _strangers(
    plan: Plan, others: Sequence[FoundOrder], by_name: Mapping[str, Effect], is_open: Collection[str]
) -> Iterator[FoundOrder]:
    """Orders of the launch for reservations that the plan does nothing for, and whose holds are not open."""
    for found in others:
        name = found.reservation_id
        if is_own(found, plan.account, plan.launch) and name not in by_name and name not in is_open:
            yield found
