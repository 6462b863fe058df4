"""How bad the worst replications are, not only the average one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import ceil

import numpy as np
from numpy.typing import NDArray

from allocation.statistics.checks import check_probability

RESAMPLES = 2000


@dataclass(frozen=True, slots=True)
class TailMean:
    """The mean of the worst values and how well it is known, in their unit.

    Attributes:
        tail: Which share of the values is the worst.
        estimate: The mean of the largest ``tail x n`` values, one of them maybe counted in part.
        low: The lower end of the bootstrap interval.
        high: The upper end.
        n: How many values.
        worst: How many of them are in the tail, wholly or in part.
        confidence: Probability with which such an interval is meant to cover the true mean of the tail.
    """

    tail: float
    estimate: float
    low: float
    high: float
    n: int
    worst: int
    confidence: float


def tail_mean(values: Iterable[float], tail: float = 0.05) -> float:
    """The mean of the largest share of some values: expected shortfall, or CVaR, at level 1 - tail.

    Of n values it is the mean of the largest n x tail; where that is no whole number, the last of them counts in part.

    Source: Rockafellar and Uryasev, Journal of Banking and Finance 26 (2002), 1443-1471, proposition 8 (scenarios of
    equal probability). The doctests are worked by hand: (10 + 9) / 2, and (10 + 9 / 2) / 1.5.

    >>> tail_mean(range(1, 11), 0.2), round(tail_mean(range(1, 11), 0.15), 4)
    (9.5, 9.6667)
    """
    check_probability(tail, "the tail")
    ordered = np.sort(np.fromiter(values, np.float64))[::-1]
    if not len(ordered):
        raise ValueError("no values have no worst; give at least one")
    return float(_weights(len(ordered), tail) @ ordered)


def tail_mean_interval(
    values: Iterable[float],
    generator: np.random.Generator,  # noqa: TID251 - an argument, from a named stream
    tail: float = 0.05,
    confidence: float = 0.95,
    resamples: int = RESAMPLES,
) -> TailMean:
    """`tail_mean` with a percentile bootstrap interval.

    The tail has few values, so the interval is rough, and short where the worst has not been seen yet: ``worst`` tells
    on how many values it rests.

    Source: Efron and Tibshirani, An Introduction to the Bootstrap (1993), section 13.3.

    Args:
        values: At least one; finite.
        generator: Draws the resamples.
        tail: Which share of the values is the worst, between 0 and 1.
        confidence: Between 0 and 1.
        resamples: How many.

    Raises:
        SettingError: The tail or the confidence is not between 0 and 1.
        ValueError: There is no value.
    """
    check_probability(confidence, "confidence")
    sample = np.fromiter(values, np.float64)
    estimate = tail_mean(sample, tail)
    n = len(sample)
    drawn = np.sort(sample[generator.integers(0, n, (resamples, n))], axis=1)[:, ::-1]
    means = drawn @ _weights(n, tail)
    low, high = np.quantile(means, [(1 - confidence) / 2, (1 + confidence) / 2])
    return TailMean(tail, estimate, float(low), float(high), n, ceil(round(n * tail, 9)), confidence)


def _weights(n: int, tail: float) -> NDArray[np.float64]:
    """What each value counts, the largest first; shape (n,)."""
    # Rounded first, since 0.05 * 60 is a little above 3.
    count = round(n * tail, 9)
    weights: NDArray[np.float64] = np.clip(count - np.arange(n), 0.0, 1.0) / count
    return weights
