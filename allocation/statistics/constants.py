"""Constants of procedures that choose the best of k settings.

They depend on the number of settings k, on how many replications n0 the first stage has, and on the promise, P* =
1 - α: the probability that the best is chosen when it is better than all others by at least the indifference δ.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtri, ndtr, stdtr, stdtrit

from allocation.engine.errors import SettingError
from allocation.statistics.checks import check_at_least

_Z: NDArray[np.float64] = np.linspace(-8.0, 8.0, 401)
"""Nodes of the trapezoidal rule, which converges geometrically for what falls off as fast as a normal density."""
_WEIGHTS: NDArray[np.float64] = np.exp(-_Z * _Z / 2) / np.exp(-_Z * _Z / 2).sum()


@dataclass(frozen=True, slots=True)
class KimNelsonConstants:
    """What the continuation region of the Kim-Nelson procedure is made of.

    Attributes:
        eta: η.
        h2: h² = 2 η (n0 - 1).
    """

    eta: float
    h2: float


def kim_nelson_constants(k: int, n0: int, alpha: float) -> KimNelsonConstants:
    """η and h² of the fully sequential procedure, with c = 1.

    η = ((2α/(k-1))^(-2/(n0-1)) - 1) / 2 and h² = 2 η (n0-1). The division by k - 1 is Bonferroni's, and so holds under
    common random numbers.

    Source: Kim and Nelson, A fully sequential procedure for indifference-zone selection in simulation, ACM TOMACS 11(3)
    (2001), 251-273. The numbers below were computed with 50 digits.

    Args:
        k: Settings, at least two.
        n0: Replications of the first stage, at least two.
        alpha: Probability of a wrong choice, at most.

    Raises:
        SettingError: k or n0 is below two, or alpha is not between 0 and 1 - 1/k, where a choice by lot begins.

    >>> constants = kim_nelson_constants(k=5, n0=20, alpha=0.05)
    >>> round(constants.eta, 5), round(constants.h2, 4)
    (0.23724, 9.0151)
    """
    _check(k, n0, 1 - alpha)
    # As a power of e less one, which keeps the digits when n0 is large and η small.
    eta = float(np.expm1(-2 / (n0 - 1) * np.log(2 * alpha / (k - 1)))) / 2
    return KimNelsonConstants(eta, 2 * eta * (n0 - 1))


def rinott_constant(k: int, n0: int, p_star: float) -> float:
    """Rinott's h for two stages and independent settings: setting i needs max(n0, ⌈(h s_i / δ)²⌉) replications.

    It solves E[ E[Φ(h / √((n0-1)(1/X + 1/Y))) | Y]^(k-1) ] = P* for independent X, Y, chi-squared with n0 - 1 degrees
    of freedom.

    Source: Rinott, On two-stage selection procedures and related probability-inequalities, Communications in Statistics
    A7(8) (1978), 799-811. For two settings it equals the constant of Dudewicz and Dalal, which is 2.452 here (2.453 in
    table 10.11 of Law, Simulation Modeling and Analysis).

    Args:
        k: Settings, at least two.
        n0: Replications of the first stage, at least two.
        p_star: Probability of choosing the best; above 1/k, below 1.

    Raises:
        SettingError: k or n0 is below two, or p_star is not between 1/k and 1.

    >>> round(rinott_constant(k=2, n0=20, p_star=0.95), 3)
    2.452
    """
    _check(k, n0, p_star)
    chi_squared = chdtri(n0 - 1, ndtr(-_Z))
    spread = np.sqrt((n0 - 1) * (1 / chi_squared[:, None] + 1 / chi_squared[None, :]))

    def promise(h: float) -> float:
        return float((ndtr(h / spread) @ _WEIGHTS) ** (k - 1) @ _WEIGHTS)

    return _solve(promise, p_star)


def dudewicz_dalal_constant(k: int, n0: int, p_star: float) -> float:
    """Dudewicz and Dalal's h for two stages, weighted against each other, and independent settings.

    It solves E[ F(T + h)^(k-1) ] = P*, where T has Student's t distribution F with n0 - 1 degrees of freedom.

    Source: Dudewicz and Dalal, Allocation of observations in ranking and selection with unequal variances, Sankhya B37
    (1975), 28-78; as h1 in table 10.11 of Law, Simulation Modeling and Analysis, 5th ed. (2015), which prints 2.342.

    Args:
        k: Settings, at least two.
        n0: Replications of the first stage, at least two.
        p_star: Probability of choosing the best; above 1/k, below 1.

    Raises:
        SettingError: k or n0 is below two, or p_star is not between 1/k and 1.

    >>> round(dudewicz_dalal_constant(k=3, n0=20, p_star=0.90), 3)
    2.342
    """
    _check(k, n0, p_star)
    t = stdtrit(n0 - 1, ndtr(_Z))

    def promise(h: float) -> float:
        return float(stdtr(n0 - 1, t + h) ** (k - 1) @ _WEIGHTS)

    return _solve(promise, p_star)


def _solve(promise: Callable[[float], float], p_star: float) -> float:
    """The h at which a promise that rises with h is P*."""
    from scipy.optimize import brentq  # noqa: PLC0415 - triples the time to import the package; only two functions need it

    high = 1.0
    while promise(high) < p_star:
        high *= 2
    return float(brentq(lambda h: promise(h) - p_star, 0.0, high, xtol=1e-10))


def _check(k: int, n0: int, p_star: float) -> None:
    check_at_least(k, 2, "k, the number of settings,")
    check_at_least(n0, 2, "n0, the replications of the first stage,")
    if not 1 / k < p_star < 1:
        raise SettingError(
            f"the probability of choosing the best, {p_star!r}, must be below 1 and above that of a lot, 1/{k}"
        )
