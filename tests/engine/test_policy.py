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
