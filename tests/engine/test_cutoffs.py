"""Cut-off, release, roll-over and promotion across waves (sections 6 to 9)."""

from __future__ import annotations

import pytest

from allocation.engine.outcome import outcome
from tests.engine.launch import D15, D22, D29, PLACE, SKU, Launch

ONE = {"overbooking": {"rate": 1}}
EARLIEST = {**ONE, "waves": {"assignment": "earliest"}}
MOVE_UP = {**ONE, "waves": {"assignment": "earliest", "move_up": True}}


def overbooked(tiers: str, on_hand: int, quantities: str = "", **release: object) -> tuple[Launch, list[str]]:
    """Held reservations (V: VIP, S: STANDARD) on a date that gets only so many units."""
    launch = Launch({**ONE, "release": release})
    sizes = [int(size) for size in quantities] or [1] * len(tiers)
    launch.supply(0, [(D15, sum(sizes))])
    words = {"V": "VIP", "S": "STANDARD"}
    names = [launch.place(size, tier=words[tier]) for tier, size in zip(tiers, sizes, strict=True)]
    assert set(launch.statuses(names)) == {"RESERVED"}
    launch.confirm()
    launch.supply(on_hand, [])
    return launch, names


# --- confirm ----------------------------------------------------------------------------------------------


def test_confirm_makes_paid_reservations_of_the_date_firm() -> None:
    launch = Launch(ONE)
    launch.supply(0, [(D15, 3), (D22, 1)])
    names = [launch.place(1), launch.place(1, payment="PENDING"), launch.place(1, D22)]
    launch.confirm(D15)
    assert launch.statuses(names) == ["CONFIRMED", "RESERVED", "RESERVED"]
    assert launch.confirm(D15).refused
    launch.confirm(D22)
    assert launch.statuses(names) == ["CONFIRMED", "RESERVED", "CONFIRMED"]


def test_confirm_looks_at_the_assigned_date() -> None:
    launch = Launch(EARLIEST)
    launch.supply(0, [(D15, 0), (D22, 1)])
    moved = launch.place(1, D15)
    launch.confirm(D15)
    assert (launch.status(moved), launch.day_of(moved)) == ("RESERVED", D22)
    launch.confirm(D22)
    assert launch.status(moved) == "CONFIRMED"


@pytest.mark.parametrize(
    ("rule", "ends", "requested"),
    [
        ("keep", ["QUEUED", "WAITLISTED", "QUEUED"], D15),
        ("cancel", ["CANCELLED", "CANCELLED", "QUEUED"], D15),
        ("roll_over", ["QUEUED", "QUEUED", "WAITLISTED"], D22),
    ],
)
def test_confirm_parts_with_those_who_wait(rule: str, ends: list[str], requested: str) -> None:
    launch = Launch({**ONE, "confirm": {"unreserved": rule}, "queue": {"max_depth": 2}})
    launch.supply(0, [(D15, 1), (D22, 0)])
    _, *waiting = launch.fill(3)
    other = launch.place(1, D22)
    launch.confirm(D15)
    assert launch.statuses([*waiting, other]) == ends
    for name in waiting:
        row = launch.reservation(name)
        assert row["requested_ship_date"] == requested
        assert row["reason"] == ("not_selected" if rule == "cancel" else None)


def test_confirm_rolling_over_without_a_next_wave_cancels() -> None:
    launch = Launch({**ONE, "confirm": {"unreserved": "roll_over"}})
    launch.supply(0, [(D15, 0)])
    name = launch.place(1)
    launch.confirm(D15)
    assert launch.end_of(name) == ("CANCELLED", "not_selected")


def test_leavers_of_a_cut_off_displace_nobody() -> None:
    launch = Launch({**ONE, "hold": "provisional", "confirm": {"unreserved": "roll_over"}})
    launch.supply(0, [(D15, 0), (D22, 1)])
    held, vip = launch.place(1, D22), launch.place(1, D15, tier="VIP")
    launch.confirm(D15)
    assert launch.statuses([held, vip]) == ["RESERVED", "QUEUED"]


