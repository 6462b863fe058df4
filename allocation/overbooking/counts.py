"""How many of n orders are still alive: binomial, and beta-binomial where fates are correlated.

N is the number of n orders that show up. Given the chance p of each, N is binomial, and two identities with the
regularised incomplete beta function I hold (NIST Digital Library of Mathematical Functions, 8.17.5; the second is
its integral): P(N >= k | p) = I_p(k, n-k+1), and E[(N-c)+ | p] = n ∫_0^p I_u(c, n-c) du. If p itself is uncertain, with
G(u) = P(p > u), integrating both by parts gives

    P(N >= k)  = ∫ G(u) dI_u(k, n-k+1)        E[(N-c)+] = n ∫ G(u) I_u(c, n-c) du.

Nothing is subtracted from anything, so both stay accurate where n p q - c P, the usual form of the second, has lost
all its digits: at a thousand million orders as at ten.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.special import betainc, betaincc, ndtr

Floats: TypeAlias = NDArray[np.float64]

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(10)
_AROUND = np.array([0, 1, 2, 3, 4, 6, 8, 12, 20, 40])
"""Where a beta distribution is cut into smooth pieces, in standard deviations on both sides of its mean."""
_DECADES = 10.0 ** -np.arange(1, 17)
"""And towards 0 and 1, where it may be unbounded."""
_HALVES = 0.5 ** np.arange(1, 31)
_SMOOTH_FROM = 20.0
"""Shape parameter from which a beta distribution has no end to speak of."""
_NORMAL_FROM = 1e12
"""From these shape parameters on a beta distribution is as good as normal, and its series may fail."""
_INDEPENDENT_TO = 1e-12
"""Up to this relative change of the variance, correlation is none."""


def at_least(k: int, n: int, show_rate: float, rho: float = 0.0) -> float:
    """P(N >= k): the probability that k or more of n orders show up.

    For rho = 0, N ~ Bin(n, q) and this is I_q(k, n-k+1). For rho > 0, N is beta-binomial: the orders share a chance p ~
    Beta(a, b) with a + b + 1 = 1/rho and mean q, so that any two of them correlate with rho (Skellam 1948, Journal of
    the Royal Statistical Society B 10:257-261).

    Args:
        k: Orders.
        n: Orders.
        show_rate: q, the probability that an order shows up.
        rho: Correlation of the fates of two orders, from 0 to 1.

    >>> round(at_least(17, 17, 0.96), 4)  # a seventeenth booking for sixteen places: all show up
    0.4996
    """
    if k <= 0 or k > n:
        return float(k <= 0)
    if not _is_correlated(n, show_rate, rho):
        return float(betainc(k, n - k + 1, show_rate))
    return _mixed(k, n, _Chance(show_rate, rho))


def excess(c: int, n: int, show_rate: float, rho: float = 0.0) -> float:
    """E[(N-c)+]: the expected number of orders that show up beyond c, in orders.

    The same as n q P(Bin(n-1, q) >= c) - c P(Bin(n, q) >= c+1) where rho is 0 (Talluri and van Ryzin, The Theory and
    Practice of Revenue Management, 2004, section 4.2).

    >>> round(excess(16, 17, 0.96), 4)
    0.4996
    """
    if c >= n:
        return 0.0
    if c <= 0:
        return n * show_rate - c
    if not _is_correlated(n, show_rate, rho):
        nodes, weights = _pieces(show_rate, (c, n - c))
        return float(n * weights @ betainc(c, n - c, nodes))
    chance = _Chance(show_rate, rho)
    nodes, weights = _pieces(1.0, (c, n - c), chance.shapes)
    return float(n * weights @ (chance.above(nodes) * betainc(c, n - c, nodes)))


def next_excess(c: int, n: int, show_rate: float, rho: float = 0.0) -> float:
    """E[(N'-c)+] - E[(N-c)+], where N' counts one order more, in orders.

    It is P(the next one shows up and N >= c) = q P(N >= c | the next one shows up); knowing that one showed up makes
    Beta(a, b) a Beta(a+1, b). Without correlation it is q P(N >= c).

    >>> round(next_excess(16, 17, 0.96), 4), round(excess(16, 18, 0.96) - excess(16, 17, 0.96), 4)
    (0.8193, 0.8193)
    """
    if c <= 0 or c > n:
        return show_rate * (c <= 0)
    if not _is_correlated(n, show_rate, rho):
        return show_rate * at_least(c, n, show_rate)
    return show_rate * _mixed(c, n, _Chance(show_rate, rho, 1))


def _is_correlated(n: int, show_rate: float, rho: float) -> bool:
    return n * rho > _INDEPENDENT_TO and 0 < show_rate < 1


class _Chance:
    """The uncertain chance p ~ Beta(a, b) that orders share."""

    __slots__ = ("_all_or_nothing", "shapes")

    def __init__(self, show_rate: float, rho: float, shown: int = 0) -> None:
        a, b = show_rate * (1 - rho) / rho + shown, (1 - show_rate) * (1 - rho) / rho
        self.shapes = a, b
        # At rho = 1 one fate decides all; once one showed up, all do.
        self._all_or_nothing = (1.0 if shown else show_rate) if not b or not a else None

    def above(self, p: Floats) -> Floats:
        """P(chance > p) for each p in (0, 1)."""
        if self._all_or_nothing is not None:
            return np.full_like(p, self._all_or_nothing)
        a, b = self.shapes
        if min(a, b) > _NORMAL_FROM:
            mean, deviation = _moments(a, b)
            return np.asarray(ndtr((mean - p) / deviation), np.float64)
        return np.asarray(betaincc(a, b, p), np.float64)


def _mixed(k: int, n: int, chance: _Chance) -> float:
    """P(N >= k) for 1 <= k <= n and an uncertain chance."""
    nodes, weights = _pieces(1.0, (k, n - k + 1), chance.shapes)
    # The density of Beta(k, n-k+1) from its mode on: constants cancel, and large powers keep their digits.
    mode = (k - 1) / max(n - 1, 1)
    with np.errstate(divide="ignore"):  # a node that rounds to 0 or 1 has density 0
        left = (k - 1) * np.log1p((nodes - mode) / mode) if k > 1 else 0.0
        right = (n - k) * np.log1p((mode - nodes) / (1 - mode)) if k < n else 0.0
    density = weights * np.exp(left + right)
    return min(float(density @ chance.above(nodes) / density.sum()), 1.0)


def _pieces(high: float, *betas: tuple[float, float]) -> tuple[Floats, Floats]:
    """Nodes and weights of Gauss-Legendre quadrature from 0 to ``high``, in pieces on which these betas are smooth."""
    # Below 1 the end may lie far out in a tail that falls steeply there.
    ends = high - high * _HALVES if high < 1 else _HALVES[:0]
    cuts = np.concatenate([[0.0, high], ends, *(_cuts(a, b) for a, b in betas)])
    edges = np.unique(np.clip(cuts, 0.0, high))
    half = np.diff(edges)[:, None] / 2
    nodes = edges[:-1, None] + half * (1 + _NODES)
    return nodes.ravel(), (half * _WEIGHTS).ravel()


def _cuts(a: float, b: float) -> Floats:
    mean, deviation = _moments(a, b) if a and b else (0.5, 0.5)
    cuts: list[NDArray[np.floating[Any]]] = [mean - _AROUND * deviation, mean + _AROUND * deviation]
    if a < _SMOOTH_FROM:
        cuts += [_DECADES, mean * _DECADES]
    if b < _SMOOTH_FROM:
        cuts += [1 - _DECADES, 1 - (1 - mean) * _DECADES]
    return np.concatenate(cuts)


def _moments(a: float, b: float) -> tuple[float, float]:
    """Mean and standard deviation of Beta(a, b)."""
    mean, other = a / (a + b), b / (a + b)
    return mean, float(np.sqrt(mean * other / (a + b + 1)))
