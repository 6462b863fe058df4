"""Confidence intervals of a proportion: how probable it is that a launch oversells, or that a VIP is bumped.

Wilson's interval covers the true probability with the stated confidence on average over probabilities, and is the
shorter one: use it in tables and figures. Clopper and Pearson's covers it with at least that confidence whatever the
probability is: use it where a promise hangs on it (:mod:`allocation.statistics.feasibility`).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

from scipy.special import betainccinv, betaincinv, ndtri

from allocation.statistics.checks import check_probability


@dataclass(frozen=True, slots=True)
class Proportion:
    """A share of replications and how well the probability behind it is known.

    Attributes:
        estimate: ``successes / n``. Inside the interval, but not in the middle of it.
        low: The lower end, at least 0.
        high: The upper end, at most 1.
        successes: In how many of the n replications it happened.
        n: How many replications.
        confidence: Probability with which such an interval covers the true probability.
    """

    estimate: float
    low: float
    high: float
    successes: int
    n: int
    confidence: float


def wilson_interval(successes: int, n: int, confidence: float = 0.95) -> Proportion:
    """Wilson's score interval for the probability of a success.

    With p̂ = successes / n and the normal quantile z(1-α/2), where α is 1 - confidence, the ends are
    (p̂ + z²/2n ± z √(p̂(1-p̂)/n + z²/4n²)) / (1 + z²/n). It is never empty, also with no success at all, and stays
    between 0 and 1.

    Source: Wilson, Probable inference, the law of succession, and statistical inference, JASA 22 (1927), 209-212. The
    result below is printed by Newcombe, Statistics in Medicine 17 (1998), 857-872, table I, method 3.

    Raises:
        SettingError: The confidence is not between 0 and 1.
        ValueError: There is no trial, or more successes than trials.

    >>> interval = wilson_interval(81, 263)
    >>> round(interval.low, 4), round(interval.high, 4)
    (0.2553, 0.3662)
    """
    share = _share(successes, n)
    z = -float(ndtri((1 - check_probability(confidence, "confidence")) / 2))
    middle = share + z * z / (2 * n)
    half_width = z * sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    shrink = 1 + z * z / n
    # At 0 and n successes the formula gives 0 and 1 exactly; rounding must not lead out of the range, or past p̂.
    low = max(0.0, (middle - half_width) / shrink) if successes else 0.0
    high = min(1.0, (middle + half_width) / shrink) if successes < n else 1.0
    return Proportion(share, low, high, successes, n, confidence)


def clopper_pearson_interval(successes: int, n: int, confidence: float = 0.95) -> Proportion:
    """Clopper and Pearson's exact interval for the probability of a success.

    The lower end is the probability under which as many successes or more have probability α/2, the upper end the one
    under which as few or fewer have it, where α is 1 - confidence. Both are quantiles of beta distributions. Each end
    misses the true probability at most with α/2, so the interval covers it at least with the stated confidence.

    Source: Clopper and Pearson, The use of confidence or fiducial limits illustrated in the case of the binomial,
    Biometrika 26 (1934), 404-413. The result below is printed by Newcombe, Statistics in Medicine 17 (1998), 857-872,
    table I, method 5.

    Raises:
        SettingError: The confidence is not between 0 and 1.
        ValueError: There is no trial, or more successes than trials.

    >>> interval = clopper_pearson_interval(81, 263)
    >>> round(interval.low, 4), round(interval.high, 4)
    (0.2527, 0.3676)
    """
    share = _share(successes, n)
    tail = (1 - check_probability(confidence, "confidence")) / 2
    low, high = lower_bound(successes, n, tail), upper_bound(successes, n, tail)
    return Proportion(share, low, high, successes, n, confidence)


def lower_bound(successes: int, n: int, alpha: float) -> float:
    """Clopper and Pearson's lower bound: above the true probability with probability alpha at most."""
    return float(betaincinv(successes, n - successes + 1, alpha)) if successes else 0.0


def upper_bound(successes: int, n: int, alpha: float) -> float:
    """Clopper and Pearson's upper bound: below the true probability with probability alpha at most."""
    # The complement: 1 - alpha would lose the digits of a small alpha.
    return float(betainccinv(successes + 1, n - successes, alpha)) if successes < n else 1.0


def _share(successes: int, n: int) -> float:
    if n <= 0:
        raise ValueError(f"{n} trials have no proportion; give at least one")
    if not 0 <= successes <= n:
        raise ValueError(f"{successes} successes in {n} trials; there must be from 0 to {n}")
    return successes / n
