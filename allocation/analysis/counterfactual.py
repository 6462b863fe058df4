"""What another policy would have done with the same tape, reservation by reservation."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from allocation.analysis.alternatives import alternatives
from allocation.analysis.by_tier import outcomes, tiers_by_score
from allocation.engine.allocation_engine import AllocationEngine
from allocation.engine.codes import Kind
from allocation.engine.policy import Policy
from allocation.scenario.schema import Scenario
from allocation.simulation.simulate import launch_measures
from allocation.tape import Run, replay
from allocation.tape.frames import reservations_frame

GAINS, LOSES, OTHERWISE, SAME = "gains", "loses", "otherwise", "same"
MEASURES = ("profit", "allocated_units", "oversold_units", "unsold_units", "broken_promises")
_ORDERING = (Kind.PLACE, Kind.ADOPT)
_LEVELS = {"allocated": 3, "confirmed": 2, "reserved": 2, "queued": 1, "waitlisted": 1}
"""What is better for a customer; every other outcome is nothing."""


@dataclass(frozen=True)
class Counterfactuals:
    """What other policies would have done.

    Attributes:
        changes: One row for each policy and reservation that fares differently: ``policy``, ``reservation_id``,
            ``order_id``, ``tier``, ``quantity``, ``was`` and ``becomes`` (an outcome, or the status of an open one),
            ``was_on`` and ``becomes_on`` (ship dates, NaT without one), and ``effect``: ``gains`` (a unit, a promise or
            a place in line instead of less, or an earlier date), ``loses``, or ``otherwise``.
        measures: One row a policy: ``policy``, how many reservations ``gain``, ``lose`` and fare ``otherwise``, and how
            much more it has of each of `MEASURES`, as `change_of` calls it.
    """

    changes: pd.DataFrame
    measures: pd.DataFrame


def counterfactuals(run: Run, scenario: Scenario) -> Counterfactuals:
    """Play the tape of a run again under each alternative.

    Args:
        run: Its tape and policy.
        scenario: What units are worth.
    """
    own = _measures(run.engine, scenario)
    changes, rows = [], []
    for other in alternatives(run.policy):
        engine, reservations = replayed(run, other.policy, keep_policy_rates=other.keeps_rates)
        compared = compared_by_reservation(run.reservations, reservations)
        counts = compared["effect"].value_counts()
        row: dict[str, object] = {"policy": other.name}
        row |= {name: int(counts.get(effect, 0)) for name, effect in _COUNTED.items()}
        then = _measures(engine, scenario)
        rows.append(row | {change_of(name, scenario.currency): then[name] - own[name] for name in MEASURES})
        changes.append(compared[compared["effect"] != SAME].assign(policy=other.name))
    frame = pd.concat(changes, ignore_index=True)
    return Counterfactuals(frame[["policy", *frame.columns.drop("policy")]], pd.DataFrame(rows))


def change_of(measure: str, currency: str) -> str:
    """The column of `Counterfactuals.measures` with the change of a measure; money has its currency."""
    return f"change_of_{measure}_{currency}" if measure == "profit" else f"change_of_{measure}"


_COUNTED = {"gain": GAINS, "lose": LOSES, "otherwise": OTHERWISE}


def replayed(run: Run, policy: Policy, *, keep_policy_rates: bool) -> tuple[AllocationEngine, pd.DataFrame]:
    """What `replay` of the run's tape comes to, without reading the tape again where that makes no difference.

    Args:
        run: Whose tape is played.
        policy: Under which policy.
        keep_policy_rates: As for `replay`.

    Returns:
        The engine, and its reservations as `Run.reservations` gives them.
    """
    if not _takes_the_same(run, policy):
        again = replay(run.tape(), policy, keep_policy_rates=keep_policy_rates)
        return again.engine, again.reservations
    columns = run.engine.columns()
    if not keep_policy_rates:
        kept = (columns.commands["kind"] != Kind.OVERBOOKING) | (columns.commands["option"] == 0)
        columns = replace(columns, commands=columns.commands[kept])
    engine = AllocationEngine.on(columns, policy)
    engine.play_all()
    own = run.reservations
    names = {"reservation_id": own["reservation_id"], "order_id": own["order_id"]}
    return engine, reservations_frame(engine).assign(**names)


def _takes_the_same(run: Run, policy: Policy) -> bool:
    """Whether another policy takes the very same orders.

    The commands of a run are rows already, and name orders and reservations by number: they hold for another policy
    only then. Which orders are taken is said by these sections, and by the dates that releases have closed.
    """
    own = run.policy
    if (own.intake, own.tiers, own.scoring, own.timezone) != (
        *(policy.intake, policy.tiers, policy.scoring, policy.timezone),
    ):
        return False
    kinds = run.engine.book.tables.commands["kind"][: run.engine.played]
    released = np.flatnonzero(kinds == Kind.RELEASE)
    ordered = np.flatnonzero(np.isin(kinds, _ORDERING))
    return not len(released) or not len(ordered) or bool(ordered[-1] < released[0])


def compared_by_reservation(old: pd.DataFrame, new: pd.DataFrame) -> pd.DataFrame:
    """Old against new.

    Args:
        old: As `Run.reservations` gives them.
        new: Those of the same tape under another policy.

    Returns:
        One row a reservation of either, in the order of arrival, with the columns of `Counterfactuals.changes` but for
        the policy; ``effect`` may be ``same``.
    """
    told = ["reservation_id", "order_id", "tier", "quantity"]
    frames = []
    for name, frame in (("was", old), ("becomes", new)):
        open_ones = frame["status"].astype("str").str.lower()
        ended = outcomes(frame)
        frames.append(
            frame[told]
            .astype({"tier": "str"})
            .assign(**{name: ended.where(ended != "open", open_ones), f"{name}_on": frame["ship_date"]})
        )
    both = frames[0].merge(frames[1], on=told, how="outer", sort=False)
    both[["was", "becomes"]] = both[["was", "becomes"]].fillna("not taken")
    return both.assign(effect=_effects(both))


def gains_by_tier(run: Run, others: Counterfactuals) -> pd.DataFrame:
    """Who gains and who loses under each policy.

    Args:
        run: For its tiers.
        others: What the policies would have done.

    Returns:
        One row for each policy and tier (best first): ``policy``, ``tier``, ``gain``, ``lose`` and ``otherwise``
        (reservations), ``gain_units`` and ``lose_units``.
    """
    changes, rows = others.changes, []
    for policy in others.measures["policy"]:
        for tier in tiers_by_score(run):
            own = changes[(changes["policy"] == policy) & (changes["tier"] == tier)]
            row: dict[str, object] = {"policy": policy, "tier": tier}
            row |= {name: int((own["effect"] == effect).sum()) for name, effect in _COUNTED.items()}
            for name in ("gain", "lose"):
                row[f"{name}_units"] = int(own.loc[own["effect"] == _COUNTED[name], "quantity"].sum())
            rows.append(row)
    return pd.DataFrame(rows)


def from_to(changes: pd.DataFrame) -> pd.DataFrame:
    """From what to what reservations move under each policy.

    Returns:
        ``policy``, ``effect``, ``was``, ``becomes`` (or the same, earlier or later), ``reservations`` and ``units``; of
        each policy the most frequent first.
    """
    earlier = {GAINS: "earlier", LOSES: "later"}
    moved = changes["was"] == changes["becomes"]
    then = (changes["becomes"] + ", " + changes["effect"].map(earlier)).where(moved, changes["becomes"])
    changes = changes.assign(becomes=then)
    keys = ["policy", "effect", "was", "becomes"]
    grouped = changes.groupby(keys, sort=False)["quantity"].agg(["size", "sum"]).reset_index()
    frame = grouped.rename(columns={"size": "reservations", "sum": "units"})
    frame[["was", "becomes"]] = frame[["was", "becomes"]].apply(_in_words)
    order = {policy: i for i, policy in enumerate(dict.fromkeys(changes["policy"]))}
    ranked = frame.assign(_place=frame["policy"].map(order), _less=-frame["reservations"])
    return ranked.sort_values(["_place", "_less"], kind="stable", ignore_index=True).drop(columns=["_place", "_less"])


def largest_changes(changes: pd.DataFrame, most: int = 5) -> pd.DataFrame:
    """Of each policy the largest losses and gains: the most units, then who came first.

    Returns:
        Rows of ``changes`` without reservation ids; of each policy those who lose first.
    """
    parts = []
    for policy in dict.fromkeys(changes["policy"]):
        for effect in (LOSES, GAINS):
            own = changes[(changes["policy"] == policy) & (changes["effect"] == effect)]
            parts.append(own.sort_values("quantity", ascending=False, kind="stable").head(most))
    frame: pd.DataFrame = pd.concat(parts, ignore_index=True) if parts else changes.copy()
    frame[["was", "becomes"]] = frame[["was", "becomes"]].apply(_in_words)
    return frame[["policy", "effect", "order_id", "tier", "quantity", "was", "was_on", "becomes", "becomes_on"]]


def _in_words(column: pd.Series) -> pd.Series:
    words: pd.Series = column.str.replace("_", " ")
    return words


def _measures(engine: AllocationEngine, scenario: Scenario) -> dict[str, float]:
    found = launch_measures(engine, scenario)
    found["broken_promises"] = int(engine.book.used("operations")["broken"].sum())
    return {name: found[name] for name in MEASURES}


def _effects(both: pd.DataFrame) -> NDArray[Any]:
    before, after = (both[name].map(_LEVELS).fillna(0).to_numpy(np.int64) for name in ("was", "becomes"))
    earlier = ((both["becomes_on"] < both["was_on"]) & (before == after)).to_numpy()
    later = ((both["becomes_on"] > both["was_on"]) & (before == after)).to_numpy()
    changed = (both["was"] != both["becomes"]).to_numpy()
    return np.select(
        [(after > before) | earlier, (after < before) | later, changed], [GAINS, LOSES, OTHERWISE], default=SAME
    )
