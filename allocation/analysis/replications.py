"""What the mean of several replications of a launch tells."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict

import pandas as pd

from allocation.statistics import mean_interval

HEADLINES: Mapping[str, str] = {
    "orders": "orders",
    "supply_units": "units of supply",
    "confirmed_at_cutoff_units": "units confirmed at the cut-offs",
    "allocated_units": "units allocated",
    "oversold_units": "units oversold",
    "unsold_units": "units unsold",
    "profit": "profit",
}
"""The measures of a summary that a decision looks at first, with what they are called."""


def headline_intervals(replicated: pd.DataFrame, confidence: float = 0.95) -> pd.DataFrame:
    """The mean of each headline measure over replications, with its t interval.

    Args:
        replicated: As `allocation.montecarlo.replicate` gives it; at least two rows.
        confidence: Of each interval by itself.

    Returns:
        One row a measure of `HEADLINES`: ``measure``, ``what`` it is, ``mean``, ``half_width``, ``low``, ``high``,
        ``n`` and ``confidence``. Units, and money for the profit.
    """
    rows = []
    for name, what in HEADLINES.items():
        interval = mean_interval(replicated[name], confidence)
        rows.append({"measure": name, "what": what, "low": interval.low, "high": interval.high} | asdict(interval))
    columns = ["measure", "what", "mean", "half_width", "low", "high", "n", "confidence"]
    return pd.DataFrame(rows)[columns]


def headline_table(headlines: pd.DataFrame) -> pd.DataFrame:
    """`headline_intervals` for reading: ``mean of``, ``mean``, ``half_width``, ``low`` and ``high``."""
    return headlines[["what", "mean", "half_width", "low", "high"]].rename(columns={"what": "mean of"})
