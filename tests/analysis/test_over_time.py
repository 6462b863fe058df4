"""Series over time against a count from scratch after every command."""

from __future__ import annotations

import math
from datetime import date

import numpy as np
import pandas as pd
import pytest

from allocation import analysis
from allocation.analysis.steps import between, thinned
from allocation.engine.allocation_engine import AllocationEngine
from allocation.tape.frames import STATUSES
from tests.analysis.runs import SEEDS, random_run
from tests.policies import policy_of
from tests.tapes import random_case


def levels_from_scratch(run, weights):
    """The status of every reservation after every line, in plain Python."""
    status, rows = {}, {}
    for decision in run.engine.decisions:
        if decision.reservation_id is not None:
            status[decision.reservation_id] = decision.after
            counts = dict.fromkeys(STATUSES, 0)
            for name, now in status.items():
                counts[now] += weights[name]
            rows[decision.line] = counts
    return rows


@pytest.mark.parametrize("weight", ["reservations", "units"])
@pytest.mark.parametrize("seed", SEEDS)
def test_levels_are_what_a_count_after_every_command_gives(seed, weight):
    run = random_run(seed)
    quantity = dict(zip(run.reservations["reservation_id"], run.reservations["quantity"], strict=True))
    weights = quantity if weight == "units" else dict.fromkeys(quantity, 1)
    levels = analysis.status_levels(run, weight)
    expected = levels_from_scratch(run, weights)
    assert levels["line"].tolist() == list(expected)
    for row in levels.itertuples():
        assert {name: getattr(row, name.lower()) for name in STATUSES} == expected[row.line]


@pytest.mark.parametrize("seed", SEEDS)
def test_series_end_and_peak_as_the_summary_says(seed):
    run = random_run(seed)
    sizes, moved = analysis.queue_sizes(run), analysis.moves(run)
    assert sizes["active"].max() == run.summary["queue_peak"]
    assert sizes["waitlisted"].max() == run.summary["waitlist_peak"]
    for name in ("displaced", "promoted"):
        assert (moved[name].iloc[-1] if len(moved) else 0) == run.summary[name]
    orders = analysis.orders_against_supply(run)
    assert orders[["orders", "units"]].iloc[-1].tolist() == [run.summary["orders"], run.summary["units"]]
    assert orders["line"].is_monotonic_increasing
    assert orders["at"].is_monotonic_increasing
    assert orders["supply_units"].iloc[-1] == run.summary["supply_units"]


@pytest.mark.parametrize("seed", SEEDS)
def test_supply_and_limit_are_those_of_the_engine_after_every_command(seed):
    policy, tape = random_case(seed)
    policy = policy_of(policy)
    run = random_run(seed)
    known = analysis.supply_over_time(run).set_index("line")
    engine, supply, limit = AllocationEngine(policy), 0, 0
    for line, command in enumerate(tape, 1):
        engine.apply(command)
        supply, limit = supply_now(engine)
        if line in known.index:
            assert known.loc[line, ["supply_units", "limit_units"]].tolist() == [supply, limit], command
    if len(known):
        assert known[["supply_units", "limit_units"]].iloc[-1].tolist() == [supply, limit]


def supply_now(engine):
    """Supply and limit from the engine's own ATP of a date after all others."""
    given = 0
    for row in engine.book.used("reservations"):
        if row["status"] == 5:
            given += int(row["quantity"])
    quotes = [engine.atp(*pool, date(2099, 1, 1)) for pool in engine.pools[1:] if engine_has(engine, pool)]
    return given + sum(q.supply_by for q in quotes), given + sum(q.limit for q in quotes)


def engine_has(engine, pool):
    return bool(engine.book.tables.pools["exists"][list(engine.pools).index(pool)])


@pytest.mark.parametrize("seed", SEEDS)
def test_milestones_read_levels_off_the_series(seed):
    run = random_run(seed)
    series, moments = analysis.queue_sizes(run), analysis.milestones(run)
    table = analysis.at_milestones(series, moments)
    for row, moment in zip(table.itertuples(), moments.itertuples(), strict=True):
        earlier = series[series["line"] <= moment.line]
        assert row.active == (earlier["active"].iloc[-1] if len(earlier) else 0)


def test_a_long_series_is_thinned_without_losing_a_peak_or_a_level():
    at = pd.date_range("2025-03-01", periods=50_000, freq="s", tz="UTC")
    values = [round(1000 * math.sin(i / 999)) + (5000 if i == 31_234 else 0) for i in range(len(at))]
    series = pd.DataFrame({"at": at, "value": values})
    thin = thinned(series, ["value"], bins=100)
    assert len(thin) <= 400
    assert thin["value"].max() == max(values)
    assert thin["value"].min() == min(values)
    part = np.minimum(((at - at[0]) / (at[-1] - at[0]) * 100).astype(int), 99)
    for how in ("first", "last", "min", "max"):
        whole = series.groupby(part)["value"].agg(how)
        kept = thin.groupby(part[thin.index])["value"].agg(how)
        pd.testing.assert_series_equal(whole, kept, check_names=False)


def test_a_part_of_a_series_keeps_its_levels_at_both_ends():
    at = pd.to_datetime(["2025-03-01T00:00Z", "2025-03-01T02:00Z", "2025-03-01T04:00Z"])
    series = pd.DataFrame({"at": at, "value": [1, 2, 3]})
    start, end = pd.Timestamp("2025-03-01T01:00Z"), pd.Timestamp("2025-03-01T03:00Z")
    assert between(series, start, end)["value"].tolist() == [1, 2, 2]
    early = pd.Timestamp("2025-02-28T00:00Z")
    assert between(series, early, start)["value"].tolist() == [0, 1, 1]
    assert between(series, end, pd.Timestamp("2025-03-02T00:00Z"))["value"].tolist() == [2, 3, 3]
