"""What does not fit together in the published launches is found and explained."""

from __future__ import annotations

import pytest

from allocation import analysis, load_scenario, simulate
from tests.analysis.runs import small_scenario


def explained(name):
    scenario = load_scenario(name)
    run = simulate(scenario)
    frame = analysis.contradictions(run, scenario)
    return run, dict(zip(frame["published"], frame["explanation"], strict=True))


def test_the_phone_needs_another_rate_and_counts_shares_of_something_else():
    _, found = explained("iphone-15-pro")
    confirmed = found["8,925 confirmed on launch (105%)"]
    assert "needs a rate of 1.05" in confirmed
    assert f"the configured 1.03 gives {int(8500 * 1.03):,}" in confirmed
    off = found["STANDARD 7,691 confirmed (76.9%)"]
    assert off == "off by the same 170 as the units confirmed: it follows from the rate"
    assert found["STANDARD 2,309 not confirmed (23.1%)"] == off
    assert "132.2%" in found["11,234 pre-orders, 12% over inventory"]
    assert f"{425 / 8925:.1%}" in found["425 cancelled after that (3.8%)"]


def test_the_sneakers_serve_late_tiers_and_print_the_outcome():
    run, found = explained("sneakers-trophy-room")
    assert "28.6%" in found["STANDARD 2,000 (31.7% of queue)"]
    assert "adds up to the 5,000 allocated, not to the 5,100 confirmed" in found["450 + 2,550 + 2,000 by tier"]
    by_arrival = run.reservations.sort_values("arrival").iloc[10_000:]
    late = by_arrival["tier"].isin(["PLATINUM", "VIP"]).sum()
    told = found["a queue of 10,000, with all of PLATINUM and VIP served"]
    assert told.startswith(f"{late:,} of their 3,000 orders come after the first 10,000")
    assert "hold: provisional" in told
    gone = run.summary["by_tier"]["VIP"]["cancelled_by_customer"]
    assert f"{gone:,} of them are" in found["VIP 2,550 (100%)"]


def test_the_console_says_which_mix_was_assumed():
    _, found = explained("console-waves")
    assert "no tier mix is published" in found["no tier mix"]


@pytest.mark.parametrize("depth", [3, None])
def test_a_launch_that_contradicts_nothing_has_nothing_to_explain(depth):
    scenario = small_scenario(**{"published": [], "policy.queue.max_depth": depth})
    assert analysis.contradictions(simulate(scenario), scenario).empty
