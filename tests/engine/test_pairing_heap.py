"""Pairing heaps against sorted lists: any members added and taken out, the smallest always on top."""

from __future__ import annotations

from functools import cache
from typing import Any

import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from allocation.engine import heap, rows
from allocation.engine.codes import NOBODY
from allocation.engine.tables import DTYPES

MEMBERS = 40
KEYS = st.integers(-5, 5) | st.integers(-(2**62), 2**62)
MOVES = st.lists(st.tuples(st.integers(0, MEMBERS - 1), KEYS, KEYS), max_size=120)
EXAMPLES = 40 if numba.config.DISABLE_JIT else 300


@cache
def functions() -> tuple[Any, Any]:
    """`add` and `take_out` for a table of links, compiled or not as the rules are."""
    if numba.config.DISABLE_JIT:
        return heap.add, heap.take_out
    # The rules have no way in of their own, and know a table by its address.
    compiled_add, compiled_take_out = heap.add, heap.take_out

    @numba.njit
    def add(links, top, member, key, second_key):
        return compiled_add(links, top, member, key, second_key)

    @numba.njit
    def take_out(links, top, member):
        return compiled_take_out(links, top, member)

    return add, take_out


class Heap:
    """A heap of numbered members in a table of its own."""

    def __init__(self, table: np.ndarray | None = None) -> None:
        # Rubbish, as it is left by members that came and went.
        self.table = np.full(MEMBERS, 7, np.int64).repeat(4).view(np.int64) if table is None else table
        self.links = np.zeros(MEMBERS, DTYPES["by_rank"]) if table is None else table
        for name in ("child", "next", "previous"):
            self.links[name] = 3
        self.top = NOBODY
        self.keys: dict[int, tuple[int, int]] = {}

    @property
    def handle(self) -> Any:
        """The table as the functions take it."""
        return self.links if rows.UNCOMPILED else self.links.ctypes.data

    def add(self, member: int, key: int, second_key: int) -> None:
        self.top = int(functions()[0](self.handle, self.top, member, key, second_key))
        self.keys[member] = (key, second_key)

    def take_out(self, member: int) -> None:
        self.top = int(functions()[1](self.handle, self.top, member))
        del self.keys[member]

    def check(self) -> None:
        """The top is the smallest, and every member is reached exactly once, under a smaller one."""
        if not self.keys:
            assert self.top == NOBODY
            return
        assert self.keys[self.top] == min(self.keys.values())
        assert sorted(self._under(self.top)) == sorted(self.keys)

    def _under(self, member: int) -> list[int]:
        found, before = [member], member
        child = int(self.links[member]["child"])
        while child != NOBODY:
            assert int(self.links[child]["previous"]) == before
            assert self.keys[member] <= self.keys[child]
            found += self._under(child)
            before, child = child, int(self.links[child]["next"])
        return found


@settings(max_examples=EXAMPLES)
@given(moves=MOVES)
def test_any_members_come_and_go_and_the_smallest_is_on_top(moves: list[tuple[int, int, int]]) -> None:
    pile = Heap()
    for member, key, second_key in moves:
        if member in pile.keys:
            pile.take_out(member)
        else:
            pile.add(member, key, second_key)
        pile.check()


@settings(max_examples=EXAMPLES)
@given(keys=st.lists(st.tuples(KEYS, KEYS), max_size=MEMBERS))
def test_taking_out_the_top_sorts(keys: list[tuple[int, int]]) -> None:
    pile = Heap()
    for member, (key, second_key) in enumerate(keys):
        pile.add(member, key, second_key)
    taken = []
    while pile.top != NOBODY:
        taken.append(pile.keys[pile.top])
        pile.take_out(pile.top)
        pile.check()
    assert taken == sorted(keys)


@settings(max_examples=EXAMPLES)
@given(moves=st.lists(st.tuples(st.integers(0, 2), st.integers(0, MEMBERS - 1), KEYS), max_size=100))
def test_heaps_of_one_table_do_not_touch_each_other(moves: list[tuple[int, int, int]]) -> None:
    first = Heap()
    piles = [first]
    for _ in range(2):
        other = Heap.__new__(Heap)
        other.links, other.top, other.keys = first.links, NOBODY, {}
        piles.append(other)
    for which, member, key in moves:
        owner = next((pile for pile in piles if member in pile.keys), None)
        if owner is None:
            piles[which].add(member, key, -member)
        else:
            owner.take_out(member)
        for pile in piles:
            pile.check()


@pytest.mark.parametrize("reverse", [False, True])
def test_a_long_heap_needs_no_deep_recursion(reverse: bool) -> None:
    count = MEMBERS - 1
    pile = Heap()
    for member in range(count):
        pile.add(member, -member if reverse else member, 0)
    order = []
    while pile.top != NOBODY:
        order.append(pile.top)
        pile.take_out(pile.top)
    assert order == (list(range(count))[::-1] if reverse else list(range(count)))
