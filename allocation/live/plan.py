"""What a release would do, decided from what the order management system says, before anything is sent."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from typing import Any, Literal

from allocation.engine.codes import Status
from allocation.engine.policy import Policy
from allocation.live.open_book import Command
from allocation.oms.port import Hold, ReleaseOrder, Uniqueness

SCHEMA_VERSION = 3
SURPRISES = 10
HAS_ORDER = "has an order"
"""The reason of who was served before."""
Action = Literal["release", "confirm", "expire"]
HELD = (Status.RESERVED, Status.CONFIRMED)
"""Statuses of a promise."""


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
        unclear: Reservations whose orders contradict their holds, each with the reason: nothing is done for them before
            a person has put it right, and the tape is without them.
        crossed: Reservations whose holds ended though their orders stand, each with what is so.
        orders_since: From when on orders were looked for.
        standing: Keys of the orders for reservations that stood when it was made, by the system's reference.
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
    orders_since: datetime
    served: tuple[Effect, ...] = ()
    unclear: Mapping[str, str] = field(default_factory=dict)
    crossed: Mapping[str, str] = field(default_factory=dict)
    standing: Mapping[str, str] = field(default_factory=dict)

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
            "unclear": dict(self.unclear),
            "crossed": dict(self.crossed),
            "orders_since": self.orders_since.isoformat(),
            "standing": dict(self.standing),
            "totals": totals((*self.effects, *self.served)),
            "surprises": [effect.reservation_id for effect in surprises(self.effects)],
            "alert": self.alert,
            "warnings": list(self.warnings),
        }
        return content | {"digest": digest_of(content)}


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
        if effect.before in HELD and effect.hold.status not in {Status.ALLOCATED, Status.CONFIRMED}
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
        "hold": {k: _plain(v) for k, v in asdict(effect.hold).items() if k != "made_at"},
        "order": order,
    }


def _plain(value: object) -> object:
    if isinstance(value, Status):
        return value.name
    return value.isoformat() if isinstance(value, date) else value
