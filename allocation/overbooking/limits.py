"""Booking limits: how many units to accept for C that there will be.

Notation, as in Talluri and van Ryzin, The Theory and Practice of Revenue Management (2004), section 4.2: C units of
capacity, x units accepted, Z(x) of them show up, each with probability q; an unsold unit loses Cu, a denied one Co.
"""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from fractions import Fraction
from math import floor

from allocation.engine.errors import Problem
from allocation.overbooking.checks import (
    SERVICES,
    capacity_problems,
    choice_problems,
    level_problems,
    rate_problems,
    require,
)
from allocation.overbooking.economics import critical_ratio, economic_problems
from allocation.overbooking.search import bookings_max, first_refused, no_limit
from allocation.overbooking.shows import Shows

_RATE_STEP = Decimal("0.000001")
"""Rates have six decimals."""


def economic_limit(
    capacity: int,
    shows: Shows,
    margin: float,
    denied_cost: float,
    unsold_cost: float = 0.0,
    revenue: str = "shows",
) -> int:
    """The limit, in units, with the largest expected profit; the largest such limit if there are several.

    Accept the (x+1)-th unit while E[(Z(x+1)-C)+] - E[(Z(x)-C)+] <= q R, with R the ``critical_ratio``; where the fates
    of single orders do not correlate, the left side is q P(Z(x) >= C). Orders of several units are accepted as a whole.

    Source: Talluri and van Ryzin (2004), section 4.2. Example: MCM 2002, Team 180 (Duke), 150 seats, every accepted
    booking pays 1, and a bumped one costs 2 in all: 189, 177 and 167 bookings for show rates of 0.80, 0.85 and 0.90.
    If only those who show up pay, 187 is best for 0.80.

    Args:
        capacity: C, units, from 0 to 10^9.
        shows: Who shows up.
        margin: What a served unit earns, in money.
        denied_cost: What a denied unit loses on top of the margin that it does not earn, above 0.
        unsold_cost: What a unit loses that nobody takes, on top of the margin that it does not earn.
        revenue: ``shows``: cancelled orders pay nothing. ``booked``: they pay their margin.

    Raises:
        SettingError: Something is out of range, or no finite limit is best; every problem is listed.

    >>> [economic_limit(150, Shows(q), 1, 1, revenue="booked") for q in (0.80, 0.85, 0.90)]
    [189, 177, 167]
    >>> economic_limit(150, Shows(0.80), 1, 1)
    187
    """
    require(economic_problems(capacity, shows.show_rate, margin, denied_cost, unsold_cost, revenue), "economic limit")
    capacity, step = int(capacity), shows.step
    # What one more step may oversell, in units. At 0 nothing may, and probabilities that underflow must not decide.
    bearable = shows.show_rate * critical_ratio(shows.show_rate, margin, denied_cost, unsold_cost, revenue) * step
    if not bearable:
        return capacity // step * step
    steps = first_refused(lambda n: shows.next_oversold(capacity, n * step) > bearable, capacity, step)
    if steps is None:
        raise no_limit(capacity, shows)
    return steps * step


def service_limit(capacity: int, shows: Shows, level: float, kind: str = "type1") -> int:
    """The largest limit, in units, at which the service stays within a level.

    Type 1: P(Z(x) > C) <= level, the probability that anybody is denied. Type 2: E[(Z(x)-C)+] / E[Z(x)] <= level, the
    share of those who show up that is denied.

    Source: Talluri and van Ryzin (2004), section 4.2 (type 1 and type 2 service levels), without a worked example; the
    numbers below are checked by direct summation of the binomial distribution.

    Args:
        capacity: C, units, from 0 to 10^9.
        shows: Who shows up.
        level: From 0 to below 1.
        kind: ``type1`` or ``type2``.

    Raises:
        SettingError: Something is out of range, or no finite limit breaks the level; every problem is listed.

    >>> service_limit(1000, Shows(0.95), 0.05), service_limit(1000, Shows(0.95), 0.001, "type2")
    (1041, 1047)
    """
    require(service_problems(capacity, shows.show_rate, level, kind), "service limit")
    capacity, step = int(capacity), shows.step
    if not level:
        return capacity // step * step

    def is_broken(n: int) -> bool:
        if kind == "type1":
            return shows.oversold_probability(capacity, n * step) > level
        return shows.expected_oversold(capacity, n * step) > level * shows.mean(n * step)

    steps = first_refused(is_broken, capacity, step)
    if steps is None:
        raise no_limit(capacity, shows)
    return (steps - 1) * step


def hybrid_limit(
    capacity: int,
    shows: Shows,
    margin: float,
    denied_cost: float,
    level: float,
    unsold_cost: float = 0.0,
    revenue: str = "shows",
    kind: str = "type1",
) -> int:
    """The economic limit, or the service limit if it is lower, in units.

    Source: Phillips, Pricing and Revenue Optimization (hybrid policies), without a worked example; the numbers below
    are the smaller of the two limits. Arguments and errors are those of ``economic_limit`` and ``service_limit``.

    >>> hybrid_limit(1000, Shows(0.95), 1, 1, 0.05), hybrid_limit(1000, Shows(0.95), 1, 10, 0.2)
    (1041, 1043)
    """
    problems = [
        *economic_problems(capacity, shows.show_rate, margin, denied_cost, unsold_cost, revenue),
        *service_problems(capacity, shows.show_rate, level, kind),
    ]
    require(problems, "hybrid limit")
    economic = economic_limit(capacity, shows, margin, denied_cost, unsold_cost, revenue)
    return min(economic, service_limit(capacity, shows, level, kind))


def deterministic_limit(capacity: int, show_rate: float) -> int:
    """⌊C / q⌋ units: as if exactly the share q showed up.

    The division is of the decimal numbers as written. Source: Talluri and van Ryzin (2004), section 4.2. Example:
    revmng 0.2.0 gives a limit of 111 for 100 units and a no-show rate of 0.1, of which 99.9 show up.

    Raises:
        SettingError: The capacity or the rate is out of range.

    >>> deterministic_limit(100, 0.9)
    111
    """
    require([*capacity_problems(capacity), *rate_problems(show_rate)], "deterministic limit")
    limit = floor(int(capacity) / Fraction(repr(float(show_rate))))
    if limit > bookings_max(capacity):
        raise no_limit(capacity, Shows(show_rate))
    return limit


def booking_rate(limit: int, capacity: int) -> Decimal | None:
    """The rate of six decimals for which ⌊C × rate⌋ is the limit; None for no capacity.

    Rounded up, because a limit is rounded down. Above a million units six decimals cannot tell every limit; it is then
    the largest rate that does not exceed the limit.

    >>> booking_rate(167, 150), booking_rate(189, 150), booking_rate(1, 0)
    (Decimal('1.113334'), Decimal('1.260000'), None)
    """
    if not capacity:
        return None
    exact = Decimal(int(limit)) / int(capacity)
    above = exact.quantize(_RATE_STEP, ROUND_CEILING)
    return above if floor(above * int(capacity)) <= limit else exact.quantize(_RATE_STEP, ROUND_FLOOR)


def service_problems(capacity: object, show_rate: object, level: object, kind: object) -> list[Problem]:
    """What is wrong with the arguments of ``service_limit``."""
    return [
        *capacity_problems(capacity),
        *rate_problems(show_rate),
        *level_problems(level),
        *choice_problems("kind", kind, SERVICES),
    ]
