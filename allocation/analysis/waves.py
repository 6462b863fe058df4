"""Waves of a launch: other ways to assign them, and the launch without its later ones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import Any

import pandas as pd

from allocation.analysis.supply_risk import is_risky, riskier, shortened
from allocation.engine.errors import InvalidInput
from allocation.montecarlo import Sweep
from allocation.montecarlo.variants import VARIANT, sweep_variants
from allocation.scenario.schema import CutOff, PoolSupply, ReleaseRun, Scenario, Schedule
from allocation.simulation.waiting import days_to_unit

AS_CONFIGURED = "as configured"
WITHOUT_LATER, WEEK_LATER = "without the later waves", "later waves a week later"
ASSIGNMENT, WORTH, RISK = "assignment", "worth", "risk"
MEASURES = ("profit", "allocated_units", "oversold_units", "unsold_units", "days_to_unit")
"""What variants are compared by; days are from the order to the release that gave a unit."""
_WEEK = timedelta(days=7)

Variants = Mapping[str, Scenario]


@dataclass(frozen=True)
class WaveStudy:
    """A launch beside its variants.

    Attributes:
        swept: The replications of every variant; the first one is the launch as configured.
        questions: The names of the variants that answer each question: `ASSIGNMENT`, `WORTH` and `RISK`.
        left_out: Why a variant could not be played, by its name.
    """

    swept: Sweep
    questions: Mapping[str, tuple[str, ...]]
    left_out: Mapping[str, str]

    @property
    def scenario(self) -> Scenario:
        """The launch as configured."""
        return self.swept.scenario

    @property
    def names(self) -> list[str]:
        """The variants, in their order."""
        return [setting.chosen[0] for setting in self.swept.settings]


def ship_dates(scenario: Scenario) -> list[date]:
    """The dates that are released."""
    return sorted({run.ship_date for run in scenario.schedule.release})


def supply_dates(scenario: Scenario) -> list[date]:
    """The dates of a launch's waves: those released for which units are on hand from the start or expected."""
    released = ship_dates(scenario)
    coming = {wave_of(released, delivery.date) for pool in scenario.supply for delivery in pool.expected}
    if any(pool.on_hand for pool in scenario.supply):
        coming |= set(released[:1])
    return sorted(day for day in coming if day is not None)


def wave_of(released: list[date], arrives: date) -> date | None:
    """The first release that an arrival is in time for; None where it is too late for all."""
    return next((day for day in released if arrives <= day), None)


def study_waves(scenario: Scenario, replications: int = 50, seed: int = 0) -> WaveStudy:
    """Play a launch and its variants with common random numbers.

    A launch of one wave has no variants of assignment and no later waves. One whose deliveries are certain is played
    with deliveries that come short; else with more and with less of its risk.

    Args:
        scenario: The launch.
        replications: How many of each variant, at least 2.
        seed: Of the draws.

    Raises:
        SettingError: A number is out of its range.
    """
    variants: dict[str, Scenario] = {AS_CONFIGURED: scenario}
    questions: dict[str, tuple[str, ...]] = {}
    left_out: dict[str, str] = {}
    several = len(supply_dates(scenario)) > 1
    asked = {
        ASSIGNMENT: _assignments(scenario) if several else (),
        WORTH: ((WITHOUT_LATER, _without_later), (WEEK_LATER, _a_week_later)) if several else (),
        RISK: riskier() if is_risky(scenario) else shortened(),
    }
    for question, changes in asked.items():
        questions[question] = ()
        for name, change in changes:
            try:
                variants[name] = change(scenario)
            except InvalidInput as error:
                left_out[name] = "; ".join(problem.message for problem in error.problems)
            else:
                questions[question] += (name,)
    swept = sweep_variants(variants, replications, seed, more=days_to_unit)
    return WaveStudy(swept, MappingProxyType(questions), MappingProxyType(left_out))


def compared_with_configured(study: WaveStudy, question: str) -> pd.DataFrame:
    """What each variant of a question comes to, and how far it is from the launch as configured.

    Returns:
        One row for each variant, the configured one first, and measure of `MEASURES`: ``variant``, ``measure``,
        ``unit``, ``mean``, ``half_width``, ``difference`` from as configured, paired by replication (0 for that
        itself), ``difference_half_width`` and ``n``; 95% t intervals. No rows where there are no variants.
    """
    chosen = [AS_CONFIGURED, *study.questions[question]]
    columns = ["variant", "measure", "unit", "mean", "half_width", "difference", "difference_half_width", "n"]
    if len(chosen) == 1:
        return pd.DataFrame(columns=columns)
    means = study.swept.intervals(list(MEASURES)).rename(columns={VARIANT: "variant"})
    differences = pd.concat([study.swept.paired(name, 0) for name in MEASURES], ignore_index=True)
    differences = differences.rename(
        columns={VARIANT: "variant", "mean": "difference", "half_width": "difference_half_width"}
    )
    frame = means.merge(
        differences[["variant", "measure", "difference", "difference_half_width"]],
        on=["variant", "measure"],
        how="left",
    )
    ends = ["difference", "difference_half_width"]
    itself = frame["variant"] == AS_CONFIGURED
    frame.loc[itself, ends] = 0.0
    units = {"profit": study.scenario.currency, "days_to_unit": "days"}
    frame["unit"] = frame["measure"].map(units).fillna("units")
    order = {name: i for i, name in enumerate(chosen)}
    frame = frame[frame["variant"].isin(order)]
    return frame.sort_values("variant", key=lambda names: names.map(order), kind="stable", ignore_index=True)[columns]