def test_confirm_of_every_pool_holds_for_pools_that_appear_later() -> None:
    launch = Launch(ONE)
    launch.supply(1)
    launch.confirm(D15)
    launch.supply(1, sku="LATE")
    lines = [{"sku": "LATE", "location": PLACE, "quantity": 1}]
    assert launch.status(launch.place(1, lines=lines)) == "CONFIRMED"
    assert launch.engine.confirm(launch.now, D15, sku="LATE", location=PLACE).refused


def test_confirm_of_one_pool_holds_for_it_alone() -> None:
    launch = Launch(ONE)
    launch.supply(1)
    launch.supply(1, sku="OTHER")
    launch.engine.confirm(launch.now, D15, sku=SKU, location=PLACE)
    lines = [{"sku": "OTHER", "location": PLACE, "quantity": 1}]
    assert launch.status(launch.place(1, lines=lines)) == "RESERVED"
    assert launch.status(launch.place(1)) == "CONFIRMED"
    assert not launch.confirm(D15).refused


# --- release ----------------------------------------------------------------------------------------------


def test_published_release_log() -> None:
    launch, names = overbooked("V" * 234 + "S" * 1_000, 1_200)
    launch.release()
    ends = [launch.end_of(name) for name in (names[0], names[233], names[1_199], names[1_200], names[-1])]
    assert ends == [("ALLOCATED", None)] * 3 + [("CANCELLED", "oversold")] * 2
    statuses = launch.statuses(names)
    assert statuses.count("ALLOCATED") == 1_200
    assert statuses[:234].count("ALLOCATED") == 234
    assert statuses[234:].count("CANCELLED") == 34
    release = launch.last_release()
    expected = {"ship_date": D15, "allocated_units": 1_200, "broken": 34, "pools": 1, "alert": False}
    assert release == expected
    assert round(100 * release["broken"] / (1_200 + release["broken"]), 1) == 2.8


def test_release_gives_by_priority_and_never_more_than_on_hand() -> None:
    launch, names = overbooked("SSVS", 2)
    launch.release()
    assert launch.statuses(names) == ["ALLOCATED", "CANCELLED", "ALLOCATED", "CANCELLED"]
    assert launch.engine.book.tables.pools["on_hand"].tolist()[1] == 0


def test_release_skips_to_smaller_ones() -> None:
    launch, names = overbooked("SSS", 2, "131", fill="skip")
    launch.release()
    assert launch.statuses(names) == ["ALLOCATED", "CANCELLED", "ALLOCATED"]


def test_strict_release_stops_at_the_first_that_does_not_fit() -> None:
    launch, names = overbooked("SSS", 2, "131", fill="strict")
    standby = launch.place(1)
    launch.release()
    assert launch.statuses([*names, standby]) == ["ALLOCATED", "CANCELLED", "CANCELLED", "CANCELLED"]
    assert launch.end_of(standby) == ("CANCELLED", "not_fulfilled")
    assert launch.last_release()["broken"] == 2


def test_release_expires_unpaid_ones_and_does_not_count_them_as_broken() -> None:
    launch = Launch(ONE)
    launch.supply(2)
    names = [launch.place(1, payment="PENDING"), launch.place(1)]
    launch.supply(1)
    launch.release()
    assert [launch.end_of(name) for name in names] == [("EXPIRED", "unpaid"), ("ALLOCATED", None)]
    assert launch.last_release()["broken"] == 0


@pytest.mark.parametrize(("broken", "alert"), [(1, False), (2, True)])
def test_alert_is_raised_above_the_share_only(broken: int, alert: bool) -> None:
    launch, _ = overbooked("S" * 10, 10 - broken, alert_broken_share=0.1)
    launch.release()
    assert (launch.last_release()["broken"], launch.last_release()["alert"]) == (broken, alert)


def test_alert_takes_the_share_as_it_is_written() -> None:
    # 0.29 as a binary fraction is less than 29/100.
    launch, _ = overbooked("S" * 100, 71, alert_broken_share=0.29)
    launch.release()
    assert (launch.last_release()["broken"], launch.last_release()["alert"]) == (29, False)


