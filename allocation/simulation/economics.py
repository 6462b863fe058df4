"""What a launch is worth, in the scenario's currency."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

import numpy as np

from allocation.engine.allocation_engine import AllocationEngine
from allocation.engine.codes import Mark
from allocation.engine.measures import is_ended
from allocation.scenario.schema import Economics


def profit(engine: AllocationEngine, economics: Economics, unsold_units: int) -> Decimal:
    """Margin of allocated units, less what oversold and unsold ones cost, plus forfeits, exactly.

    Args:
        engine: After the last release.
        economics: Money per unit.
        unsold_units: Units on hand after the last release.
    """
    rows = engine.book.used("reservations")
    quantity = rows["quantity"]
    allocated = int(quantity[is_ended(rows, "allocated")].sum())
    forfeited = int(quantity[rows["marks"] & Mark.CANCELLED_CONFIRMED != 0].sum())
    oversold = is_ended(rows, "oversold")
    denied: Mapping[str, int] = {
        name: int(quantity[oversold & (rows["tier"] == np.int64(code))].sum()) for code, name in enumerate(engine.tiers)
    }
    return (
        economics.margin * allocated
        - sum((economics.denied_cost[tier] * units for tier, units in denied.items() if units), Decimal(0))
        - economics.unsold_cost * unsold_units
        + economics.forfeit * forfeited
    )
