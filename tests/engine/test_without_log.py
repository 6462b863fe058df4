"""A book without a log, fresh or used, decides what a book with one decides: every table but the log is the same."""

from __future__ import annotations

import pickle
from collections.abc import Iterator

import numba
import pytest

from allocation.engine.allocation_engine import AllocationEngine
from allocation.engine.book import Book
from allocation.engine.columns import Columns
from allocation.engine.policy import Policy
from tests.engine.comparing import decided
from tests.policies import policy_of
from tests.tape.random_columns import TIERS, random_columns
from tests.tapes import random_case

SEEDS = range(12) if numba.config.DISABLE_JIT else range(80)


def cases() -> Iterator[tuple[Columns, Policy]]:
    for seed in SEEDS:
        policy, _ = random_case(seed)
        tiers = dict.fromkeys(TIERS[:-1], 50) | {"PLATINUM": 150, "VIP": 100}
        yield random_columns(seed), policy_of(policy | {"tiers": tiers})


def played(columns: Columns, policy: Policy, book: Book) -> AllocationEngine:
    engine = AllocationEngine.on(columns, policy, book)
    engine.play_all()
    return engine


def test_without_a_log_everything_else_is_the_same() -> None:
    for columns, policy in cases():
        with_log = played(columns, policy, Book(policy))
        without = played(columns, policy, Book(policy, keeps_log=False))
        assert decided(without) == decided(with_log)
        assert len(without.book.tables.log) == 0
        assert len(with_log.book.used("log")) > 0


@pytest.mark.parametrize("keeps_log", [True, False])
def test_a_used_book_decides_as_a_fresh_one(keeps_log: bool) -> None:
    used = Book(Policy(), keeps_log=keeps_log)
    for columns, policy in cases():
        again, fresh = played(columns, policy, used), played(columns, policy, Book(policy))
        assert decided(again) == decided(fresh)
        if keeps_log:
            assert again.book.used("log").tolist() == fresh.book.used("log").tolist()


def test_a_book_that_has_grown_serves_a_launch_of_nothing() -> None:
    used = Book(Policy(), keeps_log=False)
    for columns, policy in cases():
        played(columns, policy, used)
    assert decided(AllocationEngine(Policy(), used)) == decided(AllocationEngine(Policy()))


def test_a_finished_book_can_be_started_anew() -> None:
    (columns, policy), *_ = cases()
    book = Book(policy, keeps_log=False)
    played(columns, policy, book).finish()
    assert decided(played(columns, policy, book)) == decided(played(columns, policy, Book(policy)))


def test_copies_go_on_without_a_log() -> None:
    (columns, policy), *_ = cases()
    engine = AllocationEngine.on(columns, policy, Book(policy, keeps_log=False))
    half = len(columns) // 2
    engine.play_until(half)
    for copy in (engine.copy(), pickle.loads(pickle.dumps(engine))):
        copy.play_all()
        assert not copy.book.keeps_log
        assert decided(copy) == decided(played(columns, policy, Book(policy)))
    assert engine.played == half
