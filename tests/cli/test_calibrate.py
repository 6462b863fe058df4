"""``allocation calibrate``: estimates, a scenario file that runs, and every bad row."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pandas as pd
import pytest

from allocation.calibration.source import EXAMPLE
from allocation.tape.folders import file_digest
from tests.cli.running import Run, refused

HOTEL = Path(__file__).parents[1] / "cases" / "hotel_bookings.csv"
HOTEL_OPTIONS = (
    *("--columns", "placed=booked,status=reservation_status"),
    *("--columns", "status_at=reservation_status_date,due=arrival_date"),
    *("--status", "Canceled=cancelled", "--status", "Check-Out=served", "--status", "No-Show=served"),
)


@pytest.fixture
def past(tmp_path) -> Path:
    """A history of which 25 rows are damaged."""
    frame = pd.read_csv(EXAMPLE, dtype=str)
    frame.loc[100:124, "placed"] = "yesterday"
    frame.to_csv(tmp_path / "past.csv", index=False)
    return tmp_path / "past.csv"


def test_a_history_becomes_a_scenario_that_runs(run: Run, past, tmp_path) -> None:
    done = run("calibrate", "past.csv", "--out", "mine.yaml")
    assert done.code == 0
    assert "past.csv: 875 of 900 rows" in done.out
    assert "25 bad rows were left out:" in done.out
    # The header is the first line, so row 100 is on line 102; the first twenty are listed.
    assert "past.csv:102: placed 'yesterday' is no instant" in done.out
    assert "past.csv:121:" in done.out
    assert "past.csv:122:" not in done.out
    assert "... and 5 more" in done.out
    assert "mine.yaml: console-realistic-calibrated, from past.csv and console-realistic" in done.err
    assert run("scenario", "validate", "mine.yaml").out == "mine.yaml: valid\n"
    simulated = json.loads(run("simulate", "mine.yaml", "--json").out)
    assert simulated["orders"] == 875


def test_json_says_the_same(run: Run, past, tmp_path) -> None:
    done = json.loads(run("calibrate", "past.csv", "--out", "mine.yaml", "--json").out)
    assert done["schema_version"] == 1
    assert (done["rows"], done["orders"], done["left_out"], len(done["left_out_first"])) == (900, 875, 25, 20)
    assert done["sha256"] == file_digest(past)
    assert {row["tier"] for row in done["cancelled"]} == {"all", "VIP", "STANDARD"}
    assert done["timings"][0]["aic"] <= done["timings"][1]["aic"]
    assert done["sha256"] in (tmp_path / "mine.yaml").read_text()


def test_a_scenario_that_is_there_is_kept(run: Run, past, tmp_path) -> None:
    (tmp_path / "mine.yaml").write_text("precious")
    refused(run("calibrate", "past.csv", "--out", "mine.yaml"), "--out mine.yaml is there already", "--force")
    assert (tmp_path / "mine.yaml").read_text() == "precious"
    assert run("calibrate", "past.csv", "--out", "mine.yaml", "--force").code == 0
    refused(run("calibrate", "past.csv", "--out", past, "--force"), "is the history itself")
    refused(run("calibrate", "past.csv", "--out", "none/mine.yaml"), "there is no folder none")
    refused(run("calibrate", "past.csv", "--out", "."), "--out . cannot be written")


def test_columns_statuses_zone_and_caveat_are_options(run: Run, tmp_path) -> None:
    refused(run("calibrate", HOTEL, "--out", "h.yaml"), "has no column 'placed'", "--columns placed=")
    refused(
        run("calibrate", HOTEL, *HOTEL_OPTIONS, "--take", "timing", "--out", "h.yaml"),
        *("instants have no offset", "--timezone"),
    )
    refused(
        run("calibrate", HOTEL, *HOTEL_OPTIONS[:6], "--timezone", "Europe/Lisbon", "--out", "h.yaml"),
        *("status 'Check-Out' (283 rows) has no meaning", "status 'No-Show' (4 rows)"),
    )
    given = ("--timezone", "Europe/Lisbon", "--take", "timing", "--caveat", "Cancelled rows cluster.")
    done = run("calibrate", HOTEL, *HOTEL_OPTIONS, *given, "--out", "h.yaml")
    assert done.code == 0
    assert "taken from it: when they cancel" in done.out
    # The biased share is shown, and marked as not taken.
    assert re.search(r"would cancel until release +all +50\.15% .* no", done.out)
    assert "Caveat: Cancelled rows cluster." in done.out
    assert "Caveat: Cancelled rows cluster." in (tmp_path / "h.yaml").read_text()
    # A template that is given says in which zone its customers are.
    named = run(
        "calibrate", HOTEL, *HOTEL_OPTIONS, "--template", "iphone-15-pro", "--take", "timing", "--out", "i.yaml"
    )
    assert named.code == 0
    assert "meant in America/New_York" in named.out


@pytest.mark.parametrize(
    ("options", "messages"),
    [
        (["--columns", "placed"], ["--columns 'placed' is none; write ROLE=COLUMN"]),
        (["--columns", "placed=a,placed=b"], ["--columns has 'placed' twice"]),
        (["--columns", "plced=a"], ["unknown role 'plced', did you mean placed?"]),
        (["--status", "X=gone"], ["unknown meaning 'gone'"]),
        (["--tier", "VIP"], ["--tier 'VIP' is none; write WORD=TIER"]),
        (["--take", "tier"], ["unknown part 'tier', did you mean tiers?"]),
        (["--ends", "tomorrow"], ["ends 'tomorrow' is no instant"]),
        (["--ends", "2025-11-01T00:00:00"], ["has no offset"]),
        (["--template", "console-realist"], ["did you mean console-realistic?"]),
        (["--timezone", "Mars"], ["'Mars' is no IANA time zone"]),
    ],
)
def test_bad_options_are_named(run: Run, past, options, messages) -> None:
    refused(run("calibrate", "past.csv", "--out", "mine.yaml", *options), *messages)


def test_a_file_that_is_none(run: Run) -> None:
    refused(run("calibrate", "none.csv", "--out", "mine.yaml"), "none.csv cannot be read: No such file")
