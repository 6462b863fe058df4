"""Sentences that are built from numbers: the answer of each report, and what a figure rests on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from allocation.analysis.priority_formula import PriorityErrors, lead_hours
from allocation.analysis.rate_curve import rate_in_force, setting_of
from allocation.analysis.recorded import now_words
from allocation.analysis.regimes import Regime, regime_of
from allocation.analysis.tables import rate_text
from allocation.montecarlo import Sweep
from allocation.scenario.schema import Scenario
from allocation.statistics import Interval, paired_difference
from allocation.tape import Run

_ROUNDED_AWAY = 0.5
# It does not break at the end of a line.
_N = "n\u00a0=\u00a0"


def overbooking_answer(scenario: Scenario, headlines: pd.DataFrame, swept: Sweep) -> str:
    """What overbooking as configured leads to, which regime that is, and what another rate would change.

    Args:
        scenario: For its policy and currency.
        headlines: As `headline_intervals` gives it.
        swept: Over rates, as `sweep_rates` gives it.
    """
    rows = headlines.set_index("measure")
    told = {name: with_half_width(rows.loc[name, "mean"], rows.loc[name, "half_width"]) for name in rows.index}
    n, confidence = int(rows["n"].iloc[0]), float(rows["confidence"].iloc[0])
    return (
        f"Overbooking {_way(scenario)} confirms {told['confirmed_at_cutoff_units']} units "
        f"at the cut-offs for {told['supply_units']} units of supply: {told['allocated_units']} are allocated, "
        f"{told['oversold_units']} are oversold and {told['unsold_units']} stay unsold, for a profit of "
        f"{scenario.currency} {told['profit']} (means of {n} replications, {confidence:.0%} t intervals). "
        f"{regime_clause(regime_of(swept))}; {_other_rate(scenario, swept)}."
    )


def _way(scenario: Scenario) -> str:
    overbooking = scenario.policy.overbooking
    if overbooking.is_one_rate:
        return f"at a rate of {rate_text(overbooking.rate)}"
    return "at rates by category" if overbooking.method == "constant" else f"by the {overbooking.method} method"


def regime_clause(regime: Regime) -> str:
    """The regime of a launch in a clause with its numbers."""
    n = regime.short.n
    if regime.name == "demand is short":
        return (
            f"Demand is short: units ordered do not exceed the supply in {regime.short.successes} of {n} replications, "
            "so the limit hardly binds"
        )
    if regime.name == "the queue repairs everything":
        return (
            f"The queue repairs everything: nothing stays unsold at a rate of 1.00 in any of {n} replications, so a "
            "higher rate sells nothing more, it only oversells"
        )
    return (
        f"Attrition is late: {_of_interval(regime.unsold)} of {_of_interval(regime.supply)} units stay unsold at a "
        "rate of 1.00, the most that overbooking can sell"
    )


def regime_sentence(regime: Regime, scenario: Scenario) -> str:
    """The regime of a launch with its numbers, their uncertainty, and the most that overbooking can win.

    Each further unit that is sold earns its margin and saves the cost of an unsold one.
    """
    clause, economics, currency = regime_clause(regime), scenario.economics, scenario.currency
    basis = f"(means of {regime.short.n} replications, {regime.unsold.confidence:.0%} t intervals)"
    forfeits = ", apart from the forfeits of those who leave" if economics.forfeit else ""
    if regime.name == "demand is short":
        return (
            f"{clause}. {_of_interval(regime.unsold)} of {_of_interval(regime.supply)} units stay unsold at a rate of "
            f"1.00, mostly for want of orders {basis}."
        )
    if regime.name == "the queue repairs everything":
        return (
            f"{clause}. It wins nothing{forfeits}; by Wilson's {regime.anything_unsold.confidence:.0%} interval, "
            f"anything stays unsold in {regime.anything_unsold.high:.1%} of such launches at most."
        )
    worth = float(economics.margin + economics.unsold_cost)
    most = with_half_width(worth * regime.unsold.mean, worth * regime.unsold.half_width)
    return (
        f"{clause}. At {currency} {worth:,.2f} a unit (its margin, and the saved cost of an unsold one) it can win "
        f"{currency} {most} at most{forfeits} {basis}."
    )


def _of_interval(interval: Interval) -> str:
    return with_half_width(interval.mean, interval.half_width)


def _other_rate(scenario: Scenario, swept: Sweep) -> str:
    """What the best of the rates tried earns beside the one in force."""
    in_force = rate_in_force(scenario)
    own = None if in_force is None else setting_of(swept, in_force)
    means = [float(swept.of(number)["profit"].mean()) for number in range(len(swept.settings))]
    best = means.index(max(means))
    rate = rate_text(swept.settings[best].chosen[0])
    if in_force is None or own is None:
        return f"of the rates tried, {rate} earns most"
    if means[own] == means[best]:
        return f"of the rates tried, none earns more than {rate_text(in_force)}"
    gain = paired_difference(swept.of(best)["profit"], swept.of(own)["profit"]).difference
    doubt = "" if gain.low > 0 else ", which may be chance"
    return (
        f"of the rates tried, {rate} earns most, {scenario.currency} {_of_interval(gain)} more than "
        f"{rate_text(in_force)}{doubt}"
    )


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
    """What a figure of one launch rests on: n, and until when it was recorded, or seed and replication."""
    known = run.manifest
    if "recorded" in known:
        return f"As recorded until {now_words(run)}; {_N}{len(run.reservations):,} reservations."
    drawn = f"; seed {known['seed']}, replication {known['replication']}" if "seed" in known else ""
    return f"One replication, {_N}{len(run.reservations):,} reservations{drawn}."


def many_runs(n: int, seed: int, confidence: float = 0.95) -> str:
    """What a figure of several replications rests on: n, seed and what the bars mean."""
    return (
        f"Means of {_N}{n} replications, numbers 0 to {n - 1} of seed {seed}; whiskers and ± are {confidence:.0%} "
        "t intervals for the mean."
    )


def same_runs(n: int, seed: int, confidence: float = 0.95) -> str:
    """What a comparison of settings rests on: n, seed, and what whiskers mean."""
    return (
        f"{_N}{n} replications, numbers 0 to {n - 1} of seed {seed}, with the same customers and supply under every "
        f"setting; whiskers and ± are {confidence:.0%} t intervals for the mean, each by itself, and for the share of "
        "launches Wilson's."
    )


def basis_of(frame: pd.DataFrame, seed: int) -> str:
    """What a figure rests on whose bands are explained beside it: n, which its frame has, and seed."""
    n = int(frame["n"].max()) if len(frame) else 0
    return f"{_N}{n} replications, numbers 0 to {max(n - 1, 0)} of seed {seed}."


PAIRED = (
    "Differences are paired by replication; the variance ratio is how many times as many replications they would take "
    "if each setting had other customers."
)
"""How settings are compared."""


def with_half_width(mean: float, half_width: float) -> str:
    """A mean and its half-width in whole units; one that rounds to nothing is left out.

    >>> with_half_width(8366.4, 12.7), with_half_width(8755.0, 0.0)
    ('8,366 ± 13', '8,755')
    """
    return f"{mean:,.0f}" + (f" ± {half_width:,.0f}" if half_width >= _ROUNDED_AWAY else "")


def _minute(instant: str) -> str:
    return f"{pd.Timestamp(instant):%Y-%m-%d %H:%M}"


def _hours_of_orders(run: Run) -> float:
    placed = run.reservations["placed_at"]
    return float((placed.max() - placed.min()) / pd.Timedelta(hours=1))
