"""``allocation limit``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from allocation.cli.output import print_json, print_table
from allocation.engine.errors import Problem, SettingError
from allocation.overbooking import (
    Shows,
    booking_limit,
    booking_rate,
    expected_profit,
    limit_problems,
    shows_problems,
)

SCHEMA_VERSION = 1
_MEASURES = {
    "limit": "booking limit (units)",
    "rate": "rate (limit / capacity)",
    "oversold_probability": "P(oversold)",
    "expected_oversold_units": "expected oversold units",
    "expected_unsold_units": "expected unsold units",
    "expected_shows_units": "expected units that show up",
    "expected_profit": "expected profit",
}


def show_limit(method: str, group_size: str, revenue: str, numbers: Mapping[str, str | None], *, as_json: bool) -> None:
    """Print a booking limit and what to expect of it.

    Args:
        method: How to find the limit.
        group_size: Units of an order, or sizes with shares such as ``1:0.7,2:0.3``.
        revenue: Who pays.
        numbers: The other options as they were typed, so that all that is wrong with them is told together.
        as_json: Print one JSON object.
    """
    given: dict[str, Any] = {name: None if text is None else _number(text) for name, text in numbers.items()}
    given["capacity"] = _whole(numbers["capacity"] or "")
    economics: dict[str, Any] = {name: given[name] for name in ("margin", "denied_cost", "unsold_cost")}
    economics["revenue"] = revenue
    crowd = (given["show_rate"], given["rho"], _sizes(group_size))
    problems = [
        *shows_problems(*crowd),
        *limit_problems(method, given["capacity"], given["show_rate"], **economics, level=given["level"]),
    ]
    if problems:
        raise _by_option(problems)
    shows, capacity = Shows(*crowd), given["capacity"]
    try:
        limit = booking_limit(method, capacity, shows, **economics, level=given["level"])
    except SettingError as error:
        raise _by_option(error.problems) from None
    answer = _answer(capacity, limit, shows)
    if None not in economics.values():
        answer["expected_profit"] = expected_profit(capacity, limit, shows, **economics)
    if as_json:
        asked = {"method": method, **given, "revenue": revenue, "group_sizes": dict(shows.sizes)}
        print_json({"schema_version": SCHEMA_VERSION, **asked, **answer})
        return
    rows = [(text, _shown(name, answer[name])) for name, text in _MEASURES.items() if name in answer]
    print_table(f"Booking limit for {capacity:,} units ({method})", ("measure", "value"), rows)


def _by_option(problems: Iterable[Problem]) -> SettingError:
    """The problems, each once, named by the options that they are about."""
    named = [replace(problem, path=(f"--{problem.path[0]}".replace("_", "-"),)) for problem in problems]
    return SettingError(list(dict.fromkeys(named)), "limit")


def _answer(capacity: int, limit: int, shows: Shows) -> dict[str, Any]:
    rate = booking_rate(limit, capacity)
    return {
        "limit": limit,
        "rate": None if rate is None else float(rate),
        "oversold_probability": shows.oversold_probability(capacity, limit),
        "expected_oversold_units": shows.expected_oversold(capacity, limit),
        "expected_unsold_units": shows.expected_unsold(capacity, limit),
        "expected_shows_units": shows.mean(limit),
    }


def _shown(name: str, value: Any) -> str:
    if value is None:
        return "-"
    if name == "oversold_probability":
        return f"{value:.4g}"
    return f"{value:,}" if name in ("limit", "rate") else f"{value:,.2f}"


def _number(text: str) -> Any:
    """The number; the text itself where it is none, to be refused with the rest."""
    try:
        return float(text)
    except ValueError:
        return text


def _whole(text: str) -> Any:
    try:
        return int(text)
    except ValueError:
        return text


def _sizes(text: str) -> tuple[tuple[Any, Any], ...]:
    """``2``, or ``1:0.7,2:0.3``: the units of an order, and the share of the orders that have them."""
    pairs = [part.partition(":") for part in text.split(",")]
    return tuple((_whole(size), _number(share) if colon or len(pairs) > 1 else 1.0) for size, colon, share in pairs)
