"""Supply, limit and ATP (section 2): exact numbers, and the published breakdowns."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from math import floor

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from allocation.engine.allocation_engine import AllocationEngine
from allocation.engine.errors import NotFound, SettingError
from allocation.engine.outcome import outcome
from allocation.engine.policy import Policy
from tests.engine.launch import D15, D22, D29, OPENING, PLACE, SKU, WAVES, Launch

RATES = ("0", "0.000001", "0.29", "0.57", "1", "1.005", "1.05", "1.1", "1.15", "1.333333", "2.3", "999.999999")
RATES_AS_FLOATS = (0.29, 0.57, 0.58, 1.005, 1.05, 1.1, 1.13, 1.15, 1.16, 2.3, 4.35)


def pool_of(on_hand: int, rate: object, *, wave: int | None = None) -> AllocationEngine:
    """An engine with one pool."""
    engine = AllocationEngine(Policy())
    expected = None if wave is None else [{"date": D15, "quantity": wave}]
    engine.supply(OPENING, SKU, PLACE, on_hand=on_hand, expected=expected)
    engine.overbooking(OPENING, SKU, PLACE, rate)  # type: ignore[arg-type]
    return engine


def limit_of(engine: AllocationEngine) -> int:
    return engine.atp(SKU, PLACE, D15).limit


def test_limit_of_100_at_1_15_is_115() -> None:
    assert limit_of(pool_of(100, 1.15)) == 115


@pytest.mark.parametrize("rate", RATES_AS_FLOATS)
def test_limit_takes_a_rate_as_it_is_written(rate: float) -> None:
    for units in (*range(1, 40), 99, 100, 101, 700, 1000, 4999, 10**6, 10**9):
        assert limit_of(pool_of(units, rate)) == floor(units * Fraction(str(rate)))


@pytest.mark.parametrize("rate", RATES)
def test_limit_is_exact_with_on_hand_and_arrivals(rate: str) -> None:
    for units in (0, 1, 3, 7, 99, 1_001, 8_333_333, 10**9):
        engine = pool_of(units, Decimal(rate), wave=units + 2 if units < 10**9 else units)
        supply = engine.atp(SKU, PLACE, D15).supply_by
        assert limit_of(engine) == floor(supply * Fraction(rate))
        row = outcome(engine)["atp"][0]
        assert (row["supply_by"], row["limit"]) == (supply, floor(supply * Fraction(rate)))


@given(
    micro=st.integers(0, 10**9),
    waves=st.lists(st.integers(0, 10**9), min_size=1, max_size=8),
    repeat=st.integers(1, 120),
)
@example(micro=10**9, waves=[10**9] * 8, repeat=125)
@example(micro=10**9 - 1, waves=[10**9] * 8, repeat=125)
def test_limit_is_exact_up_to_a_million_million_units(micro: int, waves: list[int], repeat: int) -> None:
    expected = [{"date": D15, "quantity": units} for units in waves * repeat]
    engine = AllocationEngine(Policy())
    engine.supply(OPENING, SKU, PLACE, expected=expected)
    engine.overbooking(OPENING, SKU, PLACE, Decimal(micro).scaleb(-6))
    supply = sum(waves) * repeat
    exactly = supply * micro // 10**6
    row = outcome(engine)["atp"][0]
    assert (row["supply_by"], row["limit"], row["atp"]) == (supply, exactly, exactly)
    # The breakdown is worked out apart from the table, so both are looked at.
    assert limit_of(engine) == exactly


def test_limit_grows_only_with_a_whole_unit() -> None:
    launch = Launch({"overbooking": {"rate": 1.05}})
    launch.supply(19)
    assert launch.atp(D15) == [19]
    launch.supply(20)
    assert launch.atp(D15) == [21]


def test_atp_of_three_waves_with_nothing_promised() -> None:
    launch = Launch()
    launch.supply(0, WAVES)
    assert launch.atp() == [10_500, 15_750, 21_000]


def test_early_promises_do_not_eat_what_later_ones_stand_on() -> None:
    launch = Launch()
    launch.supply(0, WAVES)
    launch.place(10_500)
    assert launch.atp() == [0, 5_250, 10_500]


def test_late_promises_lower_the_atp_of_earlier_dates() -> None:
    launch = Launch()
    launch.supply(0, WAVES)
    launch.place(21_000, D29)
    assert launch.atp() == [0, 0, 0]


def test_atp_counts_promises_on_dates_without_supply() -> None:
    launch = Launch({"overbooking": {"rate": 1}})
    launch.supply(10, [(D15, 10), (D29, 10)])
    held = launch.place(15, D22)
    assert launch.status(held) == "RESERVED"
    assert launch.atp() == [5, 5, 15]
    rows = outcome(launch.engine)["atp"]
    assert [(row["ship_date"], row["promised"], row["atp"]) for row in rows] == [
        (D15, 0, 5),
        (D22, 15, 5),
        (D29, 15, 15),
    ]


def test_atp_after_a_cut_is_negative_and_nothing_is_taken_back() -> None:
    launch = Launch({"overbooking": {"rate": 1}})
    launch.supply(10)
    held = launch.fill(10)
    launch.supply(4)
    assert launch.atp(D15) == [-6]
    assert set(launch.statuses(held)) == {"RESERVED"}
    assert launch.status(launch.place(1)) == "QUEUED"


def test_published_check_atp_breakdown() -> None:
    engine = AllocationEngine(Policy())
    engine.supply(OPENING, SKU, PLACE, on_hand=500, expected=[{"date": D15, "quantity": 1_000}])
    for number in range(123):
        lines = [{"sku": SKU, "location": PLACE, "quantity": 10}]
        assert not engine.place(OPENING, f"O{number}", "C", D15, lines).refused
    engine.place(OPENING, "O-last", "C", D15, [{"sku": SKU, "location": PLACE, "quantity": 4}])
    quote = engine.atp(SKU, PLACE, D15, 341)
    assert (quote.on_hand, quote.expected_by, quote.supply_by) == (500, 1_000, 1_500)
    assert (quote.rate, quote.limit, quote.promised, quote.atp) == (Decimal("1.05"), 1_575, 1_234, 341)
    assert quote.can_fulfill
    refused = engine.atp(SKU, PLACE, D15, 342)
    assert not refused.can_fulfill
    assert "341" in refused.recommendation
    assert "342" in refused.recommendation


def test_breakdown_of_dates_that_nobody_named_lies_between_those_that_are_known() -> None:
    launch = Launch({"overbooking": {"rate": 1}})
    launch.supply(5, [(D15, 10), (D29, 10)])
    launch.place(4, D22)
    days = ("2025-10-09", "2025-11-14", "2025-11-16", "2025-11-23", "2026-01-01")
    quotes = [launch.engine.atp(SKU, PLACE, day) for day in days]
    assert [quote.supply_by for quote in quotes] == [5, 5, 15, 15, 25]
    assert [quote.promised for quote in quotes] == [0, 0, 0, 4, 4]
    assert [quote.atp for quote in quotes] == [5, 5, 11, 11, 21]


def test_breakdown_of_a_closed_date_promises_nothing() -> None:
    launch = Launch({"overbooking": {"rate": 1}})
    launch.supply(5)
    launch.release(D15)
    assert launch.engine.atp(SKU, PLACE, D15).atp == 5
    assert not launch.engine.atp(SKU, PLACE, D15).can_fulfill
    assert launch.engine.atp(SKU, PLACE, "2025-11-16").can_fulfill


def test_asking_for_atp_changes_nothing() -> None:
    launch = Launch()
    launch.supply(0, WAVES)
    before = outcome(launch.engine)
    launch.engine.atp(SKU, PLACE, "2025-12-24", 3)
    assert outcome(launch.engine) == before
    assert len(launch.engine.decisions) == 0


def test_atp_of_an_unknown_pool_names_the_known_ones() -> None:
    launch = Launch()
    launch.supply(1)
    with pytest.raises(NotFound, match=r"no pool PAD at EAST.*PHONE at EAST"):
        launch.engine.atp("PAD", PLACE, D15)


@pytest.mark.parametrize("day", ["soon", "2025-02-30", 20251115])
def test_question_with_a_malformed_date_names_it(day: str) -> None:
    launch = Launch()
    launch.supply(1)
    with pytest.raises(SettingError, match=f"ship_date.*{day}"):
        launch.engine.atp(SKU, PLACE, day)


@pytest.mark.parametrize("quantity", [0, -1, 1.5, True, "1", 10**9 + 1])
def test_question_with_a_malformed_quantity_names_it(quantity: int) -> None:
    launch = Launch()
    launch.supply(1)
    with pytest.raises(SettingError, match=f"quantity.*{quantity}"):
        launch.engine.atp(SKU, PLACE, D15, quantity)


def test_supply_sets_adds_and_keeps() -> None:
    launch = Launch({"overbooking": {"rate": 1}})
    launch.supply(5, [(D22, 7)])
    launch.supply(received=2)
    assert launch.atp(D15, D22) == [7, 14]
    launch.supply(3, received=4)
    assert launch.atp(D15, D22) == [7, 14]
    launch.supply(waves=[(D29, 1)])
    assert launch.atp(D15, D22, D29) == [7, 7, 8]
    launch.supply(waves=[])
    assert launch.atp(D29) == [7]


def test_pool_begins_with_the_rate_of_the_policy() -> None:
    launch = Launch({"overbooking": {"rate": 1.5}})
    launch.supply(10)
    assert launch.atp(D15) == [15]
    launch.rate(2)
    launch.supply(11)
    assert launch.atp(D15) == [22]
