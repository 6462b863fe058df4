"""What every estimate asks of its settings."""

from __future__ import annotations

from math import isfinite

from allocation.engine.errors import SettingError


def check_probability(value: float, name: str) -> float:
    """The value, where it is a probability that leaves something to chance.

    Raises:
        SettingError: It is not strictly between 0 and 1.
    """
    if not 0 < value < 1:
        raise SettingError(f"{name} {value!r} must be between 0 and 1, and neither of them")
    return value


def check_positive(value: float, name: str) -> float:
    """The value, where it is a finite number above 0.

    Raises:
        SettingError: It is not.
    """
    if not (isfinite(value) and value > 0):
        raise SettingError(f"{name} {value!r} must be a number above 0")
    return value


def check_at_least(value: int, least: int, name: str) -> int:
    """The value, where it is large enough.

    Raises:
        SettingError: It is below ``least``.
    """
    if value < least:
        raise SettingError(f"{name} {value!r} must be at least {least}")
    return value
