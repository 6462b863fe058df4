"""What became of a night's orders: the plan beside what the order management system had at the end."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from allocation.engine.errors import NotFound

PLAN, OUTCOMES = "plan.json", "outcomes.jsonl"
"""What the apply of a release adds to a run folder."""
VERDICTS = {
    "matched": "one order stands, as it was planned",
    "missing": "the journal says it was made, and there is no such order",
    "unknown": "it may have been made, and nobody knows yet",
    "foreign": "an order names a reservation of the plan, and no plan of this launch made it",
    "duplicate": "several orders stand under one key",
    "changed": "the order under its key is not what was sent",
    "cancelled": "it was made, and is cancelled now",
    "rejected": "the system refused it",
    "skipped": "it was left out, such as that of a customer who cancelled meanwhile",
    "open": "it was not sent",
    "hold not written": "the order is made, or none is due, and the hold still says what it said before",
    "contradiction": "the hold and its order say different things; both are left so",
}
"""What each verdict means; the first is the one that is wanted."""
WRONG = ("missing", "unknown", "foreign", "duplicate", "changed", "rejected", "contradiction")
"""What a person must look into."""
OF_NO_PLANNED_ORDER = ("foreign", "hold not written", "contradiction")
"""Verdicts of rows beside those of the planned orders."""


@dataclass(frozen=True)
class Night:
    """The apply of a release.

    Attributes:
        plan: What was to be done, as plain data.
        rows: One row for each order of the plan, each foreign order and each hold that was not written:
            ``reservation_id``, ``verdict``, ``orders`` (what the system calls them) and ``reason``; and of those that
            were planned, ``tier``, ``units`` and ``planned`` (the status).
    """

    plan: Mapping[str, Any]
    rows: pd.DataFrame

    @property
    def wrong(self) -> int:
        """Orders that a person must look into."""
        return int(self.rows["verdict"].isin(WRONG).sum())


def night_of(folder: str | Path | None) -> Night | None:
    """What is known of the orders of a run folder; None where it is not that of an apply.

    Raises:
        NotFound: A file of it cannot be read.
    """
    if folder is None or not (Path(folder) / OUTCOMES).is_file():
        return None
    place = Path(folder)
    try:
        plan = json.loads((place / PLAN).read_text(encoding="utf-8"))
        lines = [json.loads(line) for line in (place / OUTCOMES).read_text(encoding="utf-8").splitlines()]
        return Night(plan, _rows(plan["effects"], lines))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise NotFound(f"{place}: its {PLAN} or {OUTCOMES} is damaged ({error}); apply the plan again") from error


def verdict_counts(night: Night | None) -> pd.DataFrame:
    """How many orders are matched, missing, unknown, foreign, duplicate and so on.

    Returns:
        One row a verdict: those that a person must look into also where there are none. No rows without a night.
    """
    columns = ["verdict", "orders", "meaning"]
    if night is None:
        return pd.DataFrame(columns=columns)
    counts = night.rows["verdict"].value_counts()
    rows = [
        {"verdict": name, "orders": int(counts.get(name, 0)), "meaning": meaning}
        for name, meaning in VERDICTS.items()
        if counts.get(name, 0) or name in ("matched", *WRONG)
    ]
    return pd.DataFrame(rows, columns=columns)


def plan_beside_outcome(night: Night | None) -> pd.DataFrame:
    """What was planned for each tier, and what came of it.

    Returns:
        One row for each tier (best first) and planned status: ``tier``, ``planned``, ``reservations``, ``units``,
        ``orders_planned``, and of these ``orders_matched`` and ``orders_not_matched``. No rows without a night.
    """
    columns = ["tier", "planned", "reservations", "units", "orders_planned", "orders_matched", "orders_not_matched"]
    if night is None:
        return pd.DataFrame(columns=columns)
    effects = _effects(night.plan["effects"])
    own = night.rows[~night.rows["verdict"].isin(OF_NO_PLANNED_ORDER)]
    matched = set(own.loc[own["verdict"] == "matched", "reservation_id"])
    effects["orders_matched"] = effects["has_order"] & effects["reservation_id"].isin(matched)
    grouped = effects.groupby(["tier", "planned"], sort=True)
    frame = pd.DataFrame(
        {
            "reservations": grouped.size(),
            "units": grouped["units"].sum(),
            "orders_planned": grouped["has_order"].sum(),
            "orders_matched": grouped["orders_matched"].sum(),
        }
    ).reset_index()
    scores = {tier: -float(score) for tier, score in night.plan["policy"]["tiers"].items()}
    frame = frame.sort_values("tier", key=lambda tiers: tiers.map(scores), kind="stable", ignore_index=True)
    return frame.assign(orders_not_matched=frame["orders_planned"] - frame["orders_matched"])[columns]


def not_matched(night: Night | None, most: int = 50) -> pd.DataFrame:
    """Orders that did not come out as planned, those first that a person must look into.

    Returns:
        At most so many rows: ``reservation_id``, ``verdict``, ``tier``, ``units``, ``orders`` and ``reason``.
    """
    columns = ["reservation_id", "verdict", "tier", "units", "orders", "reason"]
    if night is None:
        return pd.DataFrame(columns=columns)
    rows = night.rows[night.rows["verdict"] != "matched"]
    order = {name: i for i, name in enumerate(dict.fromkeys((*WRONG, *VERDICTS)))}
    rows = rows.sort_values("verdict", key=lambda verdicts: verdicts.map(order), kind="stable")
    return rows[columns].head(most).reset_index(drop=True)


def _rows(effects: Sequence[Mapping[str, Any]], lines: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    names = ["reservation_id", "verdict", "orders", "reason"]
    rows = [
        {
            "reservation_id": line["reservation_id"],
            "verdict": line["verdict"],
            "orders": ", ".join(line["references"]),
            "reason": line["reason"],
        }
        for line in lines
    ]
    planned = _effects(effects)[["reservation_id", "tier", "units", "planned"]]
    return pd.DataFrame(rows, columns=names).merge(planned, on="reservation_id", how="left")


def _effects(effects: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """What a plan says, without customers."""
    rows = [
        {
            "reservation_id": effect["reservation_id"],
            "tier": effect["hold"]["tier"],
            "units": effect["hold"]["quantity"],
            "planned": effect["hold"]["status"],
            "has_order": effect["order"] is not None,
        }
        for effect in effects
    ]
    columns = ["reservation_id", "tier", "units", "planned", "has_order"]
    return pd.DataFrame(rows, columns=columns).astype({"has_order": bool})