def test_alert_looks_at_all_pools_of_the_release_together() -> None:
    launch = Launch({**ONE, "release": {"alert_broken_share": 0.4}})
    for sku in ("A", "B"):
        launch.supply(1, sku=sku)
        launch.place(1, lines=[{"sku": sku, "location": PLACE, "quantity": 1}])
    launch.supply(0, sku="A")
    launch.supply(1, sku="C")
    launch.place(1, lines=[{"sku": "C", "location": PLACE, "quantity": 1}])
    launch.release()
    assert launch.last_release() == {
        "ship_date": D15,
        "allocated_units": 2,
        "broken": 1,
        "pools": 3,
        "alert": False,
    }


def test_standby_is_paid_queued_first_then_wait_listed_each_by_priority() -> None:
    launch = Launch({**ONE, "queue": {"max_depth": 3}})
    launch.supply(0)
    queued = [launch.place(1), launch.place(1, payment="PENDING"), launch.place(1, tier="VIP")]
    behind = [launch.place(1), launch.place(1, tier="VIP")]
    # Received units that the rate does not promise: standby takes them at the release only.
    launch.rate(0)
    launch.supply(3)
    launch.release()
    served = ["ALLOCATED", "CANCELLED", "ALLOCATED", "CANCELLED", "ALLOCATED"]
    assert launch.statuses([*queued, *behind]) == served
    assert launch.last_release() == {
        "ship_date": D15,
        "allocated_units": 3,
        "broken": 0,
        "pools": 1,
        "alert": False,
    }


def test_standby_can_be_switched_off() -> None:
    launch = Launch({"overbooking": {"rate": 0}, "release": {"standby": False}})
    launch.supply(1)
    name = launch.place(1)
    launch.release()
    assert launch.end_of(name) == ("CANCELLED", "not_fulfilled")


def test_standby_of_an_earlier_date_is_served_and_of_a_later_one_is_not() -> None:
    launch = Launch({"overbooking": {"rate": 0}})
    launch.supply(2)
    early, late = launch.place(1, "2025-11-10"), launch.place(1, D22)
    launch.release(D15)
    assert launch.statuses([early, late]) == ["ALLOCATED", "QUEUED"]


def test_standby_leaves_later_promises_whole() -> None:
    launch = Launch(ONE)
    launch.supply(2)
    later = launch.place(2, D22)
    standby = launch.place(1)
    launch.release(D15)
    assert launch.statuses([later, standby]) == ["RESERVED", "CANCELLED"]
    launch.release(D22)
    assert launch.status(later) == "ALLOCATED"


def test_release_closes_the_date_and_drops_what_did_not_arrive() -> None:
    launch = Launch(ONE)
    launch.supply(0, [(D15, 5), (D22, 7)])
    launch.release(D15)
    assert launch.atp(D22) == [7]
    assert [row["ship_date"] for row in outcome(launch.engine)["atp"]] == [D22]
    lines = [{"sku": SKU, "location": PLACE, "quantity": 1}]
    assert launch.engine.place(launch.now, "X", "C", D15, lines).refused
    assert launch.engine.place(launch.now, "X", "C", "2025-11-14", lines).refused
    assert launch.release(D15).refused
    assert launch.confirm(D15).refused


def test_release_waits_for_earlier_dates_with_held_ones() -> None:
    launch = Launch(ONE)
    launch.supply(2)
    launch.place(1, D15)
    launch.place(1, D22)
    assert launch.release(D22).refused
    assert not launch.release(D15).refused
    assert not launch.release(D22).refused
    assert [release["allocated_units"] for release in outcome(launch.engine)["releases"]] == [1, 1]


def test_release_of_every_pool_leaves_out_those_that_are_not_ready() -> None:
    launch = Launch(ONE)
    launch.supply(2)
    launch.place(1, D15)
    launch.supply(1, sku="OTHER")
    launch.release(D22)
    assert launch.last_release()["pools"] == 1
    launch.supply(1, sku="LATE")
    lines = [{"sku": "LATE", "location": PLACE, "quantity": 1}]
    assert launch.engine.place(launch.now, "X", "C", D22, lines).refused
    assert launch.status(launch.place(1, D22)) == "RESERVED"


def test_released_units_are_gone() -> None:
    launch = Launch(ONE)
    launch.supply(2)
    launch.place(1, D15)
    launch.release(D15)
    names = launch.fill(2, day=D22)
    assert launch.statuses(names) == ["RESERVED", "QUEUED"]


