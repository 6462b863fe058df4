"""Paired differences: the interval, and what common random numbers were worth."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import ttest_rel

from allocation.engine.errors import SettingError
from allocation.statistics import mean_interval, paired_difference

pairs = st.lists(st.tuples(st.integers(-1000, 1000), st.integers(-1000, 1000)), min_size=2, max_size=40)


def test_scipy_agrees_on_the_interval() -> None:
    rng = np.random.default_rng(7)
    first = rng.normal(10, 3, 25)
    second = first + rng.normal(1, 1, 25)
    theirs = ttest_rel(first, second).confidence_interval(0.9)
    ours = paired_difference(first, second, 0.9).difference
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high))


def test_the_ratio_is_near_its_true_value() -> None:
    # Var X = Var Y = 1 with correlation 0.8: (1 + 1) / (2 - 1.6) = 5, and its reciprocal for -0.8 is (2 + 1.6) / 2.
    rng = np.random.default_rng(11)
    for correlation, ratio in ((0.8, 5.0), (0.0, 1.0), (-0.8, 2 / 3.6)):
        first = rng.normal(size=20_000)
        second = correlation * first + math.sqrt(1 - correlation**2) * rng.normal(size=20_000)
        result = paired_difference(first, second)
        assert result.variance_ratio == pytest.approx(ratio, rel=0.05)
        assert result.correlation == pytest.approx(correlation, abs=0.03)


@given(pairs=pairs)
def test_it_is_the_interval_of_the_differences(pairs) -> None:
    first, second = zip(*pairs, strict=True)
    result = paired_difference(first, second)
    assert result.difference == mean_interval([a - b for a, b in pairs])
    assert result.variance_ratio >= 0.5 - 1e-9  # s_d² is at most 2 (s₁² + s₂²)
    assert -1 <= result.correlation <= 1


@given(pairs=pairs)
def test_to_swap_the_two_changes_the_sign_only(pairs) -> None:
    first, second = zip(*pairs, strict=True)
    there, back = paired_difference(first, second), paired_difference(second, first)
    assert back.difference.mean == -there.difference.mean
    assert back.difference.half_width == there.difference.half_width
    assert back.variance_ratio == pytest.approx(there.variance_ratio)


def test_what_does_not_vary() -> None:
    same = paired_difference([3, 3, 3], [1, 1, 1])
    assert (same.difference.mean, same.difference.half_width, same.variance_ratio, same.correlation) == (2, 0, 1, 0)
    shifted = paired_difference([3, 5, 9], [1, 3, 7])
    assert shifted.variance_ratio == math.inf
    assert shifted.correlation == pytest.approx(1)


def test_what_is_refused() -> None:
    with pytest.raises(SettingError, match="confidence"):
        paired_difference([1, 2], [1, 2], 1.0)
    with pytest.raises(ValueError, match="2 and 3 values are no pairs"):
        paired_difference([1, 2], [1, 2, 3])
    with pytest.raises(ValueError, match="at least two"):
        paired_difference([1], [1])
