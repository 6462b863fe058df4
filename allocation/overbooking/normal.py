"""The economic limit in closed form, as if the units that show up were normal."""

from __future__ import annotations

from math import floor, isinf, sqrt

from scipy.special import ndtri

from allocation.overbooking.checks import require
from allocation.overbooking.economics import critical_ratio, economic_problems
from allocation.overbooking.search import bookings_max, no_limit
from allocation.overbooking.shows import Shows


def normal_bookings(
    capacity: int,
    shows: Shows,
    margin: float,
    denied_cost: float,
    unsold_cost: float = 0.0,
    revenue: str = "shows",
) -> float:
    """The economic limit as if Z(x) were normal, in units and not rounded.

    With z = Φ⁻¹(1 - R), R the ``critical_ratio``, it solves C = x q + z √Var Z(x). For independent single orders with
    σ = √(q (1-q)) that is x = ((-z σ + √(z² σ² + 4 q C)) / (2 q))². With design effect d and correlation ρ, Var Z(x) =
    x σ² (d (1-ρ) + ρ x), and x is the root of a quadratic equation on the side of C / q that the sign of z says.

    Source: MCM 2002, Team 180 (Duke), equation 3. Its table has 188, 176 and 167 for 150 seats, a bumped booking that
    costs 2 in all, and show rates of 0.80, 0.85 and 0.90; these are rounded to the nearest, with R as for ``shows``.

    Arguments and errors are those of ``economic_limit``.

    >>> [round(normal_bookings(150, Shows(q), 1, 1), 2) for q in (0.80, 0.85, 0.90)]
    [187.5, 176.47, 166.67]
    """
    require(economic_problems(capacity, shows.show_rate, margin, denied_cost, unsold_cost, revenue), "normal limit")
    capacity, q = int(capacity), shows.show_rate
    z = -float(ndtri(critical_ratio(q, margin, denied_cost, unsold_cost, revenue)))
    single = q * (1 - q) * shows.design_effect * (1 - shows.rho)
    shared = q * (1 - q) * shows.rho
    if not single + shared or not capacity:
        bookings = capacity / q
    elif isinf(z):
        bookings = 0.0
    else:
        # The roots of (q² - z² shared) x² - 2 half x + C² = 0; of two forms, the one that subtracts nothing.
        half = q * capacity + z * z * single / 2
        root = abs(z) * sqrt(q * capacity * single + z * z * single**2 / 4 + shared * capacity**2)
        square = q * q - z * z * shared
        if z < 0 and square <= 0:
            raise no_limit(capacity, shows)
        bookings = capacity * capacity / (half + root) if z >= 0 else (half + root) / square
    if bookings > bookings_max(capacity):
        raise no_limit(capacity, shows)
    return bookings


def normal_limit(
    capacity: int,
    shows: Shows,
    margin: float,
    denied_cost: float,
    unsold_cost: float = 0.0,
    revenue: str = "shows",
) -> int:
    """``normal_bookings``, rounded down to whole orders, and no less than the capacity, which is never oversold.

    Arguments and errors are those of ``economic_limit``; the data are those of ``normal_bookings``.

    >>> [normal_limit(150, Shows(q), 1, 1) for q in (0.80, 0.85, 0.90)]
    [187, 176, 166]
    """
    bookings = floor(normal_bookings(capacity, shows, margin, denied_cost, unsold_cost, revenue))
    return max(bookings, int(capacity)) // shows.step * shows.step
