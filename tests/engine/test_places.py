"""Orders (sections 3 and 5): priority, each step of a line, the queue and its depth, displacement."""

from __future__ import annotations

import pytest

from allocation.engine.errors import NotFound
from tests.engine.launch import D15, D22, D29, Launch

ONE = {"overbooking": {"rate": 1}}
PROVISIONAL = {**ONE, "hold": "provisional"}
EARLIEST = {**ONE, "waves": {"assignment": "earliest"}}


def positions(launch: Launch, names: list[str]) -> list[int | None]:
    """Queue positions, asked for one by one and all at once."""
    asked = [launch.engine.position(name) for name in names]
    assert asked == [launch.reservation(name)["queue_position"] for name in names]
    return asked


# --- lines ------------------------------------------------------------------------------------------------


def test_two_lines_of_one_sku_in_one_order_see_each_other() -> None:
    launch = Launch(ONE)
    launch.supply(3)
    launch.place(0, order_id="O", quantities=[2, 2])
    assert launch.statuses(["RES-O-1", "RES-O-2"]) == ["RESERVED", "QUEUED"]
    assert launch.atp(D15) == [1]


def test_third_line_takes_what_the_second_one_could_not() -> None:
    launch = Launch(ONE)
    launch.supply(3)
    launch.place(0, order_id="O", quantities=[2, 2, 1])
    assert launch.statuses(["RES-O-1", "RES-O-2", "RES-O-3"]) == ["RESERVED", "QUEUED", "RESERVED"]


def test_line_reserves_when_atp_is_exactly_its_quantity() -> None:
    launch = Launch(ONE)
    launch.supply(5)
    assert launch.status(launch.place(5)) == "RESERVED"
    assert launch.status(launch.place(1)) == "QUEUED"


def test_without_a_queue_the_line_is_rejected() -> None:
    launch = Launch({**ONE, "queue": {"enabled": False}})
    launch.supply(1)
    launch.place(1)
    assert launch.end_of(launch.place(1)) == ("REJECTED", "insufficient_inventory")


def test_later_wave_is_taken_only_with_earliest() -> None:
    for policy, status, day in ((ONE, "QUEUED", None), (EARLIEST, "RESERVED", D22)):
        launch = Launch(policy)
        launch.supply(0, [(D15, 1), (D22, 1)])
        launch.place(1)
        late = launch.place(1)
        assert (launch.status(late), launch.day_of(late)) == (status, day)


def test_later_wave_is_the_first_with_room_and_never_an_earlier_one() -> None:
    launch = Launch(EARLIEST)
    launch.supply(0, [(D15, 1), (D22, 1), (D29, 5)])
    assert launch.day_of(launch.place(3, D15)) == D29
    assert launch.day_of(launch.place(2, D15)) == D22
    assert launch.day_of(launch.place(1, D22)) == D29
    launch.engine.cancel(launch.now, order_id="O2")
    assert launch.day_of(launch.place(1, D22)) == D22


def test_later_wave_may_be_one_that_brings_nothing() -> None:
    launch = Launch(EARLIEST)
    launch.supply(0, [(D15, 1), (D22, 0), (D29, 1)])
    launch.place(1)
    assert launch.day_of(launch.place(1)) == D29
    launch.supply(2)
    # On hand counts for every date, so the second wave has room although nothing comes with it.
    assert launch.day_of(launch.place(1, D22)) == D22


# --- all or nothing ---------------------------------------------------------------------------------------

WHOLE = {**EARLIEST, "intake": {"lines": "all_or_nothing"}}


def test_all_or_nothing_rejects_every_line_and_holds_nothing() -> None:
    launch = Launch(WHOLE)
    launch.supply(3)
    launch.place(0, order_id="O", quantities=[1, 2, 1])
    for line in (1, 2, 3):
        assert launch.end_of(f"RES-O-{line}") == ("REJECTED", "insufficient_inventory")
    assert launch.atp(D15) == [3]
    assert len(launch.engine.decisions) == 3


def test_all_or_nothing_may_reserve_on_later_waves() -> None:
    launch = Launch(WHOLE)
    launch.supply(0, [(D15, 2), (D22, 2)])
    launch.place(0, order_id="O", quantities=[2, 2])
    assert [launch.day_of("RES-O-1"), launch.day_of("RES-O-2")] == [D15, D22]


def test_all_or_nothing_never_displaces() -> None:
    launch = Launch({**WHOLE, "hold": "provisional"})
    launch.supply(1)
    held = launch.place(1)
    rejected = launch.place(1, tier="VIP")
    assert launch.statuses([held, rejected]) == ["RESERVED", "REJECTED"]


