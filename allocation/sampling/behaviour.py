"""What every customer would do after ordering: latent actions at fixed times, whatever the policy does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from allocation.engine.codes import Only
from allocation.engine.instants import HOUR_MS, milliseconds
from allocation.sampling.demand import Ints
from allocation.sampling.draws import DIGITS, Floats, Shape, constant_hazard, decay, draw_one, shape_of
from allocation.sampling.streams import Streams
from allocation.scenario.schema import Bathtub, Cancellation, EarlyRegret, Scenario, Timing, for_tier

_TINY = 1e-12


@dataclass(frozen=True, slots=True)
class Actions:
    """Latent actions of one kind: which orders act, and when. Shape (actions,)."""

    order: Ints
    at: Ints


NO_ACTIONS = Actions(np.zeros(0, np.int64), np.zeros(0, np.int64))


@dataclass(frozen=True, slots=True)
class Behaviours:
    """All latent actions of one replication.

    Attributes:
        pending: Whether each order is placed with its payment pending; shape (orders,).
        payments: When those that pay do so.
        cancellations: When those that would cancel do so, by what they would have to be then.
    """

    pending: NDArray[np.bool_]
    payments: Actions
    cancellations: Mapping[Only, Actions]


@dataclass(frozen=True, slots=True)
class Customers:
    """Those whose actions are drawn; every array has shape (customers,).

    Attributes:
        at: When they ordered, milliseconds.
        tier: Index into the demand's tiers.
        day: Day number of the ship date that they wait for or hold.
    """

    at: Ints
    tier: Ints
    day: Ints


@dataclass(frozen=True, slots=True)
class Known:
    """What is known at an instant of the first customers, who ordered before it; shape (those,).

    Attributes:
        now: The instant, milliseconds.
        unpaid: Whether their payment is pending.
        since: For each kind of cancellation, since when they have been in the state in which they could have done it
            and have not; `now` for who is not in it.
    """

    now: int
    unpaid: NDArray[np.bool_]
    since: Mapping[Only, Ints]


def sample_behaviour(
    scenario: Scenario, customers: Customers, streams: Streams, known: Known | None = None
) -> Behaviours:
    """Draw what every customer would do; of those who are known, what they would do from now on.

    Whoever could have acted by now and has not is less likely to act: their draws are conditional on that, so that a
    launch that goes on from any instant is distributed as one that was never stopped.
    """
    behaviour = scenario.behaviour
    released = _by_day(customers.day, {run.ship_date: milliseconds(run.at) for run in scenario.schedule.release})
    cut_off = _by_day(
        customers.day, {day: milliseconds(cut.at) for cut in scenario.schedule.confirm for day in cut.ship_dates}
    )
    confirmed_from = np.where(cut_off < 0, released, np.maximum(cut_off, customers.at))
    windows = {
        Only.HELD: (behaviour.cancel_held, customers.at),
        Only.WAITING: (behaviour.cancel_waiting, customers.at),
        Only.CONFIRMED: (behaviour.cancel_confirmed, confirmed_from),
    }
    pending, payments = _payments(scenario, customers, streams, known)
    cancellations = {}
    for only, (cancellation, start) in windows.items():
        window = _Window(start, np.maximum(released - start, 0), *_elapsed(start, released, only, known))
        cancellations[only] = _cancellations(scenario, cancellation, only.name.lower(), customers.tier, window, streams)
    return Behaviours(pending=pending, payments=payments, cancellations=cancellations)


@dataclass(frozen=True, slots=True)
class _Window:
    """When customers may act: from `start` for `length`; `elapsed` of it is over, and since `entered` they could have.

    Milliseconds; shape (customers,), or None where nothing has elapsed.
    """

    start: Ints
    length: Ints
    elapsed: Ints | None
    entered: Ints | None


def _elapsed(start: Ints, end: Ints, only: Only, known: Known | None) -> tuple[Ints | None, Ints | None]:
    if known is None:
        return None, None
    elapsed, entered = np.zeros(len(start), np.int64), np.zeros(len(start), np.int64)
    first = len(known.unpaid)
    length = np.maximum(end[:first] - start[:first], 0)
    elapsed[:first] = np.clip(known.now - start[:first], 0, length)
    entered[:first] = np.clip(known.since[only] - start[:first], 0, elapsed[:first])
    return elapsed, entered


def _by_day(days: Ints, instants: Mapping[date, int]) -> Ints:
    """The instant of each order's ship date, -1 where it has none."""
    result = np.full(len(days), -1)
    for day, instant in instants.items():
        result[days == day.toordinal()] = instant
    return result


