"""The clock of an unpaid reservation (section 5) and the command that looks at it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.engine.launch import D15, D22, D29, Launch


def ms(text: str) -> int:
    return int(datetime.fromisoformat(text).astimezone(UTC).timestamp() * 1000)


def unpaid(expiration: dict[str, Any], at: str, day: str = D15, zone: str = "UTC") -> tuple[Launch, str]:
    launch = Launch({"timezone": zone, "expiration": expiration, "intake": {"min_days": 0}}, now=at)
    launch.supply(1)
    return launch, launch.place(1, day, payment="PENDING")


@pytest.mark.parametrize(
    ("expiration", "at", "clock"),
    [
        # Midnight some days before the requested date.
        ({}, "2025-10-01T12:00:00Z", "2025-11-08T00:00:00Z"),
        ({"days_before_ship": 0}, "2025-10-01T12:00:00Z", "2025-11-15T00:00:00Z"),
        # Grace, where that is later.
        ({}, "2025-11-07T12:00:00Z", "2025-11-08T12:00:00Z"),
        ({"grace_hours": 0}, "2025-11-10T12:00:00Z", "2025-11-10T12:00:00Z"),
        ({"grace_hours": 0.5}, "2025-11-10T12:00:00.250Z", "2025-11-10T12:30:00.250Z"),
        ({}, "2025-11-07T00:00:00Z", "2025-11-08T00:00:00Z"),
        ({}, "2025-11-07T00:00:00.001Z", "2025-11-08T00:00:00.001Z"),
        # Never longer than the longest hold.
        ({"max_hold_hours": 48}, "2025-10-01T12:00:00Z", "2025-10-03T12:00:00Z"),
        ({"max_hold_hours": 12, "grace_hours": 24}, "2025-11-10T12:00:00Z", "2025-11-11T00:00:00Z"),
        ({"max_hold_hours": 48}, "2025-11-07T12:00:00Z", "2025-11-08T12:00:00Z"),
    ],
)
def test_clock_is_midnight_or_grace_but_no_longer_than_the_longest_hold(
    expiration: dict[str, Any], at: str, clock: str
) -> None:
    launch, name = unpaid(expiration, at)
    assert launch.expires_at(name) == ms(clock)


@pytest.mark.parametrize(
    ("zone", "day", "clock"),
    [
        ("America/New_York", "2025-11-15", "2025-11-08T00:00:00-05:00"),
        # The clocks go back on 2 November and forward on 9 March.
        ("America/New_York", "2025-11-09", "2025-11-02T00:00:00-04:00"),
        ("America/New_York", "2025-11-10", "2025-11-03T00:00:00-05:00"),
        ("America/New_York", "2026-03-15", "2026-03-08T00:00:00-05:00"),
        ("America/New_York", "2026-03-16", "2026-03-09T00:00:00-04:00"),
        ("Europe/Berlin", "2025-11-02", "2025-10-26T00:00:00+02:00"),
        ("Europe/Berlin", "2025-11-03", "2025-10-27T00:00:00+01:00"),
        ("Asia/Tokyo", "2025-11-15", "2025-11-08T00:00:00+09:00"),
        ("Asia/Kathmandu", "2025-11-15", "2025-11-08T00:00:00+05:45"),
        # A midnight that is skipped is the moment of the jump; one that comes twice is the first.
        ("America/Santiago", "2026-09-13", "2026-09-06T01:00:00-03:00"),
        ("America/Havana", "2025-11-09", "2025-11-02T00:00:00-04:00"),
    ],
)
def test_midnight_is_that_of_the_time_zone_of_the_policy(zone: str, day: str, clock: str) -> None:
    at = "2025-10-01T12:00:00Z" if day < "2026-01-01" else f"{int(day[:4])}-{int(day[5:7]) - 2:02d}-01T00:00:00Z"
    launch, name = unpaid({"grace_hours": 0}, at, day, zone)
    assert launch.expires_at(name) == ms(clock)


def test_expire_acts_at_the_very_instant_and_not_before() -> None:
    launch, name = unpaid({"max_hold_hours": 1, "grace_hours": 0}, "2025-10-01T12:00:00Z")
    launch.engine.expire("2025-10-01T12:59:59.999Z")
    assert launch.status(name) == "RESERVED"
    launch.engine.expire("2025-10-01T13:00:00Z")
    assert launch.end_of(name) == ("EXPIRED", "unpaid")


def test_nothing_expires_without_the_command() -> None:
    launch, name = unpaid({"max_hold_hours": 1, "grace_hours": 0}, "2025-10-01T12:00:00Z")
    launch.now = "2025-10-05T00:00:00Z"
    launch.supply(1)
    assert launch.status(name) == "RESERVED"


def test_paid_ones_and_waiting_ones_do_not_expire() -> None:
    launch, name = unpaid({"max_hold_hours": 1, "grace_hours": 0}, "2025-10-01T12:00:00Z")
    waiting = launch.place(1, payment="PENDING")
    launch.engine.pay(launch.now, reservation_id=name)
    launch.engine.expire("2025-10-09T00:00:00Z")
    assert launch.statuses([name, waiting]) == ["RESERVED", "QUEUED"]


def test_clock_starts_when_a_waiting_one_becomes_held() -> None:
    launch, name = unpaid({"max_hold_hours": 10}, "2025-10-01T12:00:00Z")
    waiting = launch.place(1, payment="PENDING")
    launch.now = "2025-10-05T00:00:00Z"
    launch.engine.cancel(launch.now, reservation_id=name)
    assert launch.status(waiting) == "RESERVED"
    assert launch.expires_at(waiting) == ms("2025-10-05T10:00:00Z")


def test_clock_of_an_earlier_hold_does_not_count() -> None:
    policy = {"hold": "provisional", "overbooking": {"rate": 1}, "expiration": {"max_hold_hours": 10}}
    launch = Launch(policy, now="2025-10-01T12:00:00Z")
    launch.supply(1)
    name = launch.place(1, payment="PENDING")
    launch.now = "2025-10-01T20:00:00Z"
    vip = launch.place(1, tier="VIP")
    launch.engine.expire("2025-10-01T22:00:00Z")
    assert launch.status(name) == "QUEUED"
    launch.now = "2025-10-02T00:00:00Z"
    launch.engine.cancel(launch.now, reservation_id=vip)
    launch.engine.expire("2025-10-02T09:59:59.999Z")
    assert launch.status(name) == "RESERVED"
    launch.engine.expire("2025-10-02T10:00:00Z")
    assert launch.status(name) == "EXPIRED"


def test_clock_looks_at_the_requested_date_even_on_a_later_wave() -> None:
    policy = {"waves": {"assignment": "earliest"}, "overbooking": {"rate": 1}}
    launch = Launch(policy, now="2025-10-01T12:00:00Z")
    launch.supply(0, [(D15, 0), (D29, 1)])
    name = launch.place(1, D15, payment="PENDING")
    assert launch.day_of(name) == D29
    assert launch.expires_at(name) == ms("2025-11-08T00:00:00Z")


def test_clock_of_one_rolled_over_looks_at_its_new_requested_date() -> None:
    policy = {"overbooking": {"rate": 1}, "confirm": {"unreserved": "roll_over"}}
    launch = Launch(policy, now="2025-10-01T12:00:00Z")
    launch.supply(0, [(D15, 0), (D22, 1)])
    name = launch.place(1, D15, payment="PENDING")
    launch.confirm(D15)
    assert launch.expires_at(name) == ms("2025-11-15T00:00:00Z")


def test_those_who_expire_make_room_for_those_who_wait() -> None:
    policy = {"overbooking": {"rate": 1}, "expiration": {"max_hold_hours": 5, "grace_hours": 0}}
    launch = Launch(policy)
    launch.supply(2)
    held = [launch.place(1, payment="PENDING"), launch.place(1, payment="PENDING")]
    waiting = launch.fill(3)
    launch.engine.expire("2025-10-01T17:00:00Z")
    assert launch.statuses([*held, *waiting]) == ["EXPIRED"] * 2 + ["RESERVED"] * 2 + ["QUEUED"]
