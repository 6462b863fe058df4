"""Whether a setting keeps a chance constraint, such as "a VIP is bumped in at most 1% of launches"."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from allocation.statistics.checks import check_probability
from allocation.statistics.proportions import clopper_pearson_interval, lower_bound, upper_bound


@dataclass(frozen=True, slots=True)
class Feasibility:
    """What replications say about a chance constraint.

    Attributes:
        verdict: ``yes``: the probability is at most the limit. ``no``: it is above. ``undecided``: too few replications
            to tell.
        estimate: Share of replications in which it happened.
        low: The true probability is below this with probability alpha at most.
        high: The true probability is above this with probability alpha at most.
        successes: In how many of the n replications it happened.
        n: How many replications.
        limit: The largest probability that is allowed.
        alpha: Probability of a wrong verdict, at most.
    """

    verdict: Literal["yes", "no", "undecided"]
    estimate: float
    low: float
    high: float
    successes: int
    n: int
    limit: float
    alpha: float


def feasibility(successes: int, n: int, limit: float, alpha: float) -> Feasibility:
    """Whether the probability behind ``successes`` in ``n`` replications is at most ``limit``.

    It is (``yes``) when Clopper and Pearson's upper bound is at most the limit, it is not (``no``) when their lower
    bound is above it. Each bound errs with probability alpha at most, and only one of them can lead to a wrong verdict:
    the other verdict would be right. So a verdict is wrong with probability alpha at most, whatever the truth.

    **Many settings, one promise.** By Bonferroni's inequality the probability that any of several verdicts is wrong is
    at most the sum of their alphas, however they depend on each other, as under common random numbers they do. For k
    settings call it with alpha / k, and all verdicts are right together with probability 1 - alpha. Where the best of
    those that passed is chosen afterwards, call it with alpha / (2k) and leave the other alpha / 2 to the selection
    (:class:`~allocation.statistics.selection.KimNelson` with confidence 1 - alpha/2): feasible *and* best then hold
    together with 1 - alpha. The same inequality pays for looking again: who asks after each of m batches divides by m
    as well.

    The doctest is the zero-failure plan of reliability testing: 299 trials without a failure show 99% reliability with
    95% confidence, since 0.99²⁹⁹ < 0.05 < 0.99²⁹⁸.

    Source: Clopper and Pearson, Biometrika 26 (1934), 404-413.

    Args:
        successes: In how many replications the unwanted thing happened.
        n: How many replications; they must be independent, and their number must not depend on what they showed.
        limit: The largest probability that is allowed, between 0 and 1.
        alpha: Largest probability of a wrong verdict on this setting.

    Raises:
        SettingError: The limit or alpha is not between 0 and 1, or alpha is not below one half.
        ValueError: There is no trial, or more successes than trials.

    >>> feasibility(0, 299, limit=0.01, alpha=0.05).verdict, feasibility(0, 298, limit=0.01, alpha=0.05).verdict
    ('yes', 'undecided')
    """
    check_probability(limit, "limit")
    # Above one half the two bounds could cross, and both verdicts would be given.
    check_probability(2 * alpha, "twice the alpha")
    estimate = clopper_pearson_interval(successes, n).estimate
    low, high = lower_bound(successes, n, alpha), upper_bound(successes, n, alpha)
    verdict: Literal["yes", "no", "undecided"] = "undecided"
    if high <= limit:
        verdict = "yes"
    elif low > limit:
        verdict = "no"
    return Feasibility(verdict, estimate, low, high, successes, n, limit, alpha)
