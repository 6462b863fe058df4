"""Launches to play by the hundred: shipped ones with fewer orders, and made ones that reach every rule."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from allocation.engine.policy import (
    Confirm,
    Expiration,
    Intake,
    Overbooking,
    Policy,
    Prior,
    Queue,
    Release,
    Waves,
)
from allocation.scenario import load_scenario
from allocation.scenario import schema as s

_FEWER = {
    "console-realistic": {"demand.total": {"triangular": [250, 275, 300]}} | {"supply.0.expected.0.quantity": 100},
    "console-waves": {"demand.counts": {"VIP": 55, "STANDARD": 220}} | {"supply.0.expected.0.quantity": 100},
    "iphone-15-pro": {"demand.counts": {"VIP": 37, "STANDARD": 300}} | {"supply.0.expected.0.quantity": 255},
    "sneakers-trophy-room": {"demand.counts": {"PLATINUM": 5, "VIP": 25, "STANDARD": 494}}
    | {"supply.0.expected.0.quantity": 50, "policy.queue.max_depth": 100},
}
_FEWER["console-realistic"] |= {"supply.0.expected.1.quantity": 50, "supply.0.expected.2.quantity": 50}
_FEWER["console-waves"] |= {"supply.0.expected.1.quantity": 50, "supply.0.expected.2.quantity": 50}


def small(name: str, settings: Mapping[str, Any] | None = None) -> s.Scenario:
    """A shipped launch with a few hundred orders and as much less supply."""
    return load_scenario(name, _FEWER.get(name, {}) | dict(settings or {}))


def with_policy(scenario: s.Scenario, policy: Policy) -> s.Scenario:
    """The launch under another policy, which may not forbid its quantities or forget its tiers."""
    tiers = {**policy.tiers, **scenario.policy.tiers}
    intake = replace(policy.intake, max_quantity=None, max_days=None)
    return replace(scenario, policy=replace(policy, tiers=tiers, intake=intake))


# ----- policies


def numbers(*values: float) -> st.SearchStrategy[Decimal]:
    return st.sampled_from([Decimal(str(value)) for value in values])


def overbookings(review_hours: st.SearchStrategy[Decimal]) -> st.SearchStrategy[Overbooking]:
    """Every way to say how far to overbook."""
    by_category = st.dictionaries(st.sampled_from(["shoes", "other"]), numbers(0.5, 1.1, 1.5), min_size=1)
    priors = st.builds(Prior, numbers(0.5, 0.9, 0.99), st.sampled_from([1, 20]))
    return (
        st.builds(Overbooking, numbers(0, 0.8, 1, 1.05, 1.2))
        | st.builds(Overbooking, numbers(1, 1.05), by_category)
        | st.builds(Overbooking, method=st.sampled_from(["economic", "service"]), level=numbers(0.01, 0.2))
        | st.builds(Overbooking, method=st.just("adaptive"), prior=priors, review_hours=review_hours)
    )


@st.composite
def policies(
    draw: st.DrawFn, tiers: Mapping[str, Decimal] | None = None, review_hours: tuple[int, ...] = (120,)
) -> Policy:
    """Any policy that can be played."""
    hold = draw(st.sampled_from(["firm", "provisional"]))
    return Policy(
        timezone=draw(st.sampled_from(["UTC", "America/New_York"])),
        tiers=tiers or {},
        overbooking=draw(overbookings(numbers(*review_hours))),
        hold=hold,
        queue=Queue(
            hold == "provisional" or draw(st.booleans()),
            draw(st.none() | st.sampled_from([1, 3, 10])),
            draw(st.sampled_from(["arrival", "priority"])),
        ),
        waves=Waves(draw(st.sampled_from(["requested", "earliest"])), draw(st.booleans())),
        expiration=Expiration(draw(st.integers(0, 10)), draw(numbers(0, 24)), draw(st.none() | numbers(1, 30))),
        intake=Intake(draw(st.integers(0, 9)), None, None, draw(st.sampled_from(["independent", "all_or_nothing"]))),
        confirm=Confirm(draw(st.sampled_from(["keep", "cancel", "roll_over"]))),
        release=Release(
            draw(st.sampled_from(["cancel", "roll_over"])),
            draw(st.sampled_from(["skip", "strict"])),
            draw(st.booleans()),
            draw(st.sampled_from(["cancel", "roll_over"])),
            draw(numbers(0, 0.1, 1)),
        ),
    )


# ----- launches

OPENS = dt.datetime(2025, 9, 1, 10, tzinfo=dt.UTC)
DAYS = tuple(dt.date(2025, 9, day) for day in (10, 12, 15, 20))
TIERS = {"PLATINUM": Decimal(150), "VIP": Decimal(100), "STANDARD": Decimal(50)}

shares = numbers(0, 0, 0.1, 0.5) | st.just(s.Uniform((Decimal("0.05"), Decimal("0.6"))))
cancellations = st.builds(
    s.Cancellation,
    shares | st.fixed_dictionaries({"VIP": shares, "STANDARD": shares}),
    st.sampled_from(
        [
            s.ConstantHazard(),
            s.EarlyRegret("early_regret", Decimal("0.5"), Decimal(6)),
            s.Bathtub("bathtub"),
        ]
    ),
)
payments = st.builds(s.Payment, numbers(0, 0.3), numbers(0, 0.6, 1), numbers(1, 200))
lates = st.none() | st.just(s.Late(Decimal("0.7"), s.Choices({Decimal(2): Decimal(1), Decimal(9): Decimal(1)})))
shorts = st.none() | st.just(s.Short(Decimal("0.7"), s.Uniform((Decimal("0.1"), Decimal(1)))))


@st.composite
def launches(draw: st.DrawFn) -> s.Scenario:
    """Small launches of one or two pools, in which deliveries may come late, short, or when nothing is released."""
    days = sorted(draw(st.lists(st.sampled_from(DAYS), min_size=1, max_size=3, unique=True)))
    supply = tuple(
        s.PoolSupply(
            f"SKU-{number}",
            "EAST",
            category=draw(st.sampled_from(["", "shoes"])),
            on_hand=draw(st.sampled_from([0, 0, 5])),
            expected=tuple(
                s.Delivery(
                    day,
                    draw(st.integers(0, 25)),
                    f"PO-{number}-{wave}",
                    draw(lates),
                    draw(shorts),
                    draw(st.integers(0, 5)),
                )
                for wave, day in enumerate(days)
            ),
        )
        for number in range(draw(st.integers(1, 2)))
    )
    requested = dict.fromkeys(days[1:], Decimal("0.3"))
    requested[days[0]] = 1 - Decimal("0.3") * len(requested)
    releases = [dt.datetime(day.year, day.month, day.day, 6, tzinfo=dt.UTC) for day in days]
    before = [dt.timedelta(hours=draw(st.sampled_from([0, 30, 100]))) for _ in days]
    return s.Scenario(
        version=1,
        name="made",
        title="A made launch",
        orders=s.OrderWindow(OPENS, OPENS + dt.timedelta(hours=draw(st.sampled_from([1, 40])))),
        supply=supply,
        demand=s.Demand(
            requested,
            counts={tier: draw(st.integers(0, 25)) for tier in TIERS},
            lines_per_order=draw(st.sampled_from([{1: Decimal(1)}, {1: Decimal("0.5"), 2: Decimal("0.5")}])),
            quantities=draw(st.sampled_from([{1: Decimal(1)}, {1: Decimal("0.7"), 3: Decimal("0.3")}])),
        ),
        behaviour=s.Behaviour(draw(cancellations), draw(cancellations), draw(cancellations), draw(payments)),
        economics=s.Economics(
            Decimal("40.5"), dict(zip(TIERS, map(Decimal, (90, 60, 30)), strict=True)), Decimal(6), Decimal("1.25")
        ),
        policy=draw(policies(TIERS, (6, 24, 50))),
        schedule=s.Schedule(
            tuple(
                s.CutOff(at - early, (day,))
                for day, at, early in zip(days, releases, before, strict=True)
                if draw(st.booleans())
            ),
            tuple(s.ReleaseRun(at, day) for day, at in zip(days, releases, strict=True)),
            draw(st.none() | st.just(s.ExpireRuns("03:00", Decimal(12)))),
        ),
    )
