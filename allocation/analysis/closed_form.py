"""The closed form beside the simulation: where its assumptions hold, what it says, and where the two agree.

It is a single-period model (Talluri and van Ryzin 2004, section 4.2): as many units are confirmed as the limit allows,
each survives until the release with the same probability, and none that is lost is replaced.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from math import floor

import numpy as np
import pandas as pd

from allocation.analysis.compared import MEASURES, SIMULATED, column_name, ends_of
from allocation.analysis.tables import rate_text
from allocation.engine.errors import SettingError
from allocation.engine.instants import milliseconds
from allocation.montecarlo import Sweep
from allocation.overbooking import Shows, expected_profit
from allocation.overbooking.rates import terms_of
from allocation.overbooking.scenario_shows import cut_off, held_units, shows_of, supply_units
from allocation.scenario.schema import Scenario, for_tier, support_of, variance_of

CLOSED_FORM = "closed form"
_POINTS = 121


def closed_form_gaps(scenario: Scenario) -> tuple[str, ...]:
    """Which assumptions of the closed form a launch does not meet, each in words; none where it applies.

    That the orders reach the limit is not seen from a scenario: see `limit_gaps`.
    """
    return (*_supply_gaps(scenario), *_customer_gaps(scenario), *_repair_gaps(scenario))


def _supply_gaps(scenario: Scenario) -> Iterator[str]:
    if len(scenario.supply) != 1:
        yield f"there are {len(scenario.supply)} pools, not one"
    if len(scenario.schedule.release) != 1:
        yield f"there are {len(scenario.schedule.release)} releases, not one"
        return
    day = scenario.schedule.release[0].ship_date
    deliveries = [delivery for pool in scenario.supply for delivery in pool.expected]
    if any(delivery.date > day for delivery in deliveries):
        yield "supply comes after the release"
    risks = [risk for delivery in deliveries for risk in (delivery.late, delivery.short) if risk is not None]
    if any(risk.probability for risk in risks):
        yield "supply may come late or short"
    if set(scenario.demand.ship_dates) != {day}:
        yield "orders ask for other ship dates than that of the release"


def _customer_gaps(scenario: Scenario) -> Iterator[str]:
    behaviour = scenario.behaviour
    if any(support_of(for_tier(behaviour.cancel_held.share, tier))[1] for tier in scenario.demand.tiers):
        yield "promises are cancelled before the cut-off as well, each by a clock that starts with its order"
    if support_of(behaviour.payment.pending_share)[1]:
        yield "some promises wait for a payment"
    if any(lines != 1 and share for lines, share in scenario.demand.lines_per_order.items()):
        yield "lines of one order are cancelled together"


def _repair_gaps(scenario: Scenario) -> Iterator[str]:
    policy = scenario.policy
    if not policy.queue.enabled:
        yield "nobody waits, so what is cancelled while orders come in is replaced, and what is cancelled later is not"
    if policy.confirm.unreserved == "keep":
        yield "who waits at the cut-off stands by and replaces who is lost until the release"
    for run in scenario.schedule.release[:1]:
        cut = cut_off(scenario, run.ship_date)
        if cut is None or cut >= milliseconds(run.at):
            yield "there is no cut-off before the release"
        elif milliseconds(scenario.orders.closes) > cut:
            yield "orders still come in after the cut-off and replace who is lost"


def limit_gaps(swept: Sweep) -> tuple[str, ...]:
    """What a sweep over rates shows of a launch that the closed form does not know, in words.

    It sees a launch from its beginning, and takes for granted that the limit is reached under every setting.
    """
    if swept.begun:
        return ("the launch has begun, and is played on from its book",)
    slack = max((int(q) for q, share in swept.scenario.demand.quantities.items() if share), default=1) - 1
    for number, setting in enumerate(swept.settings):
        own = swept.of(number)
        short = int((own["confirmed_at_cutoff_units"] < own["limit_units"] - slack).sum())
        if short:
            rate = rate_text(setting.chosen[0])
            return (f"orders do not reach the limit at a rate of {rate} in {short} of {len(own)} replications",)
    return ()


def closed_form_caveats(scenario: Scenario) -> tuple[str, ...]:
    """Where the closed form only approximates a launch whose other assumptions hold, in words."""
    share, held = scenario.behaviour.cancel_confirmed.share, held_units(scenario)
    shares = {tier: for_tier(share, tier) for tier in held.shares}
    found = []
    if any(variance_of(of_tier) for of_tier in shares.values()):
        found.append(
            "the share that cancels is uncertain and moves all fates together: a beta-binomial of the same mean and, "
            "to first order, the same variance stands for it"
        )
    if len({of_tier for tier, of_tier in shares.items() if held.shares[tier] > 0}) > 1:
        found.append("tiers cancel at different rates: their mean stands for all")
    if sum(share > 0 for share in scenario.demand.quantities.values()) > 1:
        found.append("orders differ in size: a beta-binomial of the same mean and variance stands for their sum")
    return tuple(found)


def closed_form_curve(scenario: Scenario, rates: Sequence[Decimal | float]) -> pd.DataFrame:
    """What the closed form says of rates.

    Args:
        scenario: Without `closed_form_gaps`.
        rates: Any number of them.

    Returns:
        One row for each rate and measure, in the columns of `rate_curve`: ``source`` is ``closed form``, and there is
        no interval.

    Raises:
        SettingError: An assumption does not hold.
    """
    gaps = closed_form_gaps(scenario)
    if gaps:
        raise SettingError(f"the closed form does not apply to {scenario.name}: {'; '.join(gaps)}")
    shows = shows_of(scenario, scenario.schedule.release[0])
    rows = [row for rate in rates for row in _at_rate(scenario, shows, Decimal(str(rate)))]
    nan = float("nan")
    return pd.DataFrame(rows).assign(
        source=CLOSED_FORM, half_width=nan, low=nan, high=nan, n=0, variance_ratio=nan, best=False, in_force=False
    )


def _at_rate(scenario: Scenario, shows: Shows, rate: Decimal) -> Iterator[dict[str, object]]:
    capacity, terms = supply_units(scenario), terms_of(scenario)
    bookings = floor(capacity * rate) // shows.step * shows.step
    earned = expected_profit(capacity, bookings, shows, terms.margin, terms.denied_cost, terms.unsold_cost)
    values = {
        "profit": earned + terms.forfeit * (bookings - shows.mean(bookings)),
        "oversold_any": shows.oversold_probability(capacity, bookings),
        "oversold_units": shows.expected_oversold(capacity, bookings),
        "unsold_units": shows.expected_unsold(capacity, bookings),
    }
    for name, value in values.items():
        unit = MEASURES[name]
        yield {
            "rate": float(rate),
            "measure": name,
            "unit": scenario.currency if unit == "money" else unit,
            "mean": value,
        }


def with_closed_form(curve: pd.DataFrame, swept: Sweep) -> pd.DataFrame:
    """`rate_curve` with the closed form at those rates and between them; unchanged where it does not apply."""
    if closed_form_gaps(swept.scenario) or limit_gaps(swept):
        return curve
    tried = sorted(set(curve["rate"]))
    between = np.linspace(tried[0], tried[-1], _POINTS).round(6)
    closed = closed_form_curve(swept.scenario, sorted({*tried, *between.tolist()}))
    return pd.concat([curve, closed[curve.columns]], ignore_index=True)


def closed_form_beside(curve: pd.DataFrame) -> pd.DataFrame:
    """The closed form beside the simulation, at the rates that were simulated.

    Args:
        curve: As `with_closed_form` gives it.

    Returns:
        One row for each rate and measure that varies over replications, and more than hardly ever: ``rate``,
        ``measure``, ``unit``, ``closed_form``, ``simulated`` with ``low`` and ``high``, and ``inside``: whether the
        closed form lies in the interval. No rows where the closed form does not apply.
    """
    key = ["rate", "measure"]
    closed = curve.loc[curve["source"] == CLOSED_FORM, [*key, "mean"]].rename(columns={"mean": "closed_form"})
    # What never varied has no interval to lie in. What hardly ever happened has none that holds for its mean number of
    # units: it is far from normal, and reaches below nothing; the probability speaks for it.
    is_rare = (curve["unit"] == "units") & (curve["low"] <= 0)
    simulated = curve[(curve["source"] == SIMULATED) & (curve["half_width"] > 0) & ~is_rare]
    both = simulated.rename(columns={"mean": "simulated"}).merge(closed, on=key)
    both["inside"] = both["closed_form"].between(both["low"], both["high"])
    return both[[*key, "unit", "closed_form", "simulated", "low", "high", "inside"]]


def closed_form_table(curve: pd.DataFrame) -> pd.DataFrame:
    """The closed form beside the simulation for reading.

    Args:
        curve: As `with_closed_form` gives it.

    Returns:
        One row for each simulated rate, with two columns for each measure: by the closed form, and simulated, with its
        interval. No rows where the closed form does not apply.
    """
    closed, simulated = (curve[curve["source"] == source] for source in (CLOSED_FORM, SIMULATED))
    if closed.empty:
        return closed
    rates = list(dict.fromkeys(simulated["rate"]))
    columns: dict[str, object] = {"rate": rates}
    for name in MEASURES:
        told = column_name(name, curve)
        for source, rows in (("closed form", closed), ("simulated", simulated)):
            own = rows[rows["measure"] == name].set_index("rate").loc[rates]
            columns[f"{told}, {source}"] = own["mean"].to_numpy()
            if source == "simulated":
                columns |= {f"{told}, {source}_{end}": own[end].to_numpy() for end in ends_of(name)}
    return pd.DataFrame(columns)


def closed_form_sentence(swept: Sweep, curve: pd.DataFrame) -> str:
    """Whether the closed form applies to a launch and agrees with its simulation, or which assumption fails.

    Args:
        swept: As `sweep_rates` gives it.
        curve: As `with_closed_form` gives it.
    """
    gaps = (*closed_form_gaps(swept.scenario), *limit_gaps(swept))
    if gaps:
        return (
            "The closed form (one wave, no repair, every promise survives alike) is not drawn, because "
            f"{'; '.join(gaps)}."
        )
    shows, beside = shows_of(swept.scenario, swept.scenario.schedule.release[0]), closed_form_beside(curve)
    fates = "independently" if not shows.rho else f"with a correlation of {shows.rho:.2g}"
    caveats = closed_form_caveats(swept.scenario)
    remark = f" It is an approximation here: {'; '.join(caveats)}." if caveats else ""
    return (
        "The launch meets the assumptions of the closed form: one wave, nobody replaces who leaves after the cut-off, "
        f"and each confirmed unit is still there at the release with probability {shows.show_rate:.4f}, {fates}. "
        f"{int(beside['inside'].sum())} of its {len(beside)} values that vary lie inside the 95% interval of the "
        f"simulation; one in twenty may lie outside by chance.{remark}"
    )
