"""A policy that exists can be played: every value and every contradiction is checked, however it was made."""

from __future__ import annotations

import pickle
from decimal import Decimal

import pytest

from allocation.engine.errors import PolicyError
from allocation.engine.policy import (
    DEFAULT_POLICY,
    Expiration,
    Intake,
    Overbooking,
    Policy,
    Prior,
    Queue,
    Release,
    Scoring,
    Waves,
)


def test_tiers_given_in_part_keep_the_others() -> None:
    assert dict(Policy(tiers={"GOLD": Decimal(7), "VIP": Decimal(1)}).tiers) == {"VIP": 1, "STANDARD": 50, "GOLD": 7}


@pytest.mark.parametrize(
    ("change", "texts"),
    [
        ({"timezone": "Mars/Base"}, ("timezone", "Mars/Base")),
        ({"timezone": "localtime"}, ("timezone", "localtime")),
        ({"hold": "soft"}, ("hold", "soft", "firm")),
        ({"hold": []}, ("hold",)),
        ({"overbooking": Overbooking(1.05)}, ("overbooking.rate", "1.05", "Decimal")),
        ({"overbooking": Overbooking(Decimal("1.0000001"))}, ("1.0000001", "6 decimals")),
        ({"overbooking": Overbooking(Decimal(-1))}, ("-1",)),
        ({"overbooking": Overbooking(Decimal("NaN"))}, ("NaN",)),
        ({"overbooking": {"rate": 1}}, ("overbooking",)),
        ({"overbooking": Overbooking(method="often")}, ("overbooking.method", "often", "constant, economic, service")),
        ({"overbooking": Overbooking(level=0.05)}, ("overbooking.level", "0.05", "Decimal")),
        ({"overbooking": Overbooking(level=Decimal("1.5"))}, ("overbooking.level", "1.5 is not between 0 and 1")),
        ({"overbooking": Overbooking(method="service", level=Decimal(1))}, ("overbooking.level", "between 0 and 1")),
        ({"overbooking": Overbooking(method="service", level=Decimal(0))}, ("overbooking.level", "between 0 and 1")),
        ({"overbooking": Overbooking(review_hours=Decimal("0.5"))}, ("overbooking.review_hours", "0.5")),
        ({"overbooking": Overbooking(review_hours=24)}, ("overbooking.review_hours", "24", "Decimal")),
        ({"overbooking": Overbooking(prior=Decimal("0.9"))}, ("overbooking.prior", "Prior")),
        ({"overbooking": Overbooking(prior=Prior(Decimal("1.01")))}, ("overbooking.prior.show_rate", "1.01")),
        ({"overbooking": Overbooking(prior=Prior(orders=0))}, ("overbooking.prior.orders", "0 is not between 1")),
        ({"overbooking": Overbooking(prior=Prior(orders=2.5))}, ("overbooking.prior.orders", "2.5")),
        (
            {"overbooking": Overbooking(method="adaptive", prior=Prior(Decimal(1)))},
            ("overbooking.prior.show_rate", "nothing could be learned"),
        ),
        ({"overbooking": Overbooking(by_category={"shoes": 1.1})}, ("overbooking.by_category.shoes", "1.1", "Decimal")),
        ({"overbooking": Overbooking(by_category={"shoes": Decimal(-1)})}, ("overbooking.by_category.shoes", "-1")),
        ({"overbooking": Overbooking(by_category={" ": Decimal(1)})}, ("overbooking.by_category", "no name")),
        (
            {"overbooking": Overbooking(by_category={"shoes": Decimal(1)}, method="economic")},
            ("overbooking.by_category", "economic", "leave one out"),
        ),
        ({"queue": Queue(enabled="no")}, ("queue.enabled", "no")),
        ({"queue": Queue(max_depth=0)}, ("queue.max_depth", "0")),
        ({"queue": Queue(max_depth=True)}, ("queue.max_depth",)),
        ({"hold": "provisional", "queue": Queue(enabled=False)}, ("hold", "queue.enabled")),
        ({"intake": Intake(min_days=None)}, ("intake.min_days",)),
        ({"intake": Intake(min_days=8, max_days=3)}, ("intake.max_days", "3", "8")),
        ({"release": Release(fill=5)}, ("release.fill", "5")),
        ({"release": Release(alert_broken_share=Decimal(2))}, ("alert_broken_share", "2")),
        ({"expiration": Expiration(grace_hours=Decimal(-1))}, ("grace_hours",)),
        ({"waves": Waves(assignment="soonest")}, ("waves.assignment", "soonest")),
        ({"scoring": Scoring(previous_purchase=Decimal(10**7))}, ("previous_purchase",)),
        ({"tiers": {"": Decimal(1)}}, ("tiers",)),
        ({"tiers": {"VIP": 3}}, ("tiers.VIP", "3")),
    ],
)
def test_what_is_wrong_is_named(change: dict, texts: tuple[str, ...]) -> None:
    with pytest.raises(PolicyError) as caught:
        Policy(**change)
    for text in texts:
        assert text in str(caught.value)


def test_all_problems_are_listed_at_once() -> None:
    with pytest.raises(PolicyError) as caught:
        Policy(overbooking=Overbooking(Decimal(-1)), queue=Queue(max_depth=0), timezone="nowhere")
    assert len(caught.value.problems) == 3


def test_a_policy_cannot_be_changed_and_travels() -> None:
    with pytest.raises(TypeError):
        DEFAULT_POLICY.tiers["VIP"] = Decimal(1)
    assert pickle.loads(pickle.dumps(DEFAULT_POLICY)) == DEFAULT_POLICY


OVERBOOKINGS = [
    Overbooking(Decimal("1.02"), {"shoes": Decimal("1.1"), "phones": Decimal(1)}),
    Overbooking(method="service", level=Decimal("0.01")),
    Overbooking(method="adaptive", prior=Prior(Decimal("0.8"), 7), review_hours=Decimal("6.5")),
]


@pytest.mark.parametrize("overbooking", OVERBOOKINGS)
def test_a_way_of_overbooking_travels_and_cannot_be_changed(overbooking: Overbooking) -> None:
    policy = Policy(overbooking=overbooking)
    assert pickle.loads(pickle.dumps(policy)) == policy
    assert not overbooking.is_one_rate
    with pytest.raises(TypeError):
        policy.overbooking.by_category["shoes"] = Decimal(9)


def test_rates_by_category_are_those_of_the_moment_they_were_given() -> None:
    given = {"shoes": Decimal("1.1")}
    policy = Policy(overbooking=Overbooking(by_category=given))
    given["shoes"] = Decimal(5)
    assert policy.overbooking.by_category["shoes"] == Decimal("1.1")


def test_plain_data_has_every_field() -> None:
    assert Policy(overbooking=OVERBOOKINGS[0]).as_dict()["overbooking"] == {
        "rate": "1.02",
        "by_category": {"shoes": "1.1", "phones": "1"},
        "method": "constant",
        "level": "0.05",
        "prior": {"show_rate": "0.95", "orders": 100},
        "review_hours": "24",
    }
