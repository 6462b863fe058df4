"""Intervals of a proportion: published values, exact coverage, and what no interval may do."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom, binomtest

from allocation.engine.errors import SettingError
from allocation.statistics import clopper_pearson_interval, wilson_interval

# Newcombe, Statistics in Medicine 17 (1998), table I: Wilson is method 3, Clopper-Pearson method 5.
NEWCOMBE = [
    (81, 263, (0.2553, 0.3662), (0.2527, 0.3676)),
    (15, 148, (0.0624, 0.1605), (0.0578, 0.1617)),
    (0, 20, (0.0000, 0.1611), (0.0000, 0.1684)),
    (1, 29, (0.0061, 0.1718), (0.0009, 0.1776)),
]
INTERVALS = [wilson_interval, clopper_pearson_interval]
trials = st.integers(1, 5000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
confidences = st.floats(0.01, 0.9999)


@pytest.mark.parametrize(("successes", "n", "wilson", "exact"), NEWCOMBE)
def test_the_published_values(successes, n, wilson, exact) -> None:
    for interval, (low, high) in ((wilson_interval, wilson), (clopper_pearson_interval, exact)):
        result = interval(successes, n)
        assert (round(result.low, 4), round(result.high, 4)) == (low, high)
        assert result.estimate == successes / n
        assert (result.successes, result.n, result.confidence) == (successes, n, 0.95)


@pytest.mark.parametrize(("interval", "method"), [(wilson_interval, "wilson"), (clopper_pearson_interval, "exact")])
@pytest.mark.parametrize("confidence", [0.5, 0.9, 0.99, 0.99999])
def test_scipy_agrees(interval, method, confidence) -> None:
    for successes, n in ((0, 1), (1, 1), (3, 10), (999, 1000), (250, 5000)):
        theirs = binomtest(successes, n).proportion_ci(confidence, method)
        ours = interval(successes, n, confidence)
        assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), abs=1e-12)


@pytest.mark.parametrize("n", [1, 7, 30, 200])
@pytest.mark.parametrize("confidence", [0.5, 0.95, 0.999])
def test_clopper_pearson_covers_every_probability_at_least_as_promised(n, confidence) -> None:
    ends = [clopper_pearson_interval(x, n, confidence) for x in range(n + 1)]
    low, high = np.array([e.low for e in ends]), np.array([e.high for e in ends])
    p = np.concatenate([np.linspace(0, 1, 1001), low, high])[:, None]  # coverage is least beside an end
    chance = binom.pmf(np.arange(n + 1), n, p)
    coverage = np.where((low <= p) & (p <= high), chance, 0).sum(axis=1)
    assert coverage.min() >= confidence - 1e-9
    # Each end by itself errs with α/2 at most.
    for missed in (low > p, high < p):
        assert np.where(missed, chance, 0).sum(axis=1).max() <= (1 - confidence) / 2 + 1e-9


@pytest.mark.parametrize("n", [30, 200])
def test_wilson_covers_as_promised_on_average(n) -> None:
    ends = [wilson_interval(x, n) for x in range(n + 1)]
    p = np.linspace(0.0005, 0.9995, 1000)[:, None]
    covered = (np.array([e.low for e in ends]) <= p) & (p <= np.array([e.high for e in ends]))
    coverage = np.where(covered, binom.pmf(np.arange(n + 1), n, p), 0).sum(axis=1)
    assert coverage.mean() == pytest.approx(0.95, abs=0.006)
    assert coverage.min() > 0.80


@pytest.mark.parametrize("interval", INTERVALS)
@given(trial=trials, confidence=confidences)
def test_an_interval_stays_in_range_about_its_estimate(interval, trial, confidence) -> None:
    result = interval(*trial, confidence)
    assert 0 <= result.low <= result.estimate <= result.high <= 1
    assert result.low < result.high


@pytest.mark.parametrize("interval", INTERVALS)
@given(trial=trials, confidence=confidences)
def test_failures_are_the_mirror_image(interval, trial, confidence) -> None:
    (successes, n), result = trial, interval(*trial, confidence)
    mirror = interval(n - successes, n, confidence)
    assert (1 - mirror.high, 1 - mirror.low) == pytest.approx((result.low, result.high), abs=1e-9)


@given(trial=trials, confidence=confidences)
def test_more_confidence_is_wider(trial, confidence) -> None:
    for interval in INTERVALS:
        narrow, wide = interval(*trial, confidence), interval(*trial, (1 + confidence) / 2)
        assert wide.low <= narrow.low
        assert narrow.high <= wide.high


@pytest.mark.parametrize("interval", INTERVALS)
def test_what_is_refused(interval) -> None:
    for confidence in (0, 1, -0.1, 95, float("nan")):
        with pytest.raises(SettingError, match="confidence"):
            interval(1, 2, confidence)
    with pytest.raises(ValueError, match="0 trials"):
        interval(0, 0)
    for successes in (-1, 3):
        with pytest.raises(ValueError, match="from 0 to 2"):
            interval(successes, 2)
