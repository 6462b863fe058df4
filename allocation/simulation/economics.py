"""What a launch is worth, in the scenario's currency."""

from __future__ import annotations

from decimal import Decimal

from allocation.engine.allocation_engine import AllocationEngine
from allocation.scenario.schema import Economics


def profit(engine: AllocationEngine, economics: Economics, unsold_units: int) -> Decimal:
    """Margin of allocated units, less what oversold and unsold ones cost, plus forfeits, exactly.

    Args:
        engine: After the last release, and counted (`measures`).
        economics: Money per unit.
        unsold_units: Units on hand after the last release.
    """
    counts = engine.book.tables.tally
    denied = zip(engine.tiers, counts["oversold_units"].tolist(), strict=True)
    return (
        economics.margin * int(counts["allocated_units"].sum())
        - sum((economics.denied_cost[tier] * units for tier, units in denied if units), Decimal(0))
        - economics.unsold_cost * unsold_units
        + economics.forfeit * int(counts["forfeited_units"].sum())
    )
