"""Moves between statuses, who was displaced, and places in line: against the decisions one by one."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pandas as pd
import pytest

from allocation import analysis, simulate
from allocation.analysis.launch_report import LaunchReport
from allocation.tape import replay
from tests.analysis.runs import SEEDS, random_run, small_scenario

HELD = ("RESERVED", "CONFIRMED")


@pytest.mark.parametrize("seed", SEEDS)
def test_moves_are_counted_as_the_decisions_say(seed):
    run = random_run(seed)
    moves, who = Counter(), {}
    for decision in run.engine.decisions:
        if decision.reservation_id and decision.after:
            pair = (decision.before or "new", decision.after)
            moves[pair] += 1
            who.setdefault(pair, set()).add(decision.reservation_id)
    frame = analysis.status_flow(run)
    assert {(row.before, row.after): row.moves for row in frame.itertuples()} == dict(moves)
    assert {(row.before, row.after): row.reservations for row in frame.itertuples()} == {
        pair: len(names) for pair, names in who.items()
    }


def test_what_goes_into_a_status_and_not_out_again_stands_there_at_the_end():
    run = simulate(small_scenario())
    frame = analysis.status_flow(run)
    balance = frame.groupby("after")["moves"].sum().sub(frame.groupby("before")["moves"].sum(), fill_value=0)
    ends = run.reservations["status"].astype("str").value_counts()
    assert balance[balance > 0].astype(int).to_dict() == ends.to_dict()
    assert -balance["new"] == len(run.reservations)


@pytest.mark.parametrize("seed", SEEDS)
def test_who_was_displaced_and_came_back(seed):
    run = random_run(seed)
    displaced, back = Counter(), set()
    for decision in run.engine.decisions:
        name = decision.reservation_id
        if decision.step == "displaced":
            displaced[name] += 1
        elif name in displaced and decision.after in HELD and decision.before not in HELD:
            back.add(name)
    own = run.reservations.set_index("reservation_id")
    frame = analysis.displaced_by_tier(run).set_index("tier")
    for tier, row in frame.iterrows():
        mine = [name for name in displaced if own.loc[name, "tier"] == tier]
        assert row["displaced"] == len(mine)
        assert row["times"] == sum(displaced[name] for name in mine)
        assert row["promised_again"] == sum(name in back for name in mine)
        assert row["got_a_unit"] == sum(own.loc[name, "status"] == "ALLOCATED" for name in mine)
        assert row["reservations"] == (own["tier"] == tier).sum()
    assert frame["displaced"].sum() == own["displaced"].sum()
    sentence = analysis.displaced_sentence(frame.reset_index())
    assert sentence == "Nobody was displaced." if not displaced else "lost a promise" in sentence


def test_endings_of_the_displaced_add_up():
    frame = analysis.displaced_by_tier(simulate(small_scenario()))
    endings = frame.columns[list(frame.columns).index("share_got_a_unit") + 1 :]
    assert (frame["got_a_unit"] + frame[list(endings)].sum(axis=1)).tolist() == frame["displaced"].tolist()
    assert frame["displaced"].sum() > 0


def test_places_in_line_are_those_of_a_tape_that_ends_there():
    report = LaunchReport(small_scenario())
    run = report.run
    frame = analysis.queue_positions_by_tier(run, report.spans, report.moments)
    assert frame["at"].is_monotonic_increasing
    assert frame["line"].iloc[-1] == run.engine.played
    tape = list(run.tape())
    for row in frame.iloc[[3, 20, 39, 55, 70]].to_dict("records"):
        until = replay(tape[: row["line"]], run.policy).reservations
        positions = until["queue_position"].dropna().astype(int)
        for tier in ("PLATINUM", "VIP", "STANDARD"):
            own = np.sort(positions[until.loc[positions.index, "tier"] == tier])
            for name, share in (("low", 0.1), ("median", 0.5), ("high", 0.9)):
                if len(own):
                    assert row[f"{tier} {name}"] == own[int(np.ceil(round(share * len(own), 9))) - 1]
                else:
                    assert np.isnan(row[f"{tier} {name}"])


@pytest.mark.parametrize("seed", range(8))
def test_places_are_known_for_tapes_with_everything_on_them(seed):
    run = random_run(seed)
    at = run.decisions["at"].dt.tz_convert(run.policy.timezone)
    spans = (at.min(), at.min() + (at.max() - at.min()) / 2, at.max() + pd.Timedelta(hours=1))
    frame = analysis.queue_positions_by_tier(run, spans, analysis.milestones(run))
    last, open_ones = frame.iloc[-1], run.reservations.dropna(subset="queue_position")
    for tier, own in open_ones.groupby(open_ones["tier"].astype("str")):
        middle = np.sort(own["queue_position"].to_numpy(int))[(len(own) + 1) // 2 - 1]
        assert last[f"{tier} median"] == middle


def test_the_table_of_places_has_the_middle_customer_at_each_moment():
    report = LaunchReport(small_scenario())
    frame = analysis.queue_positions_by_tier(report.run, report.spans, report.moments)
    table = analysis.positions_table(frame, report.moments)
    assert table["moment"].tolist() == report.moments["moment"].tolist()
    tape = list(report.run.tape())
    for row, line in enumerate(report.moments["line"]):
        until = replay(tape[:line], report.run.policy).reservations
        own = np.sort(until.loc[until["tier"] == "STANDARD", "queue_position"].dropna().astype(int))
        told = table["STANDARD median"].iloc[row]
        assert told == own[(len(own) + 1) // 2 - 1] if len(own) else pd.isna(told)
