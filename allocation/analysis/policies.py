"""Policies of priority, compared with the same customers: what each gives whom, and who waits how long."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Literal

import numpy as np
import pandas as pd

from allocation.analysis.logged import confirmed_shares, tier_rows
from allocation.engine.book import Book
from allocation.engine.policy import Policy, Scoring
from allocation.montecarlo.playing import Plan, play_logged
from allocation.scenario.schema import Scenario
from allocation.simulation.simulate import launch_measures

IN_FORCE, FIRST_COME = "in force", "first come"
REPLICATIONS = 20
"""How many replications keep every decision: it takes several times as long as measures alone."""
MEASURES: Mapping[str, str] = {
    "profit": "money",
    "allocated_units": "units",
    "oversold_units": "units",
    "unsold_units": "units",
    "displaced": "reservations",
}
"""What is compared of a launch, with its unit."""
TIER_MEASURES: Mapping[str, str] = {"share_served": "share", "days_waiting": "days"}
"""What is compared of each tier, with its unit."""
_STEPS = 120


@dataclass(frozen=True)
class PolicyComparison:
    """What replications came to under several policies.

    Attributes:
        scenario: The launch.
        seed: Of the draws.
        replications: How many, numbers 0, 1, ...
        launches: One row a policy and replication: ``policy``, ``replication``, and the `MEASURES`.
        tiers: One row a policy, replication and tier (best first): ``policy``, ``replication``, ``tier``,
            ``reservations``, ``share_served`` (allocated of them), ``share_confirmed`` (ever), ``days_waiting`` (mean
            over all of them of the days QUEUED or WAITLISTED) and ``share_displaced``.
        curves: Of the policy in force, one row a replication, tier and number of days: ``share`` confirmed by then.
        left_out: Why another policy was not played.
    """

    scenario: Scenario
    seed: int
    replications: int
    launches: pd.DataFrame
    tiers: pd.DataFrame
    curves: pd.DataFrame
    left_out: Mapping[str, str]

    @property
    def policies(self) -> list[str]:
        """The policies, the one in force first."""
        return list(dict.fromkeys(self.launches["policy"]))

    @property
    def tier_names(self) -> list[str]:
        """The tiers that ordered, best first."""
        scores = self.scenario.policy.tiers
        return sorted(self.tiers["tier"].unique(), key=lambda tier: (-scores[tier], tier))


def compare_policies(scenario: Scenario, replications: int = REPLICATIONS, seed: int = 0) -> PolicyComparison:
    """Play replications under the policy in force, under it with one rule changed, and under pure first come.

    Args:
        scenario: The launch.
        replications: How many, at least 2.
        seed: Of the draws.
    """
    policies, left_out = _policies(scenario.policy)
    scenarios = [replace(scenario, policy=policy) for policy in policies.values()]
    plan, book = Plan.of(scenarios, seed), Book(Policy())
    opens, ends = scenario.orders.opens, max(run.at for run in scenario.schedule.release)
    grid = np.linspace(0.0, (ends - opens).total_seconds() / 86_400, _STEPS)
    launches, tiers, curves = [], [], []
    for replication in range(replications):
        for setting, engine in play_logged(plan, replication, book):
            head = {"policy": list(policies)[setting], "replication": replication}
            measures = launch_measures(engine, scenarios[setting])
            launches.append(head | {name: measures[name] for name in MEASURES})
            tiers += [head | row for row in tier_rows(engine)]
            if setting == 0:
                curves.append(confirmed_shares(engine, grid).assign(replication=replication))
    return PolicyComparison(
        scenario,
        seed,
        replications,
        pd.DataFrame(launches),
        pd.DataFrame(tiers),
        pd.concat(curves, ignore_index=True),
        left_out,
    )


def _policies(own: Policy) -> tuple[dict[str, Policy], dict[str, str]]:
    """What is played, and why the rest is not."""
    played, left_out = {IN_FORCE: own}, {}
    hold: Literal["firm", "provisional"] = "firm" if own.hold == "provisional" else "provisional"
    if own.queue.enabled:
        played[f"hold {hold}"] = replace(own, hold=hold)
    else:
        left_out["hold provisional"] = "it needs the queue"
    admission: Literal["arrival", "priority"] = "arrival" if own.queue.admission == "priority" else "priority"
    if own.queue.enabled and own.queue.max_depth is not None:
        played[f"admission by {admission}"] = replace(own, queue=replace(own.queue, admission=admission))
    else:
        left_out[f"admission by {admission}"] = "the queue takes everybody, so admission decides nothing"
    standby = not own.release.standby
    changed = replace(own, release=replace(own.release, standby=standby))
    played["standby" if standby else "no standby"] = changed
    equal = dict.fromkeys(own.tiers, Decimal(0))
    played[FIRST_COME] = replace(own, tiers=equal, scoring=Scoring())
    return played, left_out


def policies_note(compared: PolicyComparison) -> str:
    """What each policy is, and which were left out."""
    own = compared.scenario.policy
    standby = "with standby" if own.release.standby else "without standby"
    depth = "everybody" if own.queue.max_depth is None else f"{own.queue.max_depth:,}"
    queue = f"a queue of {depth}, admission by {own.queue.admission}" if own.queue.enabled else "no queue"
    parts = [
        f"In force is: hold {own.hold}, {queue}, {standby}",
        "each other policy changes one of these; first come gives every tier the same score",
    ]
    missing = [f"{name} is left out: {why}" for name, why in compared.left_out.items()]
    return ". ".join(["; ".join(parts), *missing]) + "."
