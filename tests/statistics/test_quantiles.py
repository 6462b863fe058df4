"""Intervals of a quantile between two order statistics: tables, exact coverage, and too few values."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.stats import binom

from allocation.engine.errors import SettingError
from allocation.statistics import quantile_interval
from allocation.statistics.quantiles import order_statistic_coverage

# From the table "confidence intervals for the population median" in the appendix of many textbooks: n, the two ranks,
# coverage in percent.
MEDIAN = [(6, 1, 6, 96.9), (9, 2, 8, 96.1), (10, 2, 9, 97.9), (15, 4, 12, 96.5), (17, 5, 13, 95.1), (20, 6, 15, 95.9)]
probabilities = st.floats(0.01, 0.99)
confidences = st.floats(0.05, 0.999)


@pytest.mark.parametrize(("n", "low", "high", "percent"), MEDIAN)
def test_the_tables_for_the_median(n, low, high, percent) -> None:
    median = quantile_interval(range(1, n + 1), 0.5)
    assert (median.low, median.high, round(100 * median.coverage, 1)) == (low, high, percent)
    assert median.bounded


def test_the_upper_quartile_of_sixteen() -> None:
    # P(9 <= B <= 14) for B of (16, 3/4), summed by hand from the binomial coefficients.
    exact = sum(math.comb(16, j) * 3**j for j in range(9, 15)) / 4**16
    assert order_statistic_coverage(16, 0.75, 9, 15) == pytest.approx(exact, rel=1e-12)


@given(n=st.integers(1, 400), p=probabilities, confidence=confidences)
def test_the_exact_coverage_is_at_least_the_confidence_and_not_wasteful(n, p, confidence) -> None:
    result = quantile_interval(range(1, n + 1), p, confidence)
    low = 0 if result.low == -math.inf else int(result.low)
    high = n + 1 if result.high == math.inf else int(result.high)
    ranks, tail = np.arange(n + 1), (1 - confidence) / 2
    chance = binom.pmf(ranks, n, p)
    assert result.coverage == pytest.approx(chance[low:high].sum(), abs=1e-9)
    # Fewer than `low` values below the quantile put the interval above it: at most tail; one rank further is too many.
    assert chance[:low].sum() <= tail + 1e-9
    assert chance[high:].sum() <= tail + 1e-9
    assert chance[: low + 1].sum() > tail - 1e-9
    assert chance[high - 1 :].sum() > tail - 1e-9
    assert result.coverage >= confidence - 1e-9


@given(n=st.integers(1, 400), p=probabilities, confidence=confidences)
def test_it_says_when_there_are_too_few_values(n, p, confidence) -> None:
    result = quantile_interval(range(n), p, confidence)
    out = max(p, 1 - p) ** n
    assume(abs(out / ((1 - confidence) / 2) - 1) > 1e-9)  # on the border rounding decides
    assert result.bounded == (n >= result.n_needed)


@given(
    values=st.lists(st.integers(-50, 50), min_size=1, max_size=60),
    p=st.integers(1, 99).map(lambda percent: percent / 100),
    confidence=confidences,
)
def test_the_estimate_is_a_value_inside(values, p, confidence) -> None:
    result = quantile_interval(values, p, confidence)
    assert result.low <= result.estimate <= result.high
    assert result.estimate in values
    at_most = sum(value <= result.estimate for value in values)
    below = sum(value < result.estimate for value in values)
    percent = round(100 * p)
    assert 100 * at_most >= percent * len(values) > 100 * below


def test_a_discrete_distribution_is_covered_at_least_as_often() -> None:
    # A die: the median is any of 3..4; take 3, the smallest with half below or at it.
    rng = np.random.default_rng(20_260_101)
    samples = rng.integers(1, 7, size=(2000, 25))
    hits = sum(r.low <= 3 <= r.high for r in (quantile_interval(row, 0.5, 0.9) for row in samples))
    assert hits >= binom.ppf(1e-6, 2000, 0.9)


def test_what_is_refused() -> None:
    for p in (0, 1, 95, float("nan")):
        with pytest.raises(SettingError, match="quantile's probability"):
            quantile_interval([1, 2], p)
    with pytest.raises(SettingError, match="confidence"):
        quantile_interval([1, 2], 0.5, 1)
    with pytest.raises(ValueError, match="at least one"):
        quantile_interval([], 0.5)
    with pytest.raises(ValueError, match="finite"):
        quantile_interval([1, float("nan")], 0.5)
