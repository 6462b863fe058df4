"""Reading a plan back: it is applied only if it is whole, and if the rules still come to the same."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from allocation.engine.codes import Status
from allocation.engine.compiled import sources_digest
from allocation.engine.errors import AllocationError, Problem, SettingError, StalePlan
from allocation.live.open_book import Command
from allocation.live.plan import SCHEMA_VERSION, Effect, Plan, digest_of, plain_effect
from allocation.live.planning import decide, planned_effects
from allocation.oms.port import Hold, PoolSupply, ReleaseOrder, Uniqueness
from allocation.tape.folders import policy_from_plain

_HUNDREDTHS = 100


def read_plan(path: Path, *, must_hold: bool = True) -> Plan:
    """The plan of a file.

    Args:
        path: The file.
        must_hold: Whether the rules that are installed must come to the same; who only looks needs no such thing.

    Raises:
        SettingError: It is no plan, or was changed since it was made.
        StalePlan: Other rules are installed than those that made it, or they come to something else.
    """
    try:
        plain = json.loads(path.read_text(encoding="utf-8"))
    except (UnicodeDecodeError, ValueError, RecursionError) as error:
        raise SettingError(f"{path} is no plan: {error}") from None
    if not isinstance(plain, dict) or plain.get("schema_version") != SCHEMA_VERSION:
        raise SettingError(f"{path} is no plan of this version; make it with `allocation live plan`")
    content = {key: value for key, value in plain.items() if key != "digest"}
    if digest_of(content) != plain.get("digest"):
        raise SettingError(f"{path} was changed since it was made: its digest does not fit; make a new plan")
    try:
        plan = _plan(plain)
    except (KeyError, TypeError, ValueError, AllocationError) as error:
        raise SettingError(f"{path} is no plan: {type(error).__name__} {error}") from None
    if must_hold:
        _require_same(plan, plain)
    return plan


def holds_of_tape(tape: Iterable[Command], customers: Mapping[str, str]) -> list[Hold]:
    """The holds that a tape's ``adopt`` commands put into the book.

    Args:
        tape: Commands.
        customers: By reservation id; a tape has none.
    """
    return [
        Hold(
            reservation_id=command["reservation_id"],
            order_id=command["order_id"],
            sku=command["sku"],
            location=command["location"],
            quantity=command["quantity"],
            tier=command["tier"],
            arrival=command["arrival"],
            requested=date.fromisoformat(command["requested"]),
            assigned=None if command["assigned"] is None else date.fromisoformat(command["assigned"]),
            status=Status[command["status"]],
            paid=command["paid"],
            expires_at=None if command["expires_at"] is None else datetime.fromisoformat(command["expires_at"]),
            purchases=command["previous_purchases"],
            cart_value=int(Decimal(str(command["cart_value"])) * _HUNDREDTHS),
            membership_years=command["membership_years"],
            customer=customers.get(command["reservation_id"], ""),
        )
        for command in tape
        if command["type"] == "adopt"
    ]


def supply_of_tape(tape: Iterable[Command]) -> list[PoolSupply]:
    """Units on hand that a tape's ``supply`` commands set; arrivals play no part in what is given out."""
    return [
        PoolSupply(command["sku"], command["location"], command["on_hand"])
        for command in tape
        if command["type"] == "supply"
    ]


def _plan(plain: Mapping[str, Any]) -> Plan:
    return Plan(
        launch=plain["launch"],
        account=plain["account"],
        action=plain["action"],
        ship_date=None if plain["ship_date"] is None else date.fromisoformat(plain["ship_date"]),
        at=datetime.fromisoformat(plain["at"]),
        policy=policy_from_plain(plain["policy"]),
        engine_version=plain["engine_version"],
        uniqueness=Uniqueness(plain["uniqueness"]),
        tape=tuple(plain["tape"]),
        effects=tuple(_effect(effect) for effect in plain["effects"]),
        alert=plain["alert"],
        warnings=tuple(plain["warnings"]),
        served=tuple(_effect(effect) for effect in plain["served"]),
        unclear=dict(plain["unclear"]),
        crossed=dict(plain["crossed"]),
        orders_since=datetime.fromisoformat(plain["orders_since"]),
        standing=dict(plain["standing"]),
    )


def _effect(plain: Mapping[str, Any]) -> Effect:
    hold = dict(plain["hold"])
    dates = {name: None if hold[name] is None else date.fromisoformat(hold[name]) for name in ("requested", "assigned")}
    expires = None if hold["expires_at"] is None else datetime.fromisoformat(hold["expires_at"])
    order = plain["order"]
    if order is not None:
        order = ReleaseOrder(**{**order, "ship_date": date.fromisoformat(order["ship_date"])})
    return Effect(
        key=plain["key"],
        reservation_id=plain["reservation_id"],
        before=Status[plain["before"]],
        hold=Hold(**{**hold, **dates, "expires_at": expires, "status": Status[hold["status"]]}),
        reason=plain["reason"],
        order=order,
    )


def _require_same(plan: Plan, plain: Mapping[str, Any]) -> None:
    """Decide again from what was recorded: it must come to what was reviewed."""
    if plan.engine_version != sources_digest():
        raise StalePlan([Problem(("engine_version",), "the rules that are installed are not those that made the plan")])
    customers = {effect.reservation_id: effect.hold.customer for effect in plan.effects}
    engine, decided = decide(plan.tape, plan.policy)
    holds = holds_of_tape(plan.tape, customers)
    again = planned_effects(engine, decided, holds, plan.account, plan.launch, plan.action, plan.ship_date)
    if [plain_effect(effect) for effect in again] != plain["effects"]:
        raise StalePlan([Problem(("effects",), "the rules come to something else from what was recorded")])
