"""Confidence intervals of a quantile, whatever the distribution: what a bad launch costs, not only the average one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import ceil, inf, isfinite, log

import numpy as np
from scipy.special import bdtr

from allocation.statistics.checks import check_probability


@dataclass(frozen=True, slots=True)
class Quantile:
    """A quantile and how well it is known, in the unit of the values.

    Attributes:
        probability: Which quantile: the share of the distribution at or below it.
        estimate: The smallest value that has at least this share of the values at or below it.
        low: The lower end, one of the values; minus infinity where n is too small to have one.
        high: The upper end, one of the values; infinity where n is too small to have one.
        n: How many values.
        n_needed: From how many values on both ends are finite.
        confidence: Probability with which such an interval was asked to cover the true quantile.
        coverage: Probability with which it does, for a continuous distribution; at least that for a discrete one.
    """

    probability: float
    estimate: float
    low: float
    high: float
    n: int
    n_needed: int
    confidence: float
    coverage: float

    @property
    def bounded(self) -> bool:
        """Whether n is large enough for the confidence: both ends are values."""
        return isfinite(self.low) and isfinite(self.high)


def quantile_interval(values: Iterable[float], probability: float, confidence: float = 0.95) -> Quantile:
    """Distribution-free interval for a quantile, between two order statistics.

    How many of n independent values lie below the true p-quantile is binomial (n, p). So the r-th smallest value is
    above the quantile with probability P(B ≤ r-1), and the s-th smallest below it with P(B ≥ s). The interval is from
    the largest r with P(B ≤ r-1) ≤ α/2 to the smallest s with P(B ≥ s) ≤ α/2, where α is 1 - confidence. Where no value
    is far enough out, that end is infinite and ``bounded`` is false: more replications are needed, ``n_needed`` says
    how many.

    Source: Conover, Practical Nonparametric Statistics, 3rd ed. (1999), section 3.2. Tables for the median give
    [x(2), x(9)] with 97.9% for n = 10 and [x(6), x(15)] with 95.9% for n = 20.

    Args:
        values: At least one; finite.
        probability: Which quantile, between 0 and 1.
        confidence: Between 0 and 1.

    Raises:
        SettingError: The probability or the confidence is not between 0 and 1.
        ValueError: There is no value, or one is not finite.

    >>> median = quantile_interval(range(1, 11), 0.5)
    >>> median.low, median.estimate, median.high, round(median.coverage, 3)
    (2.0, 5.0, 9.0, 0.979)
    >>> few = quantile_interval(range(1, 11), 0.95)  # 0.95⁷² < 0.025 < 0.95⁷¹
    >>> few.low, few.high, few.bounded, few.n_needed
    (8.0, inf, False, 72)
    """
    check_probability(probability, "the quantile's probability")
    tail = (1 - check_probability(confidence, "confidence")) / 2
    ordered = np.sort(np.fromiter(values, np.float64))
    n = len(ordered)
    if n == 0:
        raise ValueError("no values have no quantile; give at least one")
    if not np.isfinite(ordered).all():
        raise ValueError("a value is not finite; a quantile needs finite values")
    below, above = _values_beyond(n, probability, tail), _values_beyond(n, 1 - probability, tail)
    rank_low, rank_high = below, n + 1 - above
    # Rounded first, since 0.1 * 30 is a little above 3.
    rank = min(n, max(1, ceil(round(n * probability, 9))))
    return Quantile(
        probability=probability,
        estimate=float(ordered[rank - 1]),
        low=float(ordered[rank_low - 1]) if below else -inf,
        high=float(ordered[rank_high - 1]) if above else inf,
        n=n,
        n_needed=ceil(log(tail) / log(max(probability, 1 - probability))),
        confidence=confidence,
        coverage=order_statistic_coverage(n, probability, rank_low, rank_high),
    )


def order_statistic_coverage(n: int, probability: float, rank_low: int, rank_high: int) -> float:
    """Probability that the true quantile lies between two order statistics of n values.

    It is P(rank_low ≤ B ≤ rank_high - 1) for a binomial (n, p) number B, for a continuous distribution. Rank 0 stands
    for minus infinity, rank n + 1 for infinity.

    Source: Conover, Practical Nonparametric Statistics, 3rd ed. (1999), section 3.2. The number below is that of tables
    for the median, [x(6), x(15)] of n = 20.

    >>> round(order_statistic_coverage(20, 0.5, 6, 15), 3)
    0.959
    """
    upper = float(bdtr(rank_high - 1, n, probability)) if rank_high <= n else 1.0
    lower = float(bdtr(rank_low - 1, n, probability)) if rank_low >= 1 else 0.0
    return upper - lower


def _values_beyond(n: int, probability: float, tail: float) -> int:
    """The largest r with P(B ≤ r-1) ≤ tail for a binomial (n, p) number B; 0 where there is none.

    By symmetry the upper rank is n + 1 minus the same of 1 - p.
    """
    low, high = 0, n
    while low < high:
        middle = (low + high + 1) // 2
        if float(bdtr(middle - 1, n, probability)) <= tail:
            low = middle
        else:
            high = middle - 1
    return low
