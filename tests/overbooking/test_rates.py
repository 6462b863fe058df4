"""What a policy says of overbooking becomes a rate for every pool."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from allocation import load_scenario
from allocation.engine.errors import SettingError
from allocation.overbooking import Shows, economic_limit, service_limit
from allocation.overbooking.rates import Rates, rates_of
from allocation.scenario import with_overrides
from allocation.scenario.schema import PoolSupply, Scenario

MARGIN, DENIED, UNSOLD = 400, 150, 60
METHOD = "policy.overbooking.method"
FIRM = "behaviour.cancel_confirmed.share"


def iphone(settings: dict[str, Any]) -> Scenario:
    return load_scenario("iphone-15-pro", settings)


def rate(settings: dict[str, Any]) -> Decimal:
    (found,) = rates_of(iphone(settings)).at_opening.values()
    return found


def units(settings: dict[str, Any], capacity: int = 8500) -> int:
    return int(rate(settings) * capacity)


def test_one_rate_needs_no_commands() -> None:
    assert rates_of(iphone({"policy.overbooking.rate": 1.2})) == Rates()


def test_every_pool_has_the_rate_of_its_category_or_else_the_one_rate() -> None:
    scenario = iphone({"supply.0.category": "phones", "policy.overbooking.by_category": {"phones": 1.02, "shoes": 1.3}})
    pools = (
        *scenario.supply,
        PoolSupply("AIR-1", "WEST", category="shoes", on_hand=5),
        PoolSupply("AIR-2", "WEST", category="Shoes", on_hand=5),
        PoolSupply("AIR-3", "WEST", on_hand=5),
    )
    found = rates_of(replace(scenario, supply=pools))
    assert {sku: str(rate) for (sku, _), rate in found.at_opening.items()} == {
        "IPHONE-15-PRO-256": "1.02",
        "AIR-1": "1.3",
        "AIR-2": "1.03",
        "AIR-3": "1.03",
    }
    assert not found.reviews


@pytest.mark.parametrize("share", [0.02, 0.05, 0.2])
def test_economic_is_the_economic_limit_of_the_scenarios_own_numbers(share: float) -> None:
    expected = economic_limit(8500, Shows(1 - share), MARGIN, DENIED, UNSOLD)
    assert units({METHOD: "economic", FIRM: share}) == expected


@pytest.mark.parametrize("level", [0.01, 0.1])
def test_service_is_the_most_within_the_level(level: float) -> None:
    expected = service_limit(8500, Shows(0.95), level)
    assert units({METHOD: "service", "policy.overbooking.level": level, FIRM: 0.05}) == expected


def test_what_somebody_else_is_promised_again_is_no_loss() -> None:
    """Who waits to the end stands in for whoever leaves: nothing is overbooked."""
    keep = {METHOD: "economic", FIRM: 0.05, "policy.confirm.unreserved": "keep"}
    assert rate(keep) == 1
    early = {METHOD: "economic", FIRM: 0, "behaviour.cancel_held.share": 0.05}
    assert 1 < rate(early) < rate({METHOD: "economic", FIRM: 0.05}), "only those after the cut-off leave a hole"


def test_uncertain_behaviour_makes_for_caution() -> None:
    sure = units({METHOD: "service", FIRM: 0.05})
    unsure = units({METHOD: "service", FIRM: {"uniform": [0.03, 0.07]}})
    wide = units({METHOD: "service", FIRM: {"uniform": [0, 0.1]}})
    assert 8500 < wide < unsure < sure


def test_costs_move_the_economic_rate_as_they_must() -> None:
    usual = units({METHOD: "economic", FIRM: 0.05})
    dear = units({METHOD: "economic", FIRM: 0.05, "economics.denied_cost": {"VIP": 300, "STANDARD": 3000}})
    wasteful = units({METHOD: "economic", FIRM: 0.05, "economics.unsold_cost": 600})
    assert dear < usual < wasteful
    # Nobody of a tier that is served first is denied, so what that would cost does not matter.
    assert units({METHOD: "economic", FIRM: 0.05, "economics.denied_cost.VIP": 9999}) == usual


@pytest.mark.parametrize(("hold", "last"), [("provisional", "VIP"), ("firm", "STANDARD")])
def test_who_is_denied_first_is_who_stands_last_among_the_promised(hold: str, last: str) -> None:
    """More VIP orders than units: where they displace the others, nobody else holds a promise that could be broken."""
    launch = {METHOD: "economic", FIRM: 0.05, "policy.hold": hold, "demand.counts": {"VIP": 9000, "STANDARD": 100}}
    usual = units(launch)
    for tier in ("VIP", "STANDARD"):
        assert (units(launch | {f"economics.denied_cost.{tier}": 5000}) < usual) == (tier == last)


def test_the_smallest_wave_bears_the_least() -> None:
    """One rate holds for waves of 10,000, 5,000 and 5,000; a smaller wave has more luck and bad luck for its size."""
    (found,) = rates_of(load_scenario("console-waves", {METHOD: "service", FIRM: 0.05})).at_opening.values()
    large, small = (service_limit(capacity, Shows(0.95), 0.05) / capacity for capacity in (10_000, 5000))
    assert float(found) == pytest.approx(small, abs=1e-6)
    assert small < large


def test_a_pool_without_supply_has_a_rate_too() -> None:
    assert rate({METHOD: "economic", "supply.0.expected.0.quantity": 0}) == 1


def test_a_method_that_finds_no_rate_says_why() -> None:
    free = {METHOD: "economic", "economics.denied_cost": {"VIP": 0, "STANDARD": 0}}
    with pytest.raises(SettingError) as caught:
        rates_of(iphone(free))
    for text in ("iphone-15-pro", "policy.overbooking.method", "economic finds no rate", "denied_cost"):
        assert text in str(caught.value)


def test_adaptive_is_shown_no_behaviour() -> None:
    scenario = iphone({METHOD: "adaptive", FIRM: 0.01})
    found = rates_of(scenario)
    for share in (0.5, {"uniform": [0.1, 0.9]}):
        assert rates_of(with_overrides(scenario, {FIRM: share, "behaviour.cancel_held.share": share})) == found
    assert found.reviews


def test_reviews_come_at_their_hours_until_nothing_is_promised_again() -> None:
    scenario = iphone({METHOD: "adaptive", "policy.overbooking.review_hours": 24})
    days = [(review.at - rates_of(scenario).reviews[0].at) / 86_400_000 for review in rates_of(scenario).reviews]
    # Orders open on 12 September at 8:00, the cut-off is on the 19th at 12:00.
    assert days == list(range(7))
