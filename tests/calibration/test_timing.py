"""Timings are recovered from cancellations of which many are censored."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest

from allocation.calibration import fit_timings
from allocation.calibration.timing import exact_shares
from allocation.calibration.windows import Windows
from allocation.engine.instants import DAY_MS, HOUR_MS
from allocation.scenario.schema import Bathtub

LENGTH = 30 * DAY_MS
TENTHS = np.array([0.24, 0.09, 0.08, 0.06, 0.07, 0.09, 0.06, 0.09, 0.12, 0.10])


def times_of(shape, share, n, random, length=LENGTH):
    """Latent times of n customers, drawn from the formulas of the schema; those who never would are infinite."""
    when, does = random.random(n), random.random(n) < share
    if shape == "constant":
        times = np.log1p(-share * when) / np.log1p(-share) * length
    elif shape == "early_regret":
        soon = -24 * HOUR_MS * np.log2(1 - when * (1 - 2.0 ** (-length / (24 * HOUR_MS))))
        late = np.log1p(-share * when) / np.log1p(-share) * length
        times = np.where(random.random(n) < 0.4, soon, late)
    else:
        times = (random.choice(10, n, p=TENTHS) + when) / 10 * length
    return np.where(does, times, np.inf)


def windows_of(times, random, censored=0.4, length=LENGTH, resolution=1000):
    """What is seen of latent times when a part of the customers is lost from sight somewhere in their windows."""
    n = len(times)
    lost = np.where(random.random(n) < censored, random.random(n), 1.0) * length
    watched = np.minimum(np.minimum(times, lost), length)
    return Windows(
        length=np.full(n, length),
        watched=(watched // resolution * resolution).astype(np.int64),
        is_cancelled=times <= lost,
        tier=np.full(n, "", object),
        resolution=resolution,
        without=0,
        afterwards=0,
    )


def fitted(shape, share, n, seed, **how):
    random = np.random.default_rng(seed)
    fits = fit_timings(windows_of(times_of(shape, share, n, random), random, **how))
    return {fit.timing.shape: fit for fit in fits}, fits[0]


@pytest.mark.parametrize("seed", range(4))
def test_a_constant_hazard_is_recovered(seed) -> None:
    fits, best = fitted("constant", 0.3, 4000, seed)
    # Seen are about 80% of 1,200: the standard error of the share is below 1%.
    assert fits["constant"].share == pytest.approx(0.3, abs=0.03)
    # Where the others are better by chance alone, they say the same.
    at = np.array([0.2, 0.5, 0.9])
    assert best.cancelled(np.array([LENGTH]), at) == pytest.approx(1 - 0.7**at, abs=0.02)


@pytest.mark.parametrize("seed", range(4))
def test_early_regret_is_recovered(seed) -> None:
    fits, best = fitted("early_regret", 0.3, 6000, seed)
    found = fits["early_regret"]
    assert best is found
    assert found.share == pytest.approx(0.3, abs=0.03)
    assert float(found.timing.weight) == pytest.approx(0.4, abs=0.06)
    assert float(found.timing.half_life_hours) == pytest.approx(24, rel=0.25)


@pytest.mark.parametrize("seed", range(4))
def test_tenths_are_recovered(seed) -> None:
    fits, best = fitted("bathtub", 0.3, 6000, seed)
    assert best is fits["bathtub"]
    assert best.share == pytest.approx(0.3, abs=0.03)
    # 1,500 or so are seen; three standard errors of a tenth of them.
    assert [float(weight) for weight in best.timing.tenths] == pytest.approx(TENTHS, abs=0.035)


def test_without_censoring_the_likelihood_has_a_known_maximum() -> None:
    """Of n customers who are all watched to the end, the share of those who cancel and the counts by tenth are it."""
    random = np.random.default_rng(3)
    windows = windows_of(times_of("bathtub", 0.2, 2000, random), random, censored=0.0)
    found = next(fit for fit in fit_timings(windows) if isinstance(fit.timing, Bathtub))
    seen = windows.watched[windows.is_cancelled] / LENGTH
    assert found.share == pytest.approx(windows.is_cancelled.mean(), abs=1e-5)
    counts = np.histogram(seen, np.arange(11) / 10)[0]
    assert [float(weight) for weight in found.timing.tenths] == pytest.approx(counts / counts.sum(), abs=1e-4)


def test_days_are_enough_to_tell_early_regret() -> None:
    """Known by the day only, a half-life of a day is still found: many stand on the very day of placement."""
    random = np.random.default_rng(5)
    times = times_of("early_regret", 0.4, 6000, random)
    windows = windows_of(times, random, censored=0.0)
    noon = (windows.watched // DAY_MS) * DAY_MS + DAY_MS // 2
    days = Windows(windows.length, noon, windows.is_cancelled, windows.tier, DAY_MS, 0, 0)
    found = next(fit for fit in fit_timings(days) if fit.timing.shape == "early_regret")
    assert float(found.timing.half_life_hours) == pytest.approx(24, rel=0.3)
    assert float(found.timing.weight) == pytest.approx(0.4, abs=0.08)


def test_what_nobody_was_watched_for_is_not_told_by_tenths() -> None:
    random = np.random.default_rng(7)
    times = times_of("constant", 0.5, 2000, random)
    seen = windows_of(times, random, censored=1.0)
    half = Windows(seen.length * 2, seen.watched, seen.is_cancelled, seen.tier, 1000, 0, 0)
    assert {fit.timing.shape for fit in fit_timings(half)} == {"constant", "early_regret"}


def test_too_few_cancellations_have_no_timing() -> None:
    random = np.random.default_rng(8)
    windows = windows_of(times_of("constant", 0.01, 300, random), random)
    with pytest.raises(ValueError, match="cancellations have no timing"):
        fit_timings(windows)


def test_shares_sum_to_one_exactly() -> None:
    shares = exact_shares([1, 1, 1])
    assert sum(shares) == 1
    assert shares[0] == Decimal("0.333334")
