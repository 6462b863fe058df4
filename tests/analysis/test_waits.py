"""What a customer waits, against frames of the same launches."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from allocation import simulate
from allocation.analysis import replicated_waits, waits_table
from allocation.analysis.waits import PROMISE, UNIT, waits_of
from tests.analysis.runs import SEEDS, random_run, small_scenario

N, SEED = 5, 4


def days_of(run, statuses):
    """Independent: from the frames of a run."""
    decisions = run.decisions[run.decisions["after"].isin(statuses)]
    first = decisions.drop_duplicates("reservation_id").set_index("reservation_id")["at"]
    placed = run.reservations.set_index("reservation_id")["placed_at"]
    return ((first.reindex(placed.index) - placed).dt.total_seconds() / 86_400).to_numpy()


@pytest.fixture(scope="module")
def runs():
    return [simulate(small_scenario(), SEED, number) for number in range(N)]


@pytest.fixture(scope="module")
def waits():
    return replicated_waits(small_scenario(), N, SEED)


@pytest.mark.parametrize("seed", SEEDS[::4])
def test_waits_are_those_of_the_decisions(seed):
    run = random_run(seed)
    waited = waits_of(run.engine)
    # The book is in the order in which reservations came into it, frames in that of arrival.
    order = np.argsort(run.engine.book.used("reservations")["arrival"], kind="stable")
    waited = waited.iloc[order]
    np.testing.assert_allclose(waited["days_to_promise"], days_of(run, ["RESERVED", "CONFIRMED"]), atol=1e-9)
    np.testing.assert_allclose(waited["days_to_unit"], days_of(run, ["ALLOCATED"]), atol=1e-9)


def test_curves_are_shares_of_the_tier_with_t_intervals(runs, waits):
    for event, statuses in ((PROMISE, ["RESERVED", "CONFIRMED"]), (UNIT, ["ALLOCATED"])):
        for tier in ("PLATINUM", "VIP", "STANDARD"):
            own = waits.curve[(waits.curve["event"] == event) & (waits.curve["tier"] == tier)]
            row = own.iloc[len(own) * 3 // 4]
            shares = []
            for run in runs:
                days = pd.Series(days_of(run, statuses))[run.reservations["tier"] == tier]
                shares.append((days <= row["days"]).mean())
            assert row["share"] == pytest.approx(np.mean(shares))
            assert row["low"] <= row["share"] <= row["high"]
            assert (own["share"].diff().dropna() >= 0).all()
    assert waits.mean_days.mean == pytest.approx(np.mean([np.nanmean(days_of(run, ["ALLOCATED"])) for run in runs]))


def test_waits_by_wave_are_means_of_medians(runs, waits):
    table = waits_table(waits)
    assert (table["launches"] <= N).all()
    for row in table.itertuples():
        counts, medians = [], []
        for run in runs:
            days = pd.Series(days_of(run, ["ALLOCATED"]))
            reservations = run.reservations
            own = (reservations["tier"] == row.tier) & (reservations["ship_date"] == pd.Timestamp(row.ship_date))
            own &= reservations["status"] == "ALLOCATED"
            if own.any():
                counts.append(own.sum())
                medians.append(days[own].median())
        assert row.launches == len(counts)
        assert row.reservations == pytest.approx(np.mean(counts))
        assert row.median_days_to_unit == pytest.approx(np.mean(medians))
