"""Making a plan: reading the order management system, and deciding by the rules.

A plan is made by reading alone: its maker takes a `port.Reader`, which has no way to write. It records the tape that it
decided from, so that whoever applies it can decide again and must come to the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime

from allocation.engine.allocation_engine import AllocationEngine
from allocation.engine.codes import Status
from allocation.engine.compiled import sources_digest
from allocation.engine.decisions import Decision, Decisions
from allocation.engine.errors import Problem, SettingError
from allocation.engine.outcome import atp, releases
from allocation.engine.policy import Policy
from allocation.live.launch_orders import (
    Served,
    began_at,
    ended_otherwise,
    is_own,
    orders_of,
    sort_out,
    supply_left,
    uncertain,
)
from allocation.live.open_book import Command, open_book
from allocation.live.plan import HAS_ORDER, HELD, Action, Effect, Plan
from allocation.oms.port import FoundOrder, Hold, PoolSupply, Reader, ReleaseOrder, Uniqueness, order_key
from allocation.tape.masking import masked


def make_plan(
    oms: Reader,
    launch: str,
    policy: Policy,
    at: datetime,
    action: Action = "release",
    ship_date: date | None = None,
    orders_since: datetime | None = None,
) -> Plan:
    """Read the order management system and decide.

    Args:
        oms: What is read: supply and every open hold, all pages.
        launch: Name of the launch.
        policy: What the rules leave open; its rate is a number, as a system has no scenario to work one out from.
        at: Now, with an offset.
        action: What is to be done.
        ship_date: For which date; not for ``expire``.
        orders_since: From when on the launch's orders are looked for; if None, from when its first open hold was made,
            or from the last count if that is older.

    Raises:
        SettingError: The action has no date, the policy's rate is not a number, what is read contradicts itself, or
            the rules refuse; with everything that is wrong.
        OmsError: It cannot be read.
    """
    _check(policy, action, ship_date)
    if orders_since is not None and orders_since > at:
        raise SettingError(f"orders cannot be looked for from {orders_since.isoformat()} on, which is still to come")
    supply, holds = list(oms.supply()), list(oms.holds())
    began = began_at(holds, supply, at)
    since = orders_since or began
    orders = orders_of(oms, since)
    standing = [found for found in orders if found.live]
    served, unclear = sort_out(orders, holds, oms.account, launch, ship_date)
    settled = {**{one.hold.reservation_id: one.hold for one in served}, **unclear}
    due = [hold for hold in holds if hold.reservation_id not in settled]
    left = list(supply_left(supply, standing))
    book = open_book(left, due, at, [hold for hold in holds if hold.reservation_id in settled])
    tape = (*book, _command(action, at, ship_date))
    try:
        engine, decided = decide(tape, policy)
    except SettingError as error:
        raise _with_blockers(error, due, ship_date) from None
    effects = planned_effects(engine, decided, due, oms.account, launch, action, ship_date)
    crossed = _crossed(oms, launch, holds, standing)
    return Plan(
        launch=launch,
        account=oms.account,
        action=action,
        ship_date=ship_date,
        at=at,
        policy=policy,
        engine_version=sources_digest(),
        uniqueness=oms.uniqueness(),
        tape=tape,
        effects=effects,
        alert=any(release["alert"] for release in releases(engine)),
        warnings=(
            *_since_warnings(since, began),
            *_served_warnings(served, unclear),
            *_supply_warnings(supply, left, standing),
            *_crossed_warnings(crossed),
            *_warnings(engine, effects, oms),
        ),
        orders_since=since,
        served=tuple(_closing(one) for one in served),
        unclear=unclear,
        crossed=crossed,
        standing={found.reference: found.key for found in standing},
    )


def _command(action: Action, at: datetime, ship_date: date | None) -> Command:
    """The last command of a plan's tape."""
    dated = {} if ship_date is None else {"ship_date": ship_date.isoformat()}
    return {"type": action, "at": at.isoformat(), **dated}


