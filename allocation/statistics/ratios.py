"""The ratio of two means over the same replications."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from allocation.statistics.intervals import Interval, mean_interval


def ratio_interval(numerator: Iterable[float], denominator: Iterable[float], confidence: float = 0.95) -> Interval:
    """Interval for the mean of one measure over the mean of another, replication by replication.

    With r = x̄ / ȳ, the residuals d_i = x_i - r y_i have mean 0, and the interval is r ± h / ȳ, where h is the
    half-width of the t interval for their mean. It is the delta method, good where ȳ is well away from 0.

    Source: Law, Simulation Modeling and Analysis, 5th ed. (2015), section 9.5.3; Cochran, Sampling Techniques, 3rd ed.
    (1977), equation 6.13. The doctest is worked by hand: r = 12/24, d = (0, 1, -1), s_d² = 1, h = 4.3027 / √3.

    Args:
        numerator: One value a replication; at least two.
        denominator: Values of the same replications, in the same order; their mean is not 0.
        confidence: Between 0 and 1.

    Raises:
        ValueError: The two are not of one length, shorter than two, or the denominator's mean is 0.

    >>> share = ratio_interval([4, 5, 3], [8, 8, 8])
    >>> share.mean, round(share.half_width, 4)
    (0.5, 0.3105)
    """
    above, below = np.fromiter(numerator, np.float64), np.fromiter(denominator, np.float64)
    if len(above) != len(below):
        raise ValueError(f"{len(above)} and {len(below)} values are no pairs; give one of each for every replication")
    if len(below) and not below.mean():
        raise ValueError("the denominator's mean is 0; nothing is a share of it")
    ratio = float(above.mean() / below.mean()) if len(below) else 0.0
    residuals = mean_interval(above - ratio * below, confidence)
    return Interval(ratio, residuals.half_width / abs(float(below.mean())), len(below), confidence)
