"""The platform's error codes: what they prove about a write, and when a read may be tried again.

A code is a letter for who is to blame (C the client, S the server, T a third party), four digits, and E for an error
or W for a warning [DOC].
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

TOO_COMPLEX = "C0001E"
RATE_LIMITED = "C0011E"
NOT_AUTHENTICATED = "S0040E"

_CODE = re.compile(r"[CST]\d{4}[EW]", re.ASCII)
_IN_TEXT = re.compile(r"\b[CST]\d{4}[EW]\b", re.ASCII)

REJECTIONS: Mapping[str, str] = MappingProxyType(
    {
        TOO_COMPLEX: "the query is too complex",
        "C0020E": "a permission is missing",
        "C0100E": "a date is not in UTC",
        "C0101E": "a date range has neither end",
        "C0102E": "a date range needs both ends",
        "C0103E": "a date range is too long",
        "C0120E": "an entity that it refers to does not exist",
        "C0121E": "an order of this ref exists",
        "C0122E": "a number is wrong",
        "C0123E": "a value that must be unique exists",
        "C0128E": "several products have this ref",
        "C0140E": "variables are missing",
        "C0141E": "a value is too long",
    }
)
"""Codes that say that a write was refused; no other code proves it. A rate limit is not among them: nobody has shown
that it always strikes before the write."""

NOT_FOUND = "C0120E"
ALREADY_THERE = ("C0121E", "C0123E")
"""Codes that say that somebody has written a thing of this ref already."""

_RETRY_AFTER_S: Mapping[str, float] = MappingProxyType(
    {"C0003E": 60.0, RATE_LIMITED: 60.0, "S0002E": 30.0, "S0020E": 30.0, NOT_AUTHENTICATED: 10.0}
)
_THIRD_PARTY_S = 30.0


def code_of(message: str, extensions: Mapping[str, object]) -> str:
    """The code of an error, empty where it has none.

    Which key of the extensions the live platform uses is not established, so any whose value is a code will do; else
    the first code in the message [SDK].

    >>> code_of("Order exists", {"classification": "X", "errorCode": "C0121E"})
    'C0121E'
    >>> code_of("C0121E: order ref already exists", {})
    'C0121E'
    """
    for value in extensions.values():
        if isinstance(value, str) and _CODE.fullmatch(value):
            return value
    found = _IN_TEXT.search(message)
    return found.group() if found else ""


def is_warning(code: str) -> bool:
    """Whether a code tells of something that does not keep anything from being done."""
    return code.endswith("W")


def retry_after_s(code: str) -> float | None:
    """Seconds after which a read that was answered with this code may be tried again, None if never [SDK]."""
    if code.startswith("T") and not is_warning(code):
        return _THIRD_PARTY_S
    return _RETRY_AFTER_S.get(code)
