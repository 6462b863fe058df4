"""How the answer moves with what is assumed: cancellations, how they go together, and what a denied unit costs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

import numpy as np
import pandas as pd

from allocation.analysis.rate_curve import require_rate, with_method
from allocation.analysis.tables import rate_text
from allocation.montecarlo import Sweep, sweep
from allocation.montecarlo.behaviours import cancels, with_cancellation_correlation, with_cancellation_level
from allocation.montecarlo.start import Start
from allocation.montecarlo.sweep import RATE
from allocation.scenario.schema import Scenario
from allocation.statistics import mean_interval, paired_difference

LEVELS = {"low": Decimal("0.83"), "high": Decimal("1.38")}
"""The range of cancellations by product in the published history, 3.5% to 5.8%, over its average of 4.2%."""
CORRELATIONS = {"low": Decimal(0), "high": Decimal("0.01")}
"""Everybody decides alone; and fates that move together strongly (at 5%, the share's standard deviation is 2.2%)."""
COSTS = {"low": Decimal("0.5"), "high": Decimal(2)}
"""Of what an oversold unit is said to cost."""
REPLICATIONS = 12
_RATES = 4


def tornado(
    swept: Sweep, rate: Decimal | float, replications: int = REPLICATIONS, *, start: Start | None = None
) -> pd.DataFrame:
    """What the profit at a rate, and the best rate, become when an assumption is lower or higher.

    Every launch is played with the same customers and supply as its counterpart in the sweep, as far as they do not
    depend on the assumption itself: latent draws are the same.

    Args:
        swept: Over rates, as `sweep_rates` gives it; its first replications are the counterparts.
        rate: The one whose profit is looked at; one of those of the sweep.
        replications: How many of each; no more than the sweep has.
        start: Where the rest begins, of a launch that has begun: where it began in the sweep.

    Returns:
        One row for each assumption and end: ``assumption``, ``end`` (``low``, ``high``), ``what`` it is then; the
        ``rate`` and the ``unit`` of money; the ``change`` of its profit with ``half_width``, ``low`` and ``high``
        (paired t interval); ``best_rate``, the most profitable of those tried (`rates_tried`), with ``best_low`` and
        ``best_high``: the range of those tried whose profit is not shown to be less (paired, 95% each); ``gain``: what
        the best one then earns more than the rate, with ``gain_half_width``; and ``n``. An assumption that changes
        nothing, since nothing is uncertain, has a change of 0. The largest swing comes first.

    Raises:
        SettingError: The rate is none of those of the sweep.
    """
    require_rate(swept, rate)
    n = min(replications, swept.replications)
    base, tried = with_method(swept.scenario, "constant"), rates_tried(swept, rate)
    rows = []
    for assumption, end, what, scenario in _variants(base):
        own = swept if scenario == base else sweep(scenario, RATE, tried, n, swept.seed, start=start, progress=False)
        head: dict[str, object] = {
            "assumption": assumption,
            "end": end,
            "what": what,
            "rate": float(rate),
            "unit": base.currency,
        }
        rows.append(head | _moved(swept, own, rate, tried, n))
    frame = pd.DataFrame(rows)
    swing = frame["change"].abs().groupby(frame["assumption"]).transform("max")
    return frame.iloc[np.argsort(-swing.to_numpy(), kind="stable")].reset_index(drop=True)


def rates_tried(swept: Sweep, rate: Decimal | float) -> tuple[float, ...]:
    """A few of the rates of a sweep, evenly spread, and the given one."""
    rates = [float(setting.chosen[0]) for setting in swept.settings]
    places = np.linspace(0, len(rates) - 1, min(_RATES, len(rates))).round().astype(int)
    return tuple(sorted({float(rate), *(rates[place] for place in places)}))


def _variants(base: Scenario) -> Iterator[tuple[str, str, str, Scenario]]:
    if cancels(base):
        for end, factor in LEVELS.items():
            yield "cancellation level", end, f"shares × {factor}", with_cancellation_level(base, factor)
        for end, rho in CORRELATIONS.items():
            what = f"correlation {rho}" if rho else "everybody alone"
            yield "cancellations together", end, what, with_cancellation_correlation(base, rho)
    for end, factor in COSTS.items():
        costs = {tier: cost * factor for tier, cost in base.economics.denied_cost.items()}
        changed = replace(base, economics=replace(base.economics, denied_cost=costs))
        yield "cost of an oversold unit", end, f"costs × {factor}", changed


def _moved(swept: Sweep, own: Sweep, rate: Decimal | float, tried: tuple[float, ...], n: int) -> dict[str, object]:
    profits = {one: _profit(own, one, n) for one in tried}
    change = paired_difference(profits[float(rate)], _profit(swept, rate, n)).difference
    best = max(tried, key=lambda one: float(profits[one].mean()))
    # A difference that is always the same is known exactly.
    near = [one for one in tried if mean_interval(profits[best] - profits[one]).low <= 0]
    gain = paired_difference(profits[best], profits[float(rate)]).difference
    return {
        "change": change.mean,
        "half_width": change.half_width,
        "low": change.low,
        "high": change.high,
        "best_rate": best,
        "best_low": min(near),
        "best_high": max(near),
        "gain": gain.mean,
        "gain_half_width": gain.half_width,
        "n": n,
    }


def _profit(swept: Sweep, rate: Decimal | float, n: int) -> pd.Series:
    own: pd.Series = swept.of(require_rate(swept, rate))["profit"].iloc[:n].astype(float)
    return own.reset_index(drop=True)


def what_moves(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame if any assumption moves the profit or the best rate; else one without rows, for there is no tornado."""
    moves = frame["change"].any() or frame["best_rate"].min() < frame["best_rate"].max()
    return frame if moves else frame.head(0)


def tornado_table(frame: pd.DataFrame) -> pd.DataFrame:
    """`tornado` for reading."""
    currency = frame["unit"].iloc[0]
    ranges = [
        rate_text(low) if low == high else f"{rate_text(low)} to {rate_text(high)}"
        for low, high in zip(frame["best_low"], frame["best_high"], strict=True)
    ]
    change, gain = f"change_of_profit_{currency}", f"gain_of_the_best_{currency}"
    return pd.DataFrame(
        {
            "assumption": frame["assumption"],
            "what": frame["what"],
            change: frame["change"],
            f"{change}_half_width": frame["half_width"],
            "most_profitable_rate_then": frame["best_rate"].map(rate_text),
            "not_shown_to_be_worse": ranges,
            gain: frame["gain"],
            f"{gain}_half_width": frame["gain_half_width"],
        }
    )


def tornado_note(swept: Sweep, frame: pd.DataFrame) -> str:
    """What the ends are, which rates were tried, and which assumption matters most."""
    rate = float(frame["rate"].iloc[0])
    tried = ", ".join(rate_text(one) for one in rates_tried(swept, rate))
    top, best = frame.iloc[0], " or ".join(rate_text(one) for one in sorted(frame["best_rate"].unique()))
    span = frame.loc[frame["assumption"] == top["assumption"], "change"]
    moves = (
        f"Most moves with the {top['assumption']}: {swept.scenario.currency} {span.min():+,.0f} to {span.max():+,.0f} "
        f"at a rate of {rate_text(rate)}."
        if span.abs().max()
        else f"At a rate of {rate_text(rate)} nothing of this changes the profit, and {best} earns most."
    )
    low, high = LEVELS["low"], LEVELS["high"]
    cancelling = (
        f"Shares that cancel are taken times {low} and {high}, the published history's range over its average; "
        f"correlated, each is drawn once a launch around its mean, so that two customers correlate with "
        f"{CORRELATIONS['high']}. "
        if cancels(swept.scenario)
        else "Nobody cancels in this launch, so there is no level and no correlation to move. "
    )
    costing = f"An oversold unit costs half and twice as much. The most profitable rate is one of {tried}."
    return f"{moves} {cancelling}{costing}"
