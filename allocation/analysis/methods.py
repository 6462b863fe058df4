"""Ways to set the rate, compared with common random numbers: constant, economic, service, adaptive."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

import pandas as pd

from allocation.analysis.compared import compared_table, remarks, settings_compared
from allocation.analysis.rate_curve import with_method
from allocation.analysis.tables import rate_text
from allocation.engine.errors import InvalidInput
from allocation.montecarlo import Sweep, sweep
from allocation.montecarlo.start import Start
from allocation.overbooking.rates import Rates, rates_of
from allocation.scenario.schema import Scenario

METHODS = ("constant", "economic", "service", "adaptive")
_METHOD = "policy.overbooking.method"


@dataclass(frozen=True)
class MethodComparison:
    """What the methods came to.

    Attributes:
        swept: The replications under each method that found a rate, as the setting's only value.
        rates: What each of these came to when orders open.
        left_out: Why each of the others could not be played.
        in_force: The method of the policy; None where no method compared here is.
    """

    swept: Sweep
    rates: Mapping[str, Rates]
    left_out: Mapping[str, str]
    in_force: str | None


def compare_methods(
    scenario: Scenario, replications: int = 100, seed: int = 0, *, start: Start | None = None
) -> MethodComparison:
    """Play replications under every method that finds a rate.

    Args:
        scenario: The launch. ``constant`` is its policy's rate; where that has rates by category, it is left out
            unless nothing else is left.
        replications: How many, at least 2.
        seed: Of the draws.
        start: Where the rest begins, of a launch that has begun.

    Raises:
        SettingError: A number is out of its range.
    """
    rates: dict[str, Rates] = {}
    left_out: dict[str, str] = {}
    overbooking = scenario.policy.overbooking
    for method in METHODS:
        if method == "constant" and overbooking.by_category:
            left_out[method] = "the policy has rates by category, for which no single rate stands"
            continue
        try:
            rates[method] = rates_of(with_method(scenario, method))
        except InvalidInput as error:
            left_out[method] = "; ".join(problem.message for problem in error.problems)
    base = with_method(scenario, "constant")
    if not rates:
        # One rate for all is always there to be played.
        rates["constant"] = rates_of(base)
    swept = sweep(base, _METHOD, list(rates), replications, seed, start=start, progress=False)
    return MethodComparison(swept, rates, left_out, overbooking.method if overbooking.method in rates else None)


def method_frame(compared: MethodComparison) -> pd.DataFrame:
    """Profit, probability of overselling, oversold and unsold units by method.

    Returns:
        As `settings_compared`, with ``method``, ``rate`` (when orders open: `rates_text`) and ``in_force``.
    """
    frame = settings_compared(compared.swept).rename(columns={_METHOD: "method"})
    constant = compared.swept.scenario.policy.overbooking.rate
    texts = {method: rates_text(rates, constant) for method, rates in compared.rates.items()}
    return frame.assign(rate=frame["method"].map(texts), in_force=frame["method"] == (compared.in_force or ""))


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


def methods_note(compared: MethodComparison) -> str:
    """How each method comes to its rate, and which were left out."""
    overbooking = compared.swept.scenario.policy.overbooking
    about = {
        "constant": "the policy's rate",
        "economic": "the largest expected profit by the closed form",
        "service": f"the most at which the closed form's probability of overselling is {overbooking.level:.0%} or less",
    }
    parts = []
    for method, rates in compared.rates.items():
        reviews = len({review.at for review in rates.reviews})
        how = about.get(method, f"learned from what is seen, at {reviews} review{'s' * (reviews != 1)}")
        begins = "begins at " if reviews else ""
        parts.append(f"{method}: {begins}{rates_text(rates, overbooking.rate)} ({how})")
    missing = [f"{method} is left out: {why}" for method, why in compared.left_out.items()]
    return ". ".join(["; ".join(parts), *missing]).rstrip(".") + "."
