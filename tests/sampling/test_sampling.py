"""Sampled tapes: exact counts, shapes, shares and supply risk, and the same draws whatever else is drawn."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import numpy as np
import pytest

from allocation import load_scenario, sample_tape
from allocation.engine.codes import Kind, Only
from allocation.engine.instants import DAY_MS, HOUR_MS, local_midnight, milliseconds
from allocation.sampling.draws import constant_hazard, decay, draw, draw_one
from allocation.sampling.streams import Streams, stream
from allocation.scenario import parse_scenario
from allocation.scenario.schema import Beta, Choices, Normal, NormalShape, Triangular, Uniform

BASE = """
version: 1
name: small
title: A small launch
orders: {{opens: 2025-01-01T00:00:00Z, closes: 2025-01-03T00:00:00Z}}
supply:
  - {{sku: B, location: X, expected: [{delivery}]}}
  - {{sku: A, location: X, on_hand: 10}}
demand:
  counts: {{VIP: 400, STANDARD: 1600}}
  ship_dates: {{2025-02-01: 1}}
  {demand}
behaviour: {behaviour}
economics: {{margin: 1, denied_cost: {{VIP: 1, STANDARD: 1}}, unsold_cost: 1}}
policy: {{intake: {{max_quantity: 4}}, overbooking: {{rate: 1}}}}
schedule:
  confirm: [{{at: 2025-01-30T00:00:00Z, ship_dates: [2025-02-01]}}]
  release: [{{at: 2025-02-01T02:00:00Z, ship_date: 2025-02-01}}]
  expire: {{time: "03:00", every_hours: 12}}