# --- priority and line ------------------------------------------------------------------------------------


@pytest.mark.parametrize("later", ["2025-10-02T02:00:00Z", "2025-12-30T12:00:00Z"], ids=["14 hours", "90 days"])
def test_vip_placed_later_than_a_standard_one_still_comes_first(later: str) -> None:
    launch = Launch({**ONE, "intake": {"max_days": None}})
    launch.supply(0, [("2026-06-01", 0)])
    standard = launch.place(1, "2026-06-01")
    launch.now = later
    vip = launch.place(1, "2026-06-01", tier="VIP")
    assert positions(launch, [standard, vip]) == [2, 1]
    launch.supply(1)
    assert launch.statuses([standard, vip]) == ["QUEUED", "RESERVED"]


def test_equal_scores_go_by_arrival_even_at_one_instant() -> None:
    launch = Launch(ONE)
    launch.supply(0)
    names = launch.fill(3)
    assert positions(launch, names) == [1, 2, 3]
    launch.supply(2)
    assert launch.statuses(names) == ["RESERVED", "RESERVED", "QUEUED"]


def test_score_adds_purchases_whole_hundreds_and_years() -> None:
    scoring = {"previous_purchase": 0.1, "cart_value_per_100": 2.5, "membership_year": 7}
    launch = Launch({**ONE, "scoring": scoring})
    launch.supply(0)
    names = [
        launch.place(1, previous_purchases=3),  # 50.3
        launch.place(1, cart_value=199.99),  # 52.5: the second hundred is not whole
        launch.place(1, cart_value=200),  # 55
        launch.place(1, membership_years=1),  # 57
        launch.place(1, previous_purchases=4, cart_value=99.99, membership_years=1),  # 57.4
        launch.place(1, tier="VIP"),  # 100
        launch.place(1),  # 50
    ]
    assert positions(launch, names) == [6, 5, 4, 3, 2, 1, 7]
    scores = launch.engine.book.used("reservations")["score"].tolist()
    assert scores == [50_300_000, 52_500_000, 55_000_000, 57_000_000, 57_400_000, 100_000_000, 50_000_000]


def test_scores_are_compared_exactly() -> None:
    # As binary fractions 0.1 x 3 is more than 0.3, so the later one would come first.
    scoring = {"previous_purchase": 0.1, "membership_year": 0.3}
    launch = Launch({**ONE, "scoring": scoring})
    launch.supply(0)
    names = [launch.place(1, membership_years=1), launch.place(1, previous_purchases=3)]
    assert positions(launch, names) == [1, 2]


def test_position_counts_held_and_queued_of_the_requested_date() -> None:
    launch = Launch({**ONE, "queue": {"max_depth": 3}})
    launch.supply(1)
    held = launch.place(1)
    queued = [launch.place(1), launch.place(1, tier="VIP")]
    behind = [launch.place(1), launch.place(1, tier="VIP")]
    elsewhere = launch.place(1, D22)
    assert launch.statuses([held, *queued, *behind]) == ["RESERVED", "QUEUED", "QUEUED", "WAITLISTED", "WAITLISTED"]
    assert positions(launch, [held, *queued, *behind, elsewhere]) == [2, 3, 1, 4, 5, 1]


def test_position_of_an_ended_one_is_none_and_of_an_unknown_one_not_found() -> None:
    launch = Launch(ONE)
    launch.supply(1)
    name = launch.place(1)
    launch.engine.cancel(launch.now, reservation_id=name)
    assert launch.engine.position(name) is None
    for unknown in ("RES-O1-2", "RES-O1-0", "RES-O1-01x", "O1", "RES-O9-1", ""):
        with pytest.raises(NotFound):
            launch.engine.position(unknown)


@pytest.mark.parametrize("other", ["RES-O1-01", "RES-O1-001", "RES-O1-+1", "RES-O1-1 ", "res-O1-1"])
def test_reservation_id_is_taken_as_it_was_given_only(other: str) -> None:
    launch = Launch(ONE)
    launch.supply(1)
    name = launch.place(1)
    with pytest.raises(NotFound):
        launch.engine.position(other)
    assert launch.engine.cancel(launch.now, reservation_id=other).refused
    assert launch.status(name) == "RESERVED"


# --- the queue's depth ------------------------------------------------------------------------------------


def deep(admission: str, depth: int = 2) -> Launch:
    launch = Launch({**ONE, "queue": {"max_depth": depth, "admission": admission}})
    launch.supply(0)
    return launch


def test_full_queue_by_arrival_keeps_who_came_first() -> None:
    launch = deep("arrival")
    names = [launch.place(1), launch.place(1), launch.place(1, tier="VIP")]
    assert launch.statuses(names) == ["QUEUED", "QUEUED", "WAITLISTED"]


