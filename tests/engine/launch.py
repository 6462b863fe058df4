"""A small launch to write exact tests with: one pool, short commands, short answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from allocation.engine.allocation_engine import AllocationEngine
from allocation.engine.decisions import Decisions
from allocation.engine.outcome import outcome
from tests.policies import policy_of

SKU, PLACE = "PHONE", "EAST"
D15, D22, D29 = "2025-11-15", "2025-11-22", "2025-11-29"
OPENING = "2025-10-01T12:00:00Z"
WAVES = ((D15, 10_000), (D22, 5_000), (D29, 5_000))


class Launch:
    """An engine with a pool PHONE at EAST, whose commands come at `now` unless they say otherwise."""

    def __init__(self, policy: Mapping[str, Any] | None = None, now: str = OPENING) -> None:
        # Large orders keep the numbers of an example readable; what caps them is tested by itself.
        given = dict(policy or {})
        given["intake"] = {"max_quantity": None, **given.get("intake", {})}
        self.engine = AllocationEngine(policy_of(given))
        self.now = now
        self.orders = 0

    def supply(
        self,
        on_hand: int | None = None,
        waves: Sequence[tuple[str, int]] | None = None,
        received: int = 0,
        sku: str = SKU,
    ) -> Decisions:
        """Set the supply of a pool."""
        expected = None if waves is None else [{"date": day, "quantity": units} for day, units in waves]
        return self.engine.supply(self.now, sku, PLACE, on_hand=on_hand, received=received, expected=expected)

    def rate(self, rate: Any) -> Decisions:
        """Set the pool's overbooking rate."""
        return self.engine.overbooking(self.now, SKU, PLACE, rate)

    def place(self, quantity: int, day: str = D15, tier: str = "STANDARD", **fields: Any) -> str:
        """Place an order of one line, or of several of these quantities; the id of its first reservation."""
        self.orders += 1
        order = fields.pop("order_id", f"O{self.orders}")
        quantities = fields.pop("quantities", [quantity])
        lines = [{"sku": SKU, "location": PLACE, "quantity": units} for units in quantities]
        decisions = self.engine.place(
            self.now, order, f"C-{order}", day, fields.pop("lines", lines), tier=tier, **fields
        )
        assert not decisions.refused, decisions.reasons
        return f"RES-{order}-1"

    def fill(self, count: int, quantity: int = 1, day: str = D15, tier: str = "STANDARD") -> list[str]:
        """Place this many orders."""
        return [self.place(quantity, day, tier) for _ in range(count)]

    def reservation(self, name: str) -> dict[str, Any]:
        """What the outcome says of a reservation."""
        return next(row for row in outcome(self.engine)["reservations"] if row["reservation_id"] == name)

    def status(self, name: str) -> str:
        """The status of a reservation."""
        return str(self.reservation(name)["status"])

    def statuses(self, names: Sequence[str]) -> list[str]:
        """The statuses of several."""
        found = {row["reservation_id"]: row["status"] for row in outcome(self.engine)["reservations"]}
        return [found[name] for name in names]

    def end_of(self, name: str) -> tuple[str, str | None]:
        """Status and reason."""
        row = self.reservation(name)
        return row["status"], row["reason"]

    def day_of(self, name: str) -> str | None:
        """The date that it is held on."""
        return self.reservation(name)["ship_date"]  # type: ignore[no-any-return]

    def expires_at(self, name: str) -> int:
        """When it expires, milliseconds."""
        for r, row in enumerate(self.engine.book.used("reservations")):
            if self.engine.reservation_id(r) == name:
                return int(row["expires_at"])
        raise AssertionError(name)

    def atp(self, *days: str) -> list[int]:
        """ATP of some dates."""
        return [self.engine.atp(SKU, PLACE, day).atp for day in days or (D15, D22, D29)]

    def confirm(self, day: str = D15) -> Decisions:
        """The cut-off of a date."""
        return self.engine.confirm(self.now, day)

    def release(self, day: str = D15) -> Decisions:
        """The release of a date."""
        return self.engine.release(self.now, day)

    def last_release(self) -> dict[str, Any]:
        """What the last release did."""
        return outcome(self.engine)["releases"][-1]  # type: ignore[no-any-return]
