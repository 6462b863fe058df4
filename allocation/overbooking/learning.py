"""Learning the show rate from counts: how many were promised, how many of them left, how much time is left.

The rate that a review sets is a look-up in whole numbers, so that it is the same wherever it is made.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from allocation.engine.policy import MICRO, RATE_MAX
from allocation.overbooking.limits import booking_rate, economic_limit
from allocation.overbooking.shows import Shows

LOSS_STEP = MICRO // 1000
"""The posterior mean of the loss is rounded to this, in millionths: a thousandth."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What a unit is worth, in money: as in `scenario.sections.Economics`, with one denied cost."""

    margin: float
    denied_cost: float
    unsold_cost: float = 0.0
    forfeit: float = 0.0

    def limit(self, capacity: int, shows: Shows) -> int:
        """The economic limit, in units.

        A forfeit f is earned with each of the share 1-q that leaves. What is lost without it stands to what is lost
        with it as if the margin were f (1-q)/q larger and the denied cost as much smaller: with that, `economic_limit`
        accepts while q P(Z >= C) (p + s + Co) <= q (p + s) + (1-q) f, as it must.

        >>> Terms(1, 3).limit(1000, Shows(0.95)), Terms(1, 3, forfeit=1).limit(1000, Shows(0.95))
        (1048, 1048)
        """
        kept = self.forfeit * (1 - shows.show_rate) / shows.show_rate if shows.show_rate else 0.0
        return economic_limit(capacity, shows, self.margin + kept, self.denied_cost - kept, self.unsold_cost)


@dataclass(frozen=True, slots=True)
class Learner:
    """Learns what share of the promises is lost between opening and release, at a constant rate in time.

    With the prior Beta(a, b) and n promises of which k were lost when the fraction u of the time was over, the
    posterior is that of n u trials, Beta(a + k, b + n u - k): as many whole windows have been watched. Of those held
    now the share f θ is still to be lost and not repaired, where f is the fraction of the time between the last
    re-offer and the release. The limit is the economic one for that show rate, whose uncertainty correlates all fates
    (beta-binomial).

    Source: Gelman et al., Bayesian Data Analysis, 3rd ed. (2013), section 2.4 (beta prior, binomial trials).

    Attributes:
        terms: What a unit is worth.
        sizes: Units of an order and their shares, as in `Shows`.
        capacity: Units of the next release.
        prior_lost: a, in millionths of an order.
        prior_orders: a + b, orders.
        opens, last_reoffer, release: Milliseconds since 1970-01-01 UTC.
    """

    terms: Terms
    sizes: tuple[tuple[int, float], ...]
    capacity: int
    prior_lost: int
    prior_orders: int
    opens: int
    last_reoffer: int
    release: int

    def rate(self, promises: int, losses: int, at: int) -> int:
        """The rate that a review sets, in millionths.

        Args:
            promises: Reservations of the pool that were promised stock and not displaced since.
            losses: How many of them cancelled or did not pay.
            at: The instant, milliseconds.
        """
        length = max(self.release - self.opens, 1)
        seen = self._seen(promises, losses, at)
        loss = (self.prior_lost + losses * MICRO) // seen
        # As sure as the next lower power of two: the table has few rows, and is never surer than it may be.
        sureness = 1 << (seen.bit_length() - 1)
        late = max(self.release - max(self.last_reoffer, at), 0) * MICRO // length
        return _rate(self.terms, self.sizes, self.capacity, loss // LOSS_STEP, sureness, late)

    def show_rate(self, promises: int, losses: int, at: int) -> tuple[float, float]:
        """The shapes of the beta distribution of the show rate, one less the share that is lost, as a review sees it.

        With 100 promises, 3 of them lost in half of the time, and the prior Beta(95, 5):

        >>> Learner(Terms(1, 3), ((1, 1.0),), 100, 5 * MICRO, 100, 0, 500, 1000).show_rate(100, 3, 500)
        (142.0, 8.0)
        """
        lost = self.prior_lost / MICRO + losses
        return self._seen(promises, losses, at) - lost, lost

    def _seen(self, promises: int, losses: int, at: int) -> int:
        """Trials that the prior and what was watched until an instant count as."""
        length = max(self.release - self.opens, 1)
        watched = promises * min(max(at - self.opens, 0), length) // length
        return self.prior_orders + max(watched, losses)


@lru_cache(maxsize=4096)
def _rate(
    terms: Terms, sizes: tuple[tuple[int, float], ...], capacity: int, loss: int, sureness: int, late: int
) -> int:
    """An entry of the table: the rate for a loss in thousandths, an effective number of trials, and f in millionths."""
    mean, fraction = loss * LOSS_STEP / MICRO, late / MICRO
    lost = fraction * mean
    # Var(f θ) over q (1-q), with Var θ = θ (1-θ) / (n + 1).
    variance = fraction**2 * mean * (1 - mean) / (sureness + 1)
    spread = lost * (1 - lost)
    rho = min(variance / spread, 1.0) if spread > 0 else 0.0
    if lost >= 1:
        return MICRO
    limit = terms.limit(capacity, Shows(1 - lost, rho, sizes))
    rate = booking_rate(limit, capacity)
    return MICRO if rate is None else min(int(rate * MICRO), RATE_MAX * MICRO)
