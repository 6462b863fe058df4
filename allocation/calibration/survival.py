"""The Kaplan-Meier curve: the share that has cancelled by a time, from reservations of which some are censored."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from allocation.statistics import clopper_pearson_interval

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """The share that has cancelled by each time, were nothing censored; a step function. Shape (steps,).

    Attributes:
        at: Times at which somebody cancelled or was censored, rising.
        cancelled: The share that has cancelled by then.
        low: The lower end of its pointwise interval.
        high: The upper end.
        n: Reservations.
        events: Cancellations among them.
        confidence: Probability with which the interval at one time covers the true share.
    """

    at: Floats
    cancelled: Floats
    low: Floats
    high: Floats
    n: int
    events: int
    confidence: float

    def by(self, times: Floats) -> tuple[Floats, Floats, Floats]:
        """The share that has cancelled by each time, and the ends of its interval."""
        step = np.searchsorted(self.at, times, side="right") - 1
        return tuple(np.where(step < 0, 0.0, values[step]) for values in (self.cancelled, self.low, self.high))  # type: ignore[return-value]

    @property
    def events_at(self) -> Floats:
        """Times at which somebody cancelled."""
        return self.at[np.diff(self.cancelled, prepend=0.0) > 0]


def kaplan_meier(times: Floats, is_event: NDArray[np.bool_], confidence: float = 0.95) -> Curve:
    """The product-limit estimate with pointwise intervals by Greenwood's variance of the log-log survival.

    Where nobody, or everybody, has cancelled that variance is undefined; there the interval is Clopper and Pearson's
    for those who were watched until then.

    Sources: Kaplan and Meier, Nonparametric estimation from incomplete observations, JASA 53 (1958), 457-481;
    Kalbfleisch and Prentice, The Statistical Analysis of Failure Time Data (1980), section 1.4. The example is that of
    6-MP in leukaemia (Freireich et al., Blood 21 (1963), 699-716): 0.627 are still in remission after 16 weeks.

    Args:
        times: Of the event or the censoring; shape (n,), n at least 1.
        is_event: Which of them are events.
        confidence: Of each interval.

    >>> weeks = [6, 6, 6, 7, 10, 13, 16, 22, 23, 6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35]
    >>> curve = kaplan_meier(np.array(weeks, float), np.arange(21) < 9)
    >>> round(1 - float(curve.by(np.array([16.0]))[0][0]), 3)
    0.627
    """
    from scipy.stats import CensoredData, ecdf  # noqa: PLC0415 - takes a second to load, and only a calibration needs it

    survival = ecdf(CensoredData(uncensored=times[is_event], right=times[~is_event])).sf
    with warnings.catch_warnings():
        # Undefined where nobody or everybody has left: filled in below.
        warnings.simplefilter("ignore", RuntimeWarning)
        interval = survival.confidence_interval(confidence, method="log-log")
    kept = survival.probabilities
    low, high = interval.low.probabilities, interval.high.probabilities
    at_risk = len(times) - np.searchsorted(np.sort(times), survival.quantiles, side="left")
    for i in np.flatnonzero(np.isnan(low) | np.isnan(high)):
        n = int(at_risk[i])
        exact = clopper_pearson_interval(round(float(kept[i])) * n, n, confidence)
        low[i], high[i] = exact.low, exact.high
    return Curve(survival.quantiles, 1 - kept, 1 - high, 1 - low, len(times), int(is_event.sum()), confidence)
