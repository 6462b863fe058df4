"""Which regime a launch is in: whether overbooking could win anything, told from what happens without it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from allocation.analysis.rate_curve import NO_OVERBOOKING, setting_of
from allocation.engine.errors import SettingError
from allocation.montecarlo import Sweep
from allocation.statistics import Interval, Proportion, mean_interval, wilson_interval

Name = Literal["demand is short", "the queue repairs everything", "late attrition"]
_SHORT_FROM = 0.5


@dataclass(frozen=True, slots=True)
class Regime:
    """What a launch is like at a rate of 1.00.

    Where the queue never runs dry before the release, a unit that becomes free goes to who is next in line: supply is
    sold out without overbooking, and what is promised beyond it is oversold. Overbooking pays only for losses that no
    promotion repairs: cancellations after the last re-offer, and no-shows at the release.

    Attributes:
        name: ``demand is short``: units ordered do not exceed the supply in half of the replications or more, so the
            limit hardly binds. Else ``the queue repairs everything``: nothing stayed unsold in any replication. Else
            ``late attrition``: what stays unsold is the most that overbooking can sell.
        short: Share of the replications in which units ordered do not exceed the supply.
        unsold: Units that stay unsold.
        anything_unsold: Share of the replications in which any unit does.
        supply: Units of supply.
    """

    name: Name
    short: Proportion
    unsold: Interval
    anything_unsold: Proportion
    supply: Interval


def regime_of(swept: Sweep, confidence: float = 0.95) -> Regime:
    """The regime of a launch.

    Args:
        swept: Over rates, with 1.00 among them, as `sweep_rates` gives it.
        confidence: Of each interval by itself.

    Raises:
        SettingError: The sweep has no rate of 1.00.
    """
    number = setting_of(swept, NO_OVERBOOKING)
    if number is None:
        raise SettingError("the regime is told from a rate of 1.00, which is not among the settings")
    own = swept.of(number)
    n = len(own)
    is_short = (own["units"] <= own["supply_units"]).to_numpy()
    unsold = own["unsold_units"].to_numpy(np.float64)
    short = wilson_interval(int(is_short.sum()), n, confidence)
    return Regime(
        name=_name(short.estimate, unsold.any()),
        short=short,
        unsold=mean_interval(unsold, confidence),
        anything_unsold=wilson_interval(int((unsold > 0).sum()), n, confidence),
        supply=mean_interval(own["supply_units"].astype(float), confidence),
    )


def _name(short: float, is_unsold: bool | np.bool_) -> Name:
    if short >= _SHORT_FROM:
        return "demand is short"
    return "late attrition" if is_unsold else "the queue repairs everything"
