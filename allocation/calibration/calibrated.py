"""From estimates to a scenario: what the history says replaces what the template says, and the rest stays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from math import ceil

from allocation.calibration.estimates import ALL, Estimates, estimate
from allocation.calibration.history import read_history
from allocation.calibration.source import PARTS, Source, listed_words
from allocation.calibration.timing import decimal_of, exact_shares
from allocation.engine.errors import HistoryError, Problem
from allocation.engine.instants import from_milliseconds
from allocation.scenario.ranges import suggestion
from allocation.scenario.schema import (
    Behaviour,
    Cancellation,
    Demand,
    Distribution,
    OrderWindow,
    Payment,
    PerTier,
    Scenario,
    Uniform,
)
from allocation.scenario.section_checks import WINDOW_DAYS_MAX
from allocation.scenario.wording import listed, short, shown

_NAME_MAX = 80
_TITLE_MAX = 200


@dataclass(frozen=True, slots=True, eq=False)
class Calibration:
    """A scenario from a history.

    Attributes:
        source: The history, as it was asked for.
        template: The scenario that says what no history says.
        estimates: What the history says.
        parts: What was taken from it, of `PARTS`.
        scenario: The result; its description says where everything comes from.
    """

    source: Source
    template: Scenario
    estimates: Estimates
    parts: tuple[str, ...]
    scenario: Scenario


def calibrate(source: Source, template: Scenario) -> Calibration:
    """Read a history, estimate, and put what it says into a scenario.

    A history says nothing of whether somebody held a promise or waited when they cancelled. So both cancel alike, from
    placement to release, and nothing is added after the cut-off. A share is a range, the interval of its estimate, so
    that what is not known for sure is not taken for known: it is drawn once a launch.

    Args:
        source: The history.
        template: Says what no history says: supply, costs, policy and schedule; and what is not taken.

    Raises:
        HistoryError: The history cannot be used (see `read_history`), does not show what is to be taken from it, or has
            a tier that the template does not have.
        ScenarioError: What it says does not fit the template.
    """
    estimates = estimate(read_history(source.file, source.settings))
    parts = _parts(source, estimates)
    if {"tiers", "cancellation"} & set(parts):
        _check_tiers(estimates, template)
    demand = _demand(template, estimates, parts)
    orders = _window(template, estimates) if "arrivals" in parts else template.orders
    scenario = replace(
        template,
        name=f"{template.name[: _NAME_MAX - len('-calibrated')].rstrip('-')}-calibrated",
        title=short(f"{template.title}, with customers as in {source.file.name}", _TITLE_MAX - 3),
        description=_description(source, template, estimates, parts, orders),
        orders=orders,
        demand=demand,
        behaviour=_behaviour(template.behaviour, demand, estimates, parts),
        published=(),
    )
    return Calibration(source, template, estimates, parts, scenario)


def _parts(source: Source, estimates: Estimates) -> tuple[str, ...]:
    """What is taken: what was asked for, or everything that the history shows."""
    missing = _missing(estimates)
    lacking = [Problem(("take",), f"{part}: {missing[part]}") for part in source.take if part in missing]
    if lacking:
        raise HistoryError(lacking, f"what to take from {estimates.history.source}")
    return tuple(part for part in PARTS if (part in source.take if source.take else part not in missing))


def _missing(estimates: Estimates) -> dict[str, str]:
    """The parts that a history does not show, and why."""
    days = estimates.arrivals.hours / 24
    shown_by = {
        "arrivals": (days <= WINDOW_DAYS_MAX, f"orders came over {days:,.0f} days, and a launch has {WINDOW_DAYS_MAX}"),
        "tiers": (len(estimates.tiers) > 0, "it has no column of tiers"),
        "quantities": (len(estimates.quantities) > 0, "it has no column of quantities"),
        "timing": (len(estimates.fits) > 0, "it has too few cancellations"),
        "payment": (estimates.unpaid is not None, "it has no status of somebody who never paid"),
    }
    return {part: why for part, (is_shown, why) in shown_by.items() if not is_shown}


def _check_tiers(estimates: Estimates, template: Scenario) -> None:
    known = template.policy.tiers
    problems = [
        Problem((), f"tier {shown(tier)} ({count:,} rows) is none of {template.name}{suggestion(tier, known)}; say "
                f"which it is, such as --tier '{tier}={next(iter(known))}', or give a template that has it")
        for tier, count in zip(estimates.tiers["tier"], estimates.tiers["orders"], strict=True)
        if tier not in known
    ]  # fmt: skip
    if problems:
        raise HistoryError(listed(problems), f"tiers of {estimates.history.source}")


def _demand(template: Scenario, estimates: Estimates, parts: tuple[str, ...]) -> Demand:
    demand = template.demand
    if {"orders", "tiers"} & set(parts):
        counts = demand.counts or {}
        mix = demand.mix or dict(zip(counts, exact_shares([*counts.values()]), strict=True))
        total: Distribution = Decimal(sum(counts.values())) if demand.total is None else demand.total
        if "orders" in parts:
            # A row is a reservation, and so is a line.
            total, demand = Decimal(estimates.orders), replace(demand, lines_per_order={1: Decimal(1)})
        if "tiers" in parts:
            mix = dict(zip(estimates.tiers["tier"], exact_shares(estimates.tiers["orders"].to_numpy()), strict=True))
            demand = replace(demand, mix_note=f"The {estimates.orders:,} reservations of {estimates.history.source}.")
        demand = replace(demand, counts=None, total=total, mix=mix)
    if "quantities" in parts:
        shares = exact_shares(estimates.quantities["orders"].to_numpy())
        demand = replace(demand, quantities=dict(zip(map(int, estimates.quantities["quantity"]), shares, strict=True)))
    return replace(demand, arrivals=estimates.arrivals.arrivals) if "arrivals" in parts else demand


def _window(template: Scenario, estimates: Estimates) -> OrderWindow:
    """The template's order window, longer where the history's orders came over a longer time."""
    needed = timedelta(minutes=ceil(float(estimates.arrivals.arrivals.points[-1][0]) * 60))
    closes = max(template.orders.closes, template.orders.opens + needed)
    return OrderWindow(template.orders.opens, closes)


def _behaviour(behaviour: Behaviour, demand: Demand, estimates: Estimates, parts: tuple[str, ...]) -> Behaviour:
    held, waiting = behaviour.cancel_held, behaviour.cancel_waiting
    if "timing" in parts:
        timing = estimates.fits[0].timing
        held, waiting = replace(held, timing=timing), replace(waiting, timing=timing)
    if "cancellation" in parts:
        share = _shares(demand, estimates)
        held, waiting = replace(held, share=share), replace(waiting, share=share)
        behaviour = replace(behaviour, cancel_confirmed=Cancellation())
    if "payment" in parts and estimates.unpaid is not None:
        never = _range(estimates.unpaid.low, estimates.unpaid.high)
        # Who paid late is not in a history: those whose payment is pending are those who never pay.
        behaviour = replace(behaviour, payment=Payment(pending_share=never, pays_share=Decimal(0)))
    return replace(behaviour, cancel_held=held, cancel_waiting=waiting)


def _shares(demand: Demand, estimates: Estimates) -> PerTier:
    """The range of each tier that orders; of one that the history does not have, that of all."""
    own = set(estimates.cancelled["tier"]) - {ALL}
    if not own:
        return _range(*estimates.share_of()[1:])
    shares: Mapping[str, Distribution] = {
        tier: _range(*estimates.share_of(tier if tier in own else ALL)[1:]) for tier in demand.tiers
    }
    return shares


def _range(low: float, high: float) -> Distribution:
    return Uniform((decimal_of(low), decimal_of(high)))


def _description(
    source: Source, template: Scenario, estimates: Estimates, parts: tuple[str, ...], orders: OrderWindow
) -> str:
    history = estimates.history
    missing = _missing(estimates)
    kept = [
        f"{words} ({missing[part]})" if part in missing else words for part, words in PARTS.items() if part not in parts
    ]
    also = f"; and also {listed_words(kept)}" if kept else ""
    omitted = f", {history.omitted:,} omitted by their status" if history.omitted else ""
    rows = f"{estimates.orders:,} of {history.rows:,} rows, {len(history.left_out):,} bad ones left out{omitted}"
    ends = from_milliseconds(history.ends).isoformat(timespec="minutes")
    sentences = [
        f"Calibrated from {history.source} (SHA-256 {history.digest}): {rows}; it ends {ends}.",
        f"From it: {listed_words([PARTS[part] for part in parts])}.",
        f"From the scenario {template.name}, as no history tells it: supply, costs, policy and schedule{also}.",
    ]
    return " ".join([*sentences, *_remarks(source, template, estimates, parts, orders)])


def _remarks(
    source: Source, template: Scenario, estimates: Estimates, parts: tuple[str, ...], orders: OrderWindow
) -> list[str]:
    """What must be known of a calibration."""
    remarks = list(estimates.notes)
    if "orders" in parts:
        supply = sum(pool.on_hand + sum(delivery.quantity for delivery in pool.expected) for pool in template.supply)
        remarks.append(f"{estimates.units:,} units were ordered; the supply of {template.name} is {supply:,}.")
    if "cancellation" in parts:
        remarks.append(
            "Ranges of shares are 95% intervals of this one history: they do not tell how launches differ. Whether "
            "somebody held a promise or waited is not in it: both cancel alike, and nothing is added after the cut-off."
        )
    if orders != template.orders:
        later = (orders.closes - template.orders.closes).total_seconds() / 3600
        remarks.append(f"Orders close {later:,.1f} hours later than in {template.name}: so long they came here.")
    return [*remarks, *([f"Caveat: {source.caveat}"] if source.caveat else [])]


def remarks_on(found: Calibration) -> list[str]:
    """What must be known of a calibration: assumptions, limits, and the caveat of its history."""
    return _remarks(found.source, found.template, found.estimates, found.parts, found.scenario.orders)