"""
PLAIN = "{date: 2025-02-01, quantity: 100, ref: P1}"


def tape_of(demand: str = "", behaviour: str = "{}", delivery: str = PLAIN, seed: int = 0) -> Any:
    scenario = parse_scenario(BASE.format(demand=demand, behaviour=behaviour, delivery=delivery), "small.yaml")
    return sample_tape(scenario, seed)


def of_kind(tape: Any, kind: Kind) -> Any:
    return tape.commands[tape.commands["kind"] == kind]


def test_counts_are_exact_and_orders_are_numbered_as_they_arrive() -> None:
    tape = tape_of()
    places = of_kind(tape, Kind.PLACE)
    assert np.bincount(places["tier"]).tolist() == [400, 1600]
    assert places["order"].tolist() == list(range(2000))
    assert (np.diff(tape.commands["at"]) >= 0).all()


def test_pools_are_numbered_by_name_and_every_line_names_one() -> None:
    tape = tape_of("items: [{sku: A, location: X, share: 0.25}, {sku: B, location: X, share: 0.75}]")
    assert tape.pools == (("A", "X"), ("B", "X"))
    shares = np.bincount(tape.lines["pool"][:2000])[1:] / 2000
    assert shares == pytest.approx([0.25, 0.75], abs=0.04)


def test_ties_are_sorted_by_kind_then_arrival() -> None:
    tape = tape_of("arrivals: {shape: flash, seconds: 0.05}")
    keys = list(zip(tape.commands["at"].tolist(), tape.commands["kind"].tolist(), strict=True))
    assert keys == sorted(keys)


@pytest.mark.parametrize(
    ("arrivals", "hours", "share"),
    [
        ("{shape: uniform}", 12, 0.25),
        ("{shape: flash, seconds: 3600}", 0.5, 0.5),
        ("{shape: table, points: [[6, 0.5], [48, 0.5]]}", 6, 0.5),
        ("{shape: launch, burst_share: 0.4, burst_minutes: 60, half_life_hours: 6}", 1, 0.4),
        # Behind the burst, half of the rest (but for the cut tail) arrives within one half-life.
        ("{shape: launch, burst_share: 0.4, burst_minutes: 60, half_life_hours: 6}", 7, 0.4 + 0.6 * 0.5),
    ],
)
def test_arrivals_have_their_shape(arrivals: str, hours: float, share: float) -> None:
    places = of_kind(tape_of(f"arrivals: {arrivals}"), Kind.PLACE)
    opens = milliseconds(datetime.fromisoformat("2025-01-01T00:00:00+00:00"))
    assert places["at"].min() >= opens
    assert places["at"].max() < opens + 48 * HOUR_MS
    assert np.mean(places["at"] < opens + hours * HOUR_MS) == pytest.approx(share, abs=0.04)


def test_lines_of_one_order_ask_for_different_pools() -> None:
    tape = tape_of("lines_per_order: {2: 1}")
    pools = tape.lines["pool"][:4000].reshape(2000, 2)
    assert (pools[:, 0] != pools[:, 1]).all()


def test_quantities_come_in_their_shares() -> None:
    tape = tape_of("quantities: {1: 0.5, 4: 0.5}")
    units = tape.lines["quantity"][:2000]
    assert set(units.tolist()) == {1, 4}
    assert np.mean(units == 4) == pytest.approx(0.5, abs=0.05)


@pytest.mark.parametrize("only", [Only.HELD, Only.WAITING, Only.CONFIRMED])
@pytest.mark.parametrize(
    "timing",
    ["{shape: constant}", "{shape: bathtub}", "{shape: early_regret, weight: 0.5, half_life_hours: 12}"],
)
def test_cancellations_come_in_their_share_and_window(only: Only, timing: str) -> None:
    name = f"cancel_{only.name.lower()}"
    tape = tape_of(behaviour=f"{{{name}: {{share: {{VIP: 1, STANDARD: 0.3}}, timing: {timing}}}}}")
    cancels, places = of_kind(tape, Kind.CANCEL), of_kind(tape, Kind.PLACE)
    assert set(cancels["only"].tolist()) == {only}
    by_tier = np.bincount(places["tier"][cancels["order"]], minlength=2)
    assert by_tier[0] == 400
    assert by_tier[1] / 1600 == pytest.approx(0.3, abs=0.04)
    cut_off, released = (
        milliseconds(datetime.fromisoformat(at)) for at in ("2025-01-30T00:00:00+00:00", "2025-02-01T02:00:00+00:00")
    )
    assert (cancels["at"] < released).all()
    placed = places["at"][cancels["order"]]
    assert (cancels["at"] >= (cut_off if only is Only.CONFIRMED else placed)).all()


def test_early_regret_comes_early_and_a_bathtub_at_both_ends() -> None:
    def tenths(timing: str) -> Any:
        tape = tape_of(behaviour=f"{{cancel_held: {{share: 0.9, timing: {timing}}}}}")
        cancels, places = of_kind(tape, Kind.CANCEL), of_kind(tape, Kind.PLACE)
        placed = places["at"][cancels["order"]]
        released = milliseconds(datetime.fromisoformat("2025-02-01T02:00:00+00:00"))
        return np.histogram((cancels["at"] - placed) / (released - placed), bins=10, range=(0, 1))[0] / len(cancels)

    early = tenths("{shape: early_regret, weight: 0.8, half_life_hours: 12}")
    assert early[0] > 0.75
    bathtub = tenths("{shape: bathtub}")
    assert bathtub[[0, 8]] == pytest.approx([0.24, 0.119], abs=0.03)
    assert bathtub[3] < 0.1


def test_payments_come_from_those_who_are_pending() -> None:
    tape = tape_of(behaviour="{payment: {pending_share: 0.4, pays_share: 0.5, mean_delay_hours: 10}}")
    places, pays = of_kind(tape, Kind.PLACE), of_kind(tape, Kind.PAY)
    assert np.mean(places["paid"] == 0) == pytest.approx(0.4, abs=0.04)
    assert len(pays) / np.sum(places["paid"] == 0) == pytest.approx(0.5, abs=0.06)
    assert (places["paid"][pays["order"]] == 0).all()
    assert np.mean(pays["at"] - places["at"][pays["order"]]) == pytest.approx(10 * HOUR_MS, rel=0.15)


def supply_rows(tape: Any) -> list[tuple[int, int, list[tuple[int, int]]]]:
    pool = tape.pools.index(("B", "X")) + 1
    rows = of_kind(tape, Kind.SUPPLY)
    return [
        (
            int(row["at"]),
            int(row["received"]),
            [
                (int(line["day"]), int(line["quantity"]))
                for line in tape.lines[row["first_line"] : row["first_line"] + row["lines"]]
            ],
        )
        for row in rows[rows["pool"] == pool]
    ]


def test_supply_that_comes_as_planned() -> None:
    day = date(2025, 2, 1).toordinal()
    opens = milliseconds(datetime.fromisoformat("2025-01-01T00:00:00+00:00"))
    assert supply_rows(tape_of()) == [(opens, 0, [(day, 100)]), (opens + 31 * DAY_MS, 100, [])]


def test_supply_that_comes_late_and_short_is_announced_when_it_is_known() -> None:
    delivery = (
        "{date: 2025-01-28, quantity: 100, ref: P1, notice_days: 3,"
        " late: {probability: 1, days: 4}, short: {probability: 1, share: 0.25}}"
    )
    tape = tape_of(delivery=delivery)
    planned, real = date(2025, 1, 28).toordinal(), date(2025, 2, 1).toordinal()
    opens = milliseconds(datetime.fromisoformat("2025-01-01T00:00:00+00:00"))
    assert supply_rows(tape) == [
        (opens, 0, [(planned, 100)]),
        (opens + 24 * DAY_MS, 0, [(real, 75)]),
        (opens + 31 * DAY_MS, 75, []),
    ]


def test_expiry_runs_from_the_first_local_time_to_the_release() -> None:
    runs = of_kind(tape_of(), Kind.EXPIRE)["at"]
    opens = milliseconds(datetime.fromisoformat("2025-01-01T00:00:00+00:00"))
    assert runs[0] == opens + 3 * HOUR_MS
    assert (np.diff(runs) == 12 * HOUR_MS).all()
    assert runs[-1] <= opens + 31 * DAY_MS + 2 * HOUR_MS


def test_one_purpose_does_not_shift_the_draws_of_another() -> None:
    plain, with_more = tape_of(), tape_of(behaviour="{cancel_held: {share: 0.5}, payment: {pending_share: 0.5}}")
    assert of_kind(plain, Kind.PLACE)["at"].tolist() == of_kind(with_more, Kind.PLACE)["at"].tolist()
    assert plain.lines.tolist() == with_more.lines.tolist()


def test_replications_and_seeds_differ_and_repeat() -> None:
    scenario = load_scenario("console-realistic")
    first = sample_tape(scenario, 1, 2)
    assert first.commands.tolist() == sample_tape(scenario, 1, 2).commands.tolist()
    assert first.commands.tolist() != sample_tape(scenario, 1, 3).commands.tolist()
    assert first.commands.tolist() != sample_tape(scenario, 2, 2).commands.tolist()


def test_a_stream_may_be_taken_once() -> None:
    streams = Streams(0, 0)
    streams("arrivals")
    with pytest.raises(ValueError, match="arrivals"):
        streams("arrivals")


@pytest.mark.parametrize(
    "distribution",
    [
        Uniform((2, 5)),
        Triangular((1, 2, 6)),
        Beta((2, 3), 10, 20),
        Normal(NormalShape(1, 2, 0, 4)),
        Choices({1: 1, 4: 3}),
    ],
)
def test_draws_have_the_mean_and_the_range_of_their_distribution(distribution: Any) -> None:
    values = draw(distribution, stream(3, 0, "test"), 20_000)
    low, high = (float(end) for end in distribution.support())
    assert values.min() >= low
    assert values.max() <= high
    half_width = 4 * values.std() / np.sqrt(len(values))
    assert values.mean() == pytest.approx(distribution.mean, abs=half_width)
    assert np.array_equal(values, np.round(values, 9))
    assert isinstance(draw_one(distribution, stream(3, 0, "test")), float)


def test_decay_and_constant_hazard_are_those_of_their_formulas() -> None:
    shape = decay(2.0, 10.0)
    times = np.linspace(0, 10, 201)
    exact = (1 - 2 ** (-times / 2)) / (1 - 2**-5)
    assert np.abs(shape.shares_at(times) - exact).max() < 1e-5
    hazard = constant_hazard(0.6)
    uniform = np.linspace(0, 1, 201)
    assert np.abs(hazard.times_at(uniform) - np.log1p(-0.6 * uniform) / np.log1p(-0.6)).max() < 1e-5


def test_delivery_days_begin_at_local_midnight() -> None:
    scenario = load_scenario("iphone-15-pro")
    rows = of_kind(sample_tape(scenario), Kind.SUPPLY)
    assert rows["at"][-1] == local_midnight(date(2025, 9, 22).toordinal(), scenario.zone)
