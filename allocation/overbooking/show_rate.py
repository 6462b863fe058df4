"""The show rate that matters at an instant: cancellations that are still to come and that nobody fills.

An order that is alive at t shows up with q(t) = P(alive at release | alive at t) × P(pays) = S(T) / S(t) × P(pays),
where S is the survival function of an order's life. While a wait-list re-offers what is cancelled, a cancellation
leaves no hole; overbooking is for those after the last re-offer that can still be accepted.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from itertools import pairwise
from math import isfinite
from typing import TypeAlias

from allocation.engine.errors import Problem
from allocation.overbooking.checks import probability_problems, require

Survival: TypeAlias = Callable[[float], float]
"""S(t): the share of orders placed at 0 that is not cancelled by t, in whatever unit of time; never rises."""


def late_show_rate(
    survival: Survival, at: float, release: float, last_reoffer: float | None = None, pays_share: float = 1.0
) -> float:
    """q(t) = S(T) / S(max(t, r)) × P(pays): the show rate for which to overbook at time t.

    Source: conditional survival, as in Klein and Moeschberger, Survival Analysis, 2nd ed. (2003), section 2.2; its use
    for limits over time is in Talluri and van Ryzin (2004), section 4.3. With a constant hazard, below, the two
    thirds of the window before the last re-offer do not count: 0.9 ^ (1/3) = 0.9655.

    Args:
        survival: S.
        at: t, in the unit of ``survival``; what is cancelled before it is known.
        release: T, not before t.
        last_reoffer: r, until when a wait-list fills what is cancelled; None without one.
        pays_share: Probability that an order that is alive is paid.

    Raises:
        SettingError: The times are out of order, nobody is alive at t, or survival rises.

    >>> kept = constant_hazard(0.10, window=30)
    >>> round(late_show_rate(kept, 0, 30), 4), round(late_show_rate(kept, 0, 30, last_reoffer=20), 4)
    (0.9, 0.9655)
    """
    start = at if last_reoffer is None else max(at, min(last_reoffer, release))
    problems = list(probability_problems("pays_share", pays_share))
    if not (isfinite(at) and isfinite(release) and at <= release):
        problems.append(Problem(("at",), f"{at} is not up to the release at {release}; give finite times in order"))
    require(problems, "show rate")
    alive, still = survival(start), survival(release)
    if not 0 < alive <= 1 or not 0 <= still <= alive:
        message = f"goes from {alive} at {start} to {still} at {release}; it must start above 0 and never rise"
        require([Problem(("survival",), message)], "show rate")
    return still / alive * pays_share


def constant_hazard(cancel_share: float, window: float) -> Survival:
    """S(t) = (1 - c)^(t / w): orders are cancelled at a constant hazard, a share c of them within the window w.

    Source: the exponential distribution, Klein and Moeschberger (2003), section 2.5.

    Raises:
        SettingError: The share is no probability, or the window not above 0.

    >>> round(constant_hazard(0.36, window=10)(5), 4)
    0.8
    """
    problems = list(probability_problems("cancel_share", cancel_share))
    if not (isfinite(window) and window > 0):
        problems.append(Problem(("window",), f"{window} is not above 0; give a length of time"))
    require(problems, "survival")
    return lambda t: float((1 - cancel_share) ** (t / window))


def survival_table(times: Sequence[float], alive: Sequence[float]) -> Survival:
    """S(t) that is linear between points: ``alive[i]`` of the orders at ``times[i]``, constant before and after.

    The example is the timing of 6,376 cancelled hotel bookings made 30 days ahead or more, by tenths of their time
    (Antonio, Almeida and Nunes 2019, Data in Brief 22:41-49), if a fifth is cancelled in all.

    Raises:
        SettingError: The times do not rise, or the shares are no probabilities or rise.

    >>> tenths = [0.240, 0.091, 0.083, 0.060, 0.066, 0.086, 0.060, 0.091, 0.119, 0.105]
    >>> alive = [1 - 0.2 * sum(tenths[:i]) / sum(tenths) for i in range(11)]
    >>> kept = survival_table([i / 10 for i in range(11)], alive)
    >>> round(late_show_rate(kept, 0, 1), 3), round(late_show_rate(kept, 0, 1, last_reoffer=0.9), 3)
    (0.8, 0.974)
    """
    problems = [problem for share in alive for problem in probability_problems("alive", share)]
    if len(times) != len(alive) or not times:
        problems.append(
            Problem(("times",), f"{len(times)} times and {len(alive)} shares; give one share for each time")
        )
    elif any(not first < second for first, second in pairwise(times)):
        problems.append(Problem(("times",), "do not rise; give them in order, each once"))
    elif not problems and any(first < second for first, second in pairwise(alive)):
        problems.append(Problem(("alive",), "rises; orders that were cancelled stay cancelled"))
    require(problems, "survival")
    points = list(zip(times, alive, strict=True))

    def survival(t: float) -> float:
        i = bisect_right(times, t)
        if i in (0, len(points)):
            return float(points[min(i, len(points) - 1)][1])
        (before, high), (after, low) = points[i - 1], points[i]
        return float(high + (low - high) * (t - before) / (after - before))

    return survival
