"""A history of past reservations, read carefully: what can be used, and every row that cannot with its reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path

import pandas as pd

from allocation.calibration.reading import Texts, read_texts
from allocation.calibration.rows import Row, parsed_rows
from allocation.calibration.settings import MEANINGS, Settings
from allocation.engine.errors import HistoryError, Problem
from allocation.engine.instants import from_milliseconds, milliseconds
from allocation.scenario.ranges import suggestion
from allocation.scenario.wording import listed, shown
from allocation.tape.folders import file_digest

ROWS_MIN = 30
"""Fewer good rows say nothing that could be told from chance."""


@dataclass(frozen=True, slots=True, eq=False)
class History:
    """Past reservations.

    Attributes:
        source: Name of the file.
        digest: Its SHA-256, in hexadecimal.
        frame: One row a reservation, in the order of the file: ``placed``, ``left`` (when it got its status; of an open
            one when the history ends) and ``due``, milliseconds since 1970 UTC; ``meaning``, one of `MEANINGS` but
            ``omitted``; ``tier`` and ``quantity`` where the file has them.
        left_out: Every row that could not be used, with its place and why.
        omitted: Rows whose status says that they are to be left out.
        ends: When the history ends, milliseconds.
        is_dated: Whether statuses, and whether placements, have a date only.
        timezone: IANA name of the zone of its dates; None where nobody said.
        notes: What had to be assumed to read it.
    """

    source: str
    digest: str
    frame: pd.DataFrame
    left_out: tuple[Problem, ...]
    omitted: int
    ends: int
    is_dated: tuple[bool, bool]
    timezone: str | None
    notes: tuple[str, ...]

    @property
    def rows(self) -> int:
        """Rows of the file."""
        return len(self.frame) + len(self.left_out) + self.omitted


def read_history(path: str | Path, settings: Settings | None = None) -> History:
    """Read a CSV or Parquet file of past reservations.

    A date stands for its noon, and the status of a day on which the reservation was placed is not before it. A local
    instant that there was twice is the first one.

    Args:
        path: The file; one that ends with ``.parquet`` is Parquet, any other CSV.
        settings: What its columns and words mean.

    Raises:
        HistoryError: The file cannot be read; a column is missing; a status has no meaning; instants have no offset and
            no time zone was given; nobody says when reservations were due; or too few rows are left.
    """
    path, settings = Path(path), settings or Settings()
    texts = read_texts(path, settings)
    _check_words(texts, settings)
    rows, problems, omitted = parsed_rows(texts, settings)
    ends = milliseconds(settings.ends) if settings.ends is not None else _last_instant(rows)
    rows, late = _within(rows, ends)
    left_out = tuple(sorted([*texts.problems, *problems, *late], key=_order))
    if len(rows) < ROWS_MIN:
        few = f"{texts.source}: {len(rows)} good rows are too few for an estimate; at least {ROWS_MIN} are needed"
        raise HistoryError(listed(left_out), few) if left_out else HistoryError(few)
    due, notes = _common_due(rows, settings)
    frame = pd.DataFrame(
        {
            "placed": [row.placed.ms for row in rows],
            "left": [_left(row, ends) for row in rows],
            "due": [due if row.due is None else row.due.ms for row in rows],
            "meaning": pd.Categorical([row.meaning for row in rows], categories=MEANINGS[:-1]),
            **({"tier": [row.tier for row in rows]} if "tier" in texts.columns else {}),
            **({"quantity": [row.quantity for row in rows]} if "quantity" in texts.columns else {}),
        }
    )
    is_dated = any(row.left is not None and row.left.is_date for row in rows), any(row.placed.is_date for row in rows)
    notes += _notes(rows, settings)
    return History(texts.source, file_digest(path), frame, left_out, omitted, ends, is_dated, settings.timezone, notes)


def _order(problem: Problem) -> int:
    return int("".join(filter(str.isdigit, problem.place.rpartition(":")[2])) or 0)


def _check_words(texts: Texts, settings: Settings) -> None:
    """Every status must have a meaning: rows left out by their status would bend every estimate."""
    counts = Counter(texts.columns["status"])
    firsts = dict(zip(reversed(texts.columns["status"]), reversed(texts.places), strict=True))
    problems = [
        Problem((), f"status {shown(word)} ({count:,} rows) has no meaning here; say --status '{word}={_guess(word)}', "
                f"or one of {', '.join(MEANINGS)}", firsts[word])
        for word, count in counts.items() if word and settings.meaning(word) is None
    ]  # fmt: skip
    problems += [
        Problem(("statuses",), f"no row of {texts.source} has the status {shown(word)}{suggestion(word, counts)}")
        for word in settings.statuses
        if word not in counts
    ]
    if problems:
        raise HistoryError(listed(problems), f"statuses of {texts.source}")


def _guess(word: str) -> str:
    hint = suggestion(word, MEANINGS)
    return hint.removeprefix(", did you mean ").removesuffix("?") if "did you mean" in hint else "served"


def _last_instant(rows: Sequence[Row]) -> int:
    return max((max(row.placed.ms, row.left.ms if row.left else row.placed.ms) for row in rows), default=0)


def _within(rows: Sequence[Row], ends: int) -> tuple[list[Row], list[Problem]]:
    """Rows that the history can know, and what is wrong with those from after its end."""
    end = from_milliseconds(ends).isoformat()
    after = [row for row in rows if _last_instant([row]) > ends]
    problems = [Problem((), f"is from after the end of the history, {end}", row.place) for row in after]
    return [row for row in rows if _last_instant([row]) <= ends], problems


def _left(row: Row, ends: int) -> int:
    return ends if row.left is None else row.left.ms


def _common_due(rows: Sequence[Row], settings: Settings) -> tuple[int, tuple[str, ...]]:
    """When reservations were due that do not say so themselves."""
    without = sum(row.due is None for row in rows)
    if not without:
        return 0, ()
    if settings.due is not None:
        return milliseconds(settings.due), ()
    served = [row.left.ms for row in rows if row.left is not None and row.meaning == "served"]
    if not served:
        raise HistoryError("nobody was served in this history, so nothing says when reservations were due; give --due, "
                           "or a column of the role due")  # fmt: skip
    due = max(served)
    return due, (f"Reservations are taken to have been due when the last one was served, {_minute(due, settings)}.",)


def _notes(rows: Sequence[Row], settings: Settings) -> tuple[str, ...]:
    instants = [instant for row in rows for instant in (row.placed, row.left, row.due) if instant is not None]
    naive = sum(instant.is_naive for instant in instants)
    if not naive:
        return ()
    if settings.zone is None:
        raise HistoryError(f"{naive:,} of {len(instants):,} instants have no offset, so nobody knows when they were; "
                           "say in which zone they are meant, such as --timezone America/New_York")  # fmt: skip
    what = "Dates stand for noon, and instants" if any(instant.is_date for instant in instants) else "Instants"
    return (f"{what} without an offset are meant in {settings.timezone}.",)


def _minute(ms: int, settings: Settings) -> str:
    return from_milliseconds(ms).astimezone(settings.zone or UTC).isoformat(timespec="minutes")
