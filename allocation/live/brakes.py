"""How fast an apply may go, when it stops by itself, and how long it waits before it believes that nothing is there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Brakes:
    """What keeps an apply from going wrong at full speed.

    Attributes:
        concurrency: Requests at one time; one where no uniqueness is proved.
        orders_per_s_max: Orders that are sent a second at most, None for as many as the system takes.
        orders_max: Orders that are sent by this apply, None for all.
        canary: So many orders are sent first, and all must be confirmed before the rest follows; 0 for none.
        error_share_max: Share of the orders sent that may be rejected or unknown.
        error_share_from: Orders sent before that share is looked at.
        lookups_max: How often an unknown order is looked up.
    """

    concurrency: int = 8
    orders_per_s_max: float | None = None
    orders_max: int | None = None
    canary: int = 10
    error_share_max: float = 0.05
    error_share_from: int = 20
    lookups_max: int = 5


@dataclass(frozen=True, slots=True)
class Waits:
    """What time it takes until nothing of what was sent can land any more.

    Attributes:
        server_request_s_max: The longest that the system works on one request.
        client_timeout_s: The longest that we wait for an answer.
        read_lag_s: Until what was written is seen by who reads.
    """

    server_request_s_max: float = 60.0
    client_timeout_s: float = 60.0
    read_lag_s: float = 10.0

    @property
    def quiescence_s(self) -> float:
        """The sum, which is waited before a look-up proves anything."""
        return self.server_request_s_max + self.client_timeout_s + self.read_lag_s


def _no_reason() -> str:
    return ""


def _nothing(_done: int, _total: int) -> None:
    pass


def _silence(_text: str) -> None:
    pass


@dataclass(frozen=True, slots=True)
class Around:
    """What an apply is given instead of reaching for it.

    Attributes:
        now: The wall clock, for the journal.
        sleep: Waits so many seconds.
        should_stop: A reason to stop before the next request, such as Ctrl-C; empty to go on.
        advance: Told (done, total) orders.
        say: Told what is being waited for.
    """

    now: Callable[[], datetime]
    sleep: Callable[[float], None]
    should_stop: Callable[[], str] = _no_reason
    advance: Callable[[int, int], None] = _nothing
    say: Callable[[str], None] = _silence
