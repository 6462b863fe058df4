"""Policies that are told beside the one on record: each differs from it in one thing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from allocation.engine.errors import PolicyError
from allocation.engine.policy import Overbooking, Policy


@dataclass(frozen=True, slots=True)
class Alternative:
    """Another policy.

    Attributes:
        name: What it changes.
        policy: The whole of it.
        keeps_rates: Whether rates that the policy on record set on the tape stay: those of a method can only be worked
            out from a scenario.
    """

    name: str
    policy: Policy
    keeps_rates: bool


def alternatives(policy: Policy) -> list[Alternative]:
    """The policies that are told beside one: each differs from it in one thing."""
    keeps = not policy.overbooking.is_one_rate
    found = []
    for name, change, keeps_rates in _changes(policy, keeps=keeps):
        try:
            found.append(Alternative(name, change(policy), keeps_rates))
        except PolicyError:
            # Such as provisional holds without a queue.
            continue
    return found


def _changes(policy: Policy, *, keeps: bool) -> Iterator[tuple[str, Callable[[Policy], Policy], bool]]:
    one = Decimal(1)
    if not (policy.overbooking.is_one_rate and policy.overbooking.rate == one):
        yield "rate 1.00", lambda old: replace(old, overbooking=Overbooking(rate=one)), False
    standby = not policy.release.standby
    yield f"standby {'on' if standby else 'off'}", lambda old: _released(old, standby=standby), keeps
    hold: Any = "firm" if policy.hold == "provisional" else "provisional"
    yield f"hold {hold}", lambda old: replace(old, hold=hold), keeps
    shortfall = "cancel" if policy.release.shortfall == "roll_over" else "roll_over"
    name = f"shortfall {shortfall.replace('_', ' ')}"
    yield name, lambda old: _released(old, shortfall=shortfall), keeps
    fill = "skip" if policy.release.fill == "strict" else "strict"
    yield f"fill {fill}", lambda old: _released(old, fill=fill), keeps


def _released(policy: Policy, **changes: Any) -> Policy:
    return replace(policy, release=replace(policy.release, **changes))
