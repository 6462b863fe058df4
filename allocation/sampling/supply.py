"""How supply comes: what is announced, what changes, and what arrives when."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from allocation.engine.instants import from_milliseconds, local_midnight, milliseconds
from allocation.sampling.draws import draw_one
from allocation.sampling.streams import Streams
from allocation.scenario.schema import Delivery, PoolSupply, Scenario


@dataclass(frozen=True, slots=True)
class Announcement:
    """What a pool says of its supply at an instant.

    Attributes:
        at: Milliseconds since 1970-01-01 UTC.
        pool: Index into the scenario's supply.
        on_hand: Units, None leaves them.
        received: Units that arrive now.
        expected: (day number, units) of all deliveries still expected.
    """

    at: int
    pool: int
    on_hand: int | None
    received: int
    expected: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class _Course:
    """How one delivery goes: as planned until `known_at`, then as it really comes."""

    planned: tuple[int, int]
    real: tuple[int, int]
    known_at: int
    arrives_at: int


def sample_supply(scenario: Scenario, streams: Streams) -> list[Announcement]:
    """Draw every pool's deliveries; the announcements of all pools, each pool's in order of time."""
    opens = milliseconds(scenario.orders.opens)
    announcements = []
    for index, pool in enumerate(scenario.supply):
        courses = [_course(scenario, delivery, streams) for delivery in pool.expected]
        announcements += list(_announcements(index, pool, courses, opens))
    return announcements


@dataclass(frozen=True, slots=True)
class Arrival:
    """How one delivery of a replication comes.

    Attributes:
        ref: The delivery's reference.
        planned_day, planned_units: When it is expected, as a day number, and how much.
        day, units: When it comes, and how much.
    """

    ref: str
    planned_day: int
    planned_units: int
    day: int
    units: int


def sample_arrivals(scenario: Scenario, seed: int = 0, replication: int = 0) -> list[Arrival]:
    """How every delivery of a replication comes: the same draws as on its tape, in the order of the scenario."""
    streams = Streams(seed, replication)
    deliveries = [delivery for pool in scenario.supply for delivery in pool.expected]
    courses = [_course(scenario, delivery, streams) for delivery in deliveries]
    return [
        Arrival(delivery.ref, *course.planned, *course.real)
        for delivery, course in zip(deliveries, courses, strict=True)
    ]


def sample_supply_after(
    scenario: Scenario, streams: Streams, now: int, expected: Mapping[int, Sequence[tuple[int, int]]]
) -> list[Announcement]:
    """The announcements that are still to come.

    What is expected now is what will come, and what the scenario says of its risk holds for a delivery of the same date
    and quantity, as long as it could not be known yet. One that is overdue comes at the next midnight.

    Args:
        scenario: The launch.
        streams: Of the replication.
        now: Until when the supply is known, milliseconds.
        expected: By index into the scenario's supply, (day number, units) of what that pool expects now. A pool that is
            not there begins as the scenario says.
    """
    opens = max(milliseconds(scenario.orders.opens), now)
    announcements: list[Announcement] = []
    for index, pool in enumerate(scenario.supply):
        planned = [_course(scenario, delivery, streams) for delivery in pool.expected]
        if index not in expected:
            announcements += _announcements(index, pool, planned, opens)
            continue
        by_plan = {course.planned: course for course in planned if course.known_at > now}
        courses = [by_plan.get(entry) or _certain(scenario, entry, now) for entry in expected[index]]
        announcements += _changes(index, courses, now)
    return announcements


def _certain(scenario: Scenario, entry: tuple[int, int], now: int) -> _Course:
    """A delivery that comes as it is expected, or if it is overdue, at the next midnight."""
    arrives = local_midnight(entry[0], scenario.zone)
    if arrives <= now:
        today = from_milliseconds(now).astimezone(scenario.zone).toordinal()
        arrives = local_midnight(today + 1, scenario.zone)
    return _Course(planned=entry, real=entry, known_at=arrives, arrives_at=arrives)


def _course(scenario: Scenario, delivery: Delivery, streams: Streams) -> _Course:
    day, quantity = delivery.date.toordinal(), delivery.quantity
    real_day, real_quantity = day, quantity
    if delivery.late and streams(f"late {delivery.ref}").random() < float(delivery.late.probability):
        real_day += max(0, round(draw_one(delivery.late.days, streams(f"late days {delivery.ref}"))))
    if delivery.short and streams(f"short {delivery.ref}").random() < float(delivery.short.probability):
        share = draw_one(delivery.short.share, streams(f"short share {delivery.ref}"))
        real_quantity -= round(quantity * share)
    return _Course(
        planned=(day, quantity),
        real=(real_day, real_quantity),
        known_at=local_midnight(day - delivery.notice_days, scenario.zone),
        arrives_at=local_midnight(real_day, scenario.zone),
    )


def _announcements(index: int, pool: PoolSupply, courses: list[_Course], opens: int) -> Iterator[Announcement]:
    first = Announcement(opens, index, pool.on_hand, 0, _expected(courses, opens))
    # What is there before orders open is on hand; what is known by then is announced as it will be.
    arrived = sum(course.real[1] for course in courses if course.arrives_at <= opens)
    yield replace(first, on_hand=pool.on_hand + arrived)
    yield from _changes(index, courses, opens)


def _changes(index: int, courses: list[_Course], after: int) -> Iterator[Announcement]:
    """What is announced later: arrivals, and what becomes known of them."""
    changes = [course.known_at for course in courses if course.real != course.planned]
    instants = {course.arrives_at for course in courses}.union(changes)
    for at in sorted(at for at in instants if at > after):
        received = sum(course.real[1] for course in courses if course.arrives_at == at)
        yield Announcement(at, index, None, received, _expected(courses, at))


def _expected(courses: list[_Course], at: int) -> tuple[tuple[int, int], ...]:
    """What is expected at an instant: what has not arrived, as far as it is known then."""
    return tuple(
        course.real if course.known_at <= at else course.planned for course in courses if course.arrives_at > at
    )
