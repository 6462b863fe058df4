"""What the published formula gets wrong, against every pair looked at."""

from __future__ import annotations

from collections import Counter
from itertools import combinations

import numpy as np
import pytest

from allocation import analysis, load_scenario, simulate
from allocation.analysis.priority_formula import _rising_pairs
from allocation.analysis.wording import priority_sentence
from tests.analysis.runs import SEEDS, random_run, small_scenario
from tests.tapes import random_case


def pairs_from_scratch(run, tape=None):
    """Pairs and wrong pairs by (lower tier, higher tier), and how often each is overtaken: every pair is looked at."""
    asked = {c.get("order_id"): c.get("ship_date") for c in tape or () if c["type"] == "place"}
    frame = run.reservations[run.reservations["placed_at"].notna()]
    rows = [
        (
            (str(r.sku), str(r.location), asked.get(r.order_id, str(r.requested_ship_date.date()))),
            r.score_micro,
            int(r.placed_at.timestamp() * 1000 + 0.5),
            r.arrival,
            str(r.tier),
            r.reservation_id,
        )
        for r in frame.itertuples()
    ]
    pairs, wrong, overtaken = Counter(), Counter(), Counter()
    for one, other in combinations(rows, 2):
        low, high = sorted((one, other), key=lambda row: row[1])
        if low[0] != high[0] or low[1] == high[1] or low[3] > high[3]:
            continue
        pairs[low[4], high[4]] += 1
        if low[1] - low[2] > high[1] - high[2]:
            wrong[low[4], high[4]] += 1
            overtaken[high[5]] += 1
    return pairs, wrong, overtaken


def check(run, tape=None):
    errors = analysis.priority_errors(run)
    pairs, wrong, overtaken = pairs_from_scratch(run, tape)
    assert errors.pairs == pairs.total()
    assert errors.wrong_pairs == wrong.total()
    assert errors.overtaken == len(overtaken)
    for row in errors.by_tiers.itertuples():
        assert row.pairs == pairs[row.lower, row.higher]
        assert row.wrong_pairs == wrong[row.lower, row.higher]
    if overtaken:
        assert errors.example["overtaken_by"] == max(overtaken.values())
        assert overtaken[errors.example["later"]] == errors.example["overtaken_by"]
        assert errors.example["hours_apart"] > 0
    else:
        assert errors.example is None
    return errors


def accepted_once(tape):
    """Whether no order id is used again with another ship date."""
    dates = {}
    for command in tape:
        if command["type"] == "place" and isinstance(command.get("order_id"), str):
            dates.setdefault(command["order_id"], set()).add(str(command.get("ship_date")))
    return all(len(found) == 1 for found in dates.values())


@pytest.mark.parametrize("seed", [s for s in range(120) if accepted_once(random_case(s)[1])])
def test_random_tapes_are_counted_as_pair_by_pair(seed):
    check(random_run(seed), random_case(seed)[1])


def test_random_tapes_have_wrong_pairs_at_all():
    assert sum(analysis.priority_errors(random_run(seed)).wrong_pairs for seed in SEEDS) > 0


def test_a_small_launch_is_counted_as_pair_by_pair():
    errors = check(simulate(small_scenario(), seed=2))
    assert 0 < errors.wrong_pairs < errors.pairs
    leads = {(row.lower, row.higher): round(row.lead_hours, 1) for row in errors.by_tiers.itertuples()}
    assert leads == {("VIP", "PLATINUM"): 13.9, ("STANDARD", "PLATINUM"): 27.8, ("STANDARD", "VIP"): 13.9}


def test_orders_within_two_hours_are_all_right_and_the_sentence_says_why():
    run = simulate(load_scenario("sneakers-trophy-room"))
    errors = analysis.priority_errors(run)
    assert errors.wrong_pairs == 0
    assert "only because all orders came within 2.0 hours" in priority_sentence(run, errors)
    assert analysis.example_sentence(errors).startswith("There is no pair")


@pytest.mark.parametrize("seed", range(30))
def test_counting_by_digits_is_counting_pairs(seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(0, 60))
    queues, ranks, tiers = (rng.integers(0, k, n) for k in (3, 11, 3))
    order = rng.permutation(n)
    expected, before = np.zeros((3, 3), int), np.zeros(n, int)
    for i, a in enumerate(order):
        for b in order[i + 1 :]:
            if queues[a] == queues[b] and ranks[a] < ranks[b]:
                expected[tiers[a], tiers[b]] += 1
                before[b] += 1
    pairs, counted = _rising_pairs(queues, ranks, tiers, order, 3)
    assert (pairs == expected).all()
    assert (counted == before).all()
