"""Protection levels: how much of the capacity to keep for better tiers.

Tiers are numbered from the best: fares p1 > p2 > ... > pn, independent demands D1, ..., Dn, the lowest asks first. y_j
is what is protected for tiers 1 to j together. Where bookings are cancelled, the booking limit stands for the capacity.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from math import floor, isfinite, sqrt
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import ndtr

from allocation.engine.errors import Problem
from allocation.overbooking.checks import amount_problems, require
from allocation.overbooking.demand import Demand, NormalDemand

Floats: TypeAlias = NDArray[np.float64]

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(200)
_FAR = 38.0
"""Standard deviations beyond which the probability of a normal demand underflows."""


def littlewood(high_fare: float, low_fare: float, demand: Demand) -> float:
    """The units to protect for the better of two tiers: P(D1 > y) = p2 / p1.

    For discrete demand it is the smallest y with P(D1 <= y) >= 1 - p2/p1.

    Source: Littlewood 1972, reprinted in Journal of Revenue and Pricing Management 4 (2005), 111-123. Example: Park
    Hyatt Philadelphia (Cachon and Terwiesch), 118 rooms at 225 or 159, high-fare demand ~ Poisson(27.3): protect 24.

    Args:
        high_fare: p1, what the better tier pays for a unit, in money.
        low_fare: p2, less than that.
        demand: D1, in units.

    Raises:
        SettingError: A fare is out of range, or the fares do not fall.

    >>> from allocation.overbooking.demand import PoissonDemand
    >>> littlewood(225, 159, PoissonDemand(27.3))
    24.0
    """
    require(_fare_problems([high_fare, low_fare]), "protection")
    return demand.quantile(1 - low_fare / high_fare)


def emsr_a(fares: Sequence[float], demands: Sequence[NormalDemand]) -> tuple[float, ...]:
    """Protection levels that add up Littlewood's: y_j = Σ_{i<=j} F_i⁻¹(1 - p_{j+1} / p_i).

    Source: Belobaba 1989, Operations Research 37:183-197. The data are those of Wollmer 1992, Operations Research
    40:26-37, as used by Talluri and van Ryzin (2004), section 2.2.

    Args:
        fares: p1 > p2 > ... > pn, in money; shape (n,).
        demands: D1, ..., Dn in units; shape (n,). The last one is not used.

    Returns:
        y1, ..., y_{n-1} in units, not rounded.

    Raises:
        SettingError: Fares do not fall, or there are not as many demands as fares.

    >>> demands = [
    ...     NormalDemand(17.3, 5.8),
    ...     NormalDemand(45.1, 15.0),
    ...     NormalDemand(39.6, 13.2),
    ...     NormalDemand(34.0, 11.3),
    ... ]
    >>> [round(y, 1) for y in emsr_a([1050, 567, 534, 520], demands)]
    [16.7, 38.7, 55.7]
    """
    _require(fares, demands)
    return tuple(sum(demands[i].quantile(1 - fares[j] / fares[i]) for i in range(j)) for j in range(1, len(fares)))


def emsr_b(fares: Sequence[float], demands: Sequence[NormalDemand]) -> tuple[float, ...]:
    """Protection levels against tiers 1 to j as one tier: y_j = μ + σ Φ⁻¹(1 - p_{j+1} / p̄_j).

    μ and σ² are sums over these tiers, and p̄_j is their mean fare, weighted with mean demands.

    Source: Belobaba 1992, as in Talluri and van Ryzin (2004), section 2.2. The data are those of Fiig et al. 2010,
    Journal of Revenue and Pricing Management 9:152-170, whose protection levels are 20, 35, 54, 80 and 117.

    Arguments, result and errors are those of ``emsr_a``.

    >>> means, deviations = (31.2, 10.9, 14.8, 19.9, 26.9, 36.3), (11.2, 6.6, 7.7, 8.9, 10.4, 12)
    >>> demands = [NormalDemand(mean, deviation) for mean, deviation in zip(means, deviations)]
    >>> [round(y) for y in emsr_b([1200, 1000, 800, 600, 400, 200], demands)]
    [20, 35, 54, 80, 117]
    """
    _require(fares, demands)
    means = list(accumulate(demand.mean for demand in demands))
    variances = list(accumulate(demand.deviation**2 for demand in demands))
    revenues = list(accumulate(fare * demand.mean for fare, demand in zip(fares, demands, strict=True)))
    return tuple(
        NormalDemand(means[j], sqrt(variances[j])).quantile(1 - fares[j + 1] * means[j] / revenues[j])
        for j in range(len(fares) - 1)
    )


def optimal_protection(fares: Sequence[float], demands: Sequence[NormalDemand]) -> tuple[float, ...]:
    """The protection levels that earn most: P(D1 > y1, D1+D2 > y2, ..., D1+...+Dj > yj) = p_{j+1} / p1.

    Source: Brumelle and McGill 1993, Operations Research 41:127-137. The density of D1+...+Dj where all of y1, ..., yj
    are exceeded is carried from tier to tier by Gauss-Legendre quadrature.

    Arguments, result and errors are those of ``emsr_a``; the data are the same.

    >>> demands = [
    ...     NormalDemand(17.3, 5.8),
    ...     NormalDemand(45.1, 15.0),
    ...     NormalDemand(39.6, 13.2),
    ...     NormalDemand(34.0, 11.3),
    ... ]
    >>> [round(y, 1) for y in optimal_protection([1050, 567, 534, 520], demands)]
    [16.7, 42.5, 72.7]
    """
    _require(fares, demands)
    # Sums so far, and the probability of each: before the first tier, 0 for sure.
    sums, masses = np.zeros(1), np.ones(1)
    levels = []
    mean = variance = 0.0
    for fare, demand in zip(fares[1:], demands, strict=False):
        mean, variance = mean + demand.mean, variance + demand.deviation**2
        far = _FAR * sqrt(variance)
        level = _level(sums, masses, demand, fare / fares[0], (mean - far, mean + far))
        nodes = level + (mean + far - level) * (1 + _NODES) / 2
        z = (nodes[:, None] - sums - demand.mean) / demand.deviation
        density = np.exp(-z * z / 2) @ masses / (demand.deviation * np.sqrt(2 * np.pi))
        sums, masses = nodes, density * _WEIGHTS * (mean + far - level) / 2
        levels.append(level)
    return tuple(levels)


def _level(sums: Floats, masses: Floats, demand: NormalDemand, share: float, within: tuple[float, float]) -> float:
    """The y that one more tier's demand on top of these sums exceeds with this probability."""

    def too_likely(y: float) -> float:
        return float(masses @ ndtr((demand.mean - (y - sums)) / demand.deviation)) - share

    # Fares that hardly differ protect nothing.
    return float(brentq(too_likely, *within)) if too_likely(within[0]) > 0 else within[0]