def _crossed(oms: Reader, launch: str, holds: Iterable[Hold], standing: Iterable[FoundOrder]) -> dict[str, str]:
    """Reservations whose holds ended though orders of this launch stand, each with what is so."""
    is_open = {hold.reservation_id: True for hold in holds}
    own = (found for found in standing if is_own(found, oms.account, launch))
    return ended_otherwise(oms, (found for found in own if found.reservation_id not in is_open))


def _with_blockers(error: SettingError, holds: Iterable[Hold], ship_date: date | None) -> SettingError:
    """A refusal, and the holds of earlier dates that may be why."""
    dated = [(hold.assigned, hold.arrival, hold.reservation_id) for hold in holds if hold.assigned is not None]
    earlier = [one for one in dated if ship_date is not None and one[0] < ship_date]
    if not earlier:
        return error
    day, _, name = min(earlier)
    told = f"{len(earlier):,} holds are of earlier dates, such as {name} of {day}"
    return SettingError([*error.problems, Problem((), f"{told}: release or end them first")], "the rules refuse")


def decide(tape: Iterable[Command], policy: Policy) -> tuple[AllocationEngine, Decisions]:
    """Play a tape; the engine, and what its last command decided.

    Raises:
        SettingError: A command is refused.
    """
    engine = AllocationEngine(policy)
    decided = engine.decisions
    problems = []
    for number, command in enumerate(tape, 1):
        decided = engine.apply(command)
        if decided.refused:
            name = command.get("reservation_id") or command["type"]
            problems.append(Problem((), f"{name}: {'; '.join(decided.reasons)}", f"line {number}"))
    if problems:
        raise SettingError(problems, "the rules refuse")
    return engine, decided


def _check(policy: Policy, action: Action, ship_date: date | None) -> None:
    problems = []
    if (action == "expire") == (ship_date is not None):
        wanted = "takes no ship date" if action == "expire" else "needs a ship date"
        problems.append(Problem((), f"{action} {wanted}"))
    if not policy.overbooking.is_one_rate:
        problems.append(
            Problem(
                ("overbooking",), "must be one rate here: what method and by_category come to is known to a scenario"
            )
        )
    if problems:
        raise SettingError(problems, "the plan")


def planned_effects(
    engine: AllocationEngine,
    decided: Decisions,
    holds: Sequence[Hold],
    account: str,
    launch: str,
    action: Action,
    ship_date: date | None,
) -> tuple[Effect, ...]:
    """What is to be done after a decision, for everybody whom the last command touched.

    Args:
        engine: That decided.
        decided: What its last command did.
        holds: That it decided from, with their customers.
        account: Whose system it is for.
        launch: Name of the launch.
        action: What the last command was.
        ship_date: Its date, if it has one.

    Returns:
        Orders first, each part in the order of the decisions, which is by priority: so it is right wherever it stops.
    """
    known = {hold.reservation_id: hold for hold in holds}
    last: dict[str, Decision] = {}
    for decision in decided:
        if decision.reservation_id is not None:
            last[decision.reservation_id] = decision
    rows, days = engine.book.used("reservations"), engine.book.tables.dates["day"]
    effects = []
    for name, decision in last.items():
        row = rows[engine.register.reservation(name, engine.book)]
        before, status = known[name], Status(int(row["status"]))
        dated = status in HELD or status is Status.ALLOCATED
        hold = replace(
            before,
            status=status,
            requested=date.fromordinal(int(days[row["requested"]])),
            assigned=date.fromordinal(int(days[row["assigned"]])) if dated else None,
        )
        if hold == before:
            continue
        # Of the action: who is rolled over today has another key when the next wave is released.
        wave = ship_date or hold.assigned or hold.requested
        key = order_key(account, launch, name, wave, action)
        order = _order(hold, key, wave) if status is Status.ALLOCATED else None
        effects.append(Effect(key, name, before.status, hold, decision.reason or decision.step, order))
    return tuple(sorted(effects, key=lambda effect: effect.order is None))


