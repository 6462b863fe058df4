"""Closed forms for overbooking: booking limits, the show rate to use for them, and protection levels for tiers.

``economic_limit(1000, Shows(0.95), margin=1, denied_cost=3)`` is a number of units. Nothing here draws, prints or knows
a scenario; every formula names its units and its source.
"""

from __future__ import annotations

from allocation.overbooking.demand import Demand, DiscreteDemand, NormalDemand, PoissonDemand
from allocation.overbooking.economics import critical_ratio, expected_profit
from allocation.overbooking.limits import (
    booking_rate,
    deterministic_limit,
    economic_limit,
    hybrid_limit,
    service_limit,
)
from allocation.overbooking.methods import METHODS, booking_limit, limit_problems
from allocation.overbooking.newsvendor import newsvendor, newsvendor_cost
from allocation.overbooking.normal import normal_bookings, normal_limit
from allocation.overbooking.protection import (
    emsr_a,
    emsr_b,
    littlewood,
    nested_limits,
    nested_sales,
    optimal_protection,
)
from allocation.overbooking.show_rate import Survival, constant_hazard, late_show_rate, survival_table
from allocation.overbooking.shows import Shows, shows_problems

__all__ = [
    "METHODS",
    "Demand",
    "DiscreteDemand",
    "NormalDemand",
    "PoissonDemand",
    "Shows",
    "Survival",
    "booking_limit",
    "booking_rate",
    "constant_hazard",
    "critical_ratio",
    "deterministic_limit",
    "economic_limit",
    "emsr_a",
    "emsr_b",
    "expected_profit",
    "hybrid_limit",
    "late_show_rate",
    "limit_problems",
    "littlewood",
    "nested_limits",
    "nested_sales",
    "newsvendor",
    "newsvendor_cost",
    "normal_bookings",
    "normal_limit",
    "optimal_protection",
    "service_limit",
    "shows_problems",
    "survival_table",
]
