"""Ways to set the rate, compared with common random numbers: flat, constant, by category, and worked out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from types import MappingProxyType
from typing import Literal

import pandas as pd

from allocation.analysis.compared import compared_table, remarks, settings_compared
from allocation.analysis.tables import rate_text
from allocation.analysis.wording import PAIRED, same_runs
from allocation.engine.errors import InvalidInput
from allocation.engine.policy import Overbooking
from allocation.montecarlo import Sweep, sweep
from allocation.montecarlo.start import Start
from allocation.overbooking.rates import Rates, rates_of
from allocation.scenario.schema import Scenario

FLAT_RATE = Decimal("1.05")
"""One rate for everything, as the published example has it by default."""
_LEARNED: tuple[Literal["economic", "service", "adaptive"], ...] = ("economic", "service", "adaptive")
_PARAMETER = "policy.overbooking"


@dataclass(frozen=True)
class MethodComparison:
    """What the methods came to.

    Attributes:
        swept: The replications under each method that found a rate, in the order of `rates`.
        rates: What each of these came to when orders open.
        left_out: Why each of the others could not be played.
        in_force: The method of the policy; None where it could not be played.
    """

    swept: Sweep
    rates: Mapping[str, Rates]
    left_out: Mapping[str, str]
    in_force: str | None


def compare_methods(
    scenario: Scenario, replications: int = 100, seed: int = 0, *, start: Start | None = None
) -> MethodComparison:
    """Play replications under every method that finds a rate.

    ``flat`` is 1.05 for everything, ``constant`` the policy's own rate for everything (left out where it is the flat
    one), ``by category`` the policy's rates by category; ``economic``, ``service`` and ``adaptive`` are worked out.

    Args:
        scenario: The launch.
        replications: How many, at least 2.
        seed: Of the draws.
        start: Where the rest begins, of a launch that has begun.

    Raises:
        SettingError: A number is out of its range.
    """
    ways, left_out = _ways(scenario)
    rates: dict[str, Rates] = {}
    for name, overbooking in ways.items():
        try:
            rates[name] = rates_of(_with(scenario, overbooking))
        except InvalidInput as error:
            left_out[name] = "; ".join(problem.message for problem in error.problems)
    swept = sweep(scenario, _PARAMETER, [ways[name] for name in rates], replications, seed, start=start, progress=False)
    in_force = next((name for name in rates if ways[name] == scenario.policy.overbooking), None)
    return MethodComparison(swept, rates, left_out, in_force)


def _ways(scenario: Scenario) -> tuple[dict[str, Overbooking], dict[str, str]]:
    """What there is to compare, and why the rest is not."""
    own = scenario.policy.overbooking
    nothing: Mapping[str, Decimal] = MappingProxyType({})
    constant = replace(own, method="constant", by_category=nothing)
    ways, left_out = {"flat": replace(constant, rate=FLAT_RATE)}, {}
    if own.rate == FLAT_RATE:
        left_out["constant"] = "the policy's rate is the flat one"
    else:
        ways["constant"] = constant
    if own.by_category:
        ways["by category"] = replace(own, method="constant")
    else:
        left_out["by category"] = "the policy has no rates by category"
    # A method that works rates out has no use for those by category.
    for name in _LEARNED:
        ways[name] = own if own.method == name else replace(constant, method=name)
    return ways, left_out


def _with(scenario: Scenario, overbooking: Overbooking) -> Scenario:
    return replace(scenario, policy=replace(scenario.policy, overbooking=overbooking))


def method_frame(compared: MethodComparison) -> pd.DataFrame:
    """Profit, probability of overselling, oversold and unsold units by method.

    Returns:
        As `settings_compared`, with ``method``, ``rate`` (when orders open: `rates_text`) and ``in_force``.
    """
    frame = settings_compared(compared.swept).rename(columns={_PARAMETER: "method"})
    settings = zip(compared.swept.settings, compared.rates, strict=True)
    frame["method"] = frame["method"].map({setting.chosen[0]: method for setting, method in settings})
    texts = {method: rates_text(rates, _rate(compared, method)) for method, rates in compared.rates.items()}
    return frame.assign(rate=frame["method"].map(texts), in_force=frame["method"] == (compared.in_force or ""))


def _rate(compared: MethodComparison, method: str) -> Decimal:
    return FLAT_RATE if method == "flat" else compared.swept.scenario.policy.overbooking.rate


def rates_text(rates: Rates, constant: Decimal) -> str:
    """The rate of every pool when orders open; the lowest and the highest where they differ."""
    found = sorted(rates.at_opening.values()) or [constant]
    low, high = rate_text(found[0]), rate_text(found[-1])
    return low if low == high else f"{low} to {high}"


def method_table(frame: pd.DataFrame) -> pd.DataFrame:
    """`method_frame` for reading: `compared_table` by method, with ``rate_at_opening`` and a ``remark``."""
    table = compared_table(frame, "method")
    own = frame.drop_duplicates("method").set_index("method").loc[table["method"]]
    table.insert(1, "rate_at_opening", own["rate"].to_numpy())
    table.insert(2, "remark", remarks(own["in_force"], own["best"]))
    return table


def methods_basis(compared: MethodComparison) -> str:
    """What the comparison rests on."""
    return f"{same_runs(compared.swept.replications, compared.swept.seed)} {PAIRED}"


def methods_note(compared: MethodComparison) -> str:
    """How each method comes to its rate, and which were left out."""
    overbooking = compared.swept.scenario.policy.overbooking
    about = {
        "flat": "the same for everything",
        "constant": "the policy's rate",
        "by category": "the policy's rates by category",
        "economic": "the largest expected profit by the closed form",
        "service": f"the most at which the closed form's probability of overselling is {overbooking.level:.0%} or less",
    }
    parts = []
    for method, rates in compared.rates.items():
        reviews = len({review.at for review in rates.reviews})
        how = about.get(method, f"learned from what is seen, at {reviews} review{'s' * (reviews != 1)}")
        begins = "begins at " if reviews else ""
        parts.append(f"{method}: {begins}{rates_text(rates, _rate(compared, method))} ({how})")
    missing = [f"{method} is left out: {why}" for method, why in compared.left_out.items()]
    return ". ".join(["; ".join(parts), *missing]).rstrip(".") + "."
