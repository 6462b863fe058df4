"""Outcomes and waiting times by tier, the tier as it stands at the end."""

from __future__ import annotations

import numpy as np
import pandas as pd

from allocation.analysis.changes import status_changes
from allocation.engine.codes import ENDINGS
from allocation.tape import Run

OUTCOMES = (*ENDINGS, "open")
"""How a reservation can have ended, or that it is still open."""
_ENDED = ("ALLOCATED", "CANCELLED", "EXPIRED", "REJECTED")
_DAY_S = 86_400


def tiers_by_score(run: Run) -> list[str]:
    """The tiers that ordered, best first."""
    seen = [str(tier) for tier in run.reservations["tier"].unique()]
    return sorted(seen, key=lambda tier: (-run.policy.tiers[tier], tier))


def outcome_by_tier(run: Run) -> pd.DataFrame:
    """What became of each tier's reservations.

    Returns:
        One row a tier and outcome, also where nobody had it: ``tier`` (best first), ``outcome`` (of `OUTCOMES`),
        ``reservations``, ``units``, and their shares of the tier's: ``share_of_reservations``, ``share_of_units``.
    """
    reservations = run.reservations
    index = pd.MultiIndex.from_product([tiers_by_score(run), OUTCOMES], names=["tier", "outcome"])
    keys = [reservations["tier"].astype("str"), outcomes(reservations).rename("outcome")]
    counts = reservations.groupby(keys)["quantity"].agg(["size", "sum"]).reindex(index, fill_value=0)
    frame = counts.rename(columns={"size": "reservations", "sum": "units"}).reset_index()
    for name in ("reservations", "units"):
        frame[f"share_of_{name}"] = frame[name] / frame.groupby("tier")[name].transform("sum")
    return frame


def outcomes(reservations: pd.DataFrame) -> pd.Series:
    """The outcome of each reservation, of `OUTCOMES`; shape (reservations,)."""
    result = pd.Series("open", index=reservations.index, dtype="str")
    reason = reservations["reason"].astype("str").fillna("none")
    for name, (status, why) in ENDINGS.items():
        result[(reservations["status"] == status.name) & (reason == why.name.lower())] = name
    return result


def outcome_table(frame: pd.DataFrame, value: str = "reservations") -> pd.DataFrame:
    """`outcome_by_tier` with a row a tier and a column for each outcome that occurs.

    Args:
        frame: As `outcome_by_tier` gives it.
        value: ``reservations``, ``units``, or a share of them.
    """
    wide = frame.pivot_table(index="tier", columns="outcome", values=value, sort=False, aggfunc="sum")
    wide = wide.reindex(index=frame["tier"].unique(), columns=list(OUTCOMES))
    wide = wide.loc[:, (wide != 0).any()]
    return wide.rename_axis(columns=None).reset_index()


def waiting_days(run: Run) -> pd.DataFrame:
    """How long each reservation waited.

    Returns:
        One row a reservation that was placed (an adopted one's start is not known): ``reservation_id``, ``tier``,
        ``days_until_confirmed`` and ``days_until_end``, both since it was placed, NaN where that did not come.
    """
    changes = status_changes(run)
    reservations = run.reservations
    frame = reservations[["reservation_id", "tier"]].copy()
    for name, statuses in (("days_until_confirmed", ("CONFIRMED",)), ("days_until_end", _ENDED)):
        reached = changes[changes["after"].isin(statuses)].drop_duplicates("row")
        at = reached.set_index("row")["at"].reindex(range(len(reservations)))
        frame[name] = (at - reservations["placed_at"]).dt.total_seconds() / _DAY_S
    return frame[reservations["placed_at"].notna()].reset_index(drop=True)


def confirmed_curve(run: Run) -> pd.DataFrame:
    """The share of each tier's reservations that were confirmed within so many days of being placed.

    Returns:
        One row a step: ``tier`` (best first), ``days`` and ``share``, from (0, 0) on. The last share of a tier is how
        many were ever confirmed.
    """
    waits = waiting_days(run)
    parts = []
    for tier in tiers_by_score(run):
        own = waits.loc[waits["tier"] == tier, "days_until_confirmed"]
        days = np.sort(own.dropna().to_numpy())
        share = np.arange(len(days) + 1) / max(len(own), 1)
        parts.append(pd.DataFrame({"tier": tier, "days": np.r_[0.0, days], "share": share}))
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=["tier", "days", "share"])
