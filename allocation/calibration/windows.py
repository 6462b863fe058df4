"""Each reservation from its placement until it was due: how long it was watched, and whether it was cancelled then."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from allocation.calibration.history import History
from allocation.engine.instants import DAY_MS

Ints = NDArray[np.int64]
_SECOND_MS = 1000
_MANY = 0.75


@dataclass(frozen=True, slots=True, eq=False)
class Windows:
    """Reservations that had time to be cancelled; arrays have shape (reservations,).

    Attributes:
        length: From the placement until it was due, milliseconds, above 0.
        watched: How much of it is known: until the cancellation, or until something else ended it or the history.
        is_cancelled: Whether the customer cancelled then; else it is censored: nobody knows what would have come.
        tier: The tier of each, empty without tiers.
        resolution: How exactly the end is known, milliseconds.
        without: Reservations that were placed when they were due, or later.
        afterwards: Cancelled after they were due, so that they count as kept until then.
    """

    length: Ints
    watched: Ints
    is_cancelled: NDArray[np.bool_]
    tier: NDArray[np.object_]
    resolution: int
    without: int
    afterwards: int

    @property
    def shares(self) -> NDArray[np.float64]:
        """The watched share of each window."""
        return self.watched / self.length

    @property
    def known_until(self) -> float:
        """The share of the window for which at least a quarter of those who did not cancel was watched.

        Beyond it so few are left that what is seen of them is mostly chance. Where all have cancelled, all is known.
        """
        stayed = self.shares[~self.is_cancelled]
        return float(np.quantile(stayed, _MANY, method="lower")) if len(stayed) else 1.0

    def of_tier(self, tier: str) -> NDArray[np.bool_]:
        """Which reservations are of a tier."""
        return np.array(self.tier == tier, bool)


def windows_of(history: History) -> Windows:
    """The windows of a history's reservations."""
    frame = history.frame
    placed, left, due = (frame[name].to_numpy(np.int64) for name in ("placed", "left", "due"))
    cancelled = (frame["meaning"] == "cancelled").to_numpy()
    has = due > placed
    tiers = frame["tier"].to_numpy(object) if "tier" in frame else np.full(len(frame), "", object)
    return Windows(
        length=(due - placed)[has],
        watched=(np.minimum(left, due) - placed)[has],
        is_cancelled=(cancelled & (left <= due))[has],
        tier=tiers[has],
        resolution=DAY_MS if history.is_dated[0] else _SECOND_MS,
        without=int((~has).sum()),
        afterwards=int((cancelled & (left > due) & has).sum()),
    )
