"""The wall clock. Nothing else in the package reads it."""

from __future__ import annotations

from datetime import UTC, date, datetime


def today() -> date:
    """Today where this machine is."""
    return datetime.now().astimezone().date()


def now() -> datetime:
    """This instant, in UTC."""
    return datetime.now(UTC)
