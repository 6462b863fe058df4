"""What a row of a history says, or why it cannot be used."""

from __future__ import annotations

from datetime import UTC, datetime, time
from typing import NamedTuple

from allocation.calibration.reading import Texts
from allocation.calibration.settings import Settings
from allocation.engine.errors import Problem
from allocation.engine.instants import from_milliseconds, milliseconds
from allocation.engine.policy import QUANTITY_MAX
from allocation.scenario.ranges import YEARS
from allocation.scenario.wording import shown

_NOON = time(12)
_DATE = len("2025-11-15")


class Instant(NamedTuple):
    """An instant, milliseconds; whether it was a date; whether it had no offset."""

    ms: int
    is_date: bool
    is_naive: bool


class Row(NamedTuple):
    """What a row says; `left` and `due` are None where it does not."""

    place: str
    placed: Instant
    meaning: str
    left: Instant | None
    due: Instant | None
    tier: str
    quantity: int


def parsed_rows(texts: Texts, settings: Settings) -> tuple[list[Row], list[Problem], int]:
    """The rows that can be read, what is wrong with the others, and how many are to be left out."""
    rows, problems, omitted = [], [], 0
    names = tuple(texts.columns)
    for place, values in zip(texts.places, zip(*texts.columns.values(), strict=True), strict=True):
        found = dict(zip(names, values, strict=True))
        if settings.meaning(found["status"]) == "omitted":
            omitted += 1
            continue
        try:
            rows.append(_row(place, found, settings))
        except ValueError as error:
            problems.append(Problem((), str(error), place))
    return rows, problems, omitted


def _row(place: str, found: dict[str, str], settings: Settings) -> Row:
    if not found["status"]:
        raise ValueError("has no status")
    meaning = settings.meaning(found["status"]) or ""
    placed = _instant(found["placed"], "placed", settings)
    left = None if meaning == "open" else _instant(found["status_at"], "status_at", settings)
    if left is not None and left.ms < placed.ms:
        if not _is_same_day(placed, left, settings):
            raise ValueError(f"its status of {found['status_at']} is before it was placed, {found['placed']}")
        left = left._replace(ms=placed.ms)
    due = None
    if "due" in found and (found["due"] or settings.due is None):
        due = _instant(found["due"], "due", settings)
    tier = settings.tiers.get(found.get("tier", ""), found.get("tier", ""))
    if "tier" in found and not tier:
        raise ValueError("has no tier")
    return Row(place, placed, meaning, left, due, tier, _quantity(found["quantity"]) if "quantity" in found else 1)


def _is_same_day(placed: Instant, left: Instant, settings: Settings) -> bool:
    """Whether a date, which stands for its noon, is only by that before another instant."""
    if not (placed.is_date or left.is_date):
        return False
    zone = settings.zone or UTC
    days = {from_milliseconds(instant.ms).astimezone(zone).date() for instant in (placed, left)}
    return len(days) == 1


def _instant(text: str, name: str, settings: Settings) -> Instant:
    if not text:
        raise ValueError(f"has no {name}")
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(
            f"{name} {shown(text)} is no instant or date; write 2025-11-15T02:00:00Z or 2025-11-15"
        ) from None
    if not YEARS[0] <= at.year <= YEARS[1]:
        raise ValueError(f"{name} {shown(text)} is not between the years {YEARS[0]} and {YEARS[1]}")
    is_date, is_naive = len(text) == _DATE, at.tzinfo is None
    if is_naive:
        # Without a zone this is refused for the whole file, later, when it is known how many rows have none.
        at = datetime.combine(at.date(), _NOON if is_date else at.time(), settings.zone or UTC)
    return Instant(milliseconds(at), is_date, is_naive)


def _quantity(text: str) -> int:
    whole = text.removesuffix(".0")
    if not (whole.isascii() and whole.isdecimal()) or len(whole) > len(str(QUANTITY_MAX)):
        raise ValueError(f"quantity {shown(text)} is no whole number")
    if not 1 <= int(whole) <= QUANTITY_MAX:
        raise ValueError(f"quantity {shown(text)} is not between 1 and {QUANTITY_MAX}")
    return int(whole)
