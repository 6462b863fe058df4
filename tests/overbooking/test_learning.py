"""The learner: a posterior from counts, and the economic limit that goes with it."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from allocation.engine.policy import MICRO
from allocation.overbooking import Shows, economic_limit
from allocation.overbooking.learning import Learner, Terms

LEARNER = Learner(
    terms=Terms(margin=10, denied_cost=20, unsold_cost=1),
    sizes=((1, 1.0),),
    capacity=1000,
    prior_lost=7 * MICRO,
    prior_orders=28,
    opens=0,
    last_reoffer=50_000,
    release=100_000,
)
"""A prior that a quarter leaves; half of the time is left when nobody is promised a unit again."""


def limit(lost: float, variance: float = 0.0) -> int:
    rho = variance / (lost * (1 - lost))
    return economic_limit(1000, Shows(1 - lost, rho), 10, 20, 1)


def test_the_posterior_by_hand() -> None:
    """200 promises watched for half of the time are 100 orders: (7 + 25) / (28 + 100) = 1/4, of which half is late."""
    found = LEARNER.rate(promises=200, losses=25, at=50_000)
    assert found == limit(0.125, 0.25 * 0.25 * 0.75 / 129) * 1000
    # Nobody seen: the prior, as sure as 16 orders.
    assert LEARNER.rate(0, 0, 0) == limit(0.125, 0.25 * 0.25 * 0.75 / 17) * 1000
    # After the last re-offer less and less is still to come: a quarter of the time, 150 orders' worth.
    assert LEARNER.rate(200, 25, 75_000) == limit(0.25 * 0.179, 0.25**2 * 0.179 * 0.821 / 129) * 1000


def test_at_the_release_nobody_leaves_any_more() -> None:
    assert LEARNER.rate(500, 100, 100_000) == MICRO


@given(st.integers(0, 2000), st.data())
@settings(max_examples=30, derandomize=True, database=None, deadline=None)
def test_more_losses_never_mean_a_lower_rate(promises: int, data: st.DataObject) -> None:
    few = data.draw(st.integers(0, promises))
    many = data.draw(st.integers(few, promises))
    at = data.draw(st.sampled_from([1_000, 25_000, 49_000]))
    # More than was watched for counts as seen, so compare where neither does.
    if many <= promises * at // 100_000:
        assert LEARNER.rate(promises, few, at) <= LEARNER.rate(promises, many, at)


@given(st.integers(0, 10**6), st.integers(0, 10**6), st.integers(-1000, 200_000))
@settings(max_examples=40, derandomize=True, database=None, deadline=None)
def test_any_counts_have_a_rate_in_millionths(promises: int, losses: int, at: int) -> None:
    found = LEARNER.rate(promises, min(losses, promises), at)
    assert type(found) is int
    assert MICRO <= found <= 1000 * MICRO


def test_a_surer_prior_is_believed_longer() -> None:
    """A prior of a quarter, and 5 of 100 seen leaving (a twentieth): the weight of each is its orders."""
    light, heavy = replace(LEARNER, prior_lost=MICRO, prior_orders=4), replace(
        LEARNER, prior_lost=2500 * MICRO, prior_orders=10_000
    )  # fmt: skip
    assert light.rate(200, 5, 50_000) < LEARNER.rate(200, 5, 50_000) < heavy.rate(200, 5, 50_000)


def test_a_launch_of_no_time_divides_by_nothing() -> None:
    assert replace(LEARNER, last_reoffer=0, release=0).rate(5, 1, 0) == MICRO


def test_a_learner_holds_numbers_and_no_scenario() -> None:
    for field in fields(Learner):
        value = getattr(LEARNER, field.name)
        assert isinstance(value, int | tuple | Terms), field.name
    assert all(isinstance(getattr(LEARNER.terms, field.name), int | float) for field in fields(Terms))


@pytest.mark.parametrize("forfeit", [0, 3, 8])
def test_a_forfeit_is_earned_with_each_that_leaves(forfeit: float) -> None:
    """The limit has the largest profit over all of them, by enumeration of who is left."""
    terms, shows, capacity = Terms(10, 20, 1, forfeit), Shows(0.9), 50

    def profit(bookings: int) -> float:
        over, empty = shows.expected_oversold(capacity, bookings), shows.expected_unsold(capacity, bookings)
        served = shows.mean(bookings) - over
        return 10 * served - 20 * over - empty + forfeit * (bookings - shows.mean(bookings))

    best = max(profit(bookings) for bookings in range(50, 80))
    assert profit(terms.limit(capacity, shows)) == pytest.approx(best)
