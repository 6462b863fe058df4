"""Kaplan and Meier's estimate: textbooks' numbers, known curves, and honest bands."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from allocation.calibration import kaplan_meier

# Freireich et al., Blood 21 (1963), 699-716: weeks in remission under 6-MP, events first.
EVENTS = [6, 6, 6, 7, 10, 13, 16, 22, 23]
CENSORED = [6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35]


def curve_of(events, censored):
    times = np.array([*events, *censored], float)
    return kaplan_meier(times, np.arange(len(times)) < len(events))


def test_the_textbook_is_computed_by_hand() -> None:
    curve = curve_of(EVENTS, CENSORED)
    kept, by_hand = Fraction(1), {}
    for week in sorted(set(EVENTS)):
        at_risk = sum(one >= week for one in EVENTS + CENSORED)
        kept *= 1 - Fraction(EVENTS.count(week), at_risk)
        by_hand[week] = kept
    # As printed, for example by Kalbfleisch and Prentice.
    assert [round(float(value), 3) for value in by_hand.values()] == [0.857, 0.807, 0.753, 0.690, 0.627, 0.538, 0.448]
    weeks = np.array(list(by_hand), float)
    assert 1 - curve.by(weeks)[0] == pytest.approx([float(value) for value in by_hand.values()])
    assert curve.events_at.tolist() == weeks.tolist()
    assert (curve.n, curve.events) == (21, 9)


def test_greenwoods_interval_of_the_textbook() -> None:
    """At 16 weeks, by hand: Var log S = sum d / (n (n - d)), and the interval is S^exp(±1.96 se / log S)."""
    curve = curve_of(EVENTS, CENSORED)
    terms = [(3, 21), (1, 17), (1, 15), (1, 12), (1, 11)]
    variance = sum(d / (n * (n - d)) for d, n in terms)
    survival = np.prod([1 - d / n for d, n in terms])
    spread = np.exp(1.959964 * np.sqrt(variance) / np.log(survival))
    _, low, high = curve.by(np.array([16.0]))
    assert (1 - high[0], 1 - low[0]) == pytest.approx((survival ** (1 / spread), survival**spread), abs=1e-6)


def test_nobody_and_everybody_have_exact_intervals() -> None:
    nobody = kaplan_meier(np.ones(40), np.zeros(40, bool))
    assert nobody.cancelled.tolist() == [0]
    # 1 - 0.025^(1/40), Clopper and Pearson's for 0 of 40.
    assert (nobody.low[0], nobody.high[0]) == pytest.approx((0, 1 - 0.025 ** (1 / 40)))
    everybody = kaplan_meier(np.ones(5), np.ones(5, bool))
    assert (everybody.cancelled[0], everybody.high[0]) == (1, 1)


def test_before_the_first_time_nobody_has_cancelled() -> None:
    share, low, high = curve_of([2], [3]).by(np.array([1.0]))
    assert (share[0], low[0], high[0]) == (0, 0, 0)


@given(st.lists(st.tuples(st.integers(0, 6), st.booleans()), min_size=1, max_size=40))
def test_it_only_rises_and_stays_within_its_interval(rows) -> None:
    times = np.array([time for time, _ in rows], float)
    events = np.array([event for _, event in rows])
    curve = kaplan_meier(times, events)
    assert (np.diff(curve.cancelled) >= -1e-12).all()
    assert (curve.low <= curve.cancelled + 1e-12).all()
    assert (curve.cancelled <= curve.high + 1e-12).all()
    if events.all():
        assert curve.cancelled == pytest.approx([(times <= at).mean() for at in curve.at])


def test_bands_cover_a_known_curve_as_often_as_they_say() -> None:
    """400 samples of 300 from a known curve of which half is censored: 95% at each time, but for chance.

    The share of samples that cover has a standard deviation of sqrt(0.95 x 0.05 / 400) = 1.1%; three are allowed.
    """
    random = np.random.default_rng(20)
    at = np.array([0.25, 0.5, 0.75])
    truth = 1 - 0.6**at
    covered = np.zeros(3)
    for _ in range(400):
        leaves = np.log(random.random(300)) / np.log(0.6)
        watched = np.where(random.random(300) < 0.5, random.random(300), 1.0)
        curve = kaplan_meier(np.minimum(leaves, watched), leaves <= watched)
        _, low, high = curve.by(at)
        covered += (low <= truth) & (truth <= high)
    assert (np.abs(covered / 400 - 0.95) < 0.033).all(), covered / 400
