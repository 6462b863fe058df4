"""What a book counts, against a slow recount from the log and the reservations."""

from __future__ import annotations

from collections import Counter, defaultdict

import numpy as np
import pytest

from allocation.engine.allocation_engine import AllocationEngine
from allocation.engine.book import Book
from allocation.engine.codes import ENDINGS, NOBODY, Kind, Reason, Status, Step
from allocation.engine.measures import measures
from allocation.engine.policy import Policy
from allocation.engine.tables import TALLY
from tests.engine.launch import D15, Launch
from tests.policies import policy_of
from tests.tape.random_columns import TIERS, random_columns
from tests.tapes import random_case

SEEDS = range(60)
ACTIVE = (Status.RESERVED, Status.CONFIRMED, Status.QUEUED)
HELD = (Status.RESERVED, Status.CONFIRMED)
HAPPENED = {
    "confirmed_at_cutoff": (Step.CONFIRMED, [Status.CONFIRMED]),
    "displaced": (Step.DISPLACED, [Status.QUEUED]),
    "promoted": (Step.PROMOTED, HELD),
}
"""A step, and where it must have led to."""


def policy_for(seed: int) -> Policy:
    """A random policy that knows most of the tiers that random columns name."""
    policy, _ = random_case(seed)
    return policy_of(policy | {"tiers": dict.fromkeys(TIERS[:-1], 50) | {"PLATINUM": 150, "VIP": 100}})


def played(seed: int, policy: Policy) -> AllocationEngine:
    engine = AllocationEngine.on(random_columns(seed), policy)
    engine.play_all()
    return engine


def recounted(engine: AllocationEngine) -> dict[tuple[int, str], int]:
    """By tier code and name of the count, all that is not 0."""
    counts: Counter[tuple[int, str]] = Counter()
    rows, log = engine.book.used("reservations"), engine.book.used("log")
    for row in rows:
        tier, quantity = int(row["tier"]), int(row["quantity"])
        counts[tier, "orders"] += 1
        counts[tier, "units"] += quantity
        for name, (status, reason) in ENDINGS.items():
            if row["status"] == status and row["reason"] == reason:
                counts[tier, name] += 1
                counts[tier, f"{name}_units"] += quantity
    for name, (step, after) in HAPPENED.items():
        there = (log["step"] == step) & np.isin(log["after"], after)
        for r in dict.fromkeys(log["reservation"][there].tolist()):
            counts[int(rows["tier"][r]), name] += 1
    firm = (log["step"] == Step.CANCELLED) & (log["before"] == Status.CONFIRMED)
    for r in log["reservation"][firm].tolist():
        counts[int(rows["tier"][r]), "forfeited_units"] += int(rows["quantity"][r])
    return dict(counts)


def counted(book: Book) -> dict[tuple[int, str], int]:
    table = book.count()
    return {
        (tier, name): int(row[name]) for tier, row in enumerate(table) for name in TALLY.names or () if row[name] != 0
    }


def test_a_book_counts_what_a_recount_finds() -> None:
    seen: Counter[str] = Counter()
    for seed in SEEDS:
        engine = played(seed, policy_for(seed))
        expected = recounted(engine)
        assert counted(engine.book) == expected, seed
        # Counting counts anew; it does not add to what was counted before.
        assert counted(engine.book) == expected, seed
        seen.update(name for _, name in expected)
    assert set(seen) == set(TALLY.names or ())


def test_a_book_of_nobody_counts_nothing() -> None:
    assert not counted(Book(Policy()))


