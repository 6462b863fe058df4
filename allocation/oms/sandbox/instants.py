"""Instants as the API writes them: ISO 8601 in UTC with milliseconds, so that texts sort as instants do."""

from __future__ import annotations

from datetime import UTC, datetime

from allocation.oms.sandbox.codes import BAD_DATE, Rejected


def text_of(instant: datetime) -> str:
    """An instant as the API writes it.

    >>> from datetime import timedelta, timezone
    >>> text_of(datetime(2025, 2, 15, 1, 30, tzinfo=timezone(timedelta(hours=-5))))
    '2025-02-15T06:30:00.000Z'
    """
    return instant.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def instant_of(text: str) -> datetime:
    """The instant of a text that `text_of` wrote."""
    return datetime.fromisoformat(text)


def parsed(value: object) -> str:
    """What a client wrote as a DateTime, as the API writes it; a date alone is none.

    Raises:
        Rejected: C0100E, it is no instant. [DOC]
    """
    if isinstance(value, str) and "T" in value.upper():
        try:
            instant = datetime.fromisoformat(value.upper())
        except ValueError:
            pass
        else:
            if instant.tzinfo is not None:
                return text_of(instant)
    raise Rejected(BAD_DATE, f"{value!r} is no DateTime: write ISO 8601 in UTC, such as 2025-02-15T00:00:00.000Z")