# --- roll over --------------------------------------------------------------------------------------------


def test_left_over_ones_roll_over_and_keep_their_arrival() -> None:
    launch = Launch({**ONE, "release": {"shortfall": "roll_over"}})
    launch.supply(2, [(D22, 1)])
    names = launch.fill(2)
    later = launch.place(1, D22)
    launch.supply(0)
    launch.release(D15)
    # The first one takes the place of the one that came later; the second one waits before it.
    assert launch.statuses([*names, later]) == ["RESERVED", "QUEUED", "QUEUED"]
    assert launch.last_release()["broken"] == 2
    assert [launch.engine.position(name) for name in (*names, later)] == [1, 2, 3]


def test_shortfall_does_not_displace_a_higher_priority() -> None:
    launch = Launch({**ONE, "release": {"shortfall": "roll_over"}})
    launch.supply(1, [(D22, 1)])
    name = launch.place(1)
    vip = launch.place(1, D22, tier="VIP")
    launch.supply(0)
    launch.release(D15)
    assert launch.statuses([name, vip]) == ["QUEUED", "RESERVED"]


def test_shortfall_takes_a_later_wave_before_it_displaces() -> None:
    launch = Launch({**EARLIEST, "release": {"shortfall": "roll_over"}})
    launch.supply(1, [(D22, 1), (D29, 1)])
    name = launch.place(1)
    later = launch.place(1, D22)
    launch.supply(0)
    launch.release(D15)
    assert [launch.day_of(name), launch.day_of(later)] == [D29, D22]


def test_unfilled_roll_over_to_the_next_wave_without_displacing() -> None:
    launch = Launch({**ONE, "hold": "provisional", "release": {"unfilled": "roll_over"}})
    launch.supply(0, [(D22, 1)])
    held = launch.place(1, D22)
    vip = launch.place(1, D15, tier="VIP")
    launch.release(D15)
    assert launch.statuses([held, vip]) == ["RESERVED", "QUEUED"]
    assert launch.reservation(vip)["requested_ship_date"] == D22


@pytest.mark.parametrize(("key", "reason"), [("shortfall", "oversold"), ("unfilled", "not_fulfilled")])
def test_roll_over_without_a_next_wave_cancels_with_the_reason_of_the_step(key: str, reason: str) -> None:
    launch = Launch({**ONE, "release": {key: "roll_over"}})
    launch.supply(1, [(D15, 0)])
    name = launch.place(1 if key == "shortfall" else 2)
    launch.supply(0)
    launch.release(D15)
    assert launch.end_of(name) == ("CANCELLED", reason)


def test_roll_over_with_queues_off_cancels_with_the_reason_of_the_step() -> None:
    launch = Launch({**ONE, "queue": {"enabled": False}, "release": {"shortfall": "roll_over"}})
    launch.supply(1, [(D22, 0)])
    name = launch.place(1)
    launch.supply(0)
    launch.release(D15)
    assert launch.end_of(name) == ("CANCELLED", "oversold")
    assert launch.reservation(name)["requested_ship_date"] == D22


def test_roll_over_takes_the_next_expected_date_even_of_nothing() -> None:
    launch = Launch({**ONE, "release": {"unfilled": "roll_over"}})
    launch.supply(0, [(D22, 0), (D29, 5)])
    name = launch.place(1)
    launch.release(D15)
    assert launch.reservation(name)["requested_ship_date"] == D22
    assert launch.status(name) == "QUEUED"


def test_roll_over_trims_the_queue_that_it_joins() -> None:
    launch = Launch({**ONE, "queue": {"max_depth": 1}, "release": {"unfilled": "roll_over"}})
    launch.supply(0, [(D22, 0)])
    first = launch.place(1, D15)
    second = launch.place(1, D22)
    launch.release(D15)
    assert launch.statuses([first, second]) == ["QUEUED", "WAITLISTED"]


# --- moving up --------------------------------------------------------------------------------------------


def test_move_up_takes_an_earlier_date_that_has_room_again() -> None:
    for policy, day in ((MOVE_UP, D15), (EARLIEST, D22)):
        launch = Launch(policy)
        launch.supply(0, [(D15, 1), (D22, 1)])
        first, second = launch.fill(2)
        assert launch.day_of(second) == D22
        launch.engine.cancel(launch.now, reservation_id=first)
        assert launch.day_of(second) == day