def variant_table(frame: pd.DataFrame) -> pd.DataFrame:
    """`compared_with_configured` for reading: ``variant``, ``measure``, ``mean`` and ``change``, with half-widths."""
    words = {name: name.replace("_", " ") for name in MEASURES} | {"allocated_units": "units given out"}
    measures = frame["measure"].map(words)
    money = frame["measure"] == "profit"
    return pd.DataFrame(
        {
            "variant": frame["variant"],
            "measure": measures.where(~money, measures + " (" + frame["unit"] + ")"),
            "mean": frame["mean"],
            "mean_half_width": frame["half_width"],
            "change": frame["difference"],
            "change_half_width": frame["difference_half_width"],
        }
    )


# ----- variants


def _assignments(scenario: Scenario) -> Iterator[tuple[str, Any]]:
    """The other ways to assign waves. Where everybody keeps the requested date, nobody can move up."""
    own = scenario.policy.waves
    ways = (("requested", False), ("earliest", False), ("earliest", True))
    for assignment, move_up in ways:
        is_own = assignment == own.assignment and (move_up == own.move_up or assignment == "requested")
        if not is_own:
            name = assignment + (", move up" if move_up else ", no move up" if assignment == "earliest" else "")
            yield name, _with_waves(assignment, move_up=move_up)


def _with_waves(assignment: Any, *, move_up: bool) -> Any:
    def change(scenario: Scenario) -> Scenario:
        waves = replace(scenario.policy.waves, assignment=assignment, move_up=move_up)
        return replace(scenario, policy=replace(scenario.policy, waves=waves), published=())

    return change


def _without_later(scenario: Scenario) -> Scenario:
    """What arrives after the first wave never comes; nobody is told of it."""
    first = supply_dates(scenario)[0]
    supply = tuple(
        replace(pool, expected=tuple(delivery for delivery in pool.expected if delivery.date <= first))
        for pool in scenario.supply
    )
    # A ship date of which nobody can have a unit cannot be asked for.
    dates = {day: share for day, share in scenario.demand.ship_dates.items() if day <= first}
    if len(dates) < len(scenario.demand.ship_dates):
        dates = {first: Decimal(1)}
    demand = replace(scenario.demand, ship_dates=dates)
    return replace(scenario, supply=supply, demand=demand, published=())


def _a_week_later(scenario: Scenario) -> Scenario:
    """Later waves, their cut-offs and their releases are a week later, and that is known from the beginning."""
    first = supply_dates(scenario)[0]

    def shifted(day: date) -> date:
        return day + _WEEK if day > first else day

    supply: tuple[PoolSupply, ...] = tuple(
        replace(pool, expected=tuple(replace(one, date=shifted(one.date)) for one in pool.expected))
        for pool in scenario.supply
    )
    releases = tuple(_released_later(run, first) for run in scenario.schedule.release)
    confirms = tuple(cut for old in scenario.schedule.confirm for cut in _cut_later(old, first))
    schedule: Schedule = replace(scenario.schedule, confirm=confirms, release=releases)
    dates = {shifted(day): share for day, share in scenario.demand.ship_dates.items()}
    demand = replace(scenario.demand, ship_dates=dates)
    return replace(scenario, supply=supply, schedule=schedule, demand=demand, published=())


def _released_later(run: ReleaseRun, first: date) -> ReleaseRun:
    return ReleaseRun(run.at + _WEEK, run.ship_date + _WEEK) if run.ship_date > first else run


def _cut_later(cut: CutOff, first: date) -> Iterator[CutOff]:
    """A cut-off for the first wave and later ones keeps its instant: it is the first one's."""
    later = tuple(day for day in cut.ship_dates if day > first)
    if later == cut.ship_dates:
        yield CutOff(cut.at + _WEEK, tuple(day + _WEEK for day in later))
    else:
        yield CutOff(cut.at, tuple(day + _WEEK if day > first else day for day in cut.ship_dates))
