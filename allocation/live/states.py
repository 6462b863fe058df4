"""What is known of each order, folded from the journal.

::

    INTENT ──> CONFIRMED | REJECTED | NOT_SENT | UNKNOWN
    UNKNOWN ──> CONFIRMED | ABSENT ──> INTENT

``INTENT`` is on disk before the request leaves, so that one which is found without an outcome may have been sent: it
counts as unknown. ``ABSENT`` is only written after looking, when nothing that was sent can land any more, or where the
system itself refuses a second order of the key.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from allocation.live.journal import Entry
from allocation.live.plan import digest_of
from allocation.oms.port import ReleaseOrder


class State(enum.Enum):
    """Of an order."""

    INTENT = "INTENT"
    CONFIRMED = "CONFIRMED"
    REJECTED = "REJECTED"
    NOT_SENT = "NOT_SENT"
    UNKNOWN = "UNKNOWN"
    ABSENT = "ABSENT"


OPEN = (State.INTENT, State.UNKNOWN)
"""It may have been done."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of one order.

    Attributes:
        state: The last state.
        plan: Digest of the plan under which it came to that.
        payload: Digest of what was, or was going to be, sent.
        detail: What the last entry says.
    """

    state: State
    plan: str
    payload: str
    detail: Mapping[str, Any]

    @property
    def is_open(self) -> bool:
        """Whether it may have been done, and nobody knows."""
        return self.state in OPEN


class Known(dict[str, Standing]):
    """What is known of each order, by key; who sends keeps it up to date."""

    def state(self, key: str) -> State | None:
        """The last state of an order; None of one that nothing is known of."""
        return self[key].state if key in self else None

    def is_open(self, key: str) -> bool:
        """Whether an order may have been made, and nobody knows."""
        return key in self and self[key].is_open


def payload_digest(order: ReleaseOrder) -> str:
    """Digest of what must never change under a key."""
    return digest_of(list(order.payload()))


def standings(entries: Iterable[Entry]) -> dict[str, Standing]:
    """What is known of each key, after all entries."""
    found: dict[str, Standing] = {}
    known = State.__members__
    for entry in entries:
        if entry.kind in known:
            before = found.get(entry.key)
            payload = str(entry.detail.get("payload", before.payload if before else ""))
            found[entry.key] = Standing(State[entry.kind], entry.plan, payload, entry.detail)
    return found
