"""Looking up orders by their keys."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from allocation.live.parallel import side_by_side
from allocation.oms.port import FoundOrder, Reader

KEYS_AT_ONCE = 100
"""Keys of one look-up, so that several can go side by side."""

Found = Mapping[str, Sequence[FoundOrder]]


def look_up(oms: Reader, keys: Sequence[str], workers: int = 1) -> dict[str, list[FoundOrder]]:
    """Every order under these keys; a key without one has an empty list.

    Raises:
        OmsError: It cannot be read.
    """
    chunks = [keys[first : first + KEYS_AT_ONCE] for first in range(0, len(keys), KEYS_AT_ONCE)]
    found: dict[str, list[FoundOrder]] = {key: [] for key in keys}

    answers = side_by_side(lambda chunk: list(oms.orders(chunk)), chunks, workers)
    for order in (order for answer in answers for order in answer):
        found[order.key].append(order)
    return found


def live_by_key(found: Found) -> dict[str, list[FoundOrder]]:
    """Those that stand, where there are any."""
    standing: dict[str, list[FoundOrder]] = defaultdict(list)
    for key, orders in found.items():
        for order in orders:
            if order.live:
                standing[key].append(order)
    return dict(standing)
