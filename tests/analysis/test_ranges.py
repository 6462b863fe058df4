"""Bands over replications, instant by instant: against the series of each replication."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest

from allocation import analysis, load_scenario, simulate
from allocation.analysis.ranges import levels_at
from tests.analysis.runs import SEEDS, random_run, small_scenario

SERIES = {
    analysis.orders_against_supply: ["units"],
    analysis.promised_units: ["reserved", "confirmed", "allocated"],
    analysis.queue_sizes: ["held", "active", "waitlisted"],
    analysis.moves: ["displaced", "promoted"],
}


def value_at(series, name, at):
    before = series.loc[series["at"] <= at, name]
    return int(before.iloc[-1]) if len(before) else 0


@pytest.mark.parametrize("make", SERIES)
def test_one_replication_has_itself_as_its_range(make):
    scenario = small_scenario()
    series = make(simulate(scenario, 3))
    ranged = analysis.with_ranges(series, scenario, 1, 3)
    # Of several commands at one instant the last one counts.
    last = ranged.drop_duplicates("at", keep="last")
    for name in SERIES[make]:
        assert last[f"{name}_low"].tolist() == last[f"{name}_high"].tolist() == last[name].tolist()
    assert ranged["n"].eq(1).all()


@pytest.mark.parametrize("make", SERIES)
def test_ends_are_the_least_and_the_most_of_the_replications(make):
    scenario = small_scenario()
    runs = [make(simulate(scenario, 3, replication)) for replication in range(3)]
    ranged = analysis.with_ranges(runs[0], scenario, 3, 3)
    for row in ranged.iloc[::7].to_dict("records"):
        for name in SERIES[make]:
            values = [value_at(series, name, row["at"]) for series in runs]
            assert (row[f"{name}_low"], row[f"{name}_high"]) == (min(values), max(values))
    if make is analysis.promised_units:
        row = ranged.iloc[-1]
        totals = [sum(value_at(series, name, row["at"]) for name in SERIES[make]) for series in runs]
        assert (row["promised_low"], row["promised_high"]) == (min(totals), max(totals))


@pytest.mark.parametrize("seed", SEEDS)
def test_levels_are_those_of_the_series_on_every_tape(seed):
    run = random_run(seed)
    for make, names in SERIES.items():
        series = make(run).drop_duplicates("at", keep="last")
        instants = series["at"].dt.tz_convert("UTC").dt.tz_localize(None).to_numpy().astype("datetime64[ms]")
        found = levels_at(run.engine, instants.astype(np.int64))
        for name in names:
            assert found[name].tolist() == series[name].tolist()


def test_a_long_launch_keeps_its_peaks_and_its_first_hours():
    scenario = load_scenario("console-waves")
    series = analysis.queue_sizes(simulate(scenario))
    ranged = analysis.with_ranges(series, scenario, 1)
    assert len(ranged) < len(series) / 3
    assert ranged["active"].max() == series["active"].max()
    burst = scenario.orders.opens + timedelta(hours=1)
    # Half of the orders come within half an hour: so do a good part of the rows.
    assert (ranged["at"] < burst).mean() > 0.3


def test_the_caption_says_what_the_band_is():
    ranged = analysis.with_ranges(analysis.moves(simulate(small_scenario())), small_scenario(), 2)
    words = analysis.with_range_words("Moves.", ranged)
    assert words.startswith("Moves. Lines are of replication 0")
    assert "n\u00a0=\u00a02 replications" in words
