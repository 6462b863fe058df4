"""Whether what a plan was made from is still so.

Customers cancel all night: a planned reservation that ended since is left out, and its units stay on hand for the next
plan. Anything else that changed makes the plan stale, and then nothing is sent.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from allocation.engine.errors import AllocationError, Problem
from allocation.live.checks import Pool, units_of, units_taken
from allocation.live.open_book import Command, adopt
from allocation.live.plan import Plan
from allocation.live.planfile import holds_of_tape, supply_of_tape
from allocation.live.planning import decide
from allocation.oms.port import FoundOrder, Hold, PoolSupply, ReleaseOrder

_SAME = ("order_id", "sku", "location", "quantity", "tier", "arrival", "requested", "assigned", "paid", "expires_at")
_SCORED = ("purchases", "cart_value", "membership_years")


@dataclass(frozen=True, slots=True)
class Fresh:
    """What a fresh reading says of a plan.

    Attributes:
        ended: Reservations of the plan that are no longer open, though not by this release.
        problems: What makes the plan stale.
    """

    ended: tuple[str, ...]
    problems: tuple[Problem, ...]


def compare(
    plan: Plan,
    supply: Sequence[PoolSupply],
    holds: Sequence[Hold],
    released: Mapping[Pool, int],
    done: Mapping[str, object],
) -> Fresh:
    """Compare a plan with what the system says now.

    Args:
        plan: The plan.
        supply: Of every pool, now.
        holds: That are open now.
        released: Units of each pool that orders took since the plan was made. The system may or may not have taken
            them from the units on hand by now, so that a loss of fewer units than these is not seen.
        done: Reservations that have their order, or whose holds are as the plan wants them.
    """
    planned = planned_holds(plan)
    touched = {effect.reservation_id for effect in plan.effects}
    now = {hold.reservation_id: hold for hold in holds}
    problems = [*_less_supply(plan, supply, released)]
    others = [hold for name, hold in now.items() if name not in planned]
    for name, before in planned.items():
        if name not in now or name in done:
            continue
        changed = list(changes(before, now[name]))
        if name in touched:
            problems += changed
        elif changed:
            others.append(now[name])
    problems += _outranked(plan, others)
    ended = tuple(name for name in planned if name in touched and name not in now and name not in done)
    return Fresh(ended, tuple(problems))


def planned_holds(plan: Plan) -> dict[str, Hold]:
    """Holds as a plan was made from them, by reservation; with the customers of those that it changes."""
    customers = {effect.reservation_id: effect.hold.customer for effect in plan.effects}
    return {hold.reservation_id: hold for hold in holds_of_tape(plan.tape, customers)}


def _less_supply(plan: Plan, supply: Sequence[PoolSupply], released: Mapping[Pool, int]) -> Iterator[Problem]:
    now = {(pool.sku, pool.location): pool.on_hand for pool in supply}
    for pool in supply_of_tape(plan.tape):
        name = (pool.sku, pool.location)
        there, taken = max(now.get(name, 0), 0), released.get(name, 0)
        if there < pool.on_hand - taken:
            of_these = f", {taken:,} of which were released since" if taken else ""
            yield Problem(name, f"{there:,} units are on hand, and the plan counted on {pool.on_hand:,}{of_these}")


def too_many(
    plan: Plan, to_send: Iterable[ReleaseOrder], made: Iterable[ReleaseOrder], others: Sequence[FoundOrder]
) -> Iterator[Problem]:
    """Pools from which more would be given than the plan counted on, as orders stand that it does not know.

    Args:
        plan: The plan.
        to_send: Its orders that are still to be sent.
        made: Its orders that are there.
        others: Orders for reservations that are there, and that the plan neither makes nor knew of.
    """
    due = units_of(to_send)
    given = due + units_of(made) + units_taken(others)
    for pool in supply_of_tape(plan.tape):
        name = (pool.sku, pool.location)
        keys = [found.key for found in others if any(name == (sku, place) for sku, place, _ in found.takes)]
        if keys and due[name] and given[name] > pool.on_hand:
            yield Problem(
                name,
                f"{given[name]:,} units would be given, and the plan counted on {pool.on_hand:,}: orders stand that it "
                f"does not know ({len(keys):,}, such as {keys[0]})",
            )


def changes(before: Hold, now: Hold) -> Iterator[Problem]:
    """What is different about a hold that is open still, other than that."""
    for name in (*_SAME, *_SCORED):
        was, is_now = getattr(before, name), getattr(now, name)
        if was != is_now:
            yield Problem((before.reservation_id,), f"{name.replace('_', ' ')} was {was} and is {is_now}")
    # A tape knows nobody's name; where it is known, an order would go to somebody else.
    if before.customer and before.customer != now.customer:
        yield Problem((before.reservation_id,), "it is another customer's now")


def _outranked(plan: Plan, new: Sequence[Hold]) -> Iterator[Problem]:
    """Holds that the plan does not know as they are now, and that would get units which it gives to others.

    The rules themselves say so: the plan is decided again with them.
    """
    if not new:
        return
    *book, action = plan.tape
    instant = str(action["at"])
    extra = [adopt(hold, instant) for hold in new]
    first = [command for command in book if command["type"] != "adopt"]
    names = {hold.reservation_id for hold in new}
    held = [command for command in book if command["type"] == "adopt" and command["reservation_id"] not in names]
    try:
        _, decided = decide([*first, *sorted([*held, *extra], key=_by_arrival), action], plan.policy)
    except AllocationError as error:
        yield Problem(("holds",), f"{len(new):,} holds are new or changed, and the book with them is refused: {error}")
        return
    allocated = [d.reservation_id for d in decided if d.after == "ALLOCATED"]
    planned = [effect.reservation_id for effect in plan.effects if effect.order is not None]
    yield from _displaced(new, planned, allocated)


def _displaced(new: Sequence[Hold], planned: Sequence[str], allocated: Iterable[str | None]) -> Iterator[Problem]:
    gets = dict.fromkeys(allocated)
    losers = [name for name in planned if name not in gets]
    if losers:
        first = next((hold.reservation_id for hold in new if hold.reservation_id in gets), new[0].reservation_id)
        yield Problem(
            (first,), f"is new or changed, and outranks {len(losers):,} who were to get units, such as {losers[0]}"
        )


def _by_arrival(command: Command) -> int:
    return int(command["arrival"])
