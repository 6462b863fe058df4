"""Running replications of a plan and collecting their measures; what was finished is never lost."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractContextManager, closing, nullcontext
from dataclasses import dataclass, field
from itertools import count
from time import perf_counter
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from allocation.engine.errors import SettingError
from allocation.montecarlo.backends import play_all
from allocation.montecarlo.playing import Plan, Played, Row
from allocation.montecarlo.progress import Advance, progress_bar

REPLICATIONS_MAX = 10**7
TRUTHS = ("alert", "oversold_any")
"""Measures that are true or false in a replication; their mean is a probability."""
_FRACTIONS = ("profit", "days_to_unit")

Progress = bool | Advance


@dataclass
class Experiment:
    """The replications of a plan that have been played so far.

    Attributes:
        plan: What each plays.
        workers: Threads, as `backends.play_all` takes them.
        dask: Address of a cluster, likewise.
        rows: Of each replication, the measures under each setting.
        begins: Number of the first replication that was asked for.
        orders: Orders that were played, over all settings.
        seconds: Wall time, and the time of all workers for sampling, rules and measures.
    """

    plan: Plan
    workers: int | None = None
    dask: str | None = None
    rows: dict[int, tuple[Row, ...]] = field(default_factory=dict)
    begins: int = 0
    orders: int = 0
    seconds: dict[str, float] = field(
        default_factory=lambda: {"wall_s": 0.0, "sampling_s": 0.0, "rules_s": 0.0, "measures_s": 0.0}
    )

    def run(self, first: int, last: int, advance: Advance | None = None, total: int | None = None) -> None:
        """Play the replications from `first` up to, not including, `last` that have not been played.

        An interrupt stops at once; what was finished until then is kept.

        Args:
            first: Number of the first one.
            last: Number behind the last one.
            advance: Told how many are done, of how many in all.
            total: How many that is; by default those that are asked for here.
        """
        begun = perf_counter()
        numbers = [number for number in range(first, last) if number not in self.rows]
        before = len(self.rows)
        self.begins = min(self.begins, first) if self.rows else first
        try:
            with closing(play_all(self.plan, numbers, self.workers, self.dask)) as played:
                for one in played:
                    self._keep(one)
                    if advance is not None:
                        advance(len(self.rows), total or before + len(numbers))
        finally:
            self.seconds["wall_s"] += perf_counter() - begun

    @property
    def finished(self) -> int:
        """How many replications are there from the first one on, without a gap."""
        return next(i for i in count() if self.begins + i not in self.rows)

    def frame(self, setting: int) -> pd.DataFrame:
        """The measures of one setting: one row a replication, in the order of their numbers, without gaps."""
        numbers = list(range(self.begins, self.begins + self.finished))
        return _frame(numbers, (self.rows[number][setting] for number in numbers))

    def _keep(self, played: Played) -> None:
        self.rows[played.replication] = played.rows
        self.orders += played.orders
        for name in ("sampling_s", "rules_s", "measures_s"):
            self.seconds[name] += getattr(played, name)


def _frame(numbers: list[int], rows: Iterable[Row]) -> pd.DataFrame:
    found = list(rows)
    # A wave that a replication never came to has no units there.
    names = list(dict.fromkeys(name for row in found for name in row.names))
    values = np.zeros((len(found), len(names)))
    places = {names_of: [names.index(name) for name in names_of] for names_of in {row.names: None for row in found}}
    for i, row in enumerate(found):
        values[i, places[row.names]] = row.numbers
    columns = {"replication": np.array(numbers, np.int64)}
    columns |= {name: _typed(name, values[:, i]) for i, name in enumerate(names)}
    return pd.DataFrame(columns)


def _typed(name: str, values: NDArray[np.float64]) -> NDArray[Any]:
    if name in TRUTHS:
        return values.astype(bool)
    return values if name in _FRACTIONS else values.astype(np.int64)


def bar(progress: Progress, label: str) -> AbstractContextManager[Advance | None]:
    """The bar that was asked for: True draws one, False none, a function is told itself."""
    if callable(progress):
        return nullcontext(progress)
    return progress_bar(label) if progress else nullcontext(None)


def require_replications(replications: object, least: int = 1) -> int:
    """A number of replications, checked."""
    if isinstance(replications, bool) or not isinstance(replications, int | np.integer):
        raise SettingError(f"replications {replications!r} must be a whole number")
    if not least <= replications <= REPLICATIONS_MAX:
        raise SettingError(f"replications {replications} must be from {least} to {REPLICATIONS_MAX:,}")
    return int(replications)
