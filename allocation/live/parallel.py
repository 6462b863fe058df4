"""Requests that go side by side."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

GROUP = 4
"""Requests of a group for each one at a time: they share a commit, and after a crash that many are looked up."""
_In = TypeVar("_In")
_Out = TypeVar("_Out")


def side_by_side(do: Callable[[_In], _Out], of: Sequence[_In], workers: int) -> list[_Out]:
    """What becomes of each, in their order; so many at one time."""
    if workers == 1 or len(of) <= 1:
        return [do(one) for one in of]
    with ThreadPoolExecutor(workers) as pool:
        return list(pool.map(do, of))