def test_move_up_goes_to_the_earliest_date_and_by_priority() -> None:
    launch = Launch(MOVE_UP)
    launch.supply(0, [(D15, 1), (D22, 1), (D29, 2)])
    first, *rest = [launch.place(1), launch.place(1), launch.place(1), launch.place(1, tier="VIP")]
    assert [launch.day_of(name) for name in rest] == [D22, D29, D29]
    launch.engine.cancel(launch.now, reservation_id=first)
    assert [launch.day_of(name) for name in rest] == [D22, D29, D15]


def test_move_up_needs_room_on_every_date_between() -> None:
    launch = Launch(MOVE_UP)
    launch.supply(0, [(D15, 2), (D22, 0), (D29, 5)])
    first = launch.place(2)
    second = launch.place(2)
    middle = launch.place(1, D22)
    assert [launch.day_of(name) for name in (second, middle)] == [D29, D29]
    launch.supply(waves=[(D15, 3), (D22, 0), (D29, 5)])
    assert [launch.day_of(name) for name in (second, middle)] == [D29, D22]
    launch.engine.cancel(launch.now, reservation_id=first)
    assert [launch.day_of(name) for name in (second, middle)] == [D15, D22]


def test_move_up_needs_room_on_dates_that_only_promises_stand_on() -> None:
    launch = Launch(MOVE_UP)
    launch.supply(0, [(D15, 3), (D29, 5)])
    blocker, low = launch.place(3), launch.place(2)
    middle = launch.place(2, D22, tier="VIP")
    assert [launch.day_of(name) for name in (low, middle)] == [D29, D29]
    launch.engine.cancel(launch.now, reservation_id=blocker)
    # On the first date there is room for both, but not beside the promise of the second.
    assert [launch.day_of(name) for name in (low, middle)] == [D29, D22]


def test_move_up_never_goes_to_a_closed_date() -> None:
    launch = Launch(MOVE_UP)
    launch.supply(0, [(D15, 0), (D22, 0), (D29, 2)])
    name = launch.place(2, D15)
    launch.release(D15)
    assert launch.day_of(name) == D29
    launch.supply(5)
    assert launch.day_of(name) == D22


def test_move_up_keeps_a_confirmed_one_confirmed_and_its_clock_going() -> None:
    launch = Launch(MOVE_UP)
    launch.supply(0, [(D15, 2), (D22, 2)])
    first = launch.place(2)
    paid, unpaid = launch.place(1), launch.place(1, payment="PENDING")
    clock = launch.expires_at(unpaid)
    launch.confirm(D22)
    launch.now = "2025-11-09T00:00:00Z"
    launch.engine.cancel(launch.now, reservation_id=first)
    assert [(launch.status(name), launch.day_of(name)) for name in (paid, unpaid)] == [
        ("CONFIRMED", D15),
        ("RESERVED", D15),
    ]
    assert launch.expires_at(unpaid) == clock


def test_move_up_never_goes_before_the_requested_date() -> None:
    launch = Launch(MOVE_UP)
    launch.supply(0, [(D15, 5), (D22, 0), (D29, 5)])
    blocker = launch.place(5, D22)
    name = launch.place(1, D22)
    launch.engine.cancel(launch.now, reservation_id=blocker)
    assert launch.day_of(name) == D22


def test_promotion_comes_after_every_command_that_gives_room() -> None:
    launch = Launch({**ONE, "expiration": {"days_before_ship": 0, "grace_hours": 0, "max_hold_hours": 1}})
    launch.supply(1)
    first = launch.place(1, payment="PENDING")
    names = launch.fill(4)
    launch.now = "2025-10-01T13:00:00Z"
    launch.engine.expire(launch.now)
    assert launch.statuses([first, *names]) == ["EXPIRED", "RESERVED", "QUEUED", "QUEUED", "QUEUED"]
    launch.engine.cancel(launch.now, reservation_id=names[0])
    assert launch.status(names[1]) == "RESERVED"
    launch.supply(received=1)
    assert launch.status(names[2]) == "RESERVED"
    launch.rate(1.5)
    assert launch.status(names[3]) == "RESERVED"