def test_measures_are_those_of_a_recount_after_every_command() -> None:
    for seed in SEEDS[:10]:
        columns = random_columns(seed)
        engine = AllocationEngine.on(columns, policy_for(seed))
        queue_peak = waitlist_peak = 0
        for number in range(len(columns)):
            engine.play_command(number)
            statuses = Counter(engine.book.used("reservations")["status"].tolist())
            queue_peak = max(queue_peak, sum(statuses[status] for status in ACTIVE))
            waitlist_peak = max(waitlist_peak, statuses[Status.WAITLISTED])
        found, rows, log = measures(engine), engine.book.used("reservations"), engine.book.used("log")
        assert (found["queue_peak"], found["waitlist_peak"]) == (queue_peak, waitlist_peak)
        assert found["orders"] == len(set(rows["order"].tolist()))
        assert found["refused"] == int((log["step"] == Step.REFUSED).sum())
        assert found["units"] == int(rows["quantity"].sum())
        assert found["allocated_units"] == int(rows["quantity"][rows["status"] == Status.ALLOCATED].sum())
        assert found["oversold_units"] == int(rows["quantity"][rows["reason"] == Reason.OVERSOLD].sum())
        assert found["supply_units"] == found["allocated_units"] + supply_of(engine)
        assert found["unsold_units"] == unsold_of(engine)
        for name in ("displaced", "promoted"):
            assert found[name] == sum(n for (_, counted_name), n in recounted(engine).items() if counted_name == name)
        for code, tier in enumerate(TIERS):
            expected = {name: n for (of, name), n in recounted(engine).items() if of == code}
            for name, number in found["by_tier"][tier].items():
                assert number == expected.get(name, 0), (seed, tier, name)


def supply_of(engine: AllocationEngine) -> int:
    """Units on hand and still expected in all pools."""
    tables = engine.book.tables
    units = 0
    for pool in tables.pools[1:]:
        units += int(pool["on_hand"])
        d = int(pool["first_date"])
        while d != NOBODY:
            units += int(tables.dates["expected"][d])
            d = int(tables.dates["next"][d])
    return units


def unsold_of(engine: AllocationEngine) -> int:
    """Units that the last release of each pool left."""
    left: dict[int, int] = defaultdict(int)
    for operation in engine.book.used("operations"):
        if operation["kind"] == Kind.RELEASE:
            left[int(operation["pool"])] = int(operation["on_hand"])
    return sum(left.values())


@pytest.mark.parametrize("first", [0, 1])
def test_typed_commands_are_counted_alike(first: int) -> None:
    for seed in SEEDS[first::2]:
        policy, tape = random_case(seed)
        engine = AllocationEngine(policy_of(policy))
        for command in tape:
            engine.apply(command)
        assert counted(engine.book) == recounted(engine), seed


def test_promises_and_losses_of_a_pool_are_those_of_its_log() -> None:
    """What a learner sees: promises that were made and not taken back for somebody else, and who of them left."""
    seen: Counter[str] = Counter()
    for seed in SEEDS:
        engine = played(seed, policy_for(seed))
        log, rows = engine.book.used("log"), engine.book.used("reservations")
        promises: Counter[int] = Counter()
        losses: Counter[int] = Counter()
        for row in log[log["step"] != Step.REFUSED]:
            pool = int(rows["pool"][int(row["reservation"])])
            was, now = int(row["before"]) in HELD, int(row["after"]) in HELD
            promises[pool] += now and (not was or int(row["step"]) == Step.ROLLED_OVER)
            promises[pool] -= int(row["step"]) == Step.DISPLACED
            losses[pool] += was and int(row["reason"]) in (Reason.CUSTOMER, Reason.UNPAID)
        pools = engine.book.tables.pools
        for pool in range(1, len(pools)):
            assert int(pools["promises"][pool]) == promises[pool], (seed, pool)
            assert int(pools["losses"][pool]) == losses[pool], (seed, pool)
        seen.update(promises=sum(promises.values()), losses=sum(losses.values()))
    assert seen["promises"] > seen["losses"] > 0


def test_an_order_that_is_rejected_as_a_whole_was_promised_nothing() -> None:
    launch = Launch({"intake": {"lines": "all_or_nothing"}})
    launch.supply(on_hand=3, waves=((D15, 0),))
    assert launch.end_of(launch.place(0, quantities=[2, 2])) == ("REJECTED", "insufficient_inventory")
    assert launch.end_of(launch.place(2)) == ("RESERVED", None)
    assert launch.engine.book.tables.pools["promises"].tolist() == [0, 1]
