"""Finding the limit: the last number of bookings that a rule accepts."""

from __future__ import annotations

from collections.abc import Callable

from allocation.engine.errors import Problem, SettingError
from allocation.overbooking.checks import RATE_MAX
from allocation.overbooking.shows import Shows


def bookings_max(capacity: int) -> int:
    """Units above which there is no limit to speak of."""
    return RATE_MAX * max(capacity, 1)


def first_refused(is_refused: Callable[[int], bool], capacity: int, step: int) -> int | None:
    """The smallest number of steps of bookings that a rule refuses, by bisection; None if it never does.

    The rule must refuse all larger numbers, too, and may refuse only what fills the capacity.
    """
    low = capacity // step
    high = max(bookings_max(capacity) // step, low) + 1
    if is_refused(low):
        return low
    if not is_refused(high):
        return None
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if is_refused(middle) else (middle, high)
    return high


def no_limit(capacity: int, shows: Shows) -> SettingError:
    """The error for a rule that accepts whatever comes."""
    correlated = f" and correlation {shows.rho:g}" if shows.rho else ""
    message = (
        f"at {shows.show_rate:g}{correlated} the rule accepts {RATE_MAX} times the capacity of {capacity} and more, so "
        "there is no limit to speak of; give a higher show rate, or a stricter rule"
    )
    return SettingError([Problem(("show_rate",), message)], "booking limit")
