"""The launch with other behaviour: more or fewer cancel, and fates that move together."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest

from allocation import load_scenario
from allocation.montecarlo import replicate
from allocation.montecarlo.behaviours import cancels, with_cancellation_correlation, with_cancellation_level
from allocation.scenario.schema import Beta, for_tier, mean_of, support_of, variance_of
from tests.montecarlo.launches import small

SHARE = "behaviour.cancel_confirmed.share"
KINDS = [
    Decimal("0.05"),
    {"uniform": [0.02, 0.08]},
    {"triangular": [0.01, 0.02, 0.09]},
    {"beta": [1.4, 3.2], "low": 0.035, "high": 0.058},
    {"normal": {"mean": 0.05, "sd": 0.01, "low": 0, "high": 0.2}},
    {"choices": {0.02: 1, 0.06: 3}},
]


def confirmed(scenario):
    return for_tier(scenario.behaviour.cancel_confirmed.share, "STANDARD")


@pytest.mark.parametrize("share", KINDS)
def test_a_level_moves_the_mean_and_the_ends_in_proportion(share):
    scenario = load_scenario("iphone-15-pro", {SHARE: share})
    before, after = confirmed(scenario), confirmed(with_cancellation_level(scenario, Decimal("1.5")))
    assert type(after) is type(before)
    assert mean_of(after) == pytest.approx(1.5 * mean_of(before), rel=1e-4)
    assert [float(end) for end in support_of(after)] == pytest.approx([1.5 * float(end) for end in support_of(before)])
    assert variance_of(after) == pytest.approx(2.25 * variance_of(before), rel=1e-3)


def test_a_level_is_cut_at_everybody_and_changes_nothing_else():
    scenario = load_scenario("iphone-15-pro", {SHARE: {"choices": {0.4: 1, 0.8: 1, 0.9: 2}}})
    more = with_cancellation_level(scenario, Decimal(2))
    assert dict(confirmed(more).choices) == {Decimal("0.8"): Decimal(1), Decimal(1): Decimal(3)}
    assert more.economics == scenario.economics
    assert with_cancellation_level(scenario, Decimal(1)) == scenario


@pytest.mark.parametrize("share", KINDS)
@pytest.mark.parametrize("rho", [Decimal("0.001"), Decimal("0.05")])
def test_a_correlation_keeps_the_mean_and_has_the_variance_that_correlates_so(share, rho):
    scenario = load_scenario("iphone-15-pro", {SHARE: share})
    mean = mean_of(confirmed(scenario))
    spread = confirmed(with_cancellation_correlation(scenario, rho))
    assert isinstance(spread, Beta)
    assert mean_of(spread) == pytest.approx(mean, rel=1e-6)
    assert variance_of(spread) == pytest.approx(float(rho) * mean * (1 - mean), rel=1e-4)
    alone = confirmed(with_cancellation_correlation(scenario, Decimal(0)))
    assert isinstance(alone, Decimal)
    assert float(alone) == pytest.approx(mean, abs=1e-8)


def test_correlated_fates_spread_the_outcome_as_the_beta_binomial_says():
    # 255 promises or so: Var = n q (1 - q) (1 + (n - 1) rho).
    scenario = small("iphone-15-pro", {"demand.counts": {"STANDARD": 400}})
    rho, n = 0.05, 400
    runs = {
        text: replicate(with_cancellation_correlation(scenario, Decimal(text)), n, progress=False)
        for text in ("0", "0.05")
    }
    gone = {text: frame["by_tier.STANDARD.cancelled_by_customer"].to_numpy() for text, frame in runs.items()}
    held = int(runs["0"]["confirmed_at_cutoff_units"].iloc[0])
    ratio = np.var(gone["0.05"], ddof=1) / np.var(gone["0"], ddof=1)
    assert ratio == pytest.approx(1 + (held - 1) * rho, rel=0.35)


def test_who_never_cancels_is_known():
    assert not cancels(load_scenario("console-waves"))
    assert cancels(load_scenario("iphone-15-pro"))
    assert cancels(load_scenario("console-realistic"))
    waves = load_scenario("console-waves")
    assert with_cancellation_level(waves, Decimal(2)) == waves
    assert with_cancellation_correlation(waves, Decimal("0.01")) == waves
