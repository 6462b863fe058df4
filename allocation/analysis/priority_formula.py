"""What the widely published priority formula gets wrong.

It ranks by ``score x 1,000,000 - milliseconds since 1970``, largest first. A point of score is so worth 1,000 seconds:
a tier's lead runs out. The rules (RULES.md section 3) rank by score, then by arrival, and a lead never runs out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from allocation.analysis.by_tier import tiers_by_score
from allocation.analysis.changes import Whole, local
from allocation.engine.codes import Status, Step
from allocation.tape import Run

LEAD_MS_PER_POINT = 1_000_000
"""Milliseconds after which the formula has forgotten one point of score."""
_HOUR_MS = 3_600_000


@dataclass(frozen=True)
class PriorityErrors:
    """Pairs of one queue in which a later order has the higher score, and which of them the formula gets wrong.

    Attributes:
        pairs: Pairs of reservations of one queue of which the later one has the higher score.
        wrong_pairs: Those of them in which the formula puts the earlier, lower one first.
        overtaken: Reservations that the formula puts behind at least one that they should be ahead of.
        by_tiers: One row a pair of tiers, ``lower`` and ``higher``: ``lead_hours`` after which the formula lets the
            lower tier overtake, ``pairs``, ``wrong_pairs`` and ``share_wrong``. With bonus points, a lower tier may
            be the one that should be ahead; the lead is then empty.
        example: The most overtaken reservation and one that overtakes it, or None: ``earlier``, ``earlier_tier``,
            ``earlier_at``, ``later``, ``later_tier``, ``later_at``, ``hours_apart``, ``overtaken_by``.
        left_out: Adopted reservations, of which nobody knows when they were placed.
    """

    pairs: int
    wrong_pairs: int
    overtaken: int
    by_tiers: pd.DataFrame
    example: dict[str, Any] | None
    left_out: int = 0

    @property
    def share_wrong(self) -> float:
        """Wrong pairs of all pairs; 0 where there are none."""
        return self.wrong_pairs / self.pairs if self.pairs else 0.0


def lead_hours(points: float) -> float:
    """Hours after which the formula lets an order overtake one with so many points more.

    >>> round(lead_hours(100 - 50), 1)
    13.9
    """
    return points * LEAD_MS_PER_POINT / _HOUR_MS


def priority_errors(run: Run) -> PriorityErrors:
    """Compare the published formula with the rules on every pair of every queue, in O(n log n).

    A queue has the reservations of one pool and one ship date as the customers asked for it, before any roll-over;
    scores are those at the end. Equal keys are not counted as wrong: the formula does not say who is first.
    """
    placed = _placed(run)
    tiers = tiers_by_score(run)
    ranks: Whole = np.unique(placed["score_micro"], return_inverse=True)[1].astype(np.int64)
    # In millionths of a point, a score is what the formula multiplies it to.
    key = placed["score_micro"].to_numpy() - placed["ms"].to_numpy()
    # Of equal keys the better rank goes first, so that it never counts as overtaken.
    by_formula = np.lexsort((-ranks, -key)).astype(np.int64)
    by_arrival = np.argsort(placed["arrival"].to_numpy(), kind="stable").astype(np.int64)
    codes: Whole = pd.Index(tiers).get_indexer(pd.Index(placed["tier"].astype("str"))).astype(np.int64)
    queues = placed["queue"].to_numpy()
    all_pairs, _ = _rising_pairs(queues, ranks, codes, by_arrival, len(tiers))
    wrong, overtakers = _rising_pairs(queues, ranks, codes, by_formula, len(tiers))
    return PriorityErrors(
        pairs=int(all_pairs.sum()),
        wrong_pairs=int(wrong.sum()),
        overtaken=int((overtakers > 0).sum()),
        by_tiers=_by_tiers(run, tiers, all_pairs, wrong),
        example=_example(run, placed, ranks, by_formula, overtakers),
        left_out=len(run.reservations) - len(placed),
    )


def _placed(run: Run) -> pd.DataFrame:
    """Every reservation that was placed, in arrival order, with its queue, score and instant."""
    book = run.engine.book
    log = book.used("log")
    first = log[(log["before"] == Status.NONE) & (log["step"] != Step.REFUSED) & (log["step"] != Step.ADOPTED)]
    rows = book.used("reservations")[first["reservation"]]
    commands = book.tables.commands[first["command"]]
    # The day that the customer asked for is the command's; the reservation's may have rolled over.
    queue = np.unique(np.stack([rows["pool"], commands["day"]]), axis=1, return_inverse=True)[1]
    chosen = pd.DataFrame({"arrival": rows["arrival"], "ms": commands["at"], "queue": np.ravel(queue)})
    frame = run.reservations[["arrival", "reservation_id", "tier", "score_micro", "placed_at"]]
    return frame.merge(chosen, on="arrival", how="inner", validate="one_to_one")


def _rising_pairs(queues: Whole, ranks: Whole, tiers: Whole, order: Whole, tier_count: int) -> tuple[Whole, Whole]:
    """Count the pairs of a queue of which the one that is earlier in an order has the lower rank.

    Two different ranks differ first at one binary digit, where the lower one has 0 and the higher one 1. So every pair
    is counted once by going through the digits from the top, keeping the order within equal higher digits, and
    counting for each 1 the 0s before it: one pass over all for each digit.

    Args:
        queues: Queue of each; shape (n,).
        ranks: Dense ranks of the scores, from 0; shape (n,).
        tiers: Tier codes; shape (n,).
        order: The order, as row numbers; shape (n,).
        tier_count: How many tiers there are.

    Returns:
        Pairs by (tier of the lower rank, tier of the higher rank), and for each row how many lower ones are earlier.
    """
    pairs = np.zeros((tier_count, tier_count), np.int64)
    before = np.zeros(len(order), np.int64)
    if not len(order):
        return pairs, before
    rows = order[np.argsort(queues[order], kind="stable")]
    for digit in range(int(ranks.max()).bit_length() - 1, -1, -1):
        group = queues[rows] * (int(ranks.max()) + 1) + (ranks[rows] >> (digit + 1))
        is_one = (ranks[rows] >> digit) & 1 == 1
        start = np.flatnonzero(np.r_[True, group[1:] != group[:-1]])
        of_group = np.repeat(start, np.diff(np.r_[start, len(group)]))
        for tier in range(tier_count):
            zeros = np.r_[0, np.cumsum(~is_one & (tiers[rows] == tier))]
            earlier = (zeros[:-1] - zeros[of_group])[is_one]
            # Exact in floating point up to 2**53 pairs of a row of the sum, which no launch comes near.
            counted = np.bincount(tiers[rows][is_one], weights=earlier, minlength=tier_count)
            pairs[tier] += counted.astype(np.int64)
            before[rows[is_one]] += earlier
        # Stable: within the group zeros come first, and both keep their order.
        rows = rows[np.lexsort((is_one, of_group))]
    return pairs, before


def _by_tiers(run: Run, tiers: list[str], pairs: Whole, wrong: Whole) -> pd.DataFrame:
    scores = run.policy.tiers
    rows = []
    for low in range(len(tiers)):
        for high in range(len(tiers)):
            lead = float(scores[tiers[high]] - scores[tiers[low]])
            if pairs[low, high] or lead > 0:
                rows.append((tiers[low], tiers[high], lead_hours(lead) if lead > 0 else np.nan))
    frame = pd.DataFrame(rows, columns=["lower", "higher", "lead_hours"])
    where = tuple([tiers.index(tier) for tier in frame[name]] for name in ("lower", "higher"))
    frame["pairs"], frame["wrong_pairs"] = pairs[where], wrong[where]
    frame["share_wrong"] = frame["wrong_pairs"] / frame["pairs"].where(frame["pairs"] > 0)
    return frame


def _example(
    run: Run, placed: pd.DataFrame, ranks: Whole, by_formula: Whole, overtakers: Whole
) -> dict[str, Any] | None:
    if not len(placed) or not overtakers.max():
        return None
    later = int(np.argmax(overtakers))
    queues = placed["queue"].to_numpy()
    ahead = by_formula[: int(np.flatnonzero(by_formula == later)[0])]
    lower = ahead[(queues[ahead] == queues[later]) & (ranks[ahead] < ranks[later])]
    # The last that overtakes it: the shortest time that is already too long.
    earlier = int(lower[-1])
    at = local(run, placed["placed_at"])
    hours = (at.iloc[later] - at.iloc[earlier]) / pd.Timedelta(hours=1)
    return {
        "earlier": placed["reservation_id"].iloc[earlier],
        "earlier_tier": str(placed["tier"].iloc[earlier]),
        "earlier_at": at.iloc[earlier].isoformat(),
        "later": placed["reservation_id"].iloc[later],
        "later_tier": str(placed["tier"].iloc[later]),
        "later_at": at.iloc[later].isoformat(),
        "hours_apart": float(hours),
        "overtaken_by": int(overtakers[later]),
    }
