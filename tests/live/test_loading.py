"""Putting an open book into a system: in parts, again where nobody knows, and never again where it is refused."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from threading import Lock

import pytest

from allocation.live.loading import TRIES, load_holds
from allocation.oms.port import HOLDS_MAX, Hold, NotSent, Outcome, Rejected, Uniqueness, Unknown, Writer
from tests.oms.conformance import hold
from tests.oms.test_port import InMemory, MemoryAdapter


class Moody(MemoryAdapter):
    """Answers for some holds with something else, so many times before they are written."""

    def __init__(self, system: InMemory, moods: dict[str, tuple[int, Outcome]]) -> None:
        super().__init__(system)
        self.moods = moods
        self.sizes: list[int] = []
        self.asked: Counter[str] = Counter()
        self.lock = Lock()

    def write_holds(self, holds: Sequence[Hold]) -> list[Outcome]:
        with self.lock:
            self.sizes.append(len(holds))
            self.asked.update(one.reservation_id for one in holds)
            return [self._answer(one) for one in holds]

    def _answer(self, one: Hold) -> Outcome:
        times, outcome = self.moods.get(one.reservation_id, (0, NotSent("")))
        return outcome if self.asked[one.reservation_id] <= times else self._write(one)


@pytest.mark.parametrize("workers", [1, 4])
def test_every_hold_is_written_in_parts_and_progress_is_told(workers: int) -> None:
    oms = Moody(InMemory(Uniqueness.ENFORCED), {})
    checked: Writer = oms
    holds = [hold(number) for number in range(2 * HOLDS_MAX + 3)]
    told: list[tuple[int, int]] = []
    loaded = load_holds(checked, holds, workers, lambda done, whole: told.append((done, whole)))
    assert (loaded.written, loaded.left) == (len(holds), ())
    assert list(oms.system.holds.values()) == holds or workers > 1
    assert sorted(oms.sizes) == [3, HOLDS_MAX, HOLDS_MAX]
    assert told == [(done, len(holds)) for done in (HOLDS_MAX, 2 * HOLDS_MAX, len(holds))]


def test_what_is_not_sent_or_unknown_is_tried_again_and_it_alone() -> None:
    oms = Moody(InMemory(Uniqueness.ENFORCED), {"RES-O-1-1": (1, NotSent("busy")), "RES-O-2-1": (2, Unknown("lost"))})
    loaded = load_holds(oms, [hold(number) for number in range(4)])
    assert (loaded.written, loaded.left) == (4, ())
    assert oms.sizes == [4, 2, 1]


def test_what_is_left_says_what_happened_last() -> None:
    lost, refused = Unknown("lost"), Rejected("C0141E", "too long")
    oms = Moody(InMemory(Uniqueness.ENFORCED), {"RES-O-1-1": (99, lost), "RES-O-2-1": (99, refused)})
    loaded = load_holds(oms, [hold(number) for number in range(4)])
    assert loaded.written == 2
    assert loaded.left == ((hold(1), lost), (hold(2), refused))
    assert oms.asked["RES-O-1-1"] == TRIES
    assert oms.asked["RES-O-2-1"] == 1


def test_nothing_to_load_is_loaded() -> None:
    assert load_holds(Moody(InMemory(Uniqueness.ENFORCED), {}), []).written == 0
