"""What a setting came to that somebody tunes by hand, and what it changes against a pinned one."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from allocation.analysis.by_tier import OUTCOMES
from allocation.analysis.replications import HEADLINES
from allocation.analysis.tables import estimate_text, heading
from allocation.montecarlo import Sweep
from allocation.statistics import mean_interval

TUNED: Mapping[str, str] = {
    "profit": "money",
    "oversold_any": "probability",
    "supply_units": "units",
    "confirmed_at_cutoff_units": "units",
    "allocated_units": "units",
    "oversold_units": "units",
    "unsold_units": "units",
}
"""What is looked at while somebody tunes, with its unit."""
NOW, PINNED, CHANGE = "now", "pinned", "now less pinned"
_COLUMNS = ["which", "measure", "unit", "mean", "half_width", "low", "high", "n"]


def tuned_outcome(now: Sweep, both: Sweep | None = None, confidence: float = 0.95) -> pd.DataFrame:
    """The measures of a setting, of a pinned one, and their difference.

    Args:
        now: The replications under the setting.
        both: The pinned setting (0) and this one (1), replication by replication; None where nothing is pinned.
        confidence: Of each interval by itself.

    Returns:
        One row for each of ``now``, ``pinned`` and ``now less pinned`` (in ``which``) and measure of `TUNED`:
        ``measure``, ``unit`` (the currency, ``probability`` or ``units``), ``mean``, ``half_width``, ``low``, ``high``
        and ``n``. Student's t, paired by replication for the difference; Wilson's for the probability of one setting.
    """
    parts = [now.intervals(list(TUNED), confidence).assign(which=NOW)]
    if both is not None:
        own = both.intervals(list(TUNED), confidence)
        parts += [own[own["setting"] == 0].assign(which=PINNED)]
        paired = pd.concat([both.paired(name, 0, confidence) for name in TUNED], ignore_index=True)
        low, high = paired["mean"] - paired["half_width"], paired["mean"] + paired["half_width"]
        parts += [paired.assign(which=CHANGE, low=low, high=high)]
    frame = pd.concat(parts, ignore_index=True)
    units = {name: now.scenario.currency if unit == "money" else unit for name, unit in TUNED.items()}
    return frame.assign(unit=frame["measure"].map(units), n=frame["n"].astype("int64"))[_COLUMNS]


def tuned_table(frame: pd.DataFrame) -> pd.DataFrame:
    """`tuned_outcome` for reading: a row for each measure (``mean of``), and a column of text for each setting."""
    units = frame.drop_duplicates("measure").set_index("measure")["unit"]
    columns: dict[str, list[str]] = {"mean of": [_name(measure, units[measure]) for measure in TUNED]}
    for which, own in frame.groupby("which", sort=False):
        rows = {row["measure"]: row for row in own.to_dict("records")}
        columns[str(which)] = [told(rows[measure], str(which)) for measure in TUNED]
    return pd.DataFrame(columns)


def told(row: Mapping[Hashable, Any], which: str = NOW) -> str:
    """A row of `tuned_outcome` as text: a mean and its half-width, or a share of launches with its interval."""
    if row["measure"] != "oversold_any":
        return _signed(estimate_text(row["mean"], row["half_width"]), row["mean"], which)
    if which == CHANGE:
        return _signed(f"{estimate_text(100 * row['mean'], 100 * row['half_width'])} points", row["mean"], which)
    return f"{row['mean']:.0%} ({row['low']:.0%} to {row['high']:.0%})"


def _signed(text: str, mean: float, which: str) -> str:
    """Differences have a sign."""
    return ("+" * (which == CHANGE and mean > 0) + text).replace("-", "−")


def _name(measure: str, unit: str) -> str:
    if measure == "oversold_any":
        return "launches that oversell"
    return HEADLINES[measure] + f" ({unit})" * (measure == "profit")


def tuned_tiers(now: Sweep, pinned: Sweep | None = None, confidence: float = 0.95) -> pd.DataFrame:
    """What became of each tier's reservations over the replications.

    Args:
        now: The replications under the setting.
        pinned: Those under a pinned one.
        confidence: Of each interval by itself.

    Returns:
        One row for each setting (in ``which``: ``now``, ``pinned``), tier (best first) and outcome (``orders``,
        ``confirmed_at_cutoff``, and how reservations can end): ``mean`` and ``half_width`` of the reservations, and
        ``share`` with ``share_half_width`` of the tier's, as a fraction. Student's t intervals.
    """
    rows = []
    for which, swept in ((NOW, now), (PINNED, pinned)):
        if swept is None:
            continue
        frame = swept.of(0)
        for tier in _tiers(swept):
            orders = frame[f"by_tier.{tier}.orders"].to_numpy(np.float64)
            for outcome in ("orders", "confirmed_at_cutoff", *OUTCOMES):
                if f"by_tier.{tier}.{outcome}" not in frame:
                    continue
                counts = frame[f"by_tier.{tier}.{outcome}"].to_numpy(np.float64)
                count = mean_interval(counts, confidence)
                # Where nobody of a tier came, nobody got anything either.
                share = mean_interval(counts / np.maximum(orders, 1), confidence)
                rows.append(
                    {"which": which, "tier": tier, "outcome": outcome}
                    | {"mean": count.mean, "half_width": count.half_width}
                    | {"share": share.mean, "share_half_width": share.half_width}
                )
    return pd.DataFrame(rows)


def tuned_tier_table(frame: pd.DataFrame) -> pd.DataFrame:
    """`tuned_tiers` of the present setting for reading: a row for each outcome that occurs.

    Returns:
        ``reservations`` (the outcome), and for each tier its mean with ``_half_width``.
    """
    own = frame[frame["which"] == NOW]
    outcomes = [outcome for outcome, rows in own.groupby("outcome", sort=False) if rows["mean"].any()]
    columns: dict[str, object] = {"reservations": [heading(str(outcome)) for outcome in outcomes]}
    for tier, rows in own.groupby("tier", sort=False):
        found = rows.set_index("outcome").loc[outcomes]
        columns |= {str(tier): found["mean"].to_numpy(), f"{tier}_half_width": found["half_width"].to_numpy()}
    return pd.DataFrame(columns)


def _tiers(swept: Sweep) -> list[str]:
    """The tiers that order, best first under the setting."""
    scores = swept.settings[0].scenario.policy.tiers
    return sorted(swept.scenario.demand.tiers, key=lambda tier: (-scores[tier], tier))
