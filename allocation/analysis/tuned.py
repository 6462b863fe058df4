"""What a setting came to that somebody tunes by hand, and what it changes against a pinned one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from allocation.analysis.by_tier import OUTCOMES
from allocation.analysis.compared import MEASURES, column_name, ends_of
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
_ENDS = ["mean", "half_width", "low", "high", "n"]


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
    return frame.assign(unit=frame["measure"].map(units), n=frame["n"].astype("int64"))[
        ["which", "measure", "unit", *_ENDS]
    ]


def tuned_table(frame: pd.DataFrame) -> pd.DataFrame:
    """`tuned_outcome` for reading: a row for each setting, a column for each measure, named with its unit."""
    names = list(dict.fromkeys(frame["which"]))
    columns: dict[str, object] = {"setting": names}
    for measure in TUNED:
        own = frame[frame["measure"] == measure].set_index("which").loc[names]
        told = column_name(measure, frame) if measure in MEASURES else measure
        columns |= {told: own["mean"].to_numpy()} | {f"{told}_{end}": own[end].to_numpy() for end in ends_of(measure)}
    return pd.DataFrame(columns)


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
    """`tuned_tiers` of the present setting for reading: a row a tier, a column for each outcome that occurs."""
    own = frame[frame["which"] == NOW]
    tiers: Sequence[str] = list(dict.fromkeys(own["tier"]))
    columns: dict[str, object] = {"tier": tiers}
    for outcome in dict.fromkeys(own["outcome"]):
        found = own[own["outcome"] == outcome].set_index("tier").loc[list(tiers)]
        if found["mean"].any():
            columns |= {outcome: found["mean"].to_numpy(), f"{outcome}_half_width": found["half_width"].to_numpy()}
    return pd.DataFrame(columns)


def _tiers(swept: Sweep) -> list[str]:
    """The tiers that order, best first under the setting."""
    scores = swept.settings[0].scenario.policy.tiers
    return sorted(swept.scenario.demand.tiers, key=lambda tier: (-scores[tier], tier))
