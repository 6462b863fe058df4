"""How many units are oversold: their distribution over launches at a rate, and its worst end."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from math import log, sqrt
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from allocation.analysis.rate_curve import require_rate, setting_of
from allocation.analysis.tables import estimate_text, rate_text
from allocation.analysis.wording import same_runs
from allocation.montecarlo import Sweep
from allocation.sampling.streams import stream
from allocation.statistics import RESAMPLES, mean_interval, tail_mean_interval, wilson_interval

TAIL = 0.05
_PURPOSE = "resamples of the oversold tail"


def rates_of_interest(
    swept: Sweep, recommended: Decimal | float | None, in_force: Decimal | float | None
) -> dict[float, str]:
    """The rates that somebody might choose, in rising order, with what they are: recommended, in force, most profit."""
    profits = [float(swept.of(number)["profit"].mean()) for number in range(len(swept.settings))]
    best = swept.settings[profits.index(max(profits))].chosen[0]
    found: dict[float, list[str]] = {}
    for name, rate in (("recommended", recommended), ("in force", in_force), ("most profit", best)):
        if rate is not None and setting_of(swept, rate) is not None:
            found.setdefault(float(rate), []).append(name)
    return {rate: ", ".join(found[rate]) for rate in sorted(found)}


def oversold_distribution(swept: Sweep, rates: Mapping[float, str], confidence: float = 0.95) -> pd.DataFrame:
    """The empirical distribution of oversold units over launches at some rates.

    Args:
        swept: Over rates, as `sweep_rates` gives it.
        rates: Those to look at, with what they are, as `rates_of_interest` gives them.
        confidence: Of each band as a whole.

    Returns:
        One row for each rate and number of oversold units that occurred: ``rate``, ``what``, ``units``, ``launches``
        with exactly as many of ``n``, ``share`` of the launches with so many or fewer, and ``low`` and ``high``: the
        band of Dvoretzky, Kiefer and Wolfowitz, share ± √(ln(2/α) / 2n), which holds for the whole curve (Massart,
        Annals of Probability 18 (1990), 1269-1283). Rates at which every launch oversells
        the same are left out: they have no distribution to show.
    """
    columns = ["rate", "what", "units", "launches", "share", "low", "high", "n"]
    parts = []
    for rate, what in rates.items():
        oversold = _oversold(swept, rate)
        units, counts = np.unique(oversold, return_counts=True)
        if len(units) <= 1:
            continue
        share = np.cumsum(counts) / len(oversold)
        reach = sqrt(log(2 / (1 - confidence)) / (2 * len(oversold)))
        part = pd.DataFrame({"units": units, "launches": counts, "share": share})
        ends = {"low": np.clip(share - reach, 0, 1), "high": np.clip(share + reach, 0, 1)}
        parts.append(part.assign(rate=rate, what=what, n=len(oversold), **ends)[columns])
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)


def oversold_tails(swept: Sweep, rates: Mapping[float, str], confidence: float = 0.95) -> pd.DataFrame:
    """Oversold units at some rates: the mean, and the mean of the worst launches.

    Args:
        swept: Over rates, as `sweep_rates` gives it.
        rates: Those to look at, with what they are, as `rates_of_interest` gives them.
        confidence: Of each interval by itself.

    Returns:
        One row a rate: ``rate``, ``what``, ``share_of_launches_oversold`` (Wilson) and ``mean_units`` (t), each with
        its interval, ``worst_5%_mean_units`` (CVaR) with its bootstrap interval, ``worst_launches`` (on how many that
        mean rests), ``most_units`` in any launch, and ``varies``: whether launches differ at all.
    """
    rows = []
    for rate, what in rates.items():
        oversold = _oversold(swept, rate)
        share = wilson_interval(int((oversold > 0).sum()), len(oversold), confidence)
        mean = mean_interval(oversold, confidence)
        tail = tail_mean_interval(oversold, stream(swept.seed, 0, _PURPOSE), TAIL, confidence)
        rows.append(
            {"rate": rate, "what": what, "share_of_launches_oversold": share.estimate}
            | {"share_of_launches_oversold_low": share.low, "share_of_launches_oversold_high": share.high}
            | {"mean_units": mean.mean, "mean_units_half_width": mean.half_width}
            | {"worst_5%_mean_units": tail.estimate, "worst_5%_mean_units_low": tail.low}
            | {"worst_5%_mean_units_high": tail.high, "worst_launches": tail.worst, "most_units": int(oversold.max())}
            | {"varies": bool(oversold.min() < oversold.max())}
        )
    return pd.DataFrame(rows)


def tail_basis(swept: Sweep) -> str:
    """What the table and the figure of the tails rest on."""
    return (
        f"{same_runs(swept.replications, swept.seed)} The mean of the worst 5% has a 95% percentile bootstrap interval "
        f"({RESAMPLES:,} resamples)."
    )


def oversold_sentence(tails: pd.DataFrame) -> str:
    """What the tails say, rate by rate; where every launch is the same, that there is no distribution.

    Args:
        tails: As `oversold_tails` gives it.
    """
    return " ".join(_of_rate(row) for row in tails.to_dict("records"))


def _of_rate(row: Mapping[Any, Any]) -> str:
    at = f"At a rate of {rate_text(row['rate'])} ({row['what']})"
    if not row["varies"]:
        if not row["most_units"]:
            high = row["share_of_launches_oversold_high"]
            return f"{at} no launch oversells, so there is no distribution to show; at most {high:.1%} of launches do."
        return f"{at} every launch oversells the same {row['most_units']:,} units: there is no chance in it."
    name = "worst_5%_mean_units"
    return (
        f"{at} {estimate_text(row['mean_units'], row['mean_units_half_width'])} units are oversold on average, and "
        f"{row[name]:,.1f} ({row[f'{name}_low']:,.1f} to {row[f'{name}_high']:,.1f}) in the worst 5% of launches."
    )


def _oversold(swept: Sweep, rate: float) -> NDArray[np.int64]:
    return swept.of(require_rate(swept, rate))["oversold_units"].to_numpy(np.int64)