def nested_limits(capacity: int, protection: Sequence[float]) -> tuple[int, ...]:
    """Booking limits of the tiers, in units: b_1 = C, b_{j+1} = C - ⌊y_j⌋, and no less than 0.

    Source: Talluri and van Ryzin (2004), section 2.1. Example 9.2 of Phillips, Pricing and Revenue Optimization,
    2nd ed. (2021): 100 seats, high-fare demand ~ N(50, 100²), fare ratios 0.4, 0.5, 0.6: limits 25, 50, 76.

    >>> demand = NormalDemand(50, 100)
    >>> [nested_limits(100, [littlewood(1, ratio, demand)])[1] for ratio in (0.4, 0.5, 0.6)]
    [25, 50, 76]
    """
    return (capacity, *(min(max(capacity - floor(level), 0), capacity) for level in protection))


def nested_sales(limits: Sequence[int], demands: Sequence[int]) -> tuple[int, ...]:
    """What each tier gets, in units, if the lowest tier asks first and limits are nested.

    Tier j gets what it asks for, as long as all tiers that asked so far have no more than its limit together.

    Source: Phillips (2021), example 9.7: limits 100, 70, 45 and 32 for demands of 25, 30, 20 and 50 at 1000, 800, 600
    and 200 earn 59,200; without limits it is 46,000, with hindsight 66,000, and so 66 % of the opportunity is used.

    Args:
        limits: Of tiers 1, ..., n; shape (n,).
        demands: What tiers 1, ..., n ask for; shape (n,).

    >>> sales = nested_sales([100, 70, 45, 32], [25, 30, 20, 50])
    >>> sales, sum(fare * units for fare, units in zip([1000, 800, 600, 200], sales))
    ((25, 25, 13, 32), 59200)
    """
    sold: list[int] = []
    for limit, demand in zip(reversed(limits), reversed(demands), strict=True):
        sold.append(max(min(demand, limit - sum(sold)), 0))
    return tuple(reversed(sold))


def _fare_problems(fares: Sequence[float]) -> list[Problem]:
    problems = [problem for fare in fares for problem in amount_problems("fares", fare)]
    if not problems and not (all(fares[i] > fares[i + 1] for i in range(len(fares) - 1)) and fares[-1] > 0):
        listed = ", ".join(f"{fare:g}" for fare in fares[:10])
        problems.append(Problem(("fares",), f"{listed} do not fall to a fare above 0; give the best tier first"))
    return problems


def _require(fares: Sequence[float], demands: Sequence[NormalDemand]) -> None:
    problems = []
    if len(fares) != len(demands) or not fares:
        text = f"{len(demands)} demands for {len(fares)} fares; give one for each, and at least one"
        problems.append(Problem(("demands",), text))
    if any(not isfinite(demand.mean) or demand.mean <= 0 for demand in demands):
        problems.append(Problem(("demands",), "a mean demand is not above 0; leave that tier out"))
    require([*problems, *(_fare_problems(fares) if fares else [])], "protection")
