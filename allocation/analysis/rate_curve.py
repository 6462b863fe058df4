"""What a rate of overbooking leads to: a sweep over rates around the one in force, always with 1.00."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import ROUND_CEILING, Decimal
from types import MappingProxyType
from typing import Any

import pandas as pd

from allocation.analysis.compared import compared_table, remarks, settings_compared
from allocation.analysis.tables import rate_text
from allocation.engine.errors import InvalidInput, SettingError
from allocation.engine.policy import RATE_MAX
from allocation.montecarlo import Sweep, sweep
from allocation.montecarlo.start import Start
from allocation.montecarlo.sweep import RATE
from allocation.overbooking.rates import rates_of
from allocation.scenario.schema import Scenario

NO_OVERBOOKING = Decimal(1)
_REACH_MIN = Decimal("0.06")
_STEPS_MAX = 8
_STEPS = (1, 2, 5)


def rates_to_try(scenario: Scenario) -> tuple[Decimal, ...]:
    """Rates from 1.00 to twice as far as the rate in force, and past the closed form's best; eight steps at most."""
    in_force, best = rate_in_force(scenario) or NO_OVERBOOKING, _economic_rate(scenario)
    reach = max(2 * (in_force - 1), Decimal("1.5") * (best - 1), _REACH_MIN)
    step = _step(reach)
    count = int((reach / step).to_integral_value(ROUND_CEILING))
    grid = {NO_OVERBOOKING + step * i for i in range(count + 1)}
    return tuple(sorted(rate for rate in grid | {in_force} if rate <= RATE_MAX))


def _step(reach: Decimal) -> Decimal:
    """The smallest of 0.01, 0.02, 0.05, 0.1, ... with which `reach` takes eight steps at most."""
    power = Decimal("0.01")
    while True:
        for times in _STEPS:
            if reach <= _STEPS_MAX * power * times:
                return power * times
        power *= 10


def _economic_rate(scenario: Scenario) -> Decimal:
    try:
        return max(rates_of(with_method(scenario, "economic")).at_opening.values())
    except InvalidInput:
        # Where denying somebody costs nothing there is no best rate, and nothing to reach for.
        return NO_OVERBOOKING


def with_method(scenario: Scenario, method: str) -> Scenario:
    """The scenario with another way to overbook, and without rates by category.

    Raises:
        PolicyError: The policy cannot have that method.
    """
    changes: Mapping[str, Any] = {"method": method, "by_category": MappingProxyType({})}
    overbooking = replace(scenario.policy.overbooking, **changes)
    return replace(scenario, policy=replace(scenario.policy, overbooking=overbooking))


def rate_in_force(scenario: Scenario) -> Decimal | None:
    """The one rate that holds in every pool from opening to release; None where there is no such rate."""
    if scenario.policy.overbooking.is_one_rate:
        return scenario.policy.overbooking.rate
    rates = rates_of(scenario)
    found = list(dict.fromkeys(rates.at_opening.values()))
    return found[0] if len(found) == 1 and not rates.reviews else None


def rate_words(scenario: Scenario) -> str:
    """The rate in force; where there is no one rate, how rates are set."""
    rate = rate_in_force(scenario)
    if rate is not None:
        return rate_text(rate)
    return "by category" if scenario.policy.overbooking.method == "constant" else scenario.policy.overbooking.method


def sweep_rates(
    scenario: Scenario,
    replications: int = 100,
    seed: int = 0,
    rates: Sequence[Decimal | float] = (),
    *,
    start: Start | None = None,
) -> Sweep:
    """Play replications under several rates, each the same in every pool, whatever the policy's method.

    Args:
        scenario: The launch.
        replications: How many, at least 2.
        seed: Of the draws.
        rates: Which; those of `rates_to_try` by default.
        start: Where the rest begins, of a launch that has begun.

    Raises:
        SettingError: A number is out of its range.
    """
    chosen = tuple(rates) or rates_to_try(scenario)
    return sweep(with_method(scenario, "constant"), RATE, chosen, replications, seed, start=start, progress=False)


def rate_curve(swept: Sweep, in_force: Decimal | None = None, confidence: float = 0.95) -> pd.DataFrame:
    """Profit, probability of overselling, oversold and unsold units by rate.

    Args:
        swept: As `sweep_rates` gives it.
        in_force: The rate in force, if there is one.
        confidence: Of each interval by itself.

    Returns:
        As `settings_compared`, with ``rate`` (units promised for a unit of supply) and ``in_force``.
    """
    frame = settings_compared(swept, confidence).rename(columns={RATE: "rate"})
    return frame.assign(in_force=frame["rate"] == (None if in_force is None else float(in_force)))


def rate_table(curve: pd.DataFrame) -> pd.DataFrame:
    """`rate_curve` for reading: `compared_table` by rate, with a ``remark``: in force, best."""
    table = compared_table(curve, "rate")
    flags = curve[curve["measure"] == "profit"].drop_duplicates("rate").set_index("rate").loc[table["rate"]]
    table.insert(1, "remark", remarks(flags["in_force"], flags["best"]))
    return table


def setting_of(swept: Sweep, rate: Decimal | float) -> int | None:
    """The number of the setting with a rate; None where it was not tried."""
    numbers = [i for i, setting in enumerate(swept.settings) if setting.chosen[0] == float(rate)]
    return numbers[0] if numbers else None


def require_rate(swept: Sweep, rate: Decimal | float) -> int:
    """The number of the setting with a rate.

    Raises:
        SettingError: It was not tried.
    """
    number = setting_of(swept, rate)
    if number is None:
        tried = ", ".join(rate_text(setting.chosen[0]) for setting in swept.settings)
        raise SettingError(f"a rate of {rate_text(rate)} was not tried; tried are {tried}")
    return number
