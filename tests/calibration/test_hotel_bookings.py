"""Real bookings: the public hotel slice, of which the timing may be taken and the level may not (see tests/cases)."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from allocation import load_scenario, simulate
from allocation.calibration import Calibration, Settings, Source, calibrate
from allocation.scenario import dump_scenario, parse_scenario

HOTEL = Path(__file__).parents[1] / "cases" / "hotel_bookings.csv"
SETTINGS = Settings(
    columns={
        "placed": "booked",
        "status": "reservation_status",
        "status_at": "reservation_status_date",
        "due": "arrival_date",
    },
    # Who does not show up has not cancelled: the room was kept until they were due.
    statuses={"Canceled": "cancelled", "Check-Out": "served", "No-Show": "served"},
    timezone="Europe/Lisbon",
)
CAVEAT = (
    "Hotel bookings (Antonio, Almeida, Nunes 2019, Data in Brief 22:41-49) from a copy whose rows were taken where "
    "cancelled ones cluster: when they cancel may be taken from it, how many may not."
)
PUBLISHED = 0.278
"""Share of all bookings of this hotel that were cancelled, from the same article."""


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    return pd.read_csv(HOTEL)


@pytest.fixture(scope="module")
def found() -> Calibration:
    return calibrate(Source(HOTEL, SETTINGS, ("timing",), CAVEAT), load_scenario("console-realistic"))


def test_the_slice_is_consistent(rows) -> None:
    assert len(rows) == 338 + 226
    booked, arrival, status_at = (
        [date.fromisoformat(day) for day in rows[name]]
        for name in ("booked", "arrival_date", "reservation_status_date")
    )
    leads = [timedelta(days=int(days)) for days in rows["lead_time"]]
    assert [day + lead for day, lead in zip(booked, leads, strict=True)] == arrival
    cancelled = rows["reservation_status"] == "Canceled"
    assert all(start <= at <= end for start, at, end, gone in
               zip(booked, status_at, arrival, cancelled, strict=True) if gone)  # fmt: skip


def test_its_level_is_biased_so_only_the_timing_is_taken(rows, found) -> None:
    """The two runs of the slice have levels on either side of the published one, far beyond chance."""
    first = pd.to_datetime(rows["arrival_date"]).dt.year == 2015
    cancelled = rows["reservation_status"] == "Canceled"
    assert cancelled[first].mean() < PUBLISHED - 0.08
    assert cancelled[~first].mean() > PUBLISHED + 0.6
    _, low, high = found.estimates.share_of()
    assert not low <= PUBLISHED <= high
    template = load_scenario("console-realistic")
    assert found.scenario.behaviour.cancel_held.share == template.behaviour.cancel_held.share
    assert found.scenario.demand == template.demand
    assert CAVEAT in found.scenario.description


def test_every_row_is_used_and_those_without_a_window_are_told(found, rows) -> None:
    history = found.estimates.history
    assert (history.rows, history.left_out) == (564, ())
    same_day = int((rows["lead_time"] == 0).sum())
    assert found.estimates.windows.without == same_day
    assert any(f"{same_day} reservations were placed when they were due" in note for note in found.estimates.notes)


def test_regret_comes_early(found, rows) -> None:
    """Of those who cancel, as many do so in the first tenth of their time as in any two later ones: counted apart."""
    assert found.estimates.fits[0].timing.shape == "early_regret"
    own = rows[(rows["reservation_status"] == "Canceled") & (rows["lead_time"] > 0)]
    days = (pd.to_datetime(own["reservation_status_date"]) - pd.to_datetime(own["booked"])).dt.days
    by_tenth = np.histogram(days / own["lead_time"], np.arange(11) / 10)[0] / len(own)
    assert by_tenth[0] > 2 * by_tenth[1:].max()
    # The same as in 6,376 bookings of the whole copy, which the schema's default is made of: 24.0% in the first tenth.
    assert by_tenth[0] == pytest.approx(0.24, abs=0.1)


def test_the_scenario_simulates(found) -> None:
    scenario = parse_scenario(dump_scenario(found.scenario), overrides={"demand.total": 900})
    assert simulate(scenario, seed=1).summary["orders"] == 900
