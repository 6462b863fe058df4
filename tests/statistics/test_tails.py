"""The mean of the worst values, and its bootstrap interval."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from allocation.engine.errors import SettingError
from allocation.statistics import mean_interval, ratio_interval, tail_mean, tail_mean_interval

VALUES = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=60)


@given(VALUES, st.floats(0.01, 0.99))
def test_it_is_the_best_bound_of_rockafellar_and_uryasev(values, tail):
    # Their formula: the least over q of q + E[(X - q)+] / tail; the least is at one of the values.
    sample = np.array(values)
    bounds = [q + np.maximum(sample - q, 0).mean() / tail for q in sample]
    assert tail_mean(values, tail) == pytest.approx(min(bounds), rel=1e-6, abs=1e-6)


def test_it_is_the_shortfall_of_a_known_distribution():
    draws = np.random.default_rng(1).normal(size=400_000)
    truth = stats.norm.pdf(stats.norm.ppf(0.95)) / 0.05
    assert tail_mean(draws, 0.05) == pytest.approx(truth, abs=0.02)


def test_the_interval_covers_the_truth_about_as_often_as_it_says():
    generator = np.random.default_rng(2)
    truth = stats.norm.pdf(stats.norm.ppf(0.9)) / 0.1
    covered = 0
    for _ in range(200):
        found = tail_mean_interval(generator.normal(size=200), generator, 0.1, resamples=400)
        assert found.low <= found.estimate <= found.high or found.worst == 1
        covered += found.low <= truth <= found.high
    # 20 values in the tail: a percentile bootstrap falls a little short of 95%.
    assert 170 <= covered <= 200


def test_what_never_varies_has_no_width_and_the_same_stream_gives_the_same_interval():
    same = tail_mean_interval([7] * 30, np.random.default_rng(3))
    assert (same.low, same.estimate, same.high) == pytest.approx((7, 7, 7))
    assert same.worst == 2
    one, other = (tail_mean_interval(range(50), np.random.default_rng(4)) for _ in range(2))
    assert one == other


def test_what_cannot_be_is_refused():
    with pytest.raises(ValueError, match="give at least one"):
        tail_mean([])
    with pytest.raises(SettingError, match="the tail"):
        tail_mean([1.0], 0)
    with pytest.raises(SettingError, match="confidence"):
        tail_mean_interval([1.0], np.random.default_rng(0), confidence=1)


def test_the_interval_of_a_ratio_covers_it():
    generator = np.random.default_rng(5)
    covered = 0
    for _ in range(300):
        below = generator.normal(100, 10, 40)
        above = 0.3 * below + generator.normal(0, 2, 40)
        found = ratio_interval(above, below)
        covered += found.low <= 0.3 <= found.high
    assert 273 <= covered <= 298


def test_a_ratio_to_what_never_varies_is_that_of_the_mean():
    found, mean = ratio_interval([3, 5, 4], [2, 2, 2]), mean_interval([3, 5, 4])
    assert (found.mean, found.half_width) == pytest.approx((mean.mean / 2, mean.half_width / 2))
    with pytest.raises(ValueError, match="no pairs"):
        ratio_interval([1, 2], [1])
    with pytest.raises(ValueError, match="mean is 0"):
        ratio_interval([1, 2], [0, 0])
