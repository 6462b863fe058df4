"""Differences between two settings that met the same customers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import inf, sqrt

import numpy as np

from allocation.statistics.checks import check_probability
from allocation.statistics.intervals import Interval, mean_interval


@dataclass(frozen=True, slots=True)
class PairedDifference:
    """How much a setting changes a measure, replication by replication.

    Attributes:
        difference: Mean of first minus second over the replications, with its interval.
        variance_ratio: What the difference's variance would be with independent customers, over what it is: the
            measured worth of common random numbers. Above 1 they helped, below 1 they did harm. It is 1 where nothing
            varies, and infinite where the difference alone is constant.
        correlation: Of the two settings over replications; 0 where one of them is constant.
    """

    difference: Interval
    variance_ratio: float
    correlation: float


def paired_difference(first: Iterable[float], second: Iterable[float], confidence: float = 0.95) -> PairedDifference:
    """Paired t interval for the mean of first minus second, and what the pairing was worth.

    With the sample variances s₁², s₂² and s_d² of the first, the second and their differences, the interval is that of
    the mean of the differences, and the variance ratio is (s₁² + s₂²) / s_d². Common random numbers are no guarantee:
    settings far apart can be negatively correlated, and then independent customers would have been better. So the ratio
    is measured, not assumed. From few replications it is itself rough.

    Where one setting is compared with k - 1 others, all intervals hold together with probability 1 - α when each has
    confidence 1 - α/(k-1).

    Source: Law, Simulation Modeling and Analysis, 5th ed. (2015), sections 10.2.1 (the paired t interval) and 11.2
    (common random numbers). The doctest is worked by hand: the differences are 1, 2, 1, 2 with s_d² = 1/3, while
    s₁² = 61/3 and s₂² = 52/3.

    Args:
        first: One value a replication; at least two.
        second: Values of the same replications, in the same order.
        confidence: Between 0 and 1.

    Raises:
        SettingError: The confidence is not between 0 and 1.
        ValueError: The two are not of one length, or shorter than two.

    >>> result = paired_difference([11, 16, 17, 22], [10, 14, 16, 20])
    >>> result.difference.mean, round(result.variance_ratio, 6)
    (1.5, 113.0)
    """
    check_probability(confidence, "confidence")
    one, other = np.fromiter(first, np.float64), np.fromiter(second, np.float64)
    if len(one) != len(other):
        raise ValueError(f"{len(one)} and {len(other)} values are no pairs; give one of each for every replication")
    differences = one - other
    interval = mean_interval(differences, confidence)
    variances = float(one.var(ddof=1)), float(other.var(ddof=1))
    product = sqrt(variances[0]) * sqrt(variances[1])
    covariance = float(np.cov(one, other)[0, 1])
    correlation = max(-1.0, min(1.0, covariance / product)) if product else 0.0
    return PairedDifference(interval, _ratio(sum(variances), float(differences.var(ddof=1))), correlation)


def _ratio(independent: float, paired: float) -> float:
    if paired:
        return independent / paired
    return inf if independent else 1.0
