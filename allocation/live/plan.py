"""What a release would do, decided from what the order management system says, before anything is sent.

A plan is made by reading alone: its maker takes a `port.Reader`, which has no way to write. It records the tape that it
decided from, so that whoever applies it can decide again and must come to the same.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from typing import Any, Literal

from allocation.engine.allocation_engine import AllocationEngine
from allocation.engine.codes import Status
from allocation.engine.compiled import sources_digest
from allocation.engine.decisions import Decision, Decisions
from allocation.engine.errors import Problem, SettingError
from allocation.engine.outcome import atp, releases
from allocation.engine.policy import Policy
from allocation.live.open_book import Command, open_book
from allocation.live.served import Served, find_served, without_served
from allocation.oms.port import Hold, PoolSupply, Reader, ReleaseOrder, Uniqueness, order_key
from allocation.tape.masking import masked

SCHEMA_VERSION = 2
SURPRISES = 10
HAS_ORDER = "has an order"
"""The reason of who was served before."""
Action = Literal["release", "confirm", "expire"]
_HELD = (Status.RESERVED, Status.CONFIRMED)


@dataclass(frozen=True, slots=True)
class Effect:
    """One thing that is to be done.

    Attributes:
        key: Its own reference, the same on any machine.
        reservation_id: Whom it concerns.
        before: Its status before.
        hold: The hold as it is to be written.
        reason: Why, where it ended; else the step of the rules.
        order: The order that gives it its units; None where it gets none.
    """

    key: str
    reservation_id: str
    before: Status
    hold: Hold
    reason: str
    order: ReleaseOrder | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that an apply needs, and that a person wants to see first.

    Attributes:
        launch: Name of the launch, part of every key.
        account: Whose system it is for.
        action: What is done.
        ship_date: For which date; None for ``expire``.
        at: When it was decided.
        policy: Under which policy.
        engine_version: Digest of the rules that decided.
        uniqueness: What is proved of the account.
        tape: What it was decided from: the open book, then the action.
        effects: In the order in which they are to be done: orders first, by priority.
        served: Holds that are open though their orders stand, as an apply that was not finished leaves them: they are
            only to be written as ALLOCATED, and the tape is without them.
        alert: Whether more promises are broken than the policy's alert share.
        warnings: What a person should look at.
    """

    launch: str
    account: str
    action: Action
    ship_date: date | None
    at: datetime
    policy: Policy
    engine_version: str
    uniqueness: Uniqueness
    tape: tuple[Command, ...]
    effects: tuple[Effect, ...]
    alert: bool
    warnings: tuple[str, ...]
    served: tuple[Effect, ...] = ()

    def as_plain(self) -> dict[str, Any]:
        """The plan as plain data for JSON, with its digest."""
        content: dict[str, Any] = {
            "schema_version": SCHEMA_VERSION,
            "launch": self.launch,
            "account": self.account,
            "action": self.action,
            "ship_date": None if self.ship_date is None else self.ship_date.isoformat(),
            "at": self.at.isoformat(),
            "policy": self.policy.as_dict(),
            "policy_digest": digest_of(self.policy.as_dict()),
            "engine_version": self.engine_version,
            "uniqueness": self.uniqueness.value,
            "snapshot_digest": digest_of(list(self.tape)),
            "tape": list(self.tape),
            "effects": [plain_effect(effect) for effect in self.effects],
            "served": [plain_effect(effect) for effect in self.served],
            "totals": totals((*self.effects, *self.served)),
            "surprises": [effect.reservation_id for effect in surprises(self.effects)],
            "alert": self.alert,
            "warnings": list(self.warnings),
        }
        return content | {"digest": digest_of(content)}


