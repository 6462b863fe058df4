"""What does not fit together in a published launch, explained from its configuration and from the simulation."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pandas as pd

from allocation.scenario.schema import Scenario
from allocation.tape import Run

_CONFIRMED = "confirmed_at_cutoff_units"
_PREFIX, _ALLOCATED = "by_tier.", ".allocated"


def contradictions(run: Run, scenario: Scenario) -> pd.DataFrame:
    """The published claims that need an explanation.

    Returns:
        One row an explanation: what was ``published``, and the ``explanation``: a rate or a share that the numbers do
        not give, what a difference between published and simulated comes from, and what must have been in force
        without being said. No rows where nothing is published.
    """
    if not scenario.published:
        return pd.DataFrame(columns=["published", "explanation"])
    rows = [
        *_noted(run),
        *_followed(run),
        *_served_tiers(run, scenario),
        *_sum_of_tiers(scenario),
        *_admission(run, scenario),
        *_assumed(scenario),
    ]
    return pd.DataFrame(rows, columns=["published", "explanation"])


def _noted(run: Run) -> Iterator[tuple[str, str]]:
    """What the run itself notes beside a published number."""
    for row in run.summary.get("published", []):
        if row["note"]:
            yield row["text"] or row["measure"], row["note"]


def _followed(run: Run) -> Iterator[tuple[str, str]]:
    """What is off by as much as the confirmed units are, for the same reason."""
    rows = run.summary.get("published", [])
    off = {row["measure"]: row["simulated"] - row["published"] for row in rows if row["simulated"] is not None}
    confirmed = off.get(_CONFIRMED, 0)
    for row in rows if confirmed else []:
        if row["measure"] != _CONFIRMED and not row["note"] and abs(off.get(row["measure"], 0)) == abs(confirmed):
            why = f"off by the same {abs(confirmed):,} as the units confirmed: it follows from the rate"
            yield row["text"] or row["measure"], why


def _served_tiers(run: Run, scenario: Scenario) -> Iterator[tuple[str, str]]:
    """A tier of which all are said to have a unit, although some who were confirmed cancelled."""
    for tier, value, text in _allocated(scenario):
        counts = run.summary["by_tier"].get(tier, {})
        if counts and value == counts["orders"] > counts["allocated"]:
            gone = counts["cancelled_by_customer"]
            why = (
                f"all {counts['orders']:,} have a unit only if nobody of {tier} is among those who cancel after the "
                f"cut-off; in the simulation, where everybody cancels alike, {gone:,} of them are"
            )
            yield text, why


def _sum_of_tiers(scenario: Scenario) -> Iterator[tuple[str, str]]:
    """Tiers that are printed beside a confirmed number, and add up to the allocated one."""
    values = {row.measure: row.value for row in scenario.published}
    parts = [value for _, value, _ in _allocated(scenario)]
    confirmed, allocated = values.get(_CONFIRMED), values.get("allocated_units")
    if len(parts) > 1 and confirmed is not None and sum(parts) == allocated != confirmed:
        told = " + ".join(f"{value:,}" for value in parts)
        why = (
            f"adds up to the {allocated:,} allocated, not to the {confirmed:,} confirmed: it is the outcome after "
            f"{confirmed - sum(parts):,} cancellations, not what the cut-off confirmed"
        )
        yield f"{told} by tier", why


def _admission(run: Run, scenario: Scenario) -> Iterator[tuple[str, str]]:
    """Tiers that are all served through a queue that does not take everybody."""
    depth = scenario.policy.queue.max_depth
    served = [tier for tier, value, _ in _allocated(scenario) if value == _orders(run, tier)]
    if depth is None or not served:
        return
    # Reservations are in arrival order.
    own = run.reservations["tier"].astype("str").isin(served).to_numpy()
    if late := int(own[depth:].sum()):
        displaces = scenario.policy.hold == "provisional"
        how = "a higher score takes over a promise (hold: provisional)" if displaces else "admission is by priority"
        why = (
            f"{late:,} of their {int(own.sum()):,} orders come after the first {depth:,} in the simulation: by arrival "
            f"they would stand on the wait-list. They are served since {how}, which is not said and is configured here"
        )
        yield f"a queue of {depth:,}, with all of {' and '.join(served)} served", why


def _assumed(scenario: Scenario) -> Iterator[tuple[str, str]]:
    """What is not published at all."""
    if scenario.demand.mix_note:
        yield "no tier mix", scenario.demand.mix_note


def _allocated(scenario: Scenario) -> list[tuple[str, Decimal, str]]:
    """Tiers of which the units given out were published."""
    return [
        (row.measure.removeprefix(_PREFIX).removesuffix(_ALLOCATED), row.value, row.text or row.measure)
        for row in scenario.published
        if row.measure.startswith(_PREFIX) and row.measure.endswith(_ALLOCATED) and " " not in row.measure
    ]


def _orders(run: Run, tier: str) -> Any:
    return run.summary["by_tier"].get(tier, {}).get("orders")
