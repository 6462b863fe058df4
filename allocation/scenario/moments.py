"""Dates and instants as a person writes them."""

from __future__ import annotations

import datetime as dt
import re
from typing import Annotated, TypeAlias

from pydantic import BeforeValidator

from allocation.scenario.wording import short, shown

_INSTANT = re.compile(r"(\d{4}-\d\d-\d\d)[Tt ]+(\d\d?)(:\d\d(?::\d\d(?:\.\d{1,6})?)?) *([Zz]|[-+]\d\d(?::?\d\d)?)?")


def _named(value: object) -> str:
    return short(value) if isinstance(value, str) else shown(value)


def _read_day(value: object) -> object:
    # Pydantic would read 20251115 as seconds since 1970, and an instant at midnight as a date.
    if isinstance(value, dt.date) and not isinstance(value, dt.datetime):
        return value
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\d", value):
        try:
            return dt.date.fromisoformat(value)
        except ValueError as error:
            raise ValueError(f"{_named(value)} is no day of the calendar: {error}") from None
    raise ValueError(f"{_named(value)} is no date; write one such as 2025-11-15")


def _read_instant(value: object) -> object:
    if isinstance(value, dt.datetime):
        return value
    if isinstance(value, str) and (parts := _INSTANT.fullmatch(value)):
        day, hour, rest, offset = parts.groups("")
        try:
            return dt.datetime.fromisoformat(f"{day}T{hour.zfill(2)}{rest}{offset.upper()}")
        except ValueError as error:
            raise ValueError(f"{_named(value)} is no instant: {error}") from None
    raise ValueError(f"{_named(value)} is no instant; write one such as 2025-11-15T02:00:00-05:00")


Day: TypeAlias = Annotated[dt.date, BeforeValidator(_read_day)]
"""A calendar date in the time zone of the policy."""
Instant: TypeAlias = Annotated[dt.datetime, BeforeValidator(_read_instant)]
"""An instant with an offset, to the millisecond."""
