"""What every customer would do after ordering: latent actions at fixed times, whatever the policy does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from allocation.engine.codes import Only
from allocation.engine.instants import HOUR_MS, milliseconds
from allocation.sampling.demand import Ints, Orders
from allocation.sampling.draws import constant_hazard, decay, draw_one, shape_of
from allocation.sampling.streams import Streams
from allocation.scenario.schema import Bathtub, Cancellation, EarlyRegret, Scenario, Timing, for_tier


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


def sample_behaviour(scenario: Scenario, orders: Orders, streams: Streams) -> Behaviours:
    """Draw what every customer would do."""
    behaviour = scenario.behaviour
    released = _by_day(orders.day, {run.ship_date: milliseconds(run.at) for run in scenario.schedule.release})
    cut_off = _by_day(
        orders.day, {day: milliseconds(cut.at) for cut in scenario.schedule.confirm for day in cut.ship_dates}
    )
    confirmed_from = np.where(cut_off < 0, released, np.maximum(cut_off, orders.at))
    windows = {
        Only.HELD: (behaviour.cancel_held, orders.at),
        Only.WAITING: (behaviour.cancel_waiting, orders.at),
        Only.CONFIRMED: (behaviour.cancel_confirmed, confirmed_from),
    }
    pending, payments = _payments(scenario, orders, streams)
    return Behaviours(
        pending=pending,
        payments=payments,
        cancellations={
            only: _cancellations(scenario, cancellation, only.name.lower(), orders, start, released, streams)
            for only, (cancellation, start) in windows.items()
        },
    )


def _by_day(days: Ints, instants: Mapping[date, int]) -> Ints:
    """The instant of each order's ship date, -1 where it has none."""
    result = np.full(len(days), -1)
    for day, instant in instants.items():
        result[days == day.toordinal()] = instant
    return result


def _cancellations(
    scenario: Scenario,
    cancellation: Cancellation,
    state: str,
    orders: Orders,
    start: Ints,
    end: Ints,
    streams: Streams,
) -> Actions:
    shares = {code: for_tier(cancellation.share, name) for code, name in enumerate(scenario.demand.tiers)}
    if not any(shares.values()):
        return NO_ACTIONS
    window = np.maximum(end - start, 0)
    uniform = streams(f"cancel {state}").random(len(start))
    when = streams(f"cancel {state} when").random(len(start))
    regret = streams(f"cancel {state} regret").random(len(start))
    order, at = [], []
    for code, name in enumerate(scenario.demand.tiers):
        share = draw_one(shares[code], streams(f"cancel {state} share {name}"))
        who = np.flatnonzero((orders.tier == code) & (uniform < share) & (window > 0))
        times = _times(cancellation.timing, share, window[who], when[who], regret[who])
        order.append(who)
        at.append(start[who] + np.minimum(times.astype(np.int64), window[who] - 1))
    return Actions(np.concatenate(order), np.concatenate(at))


def _times(
    timing: Timing,
    share: float,
    window: Ints,
    when: NDArray[np.float64],
    regret: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Milliseconds since the start of each window."""
    if isinstance(timing, Bathtub):
        weights = np.cumsum([0.0, *(float(weight) for weight in timing.tenths)])
        tenths = [k / (len(weights) - 1) for k in range(len(weights))]
        return shape_of(tenths, list(weights)).times_at(when) * window
    steady = constant_hazard(share).times_at(when) * window
    if isinstance(timing, EarlyRegret) and len(window):
        early = decay(float(timing.half_life_hours) * HOUR_MS, float(window.max()))
        soon = early.times_at(when * early.shares_at(window.astype(float)))
        return np.where(regret < float(timing.weight), soon, steady)
    return steady


def _payments(scenario: Scenario, orders: Orders, streams: Streams) -> tuple[NDArray[np.bool_], Actions]:
    payment = scenario.behaviour.payment
    count = len(orders.at)
    if not payment.pending_share:
        return np.zeros(count, bool), NO_ACTIONS
    pending_share = draw_one(payment.pending_share, streams("pending share"))
    pays_share = draw_one(payment.pays_share, streams("pays share"))
    delay_hours = draw_one(payment.mean_delay_hours, streams("payment delay"))
    pending = streams("pending").random(count) < pending_share
    pays = pending & (streams("pays").random(count) < pays_share)
    who = np.flatnonzero(pays)
    when = streams("pays when").random(count)[who]
    delay = np.zeros(len(who))
    if delay_hours > 0:
        # An exponential time, of which one in 2^30 is cut off.
        half_life = delay_hours * HOUR_MS * float(np.round(np.log(2.0), 12))
        delay = decay(half_life, 30 * half_life).times_at(when)
    return pending, Actions(who, orders.at[who] + delay.astype(np.int64))