def test_full_queue_by_priority_sends_the_lowest_to_the_wait_list() -> None:
    launch = deep("priority")
    names = [launch.place(1), launch.place(1), launch.place(1, tier="VIP")]
    assert launch.statuses(names) == ["QUEUED", "WAITLISTED", "QUEUED"]
    assert positions(launch, names) == [2, 3, 1]


def test_held_ones_count_for_the_depth_but_are_never_trimmed() -> None:
    launch = Launch({**ONE, "queue": {"max_depth": 2}})
    launch.supply(3)
    held = launch.fill(3)
    waiting = launch.place(1)
    assert launch.statuses([*held, waiting]) == ["RESERVED"] * 3 + ["WAITLISTED"]


def test_room_in_the_queue_is_refilled_by_admission_order() -> None:
    for admission, refilled in (("arrival", 1), ("priority", 3)):
        launch = deep(admission, depth=1)
        names = [launch.place(1, tier="VIP"), launch.place(1), launch.place(1), launch.place(1, tier="VIP")]
        launch.engine.cancel(launch.now, reservation_id=names[0])
        expected = ["CANCELLED", "WAITLISTED", "WAITLISTED", "WAITLISTED"]
        expected[refilled] = "QUEUED"
        assert launch.statuses(names) == expected


def test_one_that_does_not_fit_blocks_nobody() -> None:
    launch = Launch(ONE)
    launch.supply(0)
    names = [launch.place(3, tier="VIP"), launch.place(2), launch.place(1)]
    launch.supply(2)
    assert launch.statuses(names) == ["QUEUED", "RESERVED", "QUEUED"]


def test_wait_listed_are_served_after_the_queued_where_a_queued_one_would_be() -> None:
    launch = deep("arrival", depth=1)
    names = [launch.place(3), launch.place(2), launch.place(1)]
    launch.supply(2)
    assert launch.statuses(names) == ["QUEUED", "RESERVED", "WAITLISTED"]


# --- displacement -----------------------------------------------------------------------------------------


def test_firm_holds_are_not_displaced() -> None:
    launch = Launch(ONE)
    launch.supply(1)
    names = [launch.place(1), launch.place(1, tier="VIP")]
    assert launch.statuses(names) == ["RESERVED", "QUEUED"]


def test_provisional_holds_give_way_lowest_priority_first() -> None:
    launch = Launch({**PROVISIONAL, "tiers": {"GOLD": 75}})
    launch.supply(3)
    names = [launch.place(1), launch.place(1, tier="GOLD"), launch.place(1)]
    vip = launch.place(1, tier="VIP")
    assert launch.statuses([*names, vip]) == ["RESERVED", "RESERVED", "QUEUED", "RESERVED"]
    assert launch.atp(D15) == [0]
    second = launch.place(2, tier="VIP")
    assert launch.statuses([*names, vip, second]) == ["QUEUED", "QUEUED", "QUEUED", "RESERVED", "RESERVED"]


def test_equal_scores_do_not_displace_each_other_at_intake() -> None:
    launch = Launch(PROVISIONAL)
    launch.supply(1)
    names = launch.fill(2)
    assert launch.statuses(names) == ["RESERVED", "QUEUED"]


def test_the_smallest_difference_of_scores_displaces_and_only_downwards() -> None:
    for taker, statuses in (("ABOVE", ["QUEUED", "RESERVED"]), ("BELOW", ["RESERVED", "QUEUED"])):
        launch = Launch({**PROVISIONAL, "tiers": {"ABOVE": 50.000001, "BELOW": 49.999999}})
        launch.supply(1)
        assert launch.statuses([launch.place(1), launch.place(1, tier=taker)]) == statuses


def test_nobody_moves_when_displacing_would_not_be_enough() -> None:
    launch = Launch(PROVISIONAL)
    launch.supply(3)
    names = [launch.place(1), launch.place(2, tier="VIP")]
    large = launch.place(2, tier="VIP")
    assert launch.statuses([*names, large]) == ["RESERVED", "RESERVED", "QUEUED"]
    assert [d.step for d in launch.engine.decisions] == ["placed"] * 3


def test_displacing_uses_what_is_left_first() -> None:
    launch = Launch(PROVISIONAL)
    launch.supply(4)
    names = launch.fill(3)
    vip = launch.place(2, tier="VIP")
    assert launch.statuses([*names, vip]) == ["RESERVED", "RESERVED", "QUEUED", "RESERVED"]


