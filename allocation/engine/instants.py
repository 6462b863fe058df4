"""Instants, dates and time zones as whole numbers."""

from __future__ import annotations

from bisect import bisect_right
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
MILLISECOND = timedelta(milliseconds=1)


def milliseconds(instant: datetime) -> int:
    """Milliseconds since 1970-01-01 UTC of an instant with an offset, rounded down."""
    return (instant - EPOCH) // MILLISECOND


def from_milliseconds(ms: int) -> datetime:
    """The instant, in UTC, of a number of milliseconds since 1970-01-01 UTC."""
    return EPOCH + ms * MILLISECOND


def local_midnight(day: int, zone: ZoneInfo) -> int:
    """Milliseconds of the instant at which a calendar date begins in a time zone.

    Where the clocks jump over midnight it is the jump; dates before year 1 count as its first day.
    """
    start = datetime.combine(date.fromordinal(min(max(day, 2), date.max.toordinal() - 1)), time(), zone)
    return milliseconds(start.astimezone(UTC))


class LocalDays:
    """The local calendar date of instants, remembered day by day."""

    def __init__(self, zone: ZoneInfo) -> None:
        self.zone = zone
        self._starts: list[int] = []
        self._days: list[tuple[int, int]] = []

    def day_of(self, ms: int) -> int:
        """Day number of the local date of an instant in milliseconds."""
        i = bisect_right(self._starts, ms) - 1
        if i >= 0 and ms < self._days[i][0]:
            return self._days[i][1]
        day = from_milliseconds(ms).astimezone(self.zone).toordinal()
        start, end = local_midnight(day, self.zone), local_midnight(day + 1, self.zone)
        if start <= ms < end:
            at = bisect_right(self._starts, start)
            self._starts.insert(at, start)
            self._days.insert(at, (end, day))
        return day

    def days_of(self, ms: NDArray[np.int64]) -> NDArray[np.int64]:
        """Day numbers of the local dates of instants; any shape."""
        if ms.size == 0:
            return np.zeros(ms.shape, np.int64)
        first, last = self.day_of(int(ms.min())), self.day_of(int(ms.max()))
        starts = np.array([local_midnight(day, self.zone) for day in range(first, last + 2)])
        return first - 1 + np.searchsorted(starts, ms, side="right")
