"""Step series: cut to a span of time, and thinned without changing what is seen."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

BINS = 1500
"""More than a figure has pixels across."""


def between(series: pd.DataFrame, start: pd.Timestamp, end: pd.Timestamp) -> pd.DataFrame:
    """The part of a step series from `start` to `end`, with a row at each of them; zero before its first row."""
    at = series["at"]
    earlier, inside = series[at < start].tail(1), series[(at >= start) & (at <= end)]
    if earlier.empty:
        earlier = series.head(1).copy()
        earlier[earlier.columns.difference(["at"])] = 0
    later = inside.tail(1) if len(inside) else earlier
    part = pd.concat([earlier, inside, later], ignore_index=True)
    if len(part):
        part.loc[[0, len(part) - 1], "at"] = [start, end]
    return part


def thinned(series: pd.DataFrame, columns: Sequence[str], bins: int = BINS, by: str = "at") -> pd.DataFrame:
    """A step series with fewer rows that looks the same.

    Time is cut into equal parts, each narrower than a pixel; of each the first and the last row stay, and for every
    column a lowest and a highest one. So no peak is lost, and the level between the parts is exact.

    Args:
        series: Sorted by `by`.
        columns: What is drawn.
        bins: How many parts.
        by: An instant or a number.

    Returns:
        At most ``bins x (2 + 2 x columns)`` rows of the series, in their order; the series itself where it is short.
    """
    if len(series) <= bins:
        return series
    values = series[by]
    offsets = ((values - values.iloc[0]) / (values.iloc[-1] - values.iloc[0])).to_numpy(np.float64)
    part = np.minimum(np.nan_to_num(offsets) * bins, bins - 1).astype(np.int64)
    keep = np.zeros(len(series), bool)
    _mark_ends(keep, part, np.arange(len(series)))
    for column in columns:
        _mark_ends(keep, part, np.lexsort((series[column].to_numpy(), part)))
    return series[keep]


def _mark_ends(keep: NDArray[np.bool_], part: NDArray[np.int64], order: NDArray[np.int64]) -> None:
    """Mark the first and the last of each part in an order that goes part by part."""
    parts = part[order]
    changes = parts[1:] != parts[:-1]
    keep[order[np.r_[True, changes]]] = True
    keep[order[np.r_[changes, True]]] = True