def test_displacing_takes_only_from_the_requested_date() -> None:
    launch = Launch(PROVISIONAL)
    launch.supply(0, [(D15, 1), (D22, 1)])
    names = [launch.place(1, D22), launch.place(1, D22)]
    vip = launch.place(1, tier="VIP")
    # Both stand on the second date, on which the first one's unit counts, too.
    assert launch.statuses([*names, vip]) == ["RESERVED", "RESERVED", "QUEUED"]


def test_confirmed_ones_are_not_displaced() -> None:
    launch = Launch(PROVISIONAL)
    launch.supply(1)
    held = launch.place(1)
    launch.confirm()
    vip = launch.place(1, tier="VIP")
    assert launch.statuses([held, vip]) == ["CONFIRMED", "QUEUED"]


def test_displacing_comes_before_a_later_wave_for_the_new_one_and_the_displaced_takes_it() -> None:
    launch = Launch({**PROVISIONAL, "waves": {"assignment": "earliest"}})
    launch.supply(0, [(D15, 1), (D22, 1)])
    standard = launch.place(1)
    vip = launch.place(1, tier="VIP")
    assert [launch.day_of(standard), launch.day_of(vip)] == [D22, D15]
    assert [d.step for d in launch.engine.decisions] == ["placed", "displaced", "placed", "promoted"]


def test_swap_leaves_a_negative_headroom_as_it_was() -> None:
    launch = Launch(PROVISIONAL)
    launch.supply(4)
    names = launch.fill(4)
    launch.supply(1)
    assert launch.atp(D15) == [-3]
    vip = launch.place(2, tier="VIP")
    assert launch.statuses([*names, vip]) == ["RESERVED", "RESERVED", "QUEUED", "QUEUED", "RESERVED"]
    assert launch.atp(D15) == [-3]


def test_one_displaced_and_reserved_again_is_counted_once() -> None:
    launch = Launch(PROVISIONAL)
    launch.supply(1)
    standard = launch.place(1)
    vip = launch.place(1, tier="VIP")
    assert launch.statuses([standard, vip]) == ["QUEUED", "RESERVED"]
    launch.supply(2)
    assert launch.statuses([standard, vip]) == ["RESERVED", "RESERVED"]
    assert launch.atp(D15) == [0]
    others = [launch.place(1, tier="VIP"), launch.place(1, tier="VIP")]
    assert launch.statuses([standard, vip, *others]) == ["QUEUED", "RESERVED", "RESERVED", "QUEUED"]
    launch.engine.cancel(launch.now, reservation_id=standard)
    assert launch.end_of(standard) == ("CANCELLED", "customer")
    assert launch.atp(D15) == [0]
    launch.supply(3)
    assert launch.status(others[1]) == "RESERVED"


def test_displaced_one_whose_own_date_is_closed_takes_the_date_it_lost() -> None:
    launch = Launch({**PROVISIONAL, "waves": {"assignment": "earliest"}})
    launch.supply(0, [(D15, 0), (D22, 1)])
    standard = launch.place(1, D15)
    assert launch.day_of(standard) == D22
    launch.now = "2025-11-10T00:00:00Z"
    launch.release(D15)
    assert launch.status(standard) == "RESERVED"
    launch.place(1, D22, tier="VIP")
    row = launch.reservation(standard)
    assert (row["status"], row["requested_ship_date"]) == ("QUEUED", D22)


def test_displaced_ones_keep_their_arrival() -> None:
    launch = Launch(PROVISIONAL)
    launch.supply(1)
    first = launch.place(1)
    vip = launch.place(1, tier="VIP")
    second = launch.place(1)
    launch.engine.cancel(launch.now, reservation_id=vip)
    assert launch.statuses([first, second]) == ["RESERVED", "QUEUED"]


# --- tier -------------------------------------------------------------------------------------------------


def test_new_tier_that_is_higher_asks_for_stock_at_once() -> None:
    launch = Launch(PROVISIONAL)
    launch.supply(1)
    names = launch.fill(2)
    launch.engine.tier(launch.now, "VIP", reservation_id=names[1])
    assert launch.statuses(names) == ["QUEUED", "RESERVED"]


def test_new_tier_that_is_higher_leaves_the_wait_list_and_trims_the_queue() -> None:
    launch = deep("priority", depth=1)
    names = launch.fill(2)
    launch.engine.tier(launch.now, "VIP", reservation_id=names[1])
    assert launch.statuses(names) == ["WAITLISTED", "QUEUED"]


