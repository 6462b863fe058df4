"""Who was displaced, and what became of them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from allocation.analysis.by_tier import OUTCOMES, outcomes, tiers_by_score
from allocation.analysis.changes import status_changes
from allocation.tape import Run

_HELD = ("RESERVED", "CONFIRMED")


def displaced_by_tier(run: Run) -> pd.DataFrame:
    """How many of each tier lost a promise to one of a higher score, and what became of them.

    Returns:
        One row a tier (best first): ``tier``, ``reservations``, ``displaced`` (at least once),
        ``share_displaced``, ``times`` (how often in all), ``promised_again`` (of them, at any time after
        the first displacement), ``got_a_unit`` (allocated), ``share_got_a_unit``, and how the
        others ended: one column for each of `OUTCOMES` but ``allocated`` that occurs.
    """
    reservations, changes = run.reservations, status_changes(run)
    away = changes[changes["step"] == "displaced"]
    count = len(reservations)
    first = np.full(count, len(changes))
    np.minimum.at(first, away["row"].to_numpy(), away.index.to_numpy())
    held = changes["after"].isin(_HELD).to_numpy() & ~changes["before"].isin(_HELD).to_numpy()
    rows = changes["row"].to_numpy()
    back = np.zeros(count, bool)
    back[rows[held & (np.arange(len(changes)) > first[rows])]] = True
    own = pd.DataFrame(
        {
            "tier": reservations["tier"].astype("str").to_numpy(),
            "displaced": first < len(changes),
            "times": np.bincount(away["row"].to_numpy(), minlength=count),
            "promised_again": back,
            "outcome": outcomes(reservations).to_numpy(),
        }
    )
    return _counted(own, tiers_by_score(run))


def _counted(own: pd.DataFrame, tiers: list[str]) -> pd.DataFrame:
    rows = []
    for tier in tiers:
        of_tier = own[own["tier"] == tier]
        gone = of_tier[of_tier["displaced"]]
        ends = gone["outcome"].value_counts()
        got = int(ends.get("allocated", 0))
        rows.append(
            {"tier": tier, "reservations": len(of_tier), "displaced": len(gone)}
            | {"share_displaced": len(gone) / len(of_tier), "times": int(of_tier["times"].sum())}
            | {"promised_again": int(gone["promised_again"].sum()), "got_a_unit": got}
            | {"share_got_a_unit": got / len(gone) if len(gone) else float("nan")}
            | {name: int(ends.get(name, 0)) for name in OUTCOMES if name != "allocated"}
        )
    frame = pd.DataFrame(rows)
    never = [name for name in OUTCOMES if name in frame and not frame[name].any()]
    return frame.drop(columns=never)


def displaced_sentence(frame: pd.DataFrame) -> str:
    """Who was displaced, in a sentence.

    Args:
        frame: As `displaced_by_tier` gives it.
    """
    total = int(frame["displaced"].sum()) if len(frame) else 0
    if not total:
        return "Nobody was displaced."
    parts = [f"{row['displaced']:,} {row['tier']}" for row in frame.to_dict("records") if row["displaced"]]
    back, got = int(frame["promised_again"].sum()), int(frame["got_a_unit"].sum())
    return (
        f"{' and '.join(parts)} reservations lost a promise to one of a higher score; {back:,} of them were promised "
        f"again, and {got:,} ({got / total:.1%}) got a unit."
    )
