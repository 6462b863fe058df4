"""Learned rates: they come from counts alone, move towards what the truth would give, and pay."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from allocation import check, replay, sample_tape, simulate
from allocation.engine.allocation_engine import AllocationEngine
from allocation.engine.codes import Kind
from allocation.engine.errors import SettingError
from allocation.engine.instants import milliseconds
from allocation.engine.policy import MICRO, Overbooking
from allocation.montecarlo import sweep
from allocation.overbooking.rates import rates_of
from allocation.scenario import with_overrides
from allocation.scenario.schema import Scenario
from allocation.simulation.rated import rated_tape
from tests.montecarlo.launches import small


@dataclass(frozen=True)
class Case:
    """What is believed of the show rate before, and what is true."""

    prior: float
    truth: float

    @property
    def scenario(self) -> Scenario:
        return learning(self.truth, self.prior)

    @property
    def known(self) -> Decimal:
        """The rate of somebody who has known the truth all along."""
        (rate,) = rates_of(learning(self.truth, self.truth, orders=10**6)).at_opening.values()
        return rate

    @property
    def believed(self) -> Decimal:
        """The rate of the prior."""
        (rate,) = rates_of(self.scenario).at_opening.values()
        return rate


def learning(truth: float, prior: float, orders: int = 30) -> Scenario:
    """The iPhone launch with customers who leave while they are held, and a policy that learns how many."""
    return small(
        "iphone-15-pro",
        {
            "behaviour.cancel_confirmed.share": 0,
            "behaviour.cancel_held.share": round(1 - truth, 6),
            "policy.overbooking.method": "adaptive",
            "policy.overbooking.prior.show_rate": prior,
            "policy.overbooking.prior.orders": orders,
            "policy.overbooking.review_hours": 12,
        },
    )


def tape_rates(run: Any) -> list[Decimal]:
    return [
        Decimal(str(command["rate"]))
        for command in run.tape()
        if command["type"] == "overbooking" and command["source"] == "policy"
    ]


CASES = [Case(prior=0.8, truth=0.97), Case(prior=0.97, truth=0.8)]


@pytest.mark.parametrize("case", CASES)
def test_rates_move_from_the_prior_to_the_truth(case: Case) -> None:
    assert abs(case.believed - case.known) > Decimal("0.05")
    for replication in range(3):
        rates = tape_rates(simulate(case.scenario, 1, replication))
        assert len(rates) == 1 + len(rates_of(case.scenario).reviews) == 15
        assert rates[0] == case.believed
        assert abs(rates[-1] - case.known) < abs(rates[0] - case.known) / 2


@pytest.mark.parametrize("case", CASES)
def test_learning_earns_more_than_to_believe_a_wrong_prior(case: Case) -> None:
    """On the same customers, with an interval of the difference that is far from nothing."""
    profits = {
        method: sweep(
            with_overrides(case.scenario, {"policy.overbooking.method": method, "policy.overbooking.rate": rate}),
            "policy.overbooking.method",
            [method],
            40,
            progress=False,
        ).frame["profit"]
        for method, rate in (("adaptive", 1), ("constant", case.believed))
    }
    difference = profits["adaptive"] - profits["constant"]
    assert difference.mean() - 5 * difference.sem() > 0


def test_what_is_true_changes_no_rate_before_it_is_seen() -> None:
    """Launches that differ in behaviour only have one prior rate, the same reviews, and learners that are equal."""
    one = learning(0.99, 0.9)
    other = replace(one, behaviour=small("console-realistic").behaviour)
    assert one.behaviour != other.behaviour
    assert rates_of(one) == rates_of(other)
    assert rates_of(one).reviews


def test_rates_begin_alike_and_differ_once_customers_do() -> None:
    few, many = (simulate(learning(truth, 0.9), 5) for truth in (0.99, 0.5))
    assert tape_rates(few)[0] == tape_rates(many)[0]
    assert tape_rates(few)[-1] < tape_rates(many)[-1]


def test_monte_carlo_sets_the_rates_that_simpy_sets() -> None:
    scenario = learning(0.8, 0.97)
    run = simulate(scenario, 6, 3)
    rated = rated_tape(sample_tape(scenario, 6, 3), rates_of(scenario), milliseconds(scenario.orders.opens))
    engine = AllocationEngine.on(rated.columns, scenario.policy)
    rated.play(engine)
    commands = rated.columns.commands
    set_here = commands["number"][commands["kind"] == Kind.OVERBOOKING]
    assert [Decimal(int(number)) / MICRO for number in set_here] == tape_rates(run)
    assert engine.book.used("log").tolist() == run.engine.book.used("log").tolist()


def test_a_saved_run_comes_out_the_same(tmp_path: Path) -> None:
    run = simulate(learning(0.8, 0.97), 6)
    run.save(tmp_path / "run")
    assert check(tmp_path / "run") == len(run.decisions)
    again = replay(run.tape(), run.policy)
    assert again.outcome() == run.outcome()


def test_another_policy_leaves_the_learned_rates_out() -> None:
    scenario = learning(0.8, 0.97)
    run = simulate(scenario, 6)
    constant = replace(scenario.policy, overbooking=Overbooking(Decimal("1.02")))
    other = replay(run.tape(), constant, keep_policy_rates=False)
    assert not tape_rates(other)
    assert other.outcome() == simulate(replace(scenario, policy=constant), 6).outcome()
    with pytest.raises(SettingError, match=r"overbooking\.method"):
        replay(run.tape(), scenario.policy, keep_policy_rates=False)
