"""What changed since an earlier night: counts, statuses, and the rate that earns most."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from allocation.analysis.against_forecast import COUNTED
from allocation.analysis.tables import rate_text
from allocation.engine.errors import SettingError

GONE = "NOT IN THE BOOK"
BOOK, SUMMARY = "book.parquet", "summary.json"


@dataclass(frozen=True)
class EarlierNight:
    """What was kept of a launch in an earlier night.

    Attributes:
        night: Its date.
        standing: Counts as `standing_compared` names them.
        best_rate: The rate that earned most, of those tried then.
        book: As `book_frame` gives it.
    """

    night: str
    standing: Mapping[str, int]
    best_rate: float
    book: pd.DataFrame


def read_night(folder: Path, night: str) -> EarlierNight:
    """Read what the report of an earlier night has kept.

    Raises:
        SettingError: It cannot be read, or is not what a report keeps.
    """
    try:
        kept: Mapping[str, Any] = json.loads((folder / SUMMARY).read_text(encoding="utf-8"))
        book = pd.read_parquet(folder / BOOK)
        return EarlierNight(night, dict(kept["standing"]), float(kept["best_rate"]), book)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SettingError(f"{folder}: the numbers of the night of {night} cannot be read: {error}") from error


def counts_changed(now: Mapping[str, int], before: EarlierNight) -> pd.DataFrame:
    """Counts tonight and in an earlier night.

    Returns:
        One row a count that both know: ``what``, ``before``, ``tonight`` and ``change``.
    """
    rows = [
        {"what": what, "before": before.standing[name], "tonight": now[name]}
        for name, what in COUNTED.items()
        if name in now and name in before.standing
    ]
    frame = pd.DataFrame(rows, columns=["what", "before", "tonight"])
    return frame.assign(change=frame["tonight"] - frame["before"])


def recommendation_sentence(best_rate: float, before: EarlierNight) -> str:
    """Whether another rate earns most than in an earlier night."""
    tonight, then = rate_text(best_rate), rate_text(before.best_rate)
    if tonight == then:
        return f"Of the rates tried, {tonight} earns most, as it did then."
    return f"Of the rates tried, {tonight} earns most; then it was {then}."


def statuses_changed(now: pd.DataFrame, before: EarlierNight) -> pd.DataFrame:
    """Which reservations stand elsewhere than in an earlier night.

    Args:
        now: As `book_frame` gives it.
        before: The earlier night.

    Returns:
        One row for each pair of statuses that differ: ``before``, ``tonight``, ``reservations`` and ``units``, the most
        frequent first. What only one of the two books has is `GONE` in the other.
    """
    both = before.book.merge(now, on="reservation_id", how="outer", suffixes=("_before", "_now"))
    quantity = both["quantity_now"].fillna(both["quantity_before"]).astype("int64")
    states = both[["status_before", "status_now"]].fillna(GONE).set_axis(["before", "tonight"], axis="columns")
    moved = states.assign(reservations=1, units=quantity)[states["before"] != states["tonight"]]
    counted = moved.groupby(["before", "tonight"], as_index=False)[["reservations", "units"]].sum()
    return counted.sort_values(["reservations", "before", "tonight"], ascending=[False, True, True], ignore_index=True)


def change_sentence(before: EarlierNight, moved: pd.DataFrame) -> str:
    """How much changed, in a sentence."""
    count = int(moved["reservations"].sum())
    if not count:
        return f"Since the night of {before.night} no reservation has changed its status."
    return f"Since the night of {before.night} {count:,} reservations have come, gone or changed their status."
