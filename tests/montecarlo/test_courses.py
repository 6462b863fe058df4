"""The course of a launch: counts at some instants are those of the decisions until then."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from allocation import replay, simulate
from allocation.engine.instants import milliseconds
from allocation.montecarlo import replicate
from allocation.montecarlo.courses import courses, recorded_course
from allocation.montecarlo.start import Start
from tests.analysis.runs import small_scenario

COUNTS = ["orders", "cancelled", "expired", "held", "waiting", "allocated"]


@pytest.fixture(scope="module")
def scenario():
    return small_scenario(**{"policy.overbooking.method": "adaptive"})


@pytest.fixture(scope="module")
def instants(scenario):
    opens, last = milliseconds(scenario.orders.opens), milliseconds(scenario.schedule.release[-1].at)
    return [opens + (last - opens) * i // 12 for i in range(13)]


def counted(run, instant):
    """The counts at an instant, from the decisions alone."""
    until = run.decisions[run.decisions["at"] <= pd.Timestamp(instant, unit="ms", tz="UTC")]
    changes = until.dropna(subset="after")
    last = changes.drop_duplicates("reservation_id", keep="last")
    held = last["after"].isin(["RESERVED", "CONFIRMED"])
    orders = run.reservations.set_index("reservation_id")["order_id"]
    return {
        "orders": orders[changes["reservation_id"].unique()].nunique(),
        "cancelled": int(((last["after"] == "CANCELLED") & (last["reason"] == "customer")).sum()),
        "expired": int((last["after"] == "EXPIRED").sum()),
        "held": int(held.sum()),
        "waiting": int(last["after"].isin(["QUEUED", "WAITLISTED"]).sum()),
        "allocated": int((last["after"] == "ALLOCATED").sum()),
    }


def test_counts_are_those_of_the_decisions(scenario, instants):
    found = courses(scenario, instants, 3, 5)
    for replication in range(3):
        run = simulate(scenario, 5, replication)
        own = found[found["replication"] == replication]
        expected = pd.DataFrame([counted(run, instant) for instant in instants])
        assert (own[COUNTS].to_numpy() == expected[COUNTS].to_numpy()).all()
    assert found["cancelled"].max() > 0
    ends = found[found["at"] == found["at"].max()]
    assert ends["orders"].tolist() == replicate(scenario, 3, 5, progress=False)["orders"].tolist()


def test_a_recorded_course_is_that_of_the_replication_that_was_recorded(scenario, instants):
    run = replay(list(simulate(scenario, 5, 1).tape()), scenario.policy)
    found = courses(scenario, instants, 2, 5)
    own = found[found["replication"] == 1].reset_index(drop=True)
    pd.testing.assert_frame_equal(recorded_course(run.engine, instants), own.drop(columns="replication"))


def test_the_rest_goes_on_from_where_the_book_stands(scenario, instants):
    tape = [command for command in simulate(scenario, 5).tape() if command["at"] < "2025-03-10"]
    past = replay(tape, scenario.policy).engine
    start = Start.at(scenario, past)
    later = [at for at in instants if at >= start.past.now]
    found = courses(scenario, [start.past.now, *later], 4, 9, start)
    now = recorded_course(past, [start.past.now]).drop(columns="at").iloc[0]
    first = found[found["at"] == found["at"].min()].drop(columns=["at", "replication"])
    assert (first == now).all(axis=None)
    ends = found[found["at"] == found["at"].max()]
    whole = replicate(scenario, 4, 9, start=tape, progress=False)
    assert ends["orders"].tolist() == whole["orders"].tolist()
    assert np.ptp(ends["cancelled"]) > 0
