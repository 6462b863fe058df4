"""Sentences that are built from numbers: the answer of each report, and what a figure rests on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from allocation.analysis.by_tier import tiers_by_score
from allocation.analysis.priority_formula import PriorityErrors, lead_hours
from allocation.tape import Run

_ROUNDED_AWAY = 0.5
# It does not break at the end of a line.
_N = "n\u00a0=\u00a0"


def overbooking_answer(run: Run, headlines: pd.DataFrame, currency: str) -> str:
    """What overbooking at the configured rate leads to, with its uncertainty.

    Args:
        run: For its policy.
        headlines: As `headline_intervals` gives it.
        currency: Of the profit.
    """
    rows = headlines.set_index("measure")
    told = {name: with_half_width(rows.loc[name, "mean"], rows.loc[name, "half_width"]) for name in rows.index}
    n, confidence = int(rows["n"].iloc[0]), float(rows["confidence"].iloc[0])
    return (
        f"Overbooking at a rate of {run.policy.overbooking.rate} confirms {told['confirmed_at_cutoff_units']} units "
        f"at the cut-offs for {told['supply_units']} units of supply: {told['allocated_units']} are allocated, "
        f"{told['oversold_units']} are oversold and {told['unsold_units']} stay unsold, for a profit of {currency} "
        f"{told['profit']} (means of {n} replications, {confidence:.0%} t intervals)."
    )


def priority_answer(run: Run, errors: PriorityErrors) -> str:
    """Who got a promise and a unit, and what the published formula would have done to the order."""
    tiers: Mapping[str, Mapping[str, int]] = run.summary["by_tier"]
    parts = []
    for tier in tiers_by_score(run):
        counts = tiers[tier]
        share = counts["allocated"] / counts["orders"]
        parts.append(f"{counts['allocated']:,} of {counts['orders']:,} {tier} ({share:.1%})")
    return f"{_listed(parts)} reservations are allocated; {priority_sentence(run, errors)}"


def priority_sentence(run: Run, errors: PriorityErrors) -> str:
    """What the published formula gets wrong, and why."""
    formula = "the published formula, score × 1,000,000 − milliseconds,"
    lead = errors.by_tiers["lead_hours"].min()
    if not errors.pairs:
        return f"{formula} has nothing to get wrong here: no later order has a higher score than an earlier one."
    if not errors.wrong_pairs:
        span = _hours_of_orders(run)
        return (
            f"{formula} gets none of {errors.pairs:,} pairs wrong, only because all orders came within {span:.1f} "
            f"hours: it forgets a lead of 50 points after {lead_hours(50):.1f} hours."
        )
    return (
        f"{formula} puts {errors.wrong_pairs:,} of {errors.pairs:,} pairs ({errors.share_wrong:.1%}) in the wrong "
        f"order, because it forgets a tier's lead after {lead:.1f} hours; {errors.overtaken:,} reservations are "
        "overtaken by one of a lower score."
    )


def example_sentence(errors: PriorityErrors) -> str:
    """One pair that the published formula gets wrong, told."""
    pair: Mapping[str, Any] | None = errors.example
    if pair is None:
        return "There is no pair that the published formula orders wrongly."
    return (
        f"For example {pair['later']} ({pair['later_tier']}, placed {_minute(pair['later_at'])}) comes first by the "
        f"rules, but the formula puts {pair['overtaken_by']:,} earlier reservations of a lower score before it, down "
        f"to {pair['earlier']} ({pair['earlier_tier']}, placed {_minute(pair['earlier_at'])}), "
        f"{pair['hours_apart']:.1f} hours earlier."
    )


def one_run(run: Run) -> str:
    """What a figure of a single replication rests on: n, seed and replication."""
    known = run.manifest
    drawn = f"; seed {known['seed']}, replication {known['replication']}" if "seed" in known else ""
    return f"One replication, {_N}{len(run.reservations):,} reservations{drawn}."


def many_runs(replicated: pd.DataFrame, seed: int, confidence: float = 0.95) -> str:
    """What a figure of several replications rests on: n, seed and what the bars mean."""
    n = len(replicated)
    return (
        f"Means of {_N}{n} replications, numbers 0 to {n - 1} of seed {seed}; whiskers and ± are {confidence:.0%} "
        "t intervals for the mean."
    )


def with_half_width(mean: float, half_width: float) -> str:
    """A mean and its half-width in whole units; one that rounds to nothing is left out.

    >>> with_half_width(8366.4, 12.7), with_half_width(8755.0, 0.0)
    ('8,366 ± 13', '8,755')
    """
    return f"{mean:,.0f}" + (f" ± {half_width:,.0f}" if half_width >= _ROUNDED_AWAY else "")


def _listed(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def _minute(instant: str) -> str:
    return f"{pd.Timestamp(instant):%Y-%m-%d %H:%M}"


def _hours_of_orders(run: Run) -> float:
    placed = run.reservations["placed_at"]
    return float((placed.max() - placed.min()) / pd.Timedelta(hours=1))
