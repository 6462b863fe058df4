"""Frames and figures of a setting that somebody tunes, beside a pinned one."""

from __future__ import annotations

import numpy as np
import pytest

from allocation import analysis
from allocation.analysis.tuned import CHANGE, NOW, PINNED, TUNED, told
from allocation.montecarlo import Replays, side_by_side
from allocation.scenario import with_overrides
from allocation.statistics import mean_interval, paired_difference, wilson_interval
from tests.analysis.runs import small_scenario

N = 10


@pytest.fixture(scope="module")
def played():
    """The small launch as it is, and with a higher rate."""
    launch = small_scenario()
    replays = Replays(launch, N, 4)
    return replays.play(launch), replays.play(with_overrides(launch, {"policy.overbooking.rate": 1.2}))


@pytest.fixture(scope="module")
def outcome(played):
    pinned, now = played
    return analysis.tuned_outcome(now, side_by_side(pinned, now))


def row_of(frame, which, measure):
    return frame[(frame["which"] == which) & (frame["measure"] == measure)].iloc[0]


def test_means_have_their_own_intervals(played, outcome):
    for which, swept in zip((PINNED, NOW), played, strict=True):
        for measure in TUNED:
            row, values = row_of(outcome, which, measure), swept.frame[measure]
            if measure == "oversold_any":
                share = wilson_interval(int(values.sum()), N)
                expected = (share.estimate, share.low, share.high)
            else:
                interval = mean_interval(values)
                expected = (interval.mean, interval.low, interval.high)
            assert (row["mean"], row["low"], row["high"]) == pytest.approx(expected)
            assert row["n"] == N


def test_the_change_is_paired(played, outcome):
    pinned, now = played
    for measure in TUNED:
        row = row_of(outcome, CHANGE, measure)
        found = paired_difference(now.frame[measure].astype(float), pinned.frame[measure].astype(float)).difference
        assert (row["mean"], row["half_width"]) == pytest.approx((found.mean, found.half_width))


def test_a_table_for_reading(played, outcome):
    table = analysis.tuned_table(outcome)
    assert list(table.columns) == ["mean of", NOW, PINNED, CHANGE]
    assert table["mean of"].iloc[0] == "profit (USD)"
    alone = analysis.tuned_table(analysis.tuned_outcome(played[1]))
    assert list(alone.columns) == ["mean of", NOW]
    assert alone[NOW].tolist() == table[NOW].tolist()


def test_differences_have_a_sign_and_shares_an_interval():
    units = {"measure": "oversold_units", "mean": 12.0, "half_width": 3.4, "low": 8.6, "high": 15.4}
    assert told(units) == "12.0 ± 3.4"
    assert told(units, CHANGE) == "+12.0 ± 3.4"
    assert told(units | {"mean": -12.0}, CHANGE) == "−12.0 ± 3.4"
    share = {"measure": "oversold_any", "mean": 0.25, "half_width": 0.11, "low": 0.15, "high": 0.4}
    assert told(share) == "25% (15% to 40%)"
    assert told(share, CHANGE) == "+25 ± 11 points"


def test_tiers_are_counted_over_replications(played):
    pinned, now = played
    tiers = analysis.tuned_tiers(now, pinned)
    assert list(dict.fromkeys(tiers["tier"])) == ["PLATINUM", "VIP", "STANDARD"]
    own = tiers[(tiers["which"] == NOW) & (tiers["tier"] == "VIP")].set_index("outcome")
    counts = now.frame["by_tier.VIP.allocated"]
    assert own.loc["allocated", "mean"] == pytest.approx(counts.mean())
    assert own.loc["allocated", "share"] == pytest.approx((counts / 30).mean())
    assert own.loc["allocated", "share_half_width"] == pytest.approx(mean_interval(counts / 30).half_width)
    # Everybody of a tier ends in one way.
    ends = own.drop(["orders", "confirmed_at_cutoff"])
    assert ends["mean"].sum() == pytest.approx(30)
    assert ends["share"].sum() == pytest.approx(1)


def test_only_outcomes_that_occur_are_in_the_table(played):
    table = analysis.tuned_tier_table(analysis.tuned_tiers(played[0]))
    assert list(table.columns) == [
        "reservations",
        *(name for tier in ("PLATINUM", "VIP", "STANDARD") for name in (tier, f"{tier}_half_width")),
    ]
    assert "allocated" in table["reservations"].tolist()
    assert "rejected" not in table["reservations"].tolist()
    assert "confirmed at cutoff" in table["reservations"].tolist()


def test_a_tier_of_which_nobody_came_has_no_share():
    launch = small_scenario(**{"demand.counts.VIP": 0})
    tiers = analysis.tuned_tiers(Replays(launch, 3).play(launch))
    assert np.isfinite(tiers["share"]).all()
    assert (tiers.loc[tiers["tier"] == "VIP", "share"] == 0).all()


def test_figures_come_out_the_same_with_and_without_a_pin(played, outcome):
    pinned, now = played
    tiers = analysis.tuned_tiers(now, pinned)
    alone = analysis.tuned_outcome(now), analysis.tuned_tiers(now)
    for plot, frame, unpinned in (
        (analysis.plot_tuned_units, outcome, alone[0]),
        (analysis.plot_tuned_tiers, tiers, alone[1]),
    ):
        first, again = (analysis.png(analysis.draw_tuned(plot, frame)) for _ in range(2))
        assert first == again
        assert first != analysis.png(analysis.draw_tuned(plot, unpinned))
        ax = analysis.draw_tuned(plot, frame).axes[0]
        assert ax.get_xlabel()
        assert ax.get_xlim()[0] == 0  # bars begin at zero
        assert "pinned setting" in [text.get_text() for text in ax.get_legend().get_texts()]


def test_labels_keep_inside_the_figure(played):
    launch = small_scenario(**{"policy.tiers.VERY_LONG_TIER_NAME_": 60, "demand.counts.VERY_LONG_TIER_NAME_": 5,
                               "economics.denied_cost.VERY_LONG_TIER_NAME_": 5})  # fmt: skip
    now = Replays(launch, 3).play(launch)
    outcome = analysis.tuned_outcome(now)
    # The longest label that a bar can have.
    outcome.loc[outcome["unit"] == "units", ["mean", "half_width"]] = 4_222_648.0, 110_777.0
    for plot, frame in (
        (analysis.plot_tuned_tiers, analysis.tuned_tiers(now)),
        (analysis.plot_tuned_units, analysis.tuned_outcome(now)),
        (analysis.plot_tuned_units, outcome),
    ):
        figure = analysis.draw_tuned(plot, frame)
        analysis.png(figure)
        box = figure.axes[0].get_tightbbox()
        assert box.x0 >= 0
        assert box.x1 <= figure.bbox.width
