"""Sequential stopping: Law's numbers, both precisions, and that the promise is kept."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from allocation.engine.errors import SettingError
from allocation.statistics import Interval, Precision, mean_interval, replications_needed, stopping

BANK = Interval(mean=2.03, half_width=0.32, n=10, confidence=0.90)


def test_the_relative_target_is_corrected() -> None:
    assert Precision(relative=0.25).target(-10) == pytest.approx(2)


def test_with_both_precisions_one_is_enough() -> None:
    both = Precision(relative=0.25, absolute=1.5)
    assert both.target(10) == pytest.approx(2)
    assert both.target(0) == 1.5


@given(
    mean=st.floats(-100, 100),
    half_width=st.floats(0.01, 50),
    n=st.integers(2, 50),
    absolute=st.floats(0.05, 5),
    confidence=st.sampled_from([0.8, 0.9, 0.95, 0.99]),
)
def test_the_number_needed_is_the_least_one(mean, half_width, n, absolute, confidence) -> None:
    interval = Interval(mean, half_width, n, 0.95)
    precision = Precision(absolute=absolute, confidence=confidence, n_min=2)
    needed = replications_needed(interval, precision)
    # Two values a deviation apart repeated are a sample of any size with nearly that mean square: rescale exactly.
    variance = (half_width / mean_half_width(1.0, n, 0.95)) ** 2
    assert needed is not None
    assert mean_half_width(variance**0.5, needed, confidence) <= absolute * (1 + 1e-9)
    if needed > n:
        assert mean_half_width(variance**0.5, needed - 1, confidence) > absolute * (1 - 1e-9)


def mean_half_width(deviation, n, confidence):
    from scipy.stats import t

    return t.ppf((1 + confidence) / 2, n - 1) * deviation / n**0.5


def test_no_stop_before_the_least_number_or_after_the_greatest() -> None:
    precision = Precision(absolute=0.5, n_min=4, n_max=6)
    early = stopping([1, 1, 1], precision)
    assert (early.stop, early.reason, early.n_expected) == (False, "go on", 4)
    assert stopping([1, 1, 1, 1], precision).reason == "precise"
    spread = [0, 9, 0, 9, 0, 9, 0]
    assert stopping(spread[:5], precision).reason == "go on"
    assert stopping(spread[:5], precision).n_expected == 6
    for n in (6, 7):
        late = stopping(spread[:n], precision)
        assert (late.stop, late.reason, late.n_expected) == (True, "limit", n)


def test_too_few_values_for_an_interval() -> None:
    for values in ([], [5.0]):
        result = stopping(values, Precision(relative=0.1))
        assert (result.stop, result.interval, result.target, result.n_expected) == (False, None, None, 10)


def test_a_mean_of_zero_has_no_relative_precision() -> None:
    values = [-1.0, 1.0] * 5
    assert stopping(values, Precision(relative=0.1)).n_expected is None
    assert stopping(values, Precision(relative=0.1, n_max=50)).n_expected == 50
    assert stopping([0.0] * 10, Precision(relative=0.1)).reason == "precise"


def test_the_verdict_comes_with_its_interval() -> None:
    values = [1.0, 2.0, 3.0, 2.0] * 5
    result = stopping(values, Precision(relative=0.5, confidence=0.9))
    assert result.interval == mean_interval(values, 0.9)
    assert result.target == pytest.approx(2 / 3)
    assert result.n_expected == 20


def test_the_true_mean_is_within_the_precision_as_often_as_promised() -> None:
    # Law: with n_min of 10 and γ <= 0.15 the coverage falls short of the confidence by a few percent at most.
    rng = np.random.default_rng(404)
    precision = Precision(relative=0.10, confidence=0.90)
    within = 0
    for _ in range(600):
        values = rng.normal(10, 4, 400)
        n = 10
        while not (result := stopping(values[:n], precision)).stop:
            n = max(n + 1, min(result.n_expected, 2 * n))
        within += abs(result.interval.mean - 10) <= 1.0
    assert within >= binom.ppf(1e-6, 600, 0.87)


def test_what_is_refused() -> None:
    with pytest.raises(SettingError, match="no precision"):
        Precision()
    for settings, name in [
        ({"relative": 0}, "relative precision 0"),
        ({"relative": 1}, "relative precision 1"),
        ({"absolute": 0}, "absolute precision 0"),
        ({"absolute": float("inf")}, "absolute precision inf"),
        ({"absolute": 1, "confidence": 95}, "confidence 95"),
        ({"absolute": 1, "n_min": 1}, "n_min 1"),
        ({"absolute": 1, "n_max": 9}, "n_max 9"),
    ]:
        with pytest.raises(SettingError, match=name):
            Precision(**settings)
    with pytest.raises(ValueError, match="finite"):
        stopping([1.0, float("nan")], Precision(absolute=1))
