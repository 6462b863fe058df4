"""Sampled tapes that are kept in memory, for whoever plays the same customers again and again."""

from __future__ import annotations

from allocation.engine.columns import Columns
from allocation.sampling import sample_tape
from allocation.scenario.schema import Scenario

BYTES_MAX = 2**30
"""Tapes are kept up to this much memory; what is beyond is drawn anew whenever it is played, which takes longer."""
LAUNCHES_MAX = 3
"""Launches whose tapes a process shares at a time."""
_LOCAL_DAY_BYTES = 8


def launch_of(scenario: Scenario) -> tuple[object, ...]:
    """All that draws depend on."""
    return (
        *(scenario.orders, scenario.supply, scenario.demand, scenario.behaviour, scenario.schedule),
        scenario.timezone,
    )


class KeptTapes:
    """The tapes of a launch, each drawn when it is first played.

    Threads may share one, each with replications of its own.

    Args:
        scenario: The launch.
        seed: Of the draws.
        bytes_max: How much memory the tapes may take.
    """

    def __init__(self, scenario: Scenario, seed: int, bytes_max: int = BYTES_MAX) -> None:
        self.scenario = scenario
        self.seed = seed
        self.bytes_max = bytes_max
        self.bytes = 0
        self._tapes: dict[int, Columns] = {}

    def tape(self, replication: int) -> Columns:
        """The tape of a replication: that of `sample_tape`."""
        kept = self._tapes.get(replication)
        if kept is None:
            kept = sample_tape(self.scenario, self.seed, replication)
            size = kept.commands.nbytes + kept.lines.nbytes + _LOCAL_DAY_BYTES * len(kept)
            if self.bytes + size <= self.bytes_max:
                self.bytes += size
                self._tapes[replication] = kept
        return kept

    def forget(self) -> None:
        """Give the memory back; from now on every tape is drawn anew."""
        self._tapes.clear()
        self.bytes = self.bytes_max = 0

    def __len__(self) -> int:
        return len(self._tapes)


_SHARED: list[KeptTapes] = []


def shared_tapes(scenario: Scenario, seed: int) -> KeptTapes:
    """The tapes of a launch that everybody in this process shares.

    Whoever opens a launch again finds them, and takes no further memory. Of more than `LAUNCHES_MAX` launches those
    asked for longest ago are forgotten.
    """
    launch = launch_of(scenario)
    found = next((kept for kept in _SHARED if kept.seed == seed and launch_of(kept.scenario) == launch), None)
    if found is not None:
        _SHARED.remove(found)
    _SHARED.append(found or KeptTapes(scenario, seed))
    while len(_SHARED) > LAUNCHES_MAX:
        _SHARED.pop(0).forget()
    return _SHARED[-1]
