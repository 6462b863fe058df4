"""So many requests a second."""

from __future__ import annotations

from datetime import datetime

from allocation.oms.sandbox.faults import RateLimit


class Allowance:
    """What is left of a rate limit: up to a second's worth can be saved up."""

    def __init__(self) -> None:
        self._left = 0.0
        self._at: datetime | None = None

    def wait_s(self, limit: RateLimit, now: datetime) -> float:
        """0 and one request less, or how long to wait for the next one."""
        most = max(1.0, limit.per_s)
        passed = (now - self._at).total_seconds() if self._at else most / limit.per_s
        self._left = min(most, self._left + max(0.0, passed) * limit.per_s)
        self._at = now
        if self._left < 1:
            return (1 - self._left) / limit.per_s
        self._left -= 1
        return 0.0
