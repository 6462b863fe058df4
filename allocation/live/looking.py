"""Looking up orders by their keys."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from allocation.live.brakes import Around
from allocation.live.parallel import side_by_side
from allocation.oms.port import FoundOrder, Reader

KEYS_AT_ONCE = 100
"""Keys of one look-up, so that several can go side by side."""

READERS = 4
"""Questions that go side by side where nobody says how many; reading does no harm."""

LOOKS_AGAIN = 3
"""How often an order that must be there, and cannot be seen, is looked for before it is called missing."""

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


class Looker:
    """Looks up orders, and looks again for those that must be there, as who reads may lag behind.

    Args:
        oms: What is asked.
        workers: Questions at one time.
        around: See `brakes`.
        read_lag_s: Until what was written is seen by who reads.
    """

    def __init__(self, oms: Reader, workers: int, around: Around, read_lag_s: float) -> None:
        self._oms, self._workers, self._around, self._read_lag_s = oms, workers, around, read_lag_s

    def look_up(self, keys: Sequence[str], expected: Sequence[str] = ()) -> Found:
        """Every order under these keys.

        Args:
            keys: All of them; a key without an order has an empty list.
            expected: Those under which there must be one.

        Raises:
            OmsError: It cannot be read.
        """
        found = look_up(self._oms, keys, self._workers)
        for _ in range(LOOKS_AGAIN):
            unseen = [key for key in expected if not found[key]]
            if not unseen:
                break
            self._around.say(f"{len(unseen):,} orders are not seen yet; looking again in {self._read_lag_s:.0f} s")
            self._around.sleep(self._read_lag_s)
            found.update(look_up(self._oms, unseen, self._workers))
        return found
