"""The timings that a scenario can say, fitted to cancellations by maximum likelihood, where some are censored.

A cancellation is known to have come within an interval (its day, or its second), and its likelihood is the probability
of that interval: times that are known by the day only, and several of one instant, do no harm. Every probability is
that of the course that is drawn when the scenario is simulated (`allocation.sampling.behaviour.Course`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize, minimize_scalar
from scipy.special import expit, logit

from allocation.calibration.windows import Ints, Windows
from allocation.engine.instants import HOUR_MS
from allocation.sampling.behaviour import Course
from allocation.scenario.schema import Bathtub, ConstantHazard, EarlyRegret, Timing
from allocation.scenario.section_checks import TENTHS

Floats = NDArray[np.float64]
EVENTS_MIN = 10
"""Fewer cancellations say nothing of when they come."""
WATCHED_MIN = 0.99
"""Where nobody was watched for so much of the window, the last tenths of it cannot be told apart."""
_DIGITS = 6
_SMALL = 1e-300
_HALF_LIVES = (0.02, 0.2)
"""Where the search for a half-life begins, in shares of the median window."""
_FIRST_STEPS = (0.3, 0.7, 0.7)
"""Of the search, in the logits of share and weight and the logarithm of the half-life."""
_STEPS_MAX = 2000
_CHANGE = 1e-9


@dataclass(frozen=True, slots=True)
class Fit:
    """A timing fitted to cancellations.

    Attributes:
        timing: As a scenario says it.
        share: The share of those who stay through the whole window that would cancel in it.
        parameters: How many numbers were fitted, with the share.
        log_likelihood: Of the cancellations and censorings under it.
        aic: Akaike's criterion; the least is the best.
    """

    timing: Timing
    share: float
    parameters: int
    log_likelihood: float
    aic: float

    def cancelled(self, lengths: Ints, shares: Floats, clock: int = 1) -> Floats:
        """The share that has cancelled by each share of the window, on average over windows; shape of `shares`.

        Args:
            lengths: Of the windows, milliseconds.
            shares: Of each window that are over.
            clock: How exactly times are known, milliseconds: what came on a day is told by its middle, so that by then
                all of the day is over.
        """
        course = Course.of(self.timing, self.share, lengths)
        elapsed = np.rint(shares[:, None] * lengths[None, :]).astype(np.int64) // clock * clock
        over = np.clip(elapsed + clock // 2, 0, lengths)
        return self.share * np.array([course.done(lengths, row).mean() for row in over])


def fit_timings(windows: Windows) -> tuple[Fit, ...]:
    """Fit each timing; the one that would tell most of the next launch first, by Akaike's criterion.

    Source: Akaike, A new look at the statistical model identification, IEEE Transactions on Automatic Control 19
    (1974), 716-723.

    Raises:
        ValueError: There are fewer than `EVENTS_MIN` cancellations.
    """
    seen = _Seen.of(windows)
    if len(seen.event_length) < EVENTS_MIN:
        raise ValueError(f"{len(seen.event_length)} cancellations have no timing; at least {EVENTS_MIN} are needed")
    fits = [_constant(seen), _early_regret(seen)]
    if windows.shares.max() >= WATCHED_MIN:
        fits.append(_bathtub(seen))
    return tuple(sorted(fits, key=lambda fit: fit.aic))


@dataclass(frozen=True, slots=True, eq=False)
class _Seen:
    """Cancellations, each within (low, high] of its window; censorings part of the way; how many stayed to the end."""

    event_length: Ints
    low: Ints
    high: Ints
    censored_length: Ints
    censored_at: Ints
    stayed: int

    @classmethod
    def of(cls, windows: Windows) -> _Seen:
        length, watched, cancelled = windows.length, windows.watched, windows.is_cancelled
        half = windows.resolution // 2
        low = np.maximum(watched - half, 0)[cancelled]
        high = np.minimum(watched + half, length)[cancelled]
        part = ~cancelled & (watched < length)
        return cls(
            length[cancelled],
            np.minimum(low, high - 1),
            high,
            length[part],
            watched[part],
            int((~cancelled & ~part).sum()),
        )

    def log_likelihood(self, timing: Timing, share: float) -> float:
        """Logarithm of the probability of what was seen."""
        course = Course.of(timing, share, self.event_length)
        within = course.done(self.event_length, self.high) - course.done(self.event_length, self.low)
        left = course.done(self.censored_length, self.censored_at)
        return float(
            np.log(np.maximum(share * within, _SMALL)).sum()
            + np.log(np.maximum(1 - share * left, _SMALL)).sum()
            + self.stayed * np.log(max(1 - share, _SMALL))
        )

    def fit(self, timing: Timing, share: float, parameters: int) -> Fit:
        share = round(share, _DIGITS)
        found = self.log_likelihood(timing, share)
        return Fit(timing, share, parameters, found, 2 * parameters - 2 * found)


def _constant(seen: _Seen) -> Fit:
    timing = ConstantHazard()
    found = minimize_scalar(lambda x: -seen.log_likelihood(timing, float(expit(x))), bounds=(-14, 14), method="bounded")
    return seen.fit(timing, float(expit(found.x)), 1)


def _early_regret(seen: _Seen) -> Fit:
    """Nelder and Mead's search for share, weight and half-life, from several half-lives."""
    start = _constant(seen).share
    middle = float(np.median(seen.event_length)) / HOUR_MS
    limits = (np.log(middle * 1e-5), np.log(2 * middle))

    def loss(at: Floats) -> float:
        return -seen.log_likelihood(_regret(at), float(expit(at[0])))

    first = logit(min(max(start, 1e-6), 1 - 1e-6))
    found = [_lowest(loss, np.array([first, 0.0, np.log(share * middle)]), limits) for share in _HALF_LIVES]
    best = min(found, key=lambda one: float(one.fun)).x
    return seen.fit(_regret(best), float(expit(best[0])), 3)


