"""What the numbers of an overbooking question must be; every problem is found, not only the first.

The checks take whatever was given, a text that is no number too, and say what to do.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from allocation.engine.errors import Problem, SettingError

CAPACITY_MAX = 10**9
"""Quantities are whole numbers up to this."""
AMOUNT_MAX = 10**9
"""Largest margin or cost of a unit."""
RATE_MAX = 1000
"""No limit above a thousand times the capacity: such a rate is a slip of the pen."""
REVENUES = ("shows", "booked")
SERVICES = ("type1", "type2")
_SIZES_MAX = 1000
_SUM_TOLERANCE = 1e-9
_TOLD = 40


def require(problems: Iterable[Problem], subject: str) -> None:
    """Raise everything that is wrong at once.

    Raises:
        SettingError: There is a problem.
    """
    found = list(dict.fromkeys(problems))
    if found:
        raise SettingError(found, subject)


def capacity_problems(value: object, name: str = "capacity", most: int = CAPACITY_MAX) -> Iterator[Problem]:
    """A whole number of units."""
    if not isinstance(value, int | np.integer) or isinstance(value, bool):
        yield Problem((name,), f"{told(value)} is no whole number of units; give one from 0 to {most}")
    elif not 0 <= value <= most:
        yield Problem((name,), f"{told(value)} is not between 0 and {most}; give a whole number of units")


def probability_problems(name: str, value: object) -> Iterator[Problem]:
    """A probability, 0 and 1 included."""
    if not _is_between(value, 1):
        yield Problem((name,), f"{told(value)} is not between 0 and 1; give a probability")


def rate_problems(value: object) -> Iterator[Problem]:
    """A show rate for which a limit can be found."""
    yield from probability_problems("show_rate", value)
    if value == 0:
        yield Problem(("show_rate",), "at 0 nobody shows up, and there is no finite limit; give a rate above 0")


def level_problems(value: object) -> Iterator[Problem]:
    """A service level that permits less than everything."""
    yield from probability_problems("level", value)
    if value == 1:
        yield Problem(("level",), "at 1 every risk is permitted, and there is no finite limit; give a level below 1")


def amount_problems(name: str, value: object) -> Iterator[Problem]:
    """Money for one unit."""
    if not _is_between(value, AMOUNT_MAX):
        yield Problem((name,), f"{told(value)} is not between 0 and {AMOUNT_MAX}; give an amount of money for one unit")


def choice_problems(name: str, value: object, known: Sequence[str]) -> Iterator[Problem]:
    """One of a few words."""
    if value not in known:
        yield Problem((name,), f"{told(value)} is not one of {', '.join(known)}; give one of these")


def sizes_problems(sizes: Sequence[tuple[object, object]]) -> Iterator[Problem]:
    """Sizes of orders, each with its share of the orders."""
    path = ("group_size",)
    if not 0 < len(sizes) <= _SIZES_MAX:
        yield Problem(path, f"{len(sizes)} sizes are not between 1 and {_SIZES_MAX}; give each size with its share")
        return
    wrong = [problem for size, share in sizes for problem in _size_problems(size, share)]
    yield from wrong
    if wrong:
        return
    total = float(sum(share for _, share in sizes))  # type: ignore[misc]  # just checked to be numbers
    if abs(total - 1) > _SUM_TOLERANCE:
        yield Problem(path, f"the shares sum to {total:.9g}; they must sum to 1")
    if len({size for size, _ in sizes}) < len(sizes):
        yield Problem(path, "names a size twice; give each size once, with its share of the orders")


def _size_problems(size: object, share: object) -> Iterator[Problem]:
    for problem in capacity_problems(size, "group_size"):
        yield problem
        return
    if size == 0:
        yield Problem(("group_size",), "0 units are no order; give a size of 1 or more")
    if not _is_between(share, 1):
        yield Problem(("group_size",), f"{told(share)} is not between 0 and 1; give the share of the orders of a size")


def told(value: object) -> str:
    """A value in a message: short and in one line."""
    if isinstance(value, int) and abs(value) > 10**_TOLD:
        return f"a number of more than {_TOLD} digits"
    text = repr(value) if isinstance(value, str) else str(value)
    return text if len(text) <= _TOLD else text[:_TOLD] + "..."


def _is_between(value: object, most: float) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float | np.integer | np.floating):
        return False
    return bool(0 <= value <= most)  # not of NaN
