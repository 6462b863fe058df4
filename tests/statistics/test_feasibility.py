"""Verdicts on a chance constraint: how often they are wrong, computed exactly."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom

from allocation.engine.errors import SettingError
from allocation.statistics import feasibility


@pytest.mark.parametrize(
    ("n", "limit", "alpha"), [(50, 0.1, 0.05), (300, 0.01, 0.05), (200, 0.5, 0.001), (9, 0.3, 0.4)]
)
def test_a_verdict_is_wrong_at_most_with_alpha_whatever_the_truth(n, limit, alpha) -> None:
    verdicts = np.array([feasibility(x, n, limit, alpha).verdict for x in range(n + 1)])
    truth = np.concatenate([np.linspace(0, 1, 1001), [limit, np.nextafter(limit, 1)]])[:, None]
    wrong = np.where(truth <= limit, verdicts == "no", verdicts == "yes")
    error = np.where(wrong, binom.pmf(np.arange(n + 1), n, truth), 0).sum(axis=1)
    assert error.max() <= alpha + 1e-12
    # The bounds are not wider than they must be: at the limit itself the error comes near alpha.
    assert error.max() > alpha / 6


def test_verdicts_go_from_yes_over_undecided_to_no() -> None:
    verdicts = [feasibility(x, 400, 0.05, 0.01).verdict for x in range(401)]
    order = ["yes", "undecided", "no"]
    assert [order.index(v) for v in verdicts] == sorted(order.index(v) for v in verdicts)
    assert [v for v in order if v in verdicts] == order


def test_a_verdict_shows_what_it_rests_on() -> None:
    result = feasibility(30, 100, limit=0.1, alpha=0.05)
    assert (result.verdict, result.estimate, result.n, result.successes) == ("no", 0.3, 100, 30)
    assert 0.1 < result.low < 0.3 < result.high
    # One-sided bounds of 95%: as many successes or more have probability 5% under the lower one.
    assert binom.sf(29, 100, result.low) == pytest.approx(0.05)
    assert binom.cdf(30, 100, result.high) == pytest.approx(0.05)


def test_a_tiny_alpha_keeps_its_digits() -> None:
    assert feasibility(0, 1000, 0.05, 1e-20).high == pytest.approx(1 - 1e-20 ** (1 / 1000), rel=1e-9)


def test_what_is_refused() -> None:
    for limit in (0, 1, 1.5, float("nan")):
        with pytest.raises(SettingError, match="limit"):
            feasibility(1, 10, limit, 0.05)
    for alpha in (0, 0.5, 1):
        with pytest.raises(SettingError, match="alpha"):
            feasibility(1, 10, 0.1, alpha)
    with pytest.raises(ValueError, match="trials"):
        feasibility(0, 0, 0.1, 0.05)
    with pytest.raises(ValueError, match="from 0 to 10"):
        feasibility(11, 10, 0.1, 0.05)
