"""What a comparison of policies says: differences, gains against first come, waiting, each with its interval."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
from scipy.special import stdtrit

from allocation.analysis.policies import FIRST_COME, IN_FORCE, MEASURES, TIER_MEASURES, PolicyComparison
from allocation.analysis.priority_formula import PriorityErrors
from allocation.analysis.tables import estimate_text
from allocation.analysis.wording import priority_sentence
from allocation.statistics import mean_interval, paired_difference
from allocation.tape import Run

ALL = "all"
_PERCENT = 100
_TIER_WORDS = {"share_served": "share served", "days_waiting": "days waiting"}


def policy_frame(compared: PolicyComparison, confidence: float = 0.95) -> pd.DataFrame:
    """What each policy comes to, and what it changes against the one in force, replication by replication.

    Args:
        compared: As `compare_policies` gives it.
        confidence: Of each interval by itself.

    Returns:
        One row a policy, measure and tier (``all`` for the whole launch): ``policy``, ``measure``, ``tier``, ``unit``,
        ``mean`` with ``mean_half_width``, ``change`` with ``half_width`` (paired t interval; 0 for the one in force),
        and ``n``. Units: the currency, units, reservations, shares from 0 to 1, days.
    """
    rows = []
    for measure, unit, tier, wide in _measured(compared):
        for policy in compared.policies:
            mean = mean_interval(wide[policy], confidence)
            change = paired_difference(wide[policy], wide[IN_FORCE], confidence).difference
            rows.append(
                {"policy": policy, "measure": measure, "tier": tier, "unit": unit, "mean": mean.mean}
                | {"mean_half_width": mean.half_width, "change": change.mean, "half_width": change.half_width}
                | {"n": mean.n}
            )
    return pd.DataFrame(rows)


def _measured(compared: PolicyComparison) -> Iterator[tuple[str, str, str, pd.DataFrame]]:
    """Every measure, its unit and its tier, with a column a policy and a row a replication in which there was any."""
    for name, unit in MEASURES.items():
        told = compared.scenario.currency if unit == "money" else unit
        yield name, told, ALL, _wide(compared.launches, name)
    for name, unit in TIER_MEASURES.items():
        for tier in compared.tier_names:
            wide = _wide(compared.tiers[compared.tiers["tier"] == tier], name)
            # A tier may be so small that hardly any launch has it.
            if len(wide) > 1:
                yield name, unit, tier, wide


def _wide(frame: pd.DataFrame, measure: str) -> pd.DataFrame:
    return frame.pivot_table(index="replication", columns="policy", values=measure, aggfunc="first").astype(float)


def policy_table(frame: pd.DataFrame) -> pd.DataFrame:
    """`policy_frame` for reading: what the one in force comes to, and below it what each other one changes."""
    policies = list(dict.fromkeys(frame["policy"]))
    columns: dict[str, list[object]] = {"policy": [f"{policies[0]} (mean)", *(f"{p} (change)" for p in policies[1:])]}
    for (measure, tier), own in frame.groupby(["measure", "tier"], sort=False):
        rows = own.set_index("policy")
        unit, scale = _told(str(measure), str(rows["unit"].iloc[0]))
        name = f"{measure if tier == ALL else f'{tier} {_TIER_WORDS[str(measure)]}'}{unit}"
        columns[name] = [rows.loc[p, "mean" if p == IN_FORCE else "change"] * scale for p in policies]
        widths = [rows.loc[p, "mean_half_width" if p == IN_FORCE else "half_width"] * scale for p in policies]
        columns[f"{name}_half_width"] = list(widths)
    return pd.DataFrame(columns)


def _told(measure: str, unit: str) -> tuple[str, float]:
    if unit == "share":
        return " (points)", 100.0
    return ("", 1.0) if measure != "profit" else (f" {unit}", 1.0)


def tier_gains(frame: pd.DataFrame, compared: PolicyComparison, confidence: float = 0.95) -> pd.DataFrame:
    """What each tier gains or loses under the policy in force against pure first come, paired by replication.

    Args:
        frame: As `policy_frame` gives it, for the means.
        compared: As `compare_policies` gives it.
        confidence: Of each interval by itself.

    Returns:
        One row a tier and measure: ``tier``, ``measure`` (``share_served``, ``days_waiting``), ``unit``, ``in_force``
        and ``first_come`` (means), ``gain`` (in force less first come) with ``half_width``, and ``n``.
    """
    means = frame.set_index(["measure", "tier", "policy"])["mean"]
    rows = []
    for measure, unit, tier, wide in _measured(compared):
        if tier == ALL:
            continue
        gain = paired_difference(wide[IN_FORCE], wide[FIRST_COME], confidence).difference
        rows.append(
            {"tier": tier, "measure": measure, "unit": unit, "in_force": float(means[measure, tier, IN_FORCE])}
            | {"first_come": float(means[measure, tier, FIRST_COME]), "gain": gain.mean}
            | {"half_width": gain.half_width, "n": gain.n}
        )
    columns = ["tier", "measure", "unit", "in_force", "first_come", "gain", "half_width", "n"]
    return pd.DataFrame(rows, columns=columns)


def gains_table(gains: pd.DataFrame) -> pd.DataFrame:
    """`tier_gains` for reading: one row a tier; shares in percent and gains in percentage points."""
    rows = []
    for tier, own in gains.groupby("tier", sort=False):
        row: dict[str, object] = {"tier": tier}
        for one in own.to_dict("records"):
            words, is_share = _TIER_WORDS[one["measure"]], one["unit"] == "share"
            for name in ("in_force", "first_come"):
                row[f"{words}, {name.replace('_', ' ')}"] = f"{one[name]:.1%}" if is_share else round(one[name], 2)
            scale, unit = (100, " (points)") if is_share else (1, "")
            row |= {f"change of {words}{unit}": one["gain"] * scale}
            row |= {f"change of {words}{unit}_half_width": one["half_width"] * scale}
        rows.append(row)
    return pd.DataFrame(rows)


def confirmed_bands(compared: PolicyComparison, confidence: float = 0.95) -> pd.DataFrame:
    """The mean share of each tier that is confirmed within so many days, with t intervals, each by itself.

    Returns:
        One row a tier (best first) and number of days: ``tier``, ``days``, ``share``, ``low``, ``high``, ``n``.
    """
    parts = []
    for tier in compared.tier_names:
        own = compared.curves[compared.curves["tier"] == tier]
        wide = own.pivot_table(index="replication", columns="days", values="share", aggfunc="first")
        n = len(wide)
        if n <= 1:
            continue
        reach = float(stdtrit(n - 1, (1 + confidence) / 2)) * wide.std(ddof=1).to_numpy() / np.sqrt(n)
        share = wide.mean().to_numpy()
        part = pd.DataFrame({"tier": tier, "days": wide.columns.to_numpy(float), "share": share})
        parts.append(part.assign(low=np.clip(share - reach, 0, 1), high=np.clip(share + reach, 0, 1), n=n))
    columns = ["tier", "days", "share", "low", "high", "n"]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)


def tiers_answer(compared: PolicyComparison, run: Run, errors: PriorityErrors) -> str:
    """Who gets a unit, with its uncertainty, against first come, and what the published formula would have done.

    Args:
        compared: As `compare_policies` gives it, with at least two replications.
        run: Replication 0, of which the errors are.
        errors: As `priority_errors` gives them.
    """
    gains = tier_gains(policy_frame(compared), compared)
    own = waiting_table(compared).set_index("tier")
    parts = []
    for row in gains[gains["measure"] == "share_served"].to_dict("records"):
        tier, gain, reach = row["tier"], row["gain"] * _PERCENT, row["half_width"] * _PERCENT
        share = estimate_text(own.loc[tier, "served (%)"], own.loc[tier, "served (%)_half_width"])
        change = f"{'less' if gain < 0 else 'more'} by {estimate_text(abs(gain), reach)} points than by first come"
        parts.append(f"{share}% of {tier} reservations ({change})")
    return (
        f"A unit goes to {' and '.join(parts)}, means of {compared.replications} replications with 95% t intervals; in "
        f"replication 0 {priority_sentence(run, errors)}"
    )


def waiting_table(compared: PolicyComparison, confidence: float = 0.95) -> pd.DataFrame:
    """How each tier fares under the policy in force: means over replications with t intervals.

    Returns:
        One row a tier: ``tier``, ``reservations``, the shares confirmed, served and displaced in percent, and
        ``days_waiting``, each with ``_half_width``.
    """
    rows = []
    for tier in compared.tier_names:
        own = compared.tiers[(compared.tiers["tier"] == tier) & (compared.tiers["policy"] == IN_FORCE)]
        if len(own) <= 1:
            continue
        row: dict[str, object] = {"tier": tier}
        for name, source, scale in _WAITING_COLUMNS:
            interval = mean_interval(own[source].astype(float) * scale, confidence)
            row |= {name: interval.mean, f"{name}_half_width": interval.half_width}
        rows.append(row)
    return pd.DataFrame(rows)


_WAITING_COLUMNS = (
    ("reservations", "reservations", 1),
    ("confirmed (%)", "share_confirmed", 100),
    ("served (%)", "share_served", 100),
    ("displaced (%)", "share_displaced", 100),
    ("days_waiting", "days_waiting", 1),
)
