"""The ways to find a limit, by name."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

from allocation.engine.errors import Problem
from allocation.overbooking.checks import (
    REVENUES,
    SERVICES,
    amount_problems,
    capacity_problems,
    choice_problems,
    level_problems,
    rate_problems,
    require,
)
from allocation.overbooking.economics import balance_problems
from allocation.overbooking.limits import deterministic_limit, economic_limit, hybrid_limit, service_limit
from allocation.overbooking.normal import normal_limit
from allocation.overbooking.shows import Shows

METHODS = ("economic", "type1", "type2", "hybrid", "normal", "deterministic")
_WEIGHING = ("economic", "hybrid", "normal")
LEVEL = 0.05


def booking_limit(
    method: str,
    capacity: int,
    shows: Shows,
    margin: float | None = None,
    denied_cost: float | None = None,
    unsold_cost: float = 0.0,
    revenue: str = "shows",
    level: float = LEVEL,
) -> int:
    """The limit, in units, by one of METHODS; sources and examples are with the function of each.

    Args:
        method: ``economic`` (``economic_limit``), ``type1`` or ``type2`` (``service_limit``), ``hybrid``
            (``hybrid_limit`` with type 1), ``normal`` (``normal_limit``), ``deterministic`` (``deterministic_limit``).
        capacity: Units, from 0 to 10^9.
        shows: Who shows up.
        margin: What a served unit earns, in money; only economic, hybrid and normal need it.
        denied_cost: What a denied unit loses on top of the margin that it does not earn; the same need it.
        unsold_cost: What a unit loses that nobody takes, on top of the margin.
        revenue: ``shows`` or ``booked``.
        level: For the service limits and hybrid.

    Raises:
        SettingError: Something is missing or out of range, or there is no finite limit; every problem is listed.

    >>> {method: booking_limit(method, 1000, Shows(0.95), 1, 3) for method in METHODS}
    {'economic': 1048, 'type1': 1041, 'type2': 1108, 'hybrid': 1041, 'normal': 1047, 'deterministic': 1052}
    """
    require(
        limit_problems(method, capacity, shows.show_rate, margin, denied_cost, unsold_cost, revenue, level),
        "booking limit",
    )
    if method in SERVICES:
        return service_limit(capacity, shows, level, method)
    if method == "deterministic":
        return deterministic_limit(capacity, shows.show_rate)
    # The methods that are left need both.
    margin, denied_cost = cast("float", margin), cast("float", denied_cost)
    if method == "hybrid":
        return hybrid_limit(capacity, shows, margin, denied_cost, level, unsold_cost, revenue)
    find = economic_limit if method == "economic" else normal_limit
    return find(capacity, shows, margin, denied_cost, unsold_cost, revenue)


def limit_problems(
    method: object,
    capacity: object,
    show_rate: object,
    margin: object,
    denied_cost: object,
    unsold_cost: object,
    revenue: object,
    level: object,
) -> list[Problem]:
    """What is wrong with the arguments of ``booking_limit``, all of it, whatever they are."""
    weighs = method in _WEIGHING
    problems = [
        *choice_problems("method", method, METHODS),
        *capacity_problems(capacity),
        *rate_problems(show_rate),
        *level_problems(level),
        *_amount_problems("margin", margin, weighs),
        *_amount_problems("denied_cost", denied_cost, weighs),
        *amount_problems("unsold_cost", unsold_cost),
        *choice_problems("revenue", revenue, REVENUES),
    ]
    if weighs and not problems:
        return list(balance_problems(show_rate, margin, denied_cost, unsold_cost, revenue))  # type: ignore[arg-type]
    return problems


def _amount_problems(name: str, value: object, is_needed: bool) -> Iterator[Problem]:
    if value is not None:
        yield from amount_problems(name, value)
    elif is_needed:
        yield Problem((name,), "is missing; this method weighs the margin against the denied cost, so give both")