def _cancellations(
    scenario: Scenario, cancellation: Cancellation, state: str, tier: Ints, window: _Window, streams: Streams
) -> Actions:
    shares = {code: for_tier(cancellation.share, name) for code, name in enumerate(scenario.demand.tiers)}
    if not any(shares.values()):
        return NO_ACTIONS
    count = len(tier)
    uniform = streams(f"cancel {state}").random(count)
    when = streams(f"cancel {state} when").random(count)
    regret = streams(f"cancel {state} regret").random(count)
    order, at = [], []
    for code, name in enumerate(scenario.demand.tiers):
        share = draw_one(shares[code], streams(f"cancel {state} share {name}"))
        course = Course.of(cancellation.timing, share, window.length)
        who = np.flatnonzero((tier == code) & (uniform < _still(share, course, window)) & (window.length > 0))
        elapsed = None if window.elapsed is None else window.elapsed[who]
        times = course.times(window.length[who], when[who], regret[who], elapsed)
        order.append(who)
        at.append(window.start[who] + np.minimum(times.astype(np.int64), window.length[who] - 1))
    return Actions(np.concatenate(order), np.concatenate(at))


def _still(share: float, course: Course, window: _Window) -> float | Floats:
    """The probability that each customer will still act, given that they have not since they could have."""
    if window.elapsed is None or window.entered is None:
        return share
    done, before = course.done(window.length, window.elapsed), course.done(window.length, window.entered)
    rest: Floats = share * (1 - done) / np.maximum(1 - share * (done - before), _TINY)
    return rest


@dataclass(frozen=True, slots=True)
class Course:
    """How actions spread over a window: a share `weight` of them soon, whatever its length, the rest over all of it.

    What is estimated from a history (`allocation.calibration`) is this course, too, so that it is what is drawn.
    """

    steady: Shape
    soon: Shape | None
    weight: float

    @classmethod
    def of(cls, timing: Timing, share: float, lengths: Ints) -> Course:
        """The course of a timing, where `share` of all act in windows of such lengths, milliseconds."""
        if isinstance(timing, Bathtub):
            weights = np.cumsum([0.0, *(float(weight) for weight in timing.tenths)])
            return cls(shape_of([k / (len(weights) - 1) for k in range(len(weights))], list(weights)), None, 0.0)
        longest = float(lengths.max()) if len(lengths) else 0.0
        if isinstance(timing, EarlyRegret) and longest:
            soon = decay(float(timing.half_life_hours) * HOUR_MS, longest)
            return cls(constant_hazard(share), soon, float(timing.weight))
        return cls(constant_hazard(share), None, 0.0)

    def done(self, length: Ints, elapsed: Ints) -> Floats:
        """The share of the actions that lie in the part of their windows that is over."""
        steady, soon = self._parts(length, elapsed)
        return self.weight * soon + (1 - self.weight) * steady

    def times(self, length: Ints, when: Floats, regret: Floats, elapsed: Ints | None) -> Floats:
        """Milliseconds since the start of each window, not before what has elapsed."""
        steady, soon = (0.0, 0.0) if elapsed is None else self._parts(length, elapsed)
        late = self.steady.times_at(steady + when * (1 - steady)) * length
        if self.soon is None:
            return late
        whole = self.soon.shares_at(length.astype(float))
        early = self.soon.times_at((soon + when * (1 - soon)) * whole)
        left = 1 - (self.weight * soon + (1 - self.weight) * steady)
        return np.where(regret * left < self.weight * (1 - soon), early, late)

    def _parts(self, length: Ints, elapsed: Ints) -> tuple[Floats, Floats]:
        over = self.steady.shares_at(elapsed / np.maximum(length, 1))
        if self.soon is None:
            return over, np.zeros(len(length))
        whole = self.soon.shares_at(length.astype(float))
        return over, self.soon.shares_at(elapsed.astype(float)) / np.maximum(whole, _TINY)


def _payments(
    scenario: Scenario, customers: Customers, streams: Streams, known: Known | None
) -> tuple[NDArray[np.bool_], Actions]:
    payment = scenario.behaviour.payment
    count = len(customers.at)
    waits = known is not None and bool(known.unpaid.any())
    if not payment.pending_share and not waits:
        return np.zeros(count, bool), NO_ACTIONS
    pending_share = draw_one(payment.pending_share, streams("pending share"))
    pays_share = draw_one(payment.pays_share, streams("pays share"))
    delay_hours = draw_one(payment.mean_delay_hours, streams("payment delay"))
    pending = streams("pending").random(count) < pending_share
    still, start = np.full(count, pays_share), customers.at.copy()
    half_life = delay_hours * HOUR_MS * float(np.round(np.log(2.0), 12))
    if known is not None:
        first = len(known.unpaid)
        pending[:first] = known.unpaid
        # An exponential time has no memory: who has not paid by now waits from now on as if it were new.
        late = 2.0 ** -((known.now - start[:first]) / half_life) if half_life else np.zeros(first)
        still[:first] = np.round(pays_share * late / np.maximum(pays_share * late + 1 - pays_share, _TINY), DIGITS)
        start[:first] = known.now
    who = np.flatnonzero(pending & (streams("pays").random(count) < still))
    when = streams("pays when").random(count)[who]
    delay = np.zeros(len(who))
    if delay_hours > 0:
        # Of the exponential times one in 2^30 is cut off.
        delay = decay(half_life, 30 * half_life).times_at(when)
    return pending, Actions(who, start[who] + delay.astype(np.int64))
