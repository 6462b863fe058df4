"""The single checks that the sections of a scenario are made of: numbers in range, shares that sum to 1."""

from __future__ import annotations

import datetime as dt
import difflib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import TypeAlias

from allocation.engine.errors import Problem
from allocation.scenario.distributions import Distribution, PerTier, support_of
from allocation.scenario.shapes import shape_problems
from allocation.scenario.wording import PROBLEMS_MAX, is_printable, short, shown

Path: TypeAlias = tuple[str | int, ...]

DECIMALS = 9
"""Shares of odd totals need more than the 6 decimals of rates: 425 of 8,925 is 0.047619048."""
SUM_TOLERANCE = Decimal("1e-9")
AMOUNT_MAX = 10**9
"""Largest amount of money, number of hours and the like."""
YEARS = (1970, 2999)
TIERS_MAX = 1000
_LISTED = 12
_COMPARED = 1000
"""Longer words, and words among more names than this, are compared with none."""


def suggestion(word: object, known: Iterable[object]) -> str:
    """How an unknown name's message ends: ``, did you mean overbooking?``, or what is known."""
    names = [str(name) for name in known]
    lowered = {name.lower(): name for name in names}
    if len(names) <= _COMPARED and len(str(word)) <= _COMPARED:
        close = difflib.get_close_matches(str(word).lower(), lowered, n=1)
        if close:
            return f", did you mean {short(lowered[close[0]])}?"
    more = ", ..." if len(names) > _LISTED else ""
    return f"; known: {', '.join(map(short, names[:_LISTED]))}{more}" if names else ""


class Hints:
    """Suggestions for the first unknown names of many, which are all that is listed."""

    def __init__(self, known: Iterable[object]) -> None:
        self.known = tuple(known)
        self.left = PROBLEMS_MAX

    def __call__(self, word: object) -> str:
        """How the message for the next unknown name ends."""
        self.left -= 1
        return suggestion(word, self.known) if self.left >= 0 else ""


def number(path: Path, value: object, low: int, high: int = AMOUNT_MAX) -> Iterator[Problem]:
    """A Decimal from low to high with few enough decimals."""
    if not isinstance(value, Decimal):
        yield Problem(path, f"{shown(value)} must be a Decimal, such as Decimal('1.05')")
    elif not value.is_finite() or not low <= value <= high:
        yield Problem(path, f"{shown(value)} is not between {low} and {high}")
    elif value != round(value, DECIMALS):
        yield Problem(path, f"{shown(value)} has more than {DECIMALS} decimals")


def above_zero(path: Path, value: object, high: int = AMOUNT_MAX) -> Iterator[Problem]:
    """A Decimal above 0."""
    if value == 0:
        yield Problem(path, "must be above 0")
    else:
        yield from number(path, value, 0, high)


def whole(path: Path, value: object, low: int, high: int) -> Iterator[Problem]:
    """A whole number from low to high."""
    if isinstance(value, bool) or not isinstance(value, int):
        yield Problem(path, f"{shown(value)} must be a whole number")
    elif not low <= value <= high:
        yield Problem(path, f"{shown(value)} is not between {low} and {high}")


def drawn(path: Path, value: Distribution, low: int, high: int = AMOUNT_MAX) -> Iterator[Problem]:
    """A number, or a distribution that makes sense and stays between low and high."""
    if isinstance(value, Decimal):
        yield from number(path, value, low, high)
        return
    shape = list(shape_problems(path, value))
    yield from shape
    if not shape:
        least, most = support_of(value)
        if least < low or most > high:
            yield Problem(path, f"can take values from {least} to {most}, which is not between {low} and {high}")


def drawn_by_tier(path: Path, value: PerTier, low: int, high: int = AMOUNT_MAX) -> Iterator[Problem]:
    """The same, for all tiers or for each."""
    if isinstance(value, Mapping):
        for tier, one in value.items():
            yield from drawn((*path, tier), one, low, high)
    else:
        yield from drawn(path, value, low, high)


def shares(path: Path, parts: Mapping[Path, Decimal]) -> Iterator[Problem]:
    """Shares, each from 0 to 1, that sum to 1; keys are their paths below ``path``."""
    problems = [p for key, share in parts.items() for p in number((*path, *key), share, 0, 1)]
    yield from problems
    total = sum(parts.values(), Decimal(0)) if not problems else Decimal(1)
    if abs(total - 1) > SUM_TOLERANCE:
        yield Problem(path, f"the shares sum to {total:f}; they must sum to 1")


def tiers(path: Path, named: Iterable[str], scores: Mapping[str, Decimal]) -> Iterator[Problem]:
    """Tiers that have a score in the policy."""
    hints = Hints(scores)
    for tier in named:
        if tier not in scores:
            hint = hints(tier)
            known = f" (policy.tiers has {', '.join(map(short, scores))})" if "did you mean" in hint else ""
            yield Problem((*path, tier), f"tier {short(tier)} has no score in policy.tiers{hint}{known}")


def tier_names(path: Path, names: Iterable[str]) -> Iterator[Problem]:
    """The names of the tiers of a policy, and how many they are."""
    named = list(names)
    if len(named) > TIERS_MAX:
        yield Problem(path, f"names {len(named)} tiers; at most {TIERS_MAX} are taken")
    for name in named:
        yield from text((*path, name), name)


def day(path: Path, value: dt.date) -> Iterator[Problem]:
    """A date of our times."""
    if not YEARS[0] <= value.year <= YEARS[1]:
        yield Problem(path, f"{value} is not between the years {YEARS[0]} and {YEARS[1]}")


def instant(path: Path, value: dt.datetime) -> Iterator[Problem]:
    """An instant with an offset, to the millisecond."""
    offset = value.utcoffset()
    if offset is None:
        yield Problem(path, f"{value.isoformat()} has no offset; write one, such as {value.isoformat()}-05:00")
    elif offset.total_seconds() % 60:
        yield Problem(path, f"{value.isoformat()} has an offset that is not in whole minutes")
    if value.microsecond % 1000:
        yield Problem(path, f"{value.isoformat()} is finer than a millisecond")
    yield from day(path, value.date())


def aware(values: Sequence[dt.datetime]) -> bool:
    """Whether instants can be compared: each has an offset."""
    return all(value.utcoffset() is not None for value in values)


def text(path: Path, value: str, longest: int = 200) -> Iterator[Problem]:
    """A text in one line that says something."""
    if not value.strip():
        yield Problem(path, "is empty")
    else:
        yield from line(path, value, longest)


def line(path: Path, value: str, longest: int = 200) -> Iterator[Problem]:
    """A text in one line, or none."""
    if not is_printable(value):
        yield Problem(path, f"{shown(value)} has characters that do not print; write it in one line without them")
    elif len(value) > longest:
        yield Problem(path, f"has {len(value)} characters; at most {longest} are taken")


def prose(path: Path, value: str) -> Iterator[Problem]:
    """A text of any length and any number of lines."""
    if not is_printable(value.replace("\n", "").replace("\t", "")):
        yield Problem(path, f"{shown(value)} has characters that do not print; leave them out")
