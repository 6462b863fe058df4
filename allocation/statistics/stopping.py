"""How many replications are enough: go on until the half-width is as small as was asked for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import sqrt
from typing import Literal

import numpy as np
from scipy.special import stdtrit

from allocation.engine.errors import SettingError
from allocation.statistics.checks import check_at_least, check_positive, check_probability
from allocation.statistics.intervals import Interval, mean_interval


@dataclass(frozen=True, slots=True)
class Precision:
    """How well a mean has to be known before replications stop.

    Give a relative or an absolute precision. With both it is enough to reach one of them: the absolute one then rescues
    a mean near zero, which no relative precision ever reaches.

    Attributes:
        relative: γ: the mean is to be off by at most this share of the true mean; between 0 and 1.
        absolute: β: the mean is to be off by at most this much, in its own unit.
        confidence: Probability with which it is.
        n_min: No stop before. Law advises 10 or more and γ of 0.15 or less; with fewer or with wider intervals a lucky
            start stops too early, and the mean is covered less often than promised.
        n_max: A stop at the latest then, whatever has been reached; None for no such bound.

    Raises:
        SettingError: Neither precision is given, or a number is out of its range.
    """

    relative: float | None = None
    absolute: float | None = None
    confidence: float = 0.95
    n_min: int = 10
    n_max: int | None = None

    def __post_init__(self) -> None:
        if self.relative is None and self.absolute is None:
            raise SettingError("no precision to stop at; give a relative or an absolute one")
        if self.relative is not None:
            check_probability(self.relative, "relative precision")
        if self.absolute is not None:
            check_positive(self.absolute, "absolute precision")
        check_probability(self.confidence, "confidence")
        check_at_least(self.n_min, 2, "n_min")
        if self.n_max is not None:
            check_at_least(self.n_max, self.n_min, "n_max")

    def target(self, mean: float) -> float:
        """The half-width to reach about a mean: the larger of γ' |mean| with γ' = γ/(1+γ), and β.

        γ' and not γ, because the half-width is compared with the estimated mean, while γ is a share of the true one:
        |x̄ - μ| ≤ γ' |x̄| implies |x̄ - μ| ≤ γ |μ|.

        Source: Law, Simulation Modeling and Analysis, 5th ed. (2015), section 9.4.1; by hand, 0.1/1.1 of 11.

        >>> round(Precision(relative=0.1).target(11), 9)
        1.0
        """
        relative = 0.0 if self.relative is None else self.relative / (1 + self.relative) * abs(mean)
        return max(relative, self.absolute or 0.0)


@dataclass(frozen=True, slots=True)
class Stopping:
    """Whether to go on, and why.

    Attributes:
        reason: ``precise``: the half-width is reached. ``limit``: it is not, but n_max is. ``go on``: neither, or fewer
            than n_min values.
        interval: What is known so far; None of fewer than two values.
        target: The half-width to reach about this mean; None of fewer than two values.
        n_expected: How many values in all it will take if mean and variance stay as they are, never above n_max.
            None where no number is enough.
    """

    reason: Literal["precise", "limit", "go on"]
    interval: Interval | None
    target: float | None
    n_expected: int | None

    @property
    def stop(self) -> bool:
        """Whether replications may stop."""
        return self.reason != "go on"


def stopping(values: Iterable[float], precision: Precision) -> Stopping:
    """Law's sequential procedure, asked after each replication or batch of them: is the mean known well enough?

    Replications go on until t(R-1; 1-α/2) √(s²/R) ≤ γ' |x̄| with γ' = γ/(1+γ), or ≤ β. Asked with all values so far; to
    run the number that is still expected in one batch is as good as running them one by one, and faster.

    Use it for means. A rare thing that has not been seen yet has variance 0 and looks precise: judge a probability by
    :func:`~allocation.statistics.feasibility.feasibility`.

    Source: Law, Simulation Modeling and Analysis, 5th ed. (2015), section 9.4.1. The values below are those of its
    example 4.26 with the interval 1.34 ± 0.24 at 90%.

    Raises:
        ValueError: A value is not finite.

    >>> observed = [1.20, 1.50, 1.68, 1.89, 0.95, 1.49, 1.58, 1.55, 0.50, 1.09]
    >>> stopping(observed, Precision(absolute=0.24, confidence=0.90)).reason
    'precise'
    >>> stopping(observed, Precision(absolute=0.23, confidence=0.90)).reason
    'go on'
    """
    sample = np.fromiter(values, np.float64)
    n = len(sample)
    if not np.isfinite(sample).all():
        raise ValueError("a value is not finite; a mean needs finite values")
    if n <= 1:
        return Stopping("go on", None, None, precision.n_min)
    interval = mean_interval(sample, precision.confidence)
    target = precision.target(interval.mean)
    if n >= precision.n_min and interval.half_width <= target:
        return Stopping("precise", interval, target, n)
    if precision.n_max is not None and n >= precision.n_max:
        return Stopping("limit", interval, target, n)
    return Stopping("go on", interval, target, replications_needed(interval, precision))


def replications_needed(interval: Interval, precision: Precision) -> int | None:
    """How many replications in all a precision takes, if mean and variance stay as they are.

    It is the least i ≥ n with t(i-1; 1-α/2) √(s²/i) at most the target half-width, never below n_min or above n_max.
    None where no number is enough: a mean of 0 with a relative precision only, and no n_max.

    Source: Law, Simulation Modeling and Analysis, 5th ed. (2015), section 9.4.1, whose bank has 2.03 ± 0.32 from 10
    replications at 90% and needs 16 for an absolute precision of 0.25 minutes and 27 for a relative one of 0.10.

    >>> bank = Interval(mean=2.03, half_width=0.32, n=10, confidence=0.90)
    >>> replications_needed(bank, Precision(absolute=0.25, confidence=0.90))
    16
    >>> replications_needed(bank, Precision(relative=0.10, confidence=0.90))
    27
    """
    target = precision.target(interval.mean)
    deviation = interval.half_width * sqrt(interval.n) / _t(interval.n, interval.confidence)
    low = max(interval.n, precision.n_min)
    if _half_width(low, deviation, precision.confidence) <= target:
        return low
    if target <= 0:
        return precision.n_max
    # The half-width falls with the number, so the least that is enough is found by bisection.
    high = 2 * low
    while _half_width(high, deviation, precision.confidence) > target:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        if _half_width(middle, deviation, precision.confidence) > target:
            low = middle
        else:
            high = middle
    return high if precision.n_max is None else max(interval.n, min(high, precision.n_max))


def _half_width(n: int, deviation: float, confidence: float) -> float:
    return _t(n, confidence) * deviation / sqrt(n)


def _t(n: int, confidence: float) -> float:
    return float(stdtrit(n - 1, 1 - (1 - confidence) / 2))