def _lowest(loss: Callable[[Floats], float], start: Floats, half_life_limits: tuple[float, float]) -> Any:
    """The lowest place near a start; with steps of its own, since those of SciPy vanish where a start is zero."""
    steps = np.vstack([np.zeros(3), np.diag(_FIRST_STEPS)])
    return minimize(
        loss,
        start,
        method="Nelder-Mead",
        bounds=[(-14, 14), (-9, 9), half_life_limits],
        options={"initial_simplex": start + steps, "xatol": 1e-3, "fatol": 1e-3, "maxiter": 600},
    )


def _regret(at: Floats) -> EarlyRegret:
    return EarlyRegret("early_regret", decimal_of(float(expit(at[1]))), decimal_of(float(np.exp(at[2]))))


def _bathtub(seen: _Seen) -> Fit:
    """Turnbull's self-consistent masses of the tenths, and of those who never cancel.

    Source: Turnbull, The empirical distribution function with arbitrarily grouped, censored and truncated data, JRSS B
    38 (1976), 290-295.
    """
    possible, counts = _possible(seen)
    mass = np.full(TENTHS + 1, 1 / (TENTHS + 1))
    for _ in range(_STEPS_MAX):
        joint = possible * mass
        expected = (counts[:, None] * joint / joint.sum(axis=1, keepdims=True)).sum(axis=0) / counts.sum()
        change = np.abs(expected - mass).max()
        mass = expected
        if change < _CHANGE:
            break
    share = float(mass[:TENTHS].sum())
    return seen.fit(Bathtub("bathtub", exact_shares(mass[:TENTHS])), share, TENTHS)


def _possible(seen: _Seen) -> tuple[Floats, Floats]:
    """For each thing that was seen, its probability if the customer cancels in each tenth, or never; and how often."""
    edges = np.arange(TENTHS + 1) / TENTHS

    def overlap(low: Floats, high: Floats) -> Floats:
        inside = np.minimum(edges[None, 1:], high[:, None]) - np.maximum(edges[None, :-1], low[:, None])
        shares: Floats = np.clip(inside, 0, None) * TENTHS
        return shares

    cancelled = overlap(seen.low / seen.event_length, seen.high / seen.event_length)
    at = seen.censored_at / seen.censored_length
    censored = overlap(at, np.ones(len(at)))
    # Those who stayed are one row, where there are any.
    ends = np.zeros((int(seen.stayed > 0), TENTHS))
    never = np.concatenate([np.zeros(len(cancelled)), np.ones(len(censored) + len(ends))])
    counts = np.concatenate([np.ones(len(cancelled) + len(censored)), np.full(len(ends), float(seen.stayed))])
    return np.column_stack([np.concatenate([cancelled, censored, ends]), never]), counts


def exact_shares(weights: Sequence[float] | Floats) -> tuple[Decimal, ...]:
    """Weights as decimal shares that sum to exactly 1; what rounding leaves goes to the largest."""
    total = float(np.sum(weights))
    shares = [decimal_of(float(weight) / total) for weight in weights]
    largest = max(range(len(shares)), key=shares.__getitem__)
    shares[largest] += 1 - sum(shares)
    return tuple(shares)


def decimal_of(value: float, digits: int = _DIGITS) -> Decimal:
    """A number with a few decimals, exactly as it is written in a scenario."""
    return Decimal(f"{value:.{digits}f}").normalize() + Decimal(0)