def make_plan(
    oms: Reader, launch: str, policy: Policy, at: datetime, action: Action = "release", ship_date: date | None = None
) -> Plan:
    """Read the order management system and decide.

    Args:
        oms: What is read: supply and every open hold, all pages.
        launch: Name of the launch.
        policy: What the rules leave open; its rate is a number, as a system has no scenario to work one out from.
        at: Now, with an offset.
        action: What is to be done.
        ship_date: For which date; not for ``expire``.

    Raises:
        SettingError: The action has no date, the policy's rate is not a number, what is read contradicts itself, or
            the rules refuse; with everything that is wrong.
        OmsError: It cannot be read.
    """
    _check(policy, action, ship_date)
    supply, holds = list(oms.supply()), list(oms.holds())
    served = find_served(oms, launch, holds, ship_date)
    have = {one.hold.reservation_id: one.hold for one in served}
    left = list(without_served(supply, served))
    holds = [hold for hold in holds if hold.reservation_id not in have]
    last: Command = {"type": action, "at": at.isoformat()}
    if ship_date is not None:
        last = {**last, "ship_date": ship_date.isoformat()}
    tape = (*open_book(left, holds, at, have.values()), last)
    engine, decided = decide(tape, policy)
    effects = planned_effects(engine, decided, holds, oms.account, launch, action, ship_date)
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
        warnings=(*_served_warnings(supply, left, served), *_warnings(engine, effects, oms)),
        served=tuple(_closing(one) for one in served),
    )


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


def digest_of(content: object) -> str:
    """SHA-256 of plain data, the same however it is laid out."""
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def totals(effects: Iterable[Effect]) -> list[dict[str, Any]]:
    """Reservations and units by SKU, location, tier and what becomes of them."""
    counted: Counter[tuple[str, str, str, str, str]] = Counter()
    units: Counter[tuple[str, str, str, str, str]] = Counter()
    for effect in effects:
        hold = effect.hold
        row = (hold.sku, hold.location, hold.tier, hold.status.name, effect.reason)
        counted[row] += 1
        units[row] += hold.quantity
    names = ("sku", "location", "tier", "becomes", "reason")
    return [
        {**dict(zip(names, row, strict=True)), "reservations": counted[row], "units": units[row]}
        for row in sorted(counted)
    ]


def surprises(effects: Iterable[Effect], most: int = SURPRISES) -> list[Effect]:
    """Promises that are not kept: firm ones first, then the most units, then who came first."""
    broken = [
        effect
        for effect in effects
        if effect.before in _HELD and effect.hold.status not in {Status.ALLOCATED, Status.CONFIRMED}
    ]
    return sorted(broken, key=lambda e: (e.before is not Status.CONFIRMED, -e.hold.quantity, e.hold.arrival))[:most]


def plain_effect(effect: Effect) -> dict[str, Any]:
    """An effect as plain data."""
    order = None if effect.order is None else {k: _plain(v) for k, v in asdict(effect.order).items()}
    return {
        "key": effect.key,
        "reservation_id": effect.reservation_id,
        "before": effect.before.name,
        "reason": effect.reason,
        "hold": {k: _plain(v) for k, v in asdict(effect.hold).items()},
        "order": order,
    }


def _plain(value: object) -> object:
    if isinstance(value, Status):
        return value.name
    return value.isoformat() if isinstance(value, date) else value


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
        dated = status in _HELD or status is Status.ALLOCATED
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


def _served_warnings(
    supply: Sequence[PoolSupply], left: Sequence[PoolSupply], served: Sequence[Served]
) -> Iterator[str]:
    if served:
        yield (
            f"{len(served):,} reservations have an order already, such as {served[0].hold.reservation_id}: an earlier "
            "apply was not finished; they keep it, their holds are closed, and the others share what is left"
        )
    for before, after in zip(supply, left, strict=True):
        if before.on_hand != after.on_hand:
            yield (
                f"{before.sku} at {before.location} shows {before.on_hand:,} units on hand, and its last count less "
                f"those orders is {after.on_hand:,}, which is what the plan gives out"
            )
    doubled = [name for name, count in Counter(one.hold.reservation_id for one in served).items() if count > 1]
    if doubled:
        yield f"{len(doubled):,} reservations have orders of several waves, such as {doubled[0]}; cancel all but one"


def _warnings(engine: AllocationEngine, effects: Sequence[Effect], oms: Reader) -> Iterator[str]:
    if any(release["alert"] for release in releases(engine)):
        broken = sum(effect.before in _HELD and effect.reason == "oversold" for effect in effects)
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