def _order(hold: Hold, key: str, wave: date) -> ReleaseOrder:
    return ReleaseOrder(
        key=key,
        reservation_id=hold.reservation_id,
        customer=hold.customer,
        sku=hold.sku,
        location=hold.location,
        quantity=hold.quantity,
        tier=hold.tier,
        ship_date=wave,
    )


def _closing(served: Served) -> Effect:
    """What is left to do for who has an order."""
    hold = replace(served.hold, status=Status.ALLOCATED, assigned=served.wave)
    return Effect(served.key, hold.reservation_id, served.hold.status, hold, HAS_ORDER)


def _since_warnings(since: datetime, began: datetime) -> Iterator[str]:
    if since > began:
        yield (
            f"orders are looked for from {since.isoformat()} on only, and there are holds or counts from "
            f"{began.isoformat()} on: an order in between is not seen, and may be made again"
        )


def _served_warnings(served: Sequence[Served], unclear: Mapping[str, str]) -> Iterator[str]:
    if served:
        yield (
            f"{len(served):,} reservations have an order already, such as {served[0].hold.reservation_id}: an earlier "
            "apply was not finished; they keep it, their holds will be closed, and the others share what is left"
        )
    if unclear:
        name, reason = next(iter(unclear.items()))
        yield (
            f"{len(unclear):,} reservations are left as they are until a person puts them right, because their orders "
            f"contradict their holds: {name} {reason}"
        )


def _supply_warnings(
    supply: Sequence[PoolSupply], left: Sequence[PoolSupply], standing: Sequence[FoundOrder]
) -> Iterator[str]:
    for before, after in zip(supply, left, strict=True):
        if before.on_hand < 0:
            yield (
                f"{before.sku} at {before.location} shows {before.on_hand:,} units on hand: more is ordered than there "
                "is, and the plan gives out none; cancel orders, or correct the count"
            )
        elif before.on_hand != after.on_hand:
            yield (
                f"{before.sku} at {before.location} shows {before.on_hand:,} units on hand, and its last count less "
                f"the orders since is {after.on_hand:,}, which is what the plan gives out"
            )
    for pool, orders in uncertain(supply, standing):
        yield (
            f"{pool.sku} at {pool.location} has no one count that is in force: nobody can tell whether its "
            f"{pool.on_hand:,} units on hand are net of the {orders:,} orders there; they are taken to be"
        )


def _crossed_warnings(crossed: Mapping[str, str]) -> Iterator[str]:
    if crossed:
        name, reason = next(iter(crossed.items()))
        yield (
            f"{len(crossed):,} orders stand though their holds ended otherwise: {name} {reason}; cancel what is too "
            "much by hand, or reinstate the hold"
        )


def _warnings(engine: AllocationEngine, effects: Sequence[Effect], oms: Reader) -> Iterator[str]:
    if any(release["alert"] for release in releases(engine)):
        broken = sum(effect.before in HELD and effect.reason == "oversold" for effect in effects)
        yield f"more promises are broken than the policy's alert share: {broken:,} cancelled for want of stock"
    for row in atp(engine):
        if row["atp"] < 0:
            yield f"ATP of {row['sku']} at {row['location']} on {row['ship_date']} is {row['atp']:,}: more is promised"
    unpaid = sum(effect.reason == "unpaid" for effect in effects)
    if unpaid:
        yield f"{unpaid:,} promises expire because they are not paid"
    yield from unknown_customers(oms, effects)
    if oms.uniqueness() is Uniqueness.NONE and any(effect.order is not None for effect in effects):
        yield "nothing proves that the system refuses a second order of one key: one writer, one request at a time"


def unknown_customers(oms: Reader, effects: Sequence[Effect]) -> list[str]:
    """A warning of the customers for whom no order can be made, if there are any; those who can are known from now."""
    customers = list(dict.fromkeys(effect.order.customer for effect in effects if effect.order is not None))
    known = dict.fromkeys(oms.known_customers(customers))
    unknown = [name or "(none)" for name in customers if name not in known]
    if not unknown:
        return []
    return [masked(f"{len(unknown):,} customers of orders are not known, such as {', '.join(unknown[:3])}")]
