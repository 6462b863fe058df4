"""How long is waited, and how often something is tried: time and chance are given, and everything is bounded."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

ATTEMPTS_MAX = 5
"""How often one thing is asked for."""
PATIENCE_S = 300.0
"""How long one thing is asked for: waits of 60 s, as rate limits ask for [SDK], fit in."""
_FIRST_WAIT_S = 1.0
_WAIT_S_MAX = 30.0
_SPREAD_S = 1.0
_SECONDS = re.compile(r"\d{1,9}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Timing:
    """The clock and the chance that a client goes by.

    Attributes:
        now: Seconds on a clock that only goes forward; its zero means nothing.
        sleep: Waits so many seconds; an exception from it ends what waits.
        jitter: The next number from 0 to 1, so that clients which failed together do not come back together.
    """

    now: Callable[[], float]
    sleep: Callable[[float], None]
    jitter: Callable[[], float]


class Attempts:
    """Counts the attempts at one thing, and waits between them: 1 s, 2 s, 4 s and so on, less up to half by chance."""

    def __init__(self, timing: Timing) -> None:
        self.made = 1
        self._timing = timing
        self._began = timing.now()

    def again(self, wait_s: float = 0.0) -> bool:
        """Wait for the next attempt, at least so many seconds; False at once where there is to be none."""
        usual = min(_WAIT_S_MAX, _FIRST_WAIT_S * 2.0 ** (self.made - 1)) * (1 - self._timing.jitter() / 2)
        wait_s = usual if wait_s <= usual else wait_s + _SPREAD_S * self._timing.jitter()
        if self.made >= ATTEMPTS_MAX or self.spent_s + wait_s > PATIENCE_S:
            return False
        self._timing.sleep(wait_s)
        self.made += 1
        return True

    @property
    def spent_s(self) -> float:
        """Seconds since the first attempt began."""
        return self._timing.now() - self._began

    def __str__(self) -> str:
        return f"{self.made} attempt{'s' * (self.made != 1)} in {self.spent_s:.0f} s"


class Pause:
    """What the platform asked for with Retry-After, kept by every thread and every request, reads and writes."""

    def __init__(self, timing: Timing) -> None:
        self._timing = timing
        self._lock = threading.Lock()
        self._until = float("-inf")

    def ask(self, wait_s: float) -> None:
        """Send nothing for so many seconds; a longer pause that was asked for earlier stays."""
        with self._lock:
            self._until = max(self._until, self._timing.now() + wait_s)

    @property
    def left_s(self) -> float:
        """Seconds until something may be sent."""
        with self._lock:
            return max(0.0, self._until - self._timing.now())

    def keep(self) -> None:
        """Wait until something may be sent, and a little longer by chance."""
        while left_s := self.left_s:
            self._timing.sleep(left_s + _SPREAD_S * self._timing.jitter())


def retry_after_s(headers: Mapping[str, str]) -> float | None:
    """Seconds that a Retry-After header asks for, None where there is none that can be understood.

    Its date is compared with the date of the same answer: the platform's clock need not agree with that of this
    machine, which is not read.

    >>> retry_after_s({"retry-after": "120"})
    120.0
    >>> both = {"retry-after": "Wed, 21 Oct 2026 07:28:30 GMT", "date": "Wed, 21 Oct 2026 07:28:00 GMT"}
    >>> retry_after_s(both)
    30.0
    """
    text = headers.get("retry-after", "").strip()
    if _SECONDS.fullmatch(text):
        return float(text)
    then, sent = _instant(text), _instant(headers.get("date", ""))
    if then is None or sent is None:
        return None
    return max(0.0, (then - sent).total_seconds())


def _instant(text: str) -> datetime | None:
    try:
        read = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return read if read.tzinfo else read.replace(tzinfo=UTC)
