"""Demand of one period, as far as newsvendor and protection levels need to know it."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, isfinite
from typing import Protocol

import numpy as np
from scipy.special import ndtr, ndtri, pdtr, pdtrc, pdtrik

from allocation.engine.errors import Problem
from allocation.overbooking.checks import probability_problems, require

_SUM_TOLERANCE = 1e-9


class Demand(Protocol):
    """A distribution of units."""

    @property
    def mean(self) -> float:
        """E[D], in units."""

    def cdf(self, units: float) -> float:
        """P(D <= units)."""

    def quantile(self, probability: float) -> float:
        """The smallest number of units with P(D <= units) >= probability: a discrete demand is rounded up."""

    def shortage(self, units: float) -> float:
        """E[(D - units)+], the loss function, in units."""


@dataclass(frozen=True, slots=True)
class NormalDemand:
    """Demand N(mean, deviation²), in units.

    Raises:
        SettingError: The deviation is not above 0, or something is not finite.
    """

    mean: float
    deviation: float

    def __post_init__(self) -> None:
        problems = []
        if not isfinite(self.mean):
            problems.append(Problem(("mean",), f"{self.mean} is no finite number; give units"))
        if not (isfinite(self.deviation) and self.deviation > 0):
            problems.append(Problem(("deviation",), f"{self.deviation} is not above 0; give a standard deviation"))
        require(problems, "normal demand")

    def cdf(self, units: float) -> float:
        """P(D <= units)."""
        return float(ndtr((units - self.mean) / self.deviation))

    def quantile(self, probability: float) -> float:
        """μ + σ Φ⁻¹(probability)."""
        return self.mean + self.deviation * float(ndtri(probability))

    def shortage(self, units: float) -> float:
        """E[(D - y)+] = σ (φ(z) - z (1 - Φ(z))) with z = (y - μ) / σ.

        Source: Snyder and Shen, Fundamentals of Supply Chain Theory, 2nd ed. (2019), chapter 4.
        """
        z = (units - self.mean) / self.deviation
        density = np.exp(-z * z / 2) / np.sqrt(2 * np.pi)
        return float(self.deviation * (density - z * ndtr(-z)))


@dataclass(frozen=True, slots=True)
class PoissonDemand:
    """Poisson demand, in units.

    Raises:
        SettingError: The mean is not above 0 and finite.
    """

    mean: float

    def __post_init__(self) -> None:
        if not (isfinite(self.mean) and self.mean > 0):
            require([Problem(("mean",), f"{self.mean} is not above 0; give units")], "Poisson demand")

    def cdf(self, units: float) -> float:
        """P(D <= units)."""
        return float(pdtr(np.floor(units), self.mean)) if units >= 0 else 0.0

    def quantile(self, probability: float) -> float:
        """The smallest whole y with P(D <= y) >= probability."""
        if probability <= self.cdf(0):
            return 0.0
        # The continuous inverse may end up beside the step.
        guess = max(ceil(float(pdtrik(probability, self.mean))) - 1, 0)
        while self.cdf(guess) < probability:
            guess += 1
        return float(guess)

    def shortage(self, units: float) -> float:
        """E[(D - y)+] = μ P(D >= k) - y P(D >= k+1) with k = ⌊y⌋, for y >= 0.

        Source: Cachon and Terwiesch, Matching Supply with Demand, appendix B: the loss table of Poisson(27.3) has 4.10
        at 24.

        >>> round(PoissonDemand(27.3).shortage(24), 2)
        4.1
        """
        k = int(np.floor(units))
        if k < 0:
            return self.mean - units
        at_least_k = float(pdtrc(k - 1, self.mean)) if k else 1.0
        return self.mean * at_least_k - units * float(pdtrc(k, self.mean))


@dataclass(frozen=True, slots=True)
class DiscreteDemand:
    """Demand of 0, 1, 2, ... units with these probabilities.

    Raises:
        SettingError: The probabilities are not between 0 and 1, or do not sum to 1.
    """

    probabilities: tuple[float, ...]

    def __post_init__(self) -> None:
        problems = [problem for share in self.probabilities for problem in probability_problems("probabilities", share)]
        if not problems and abs(sum(self.probabilities) - 1) > _SUM_TOLERANCE:
            total = f"{sum(self.probabilities):.9g}"
            problems.append(Problem(("probabilities",), f"sum to {total}; they must sum to 1"))
        require(problems, "discrete demand")

    @property
    def mean(self) -> float:
        """E[D], in units."""
        return self.shortage(0)

    def cdf(self, units: float) -> float:
        """P(D <= units)."""
        return float(sum(share for k, share in enumerate(self.probabilities) if k <= units))

    def quantile(self, probability: float) -> float:
        """The smallest k with P(D <= k) >= probability."""
        reached = np.cumsum(self.probabilities) >= probability - _SUM_TOLERANCE
        return float(reached.argmax()) if reached.any() else float(len(self.probabilities) - 1)

    def shortage(self, units: float) -> float:
        """E[(D - units)+], in units."""
        return float(sum((k - units) * share for k, share in enumerate(self.probabilities) if k > units))
