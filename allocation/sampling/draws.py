"""Values from distributions, and times from shapes.

Times come from tables of a few hundred knots that are made by plain arithmetic and rounded, and between knots by
straight lines. Vectorised logarithms differ in their last bit from one processor to the next; a table does not, so a
tape is the same on every machine. The lines are off by less than one part in 10^4 of the shape's length.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from allocation.scenario.schema import Beta, Choices, Distribution, Normal, Triangular, Uniform

Floats = NDArray[np.float64]
DIGITS = 9
"""Decimals of a drawn value."""
_KNOTS = 512
_REJECTIONS_MAX = 1000


def draw(distribution: Distribution, random: np.random.Generator, size: int) -> Floats:
    """Independent values of a number or distribution, rounded to 9 decimals; shape (size,)."""
    return np.round(_draw(distribution, random, size), DIGITS)


def draw_one(distribution: Distribution, random: np.random.Generator) -> float:
    """One value: a parameter that is uncertain is drawn once a replication."""
    return float(draw(distribution, random, 1)[0])


def _draw(distribution: Distribution, random: np.random.Generator, size: int) -> Floats:
    match distribution:
        case Uniform((low, high)):
            return float(low) + random.random(size) * float(high - low)
        case Triangular((low, mode, high)) if low < high:
            return random.triangular(float(low), float(mode), float(high), size)
        case Triangular((low, _, _)):
            return np.full(size, float(low))
        case Beta((a, b), low, high):
            return float(low) + random.beta(float(a), float(b), size) * float(high - low)
        case Normal(shape):
            return _truncated_normal(shape, random, size)
        case Choices(choices):
            values = np.array([float(value) for value in choices])
            return values[pick(list(choices.values()), random, size)]
    return np.full(size, float(distribution))


def _truncated_normal(shape: Any, random: np.random.Generator, size: int) -> Floats:
    values = random.normal(float(shape.mean), float(shape.sd), size)
    for _ in range(_REJECTIONS_MAX):
        outside = (values < float(shape.low)) | (values > float(shape.high))
        if not outside.any():
            return values
        values[outside] = random.normal(float(shape.mean), float(shape.sd), int(outside.sum()))
    return np.clip(values, float(shape.low), float(shape.high))


def pick(weights: Sequence[Any], random: np.random.Generator, size: int) -> NDArray[np.int64]:
    """Independent choices 0, 1, ... by relative weight; shape (size,)."""
    if len(weights) == 1:
        return np.zeros(size, np.int64)
    exact = np.cumsum([float(weight) for weight in weights])
    return np.searchsorted(np.round(exact / exact[-1], 12), random.random(size), side="right").clip(0, len(exact) - 1)


def rising_uniforms(random: np.random.Generator, size: int) -> Floats:
    """Independent uniform values in rising order; shape (size,).

    Drawn in that order rather than sorted, which takes a third of the time: the k-th of n is (E_1 + ... + E_k) /
    (E_1 + ... + E_(n+1)) for independent exponential E. Source: Devroye, Non-Uniform Random Variate Generation (1986),
    theorem V.2.2.
    """
    sums = np.cumsum(random.standard_exponential(size + 1))
    rising: Floats = np.round(sums[:-1] / sums[-1], 15)
    return rising


@dataclass(frozen=True, slots=True)
class Shape:
    """A distribution of times by its cumulative share at rising times; straight between them.

    Attributes:
        times: Rising, any unit.
        shares: Rising from 0 to 1.
    """

    times: Floats
    shares: Floats

    def times_at(self, shares: Floats) -> Floats:
        """The times by which these shares have happened."""
        return np.interp(shares, self.shares, self.times)

    def shares_at(self, times: Floats) -> Floats:
        """The shares that have happened by these times."""
        return np.interp(times, self.times, self.shares)


def shape_of(times: Sequence[float], shares: Sequence[float]) -> Shape:
    """A shape from its knots, rounded so that it is the same everywhere."""
    return Shape(np.round(np.array(times, float), 6), np.round(np.array(shares, float) / shares[-1], 12))


@lru_cache(maxsize=256)
def decay(half_life: float, length: float) -> Shape:
    """Exponential decay from 0 to `length`, cut there; time in the unit of both."""
    # Half of the knots at equal steps of share, where many come, and half at equal steps of time, for the tail.
    last = 1 - math.pow(2, -length / half_life)
    dense = [-half_life * math.log2(1 - last * k / _KNOTS) for k in range(_KNOTS)]
    times = sorted({*dense, *(length * k / _KNOTS for k in range(_KNOTS)), length})
    return shape_of(times, [1 - math.pow(2, -time / half_life) for time in times])


@lru_cache(maxsize=256)
def constant_hazard(share: float) -> Shape:
    """Times within a window of length 1 of those who leave it, where `share` of all do, at a constant hazard."""
    if not 0 < share < 1:
        return shape_of([0.0, 1.0], [0.0, 1.0])
    hazard = -math.log1p(-share)
    shares = [k / _KNOTS for k in range(_KNOTS + 1)]
    return Shape(np.round(np.array([-math.log1p(-share * done) / hazard for done in shares]), 12), np.array(shares))