def test_new_tier_that_is_not_higher_moves_nobody() -> None:
    launch = deep("arrival", depth=1)
    names = [launch.place(1, tier="VIP"), launch.place(1, tier="VIP")]
    launch.engine.tier(launch.now, "STANDARD", order_id="O2")
    assert launch.statuses(names) == ["QUEUED", "WAITLISTED"]
    assert not launch.engine.tier(launch.now, "STANDARD", order_id="O2").refused


def test_new_tier_of_the_same_score_does_not_ask_again() -> None:
    launch = Launch({**PROVISIONAL, "tiers": {"GOLD": 100, "PLATINUM": 100.000001}})
    launch.supply(2)
    standard, vip = launch.place(1), launch.place(3, tier="VIP")
    launch.supply(3)
    # There would be enough for the larger one now, in exchange; but only one that asks displaces.
    assert launch.statuses([standard, vip]) == ["RESERVED", "QUEUED"]
    launch.engine.tier(launch.now, "GOLD", reservation_id=vip)
    assert launch.statuses([standard, vip]) == ["RESERVED", "QUEUED"]
    launch.engine.tier(launch.now, "PLATINUM", reservation_id=vip)
    assert launch.statuses([standard, vip]) == ["QUEUED", "RESERVED"]


def test_new_tier_does_not_displace_an_equal_score_that_arrived_later() -> None:
    launch = Launch(PROVISIONAL)
    launch.supply(1)
    vip, standard = launch.place(1, tier="VIP"), launch.place(1)
    launch.place(1, tier="VIP", order_id="LATER")
    launch.engine.cancel(launch.now, reservation_id=vip)
    assert launch.statuses([standard, "RES-LATER-1"]) == ["QUEUED", "RESERVED"]
    launch.engine.tier(launch.now, "VIP", reservation_id=standard)
    assert launch.statuses([standard, "RES-LATER-1"]) == ["QUEUED", "RESERVED"]


def test_new_tier_makes_a_held_one_easier_or_harder_to_displace() -> None:
    launch = Launch({**PROVISIONAL, "tiers": {"GOLD": 75}})
    launch.supply(2)
    names = launch.fill(2)
    launch.engine.tier(launch.now, "VIP", reservation_id=names[1])
    launch.place(1, tier="GOLD")
    assert launch.statuses(names) == ["QUEUED", "RESERVED"]


def test_new_tier_holds_for_all_lines_before_the_first_one_asks() -> None:
    launch = Launch(PROVISIONAL)
    launch.supply(1)
    launch.place(0, order_id="O", quantities=[1, 1])
    launch.engine.tier(launch.now, "VIP", order_id="O")
    # Were the first line still STANDARD when the second asks, the second would take its unit.
    assert launch.statuses(["RES-O-1", "RES-O-2"]) == ["RESERVED", "QUEUED"]


# --- pay and cancel ---------------------------------------------------------------------------------------


def test_payment_firms_up_a_reservation_on_a_confirmed_date_only() -> None:
    launch = Launch(ONE)
    launch.supply(2)
    early, late = launch.place(1, payment="PENDING"), launch.place(1, payment="PENDING")
    launch.engine.pay(launch.now, reservation_id=early)
    assert launch.status(early) == "RESERVED"
    launch.confirm()
    assert launch.statuses([early, late]) == ["CONFIRMED", "RESERVED"]
    launch.engine.pay(launch.now, reservation_id=late)
    assert launch.status(late) == "CONFIRMED"


@pytest.mark.parametrize(
    ("only", "cancelled"),
    [(None, "CRQ"), ("waiting", "Q"), ("held", "CR"), ("confirmed", "C")],
)
def test_cancel_acts_on_the_kind_that_it_names(only: str | None, cancelled: str) -> None:
    launch = Launch(ONE)
    launch.supply(0, [(D15, 2), (D22, 2)])
    names = {"C": launch.place(1, D15), "R": launch.place(1, D22), "Q": launch.place(5, D15)}
    launch.confirm(D15)
    assert launch.statuses(list(names.values())) == ["CONFIRMED", "RESERVED", "QUEUED"]
    refused = [launch.engine.cancel(launch.now, reservation_id=name, only=only).refused for name in names.values()]
    assert "".join(key for key in names if launch.end_of(names[key]) == ("CANCELLED", "customer")) == cancelled
    assert refused == [key not in cancelled for key in names]


def test_a_reservation_that_becomes_held_on_a_confirmed_date_is_confirmed_if_paid() -> None:
    launch = Launch(ONE)
    launch.supply(0)
    paid, unpaid = launch.place(1), launch.place(1, payment="PENDING")
    launch.confirm()
    launch.supply(3)
    assert launch.statuses([paid, unpaid]) == ["CONFIRMED", "RESERVED"]
    assert launch.status(launch.place(1)) == "CONFIRMED"
