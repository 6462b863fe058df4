"""The wall clock. Nothing else in the package reads it."""

from __future__ import annotations

from datetime import date, datetime


def today() -> date:
    """Today where this machine is."""
    return datetime.now().astimezone().date()
