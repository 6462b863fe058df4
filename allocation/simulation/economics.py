"""What a launch is worth, in the scenario's currency."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from allocation.engine.allocation_engine import AllocationEngine
from allocation.scenario.schema import Economics


@dataclass(frozen=True, slots=True)
class PricedUnits:
    """The units that money is earned with, or paid for.

    Attributes:
        allocated: Units given out.
        denied: Units that were promised and not given, by tier, where there are any.
        unsold: Units on hand after the last release.
        forfeited: Units cancelled after they were confirmed.
    """

    allocated: int
    denied: tuple[tuple[str, int], ...]
    unsold: int
    forfeited: int

    def profit(self, economics: Economics) -> Decimal:
        """Margin of allocated units, less what oversold and unsold ones cost, plus forfeits, exactly."""
        return (
            economics.margin * self.allocated
            - sum((economics.denied_cost[tier] * units for tier, units in self.denied), Decimal(0))
            - economics.unsold_cost * self.unsold
            + economics.forfeit * self.forfeited
        )


def priced_units(engine: AllocationEngine, unsold_units: int) -> PricedUnits:
    """What a launch came to, in units that have a price.

    Args:
        engine: After the last release, and counted (`measures`).
        unsold_units: Units on hand after the last release.
    """
    counts = engine.book.tables.tally
    denied = zip(engine.tiers, counts["oversold_units"].tolist(), strict=True)
    return PricedUnits(
        allocated=int(counts["allocated_units"].sum()),
        denied=tuple((tier, units) for tier, units in denied if units),
        unsold=unsold_units,
        forfeited=int(counts["forfeited_units"].sum()),
    )
