"""The small numbers that the rules compare and store, with the names they have in tapes and decisions."""

from __future__ import annotations

from enum import IntEnum


class Status(IntEnum):
    """Where a reservation stands (RULES.md section 1). NONE: it does not exist yet."""

    NONE = 0
    RESERVED = 1
    CONFIRMED = 2
    QUEUED = 3
    WAITLISTED = 4
    ALLOCATED = 5
    CANCELLED = 6
    EXPIRED = 7
    REJECTED = 8


class Reason(IntEnum):
    """Why a reservation ended."""

    NONE = 0
    CUSTOMER = 1
    UNPAID = 2
    INSUFFICIENT_INVENTORY = 3
    NOT_SELECTED = 4
    OVERSOLD = 5
    NOT_FULFILLED = 6


ENDINGS: dict[str, tuple[Status, Reason]] = {
    "allocated": (Status.ALLOCATED, Reason.NONE),
    "cancelled_by_customer": (Status.CANCELLED, Reason.CUSTOMER),
    "not_selected": (Status.CANCELLED, Reason.NOT_SELECTED),
    "oversold": (Status.CANCELLED, Reason.OVERSOLD),
    "not_fulfilled": (Status.CANCELLED, Reason.NOT_FULFILLED),
    "expired": (Status.EXPIRED, Reason.UNPAID),
    "rejected": (Status.REJECTED, Reason.INSUFFICIENT_INVENTORY),
}
"""How a reservation can end, by the name of the measure."""


class Kind(IntEnum):
    """What a command asks for (RULES.md section 4). REPEAT: an accepted order sent again, which changes nothing."""

    SUPPLY = 0
    OVERBOOKING = 1
    ADOPT = 2
    DATES = 3
    CONFIRM = 4
    RELEASE = 5
    EXPIRE = 6
    PLACE = 7
    PAY = 8
    TIER = 9
    CANCEL = 10
    REPEAT = 11


class Only(IntEnum):
    """Which open targets a ``cancel`` means."""

    OPEN = 0
    WAITING = 1
    HELD = 2
    CONFIRMED = 3


class Step(IntEnum):
    """The step of the rules that made a decision."""

    NONE = 0
    REFUSED = 1
    PLACED = 2
    DISPLACED = 3
    TRIMMED = 4
    REFILLED = 5
    PROMOTED = 6
    MOVED_UP = 7
    CONFIRMED = 8
    RELEASED = 9
    ROLLED_OVER = 10
    PAID = 11
    CANCELLED = 12
    EXPIRED = 13
    RETIERED = 14
    ADOPTED = 15


class Refusal(IntEnum):
    """Why a command changed nothing, as bits: several may hold at once."""

    NONE = 0
    MALFORMED = 1
    QUANTITY = 2
    TIER = 4
    POOL = 8
    TOO_SOON = 16
    TOO_LATE = 32
    CLOSED = 64
    CONFLICT = 128
    UNKNOWN = 256
    NO_TARGET = 512
    NO_POOL = 1024
    TAKEN = 2048
    NOT_OPEN = 4096
    UNASSIGNED = 8192
    LATE = 16384


class Line(IntEnum):
    """The kinds of line that reservations stand in: by priority, by admission, and held ones that may move up."""

    QUEUED = 0
    WAITLISTED = 1
    LATER = 2


class Mark(IntEnum):
    """What happened to a reservation at least once, as bits. ROSE lasts for one ``tier`` command only."""

    NONE = 0
    DISPLACED = 1
    PROMOTED = 2
    CONFIRMED_AT_CUTOFF = 4
    CANCELLED_CONFIRMED = 8
    ROSE = 16


class Unserved(IntEnum):
    """What a cut-off or a release does with those who get nothing."""

    KEEP = 0
    CANCEL = 1
    ROLL_OVER = 2


UNLIMITED = 2**60
"""Stands for "no limit" among whole numbers, far from overflow."""
NEVER = -(2**31) + 1
"""A day number before every date."""
EVERYWHERE = 0
"""Pool 0 is no pool: it holds the dates that are marked for every pool, also for later ones."""
NOBODY = -1
"""The end of a list, an empty heap, a missing row."""
