"""From a history to a scenario: it validates, says where it is from, and gives such a history again."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from allocation import load_scenario, simulate
from allocation.calibration import PARTS, Calibration, Settings, Source, calibrate, example_source, source_of
from allocation.calibration.calibrated import remarks_on
from allocation.calibration.source import EXAMPLE
from allocation.engine.errors import HistoryError, ScenarioError, SettingError
from allocation.scenario import dump_scenario, parse_scenario
from allocation.scenario.schema import Cancellation, Scenario, TableArrivals, mean_of
from allocation.tape.folders import file_digest
from tests.calibration.histories import example_history, history_of, write_csv

ORDERS = 3000
LAUNCH = {
    "demand.total": ORDERS,
    "supply.0.expected.0.quantity": 2500,
    # One known curve, whether they hold or wait, as a history tells it.
    "behaviour.cancel_held": {"share": {"VIP": "0.05", "STANDARD": "0.15"}, "timing": {"shape": "bathtub"}},
    "behaviour.cancel_waiting": {"share": {"VIP": "0.05", "STANDARD": "0.15"}, "timing": {"shape": "bathtub"}},
    "behaviour.cancel_confirmed.share": 0,
    "behaviour.payment": {"pending_share": "0.1", "pays_share": "0.8", "mean_delay_hours": 12},
}
TRUTH = {"VIP": 0.05, "STANDARD": 0.15}


@pytest.fixture(scope="module")
def template() -> Scenario:
    return load_scenario("console-realistic", LAUNCH)


def source_from(scenario: Scenario, seed: int, folder) -> Source:
    return Source(write_csv(folder / f"past-{seed}.csv", history_of(simulate(scenario, seed), scenario)))


@pytest.fixture(scope="module")
def sources(template, tmp_path_factory) -> list[Source]:
    folder = tmp_path_factory.mktemp("histories")
    return [source_from(template, seed, folder) for seed in range(3)]


@pytest.fixture(scope="module")
def calibrations(template, sources) -> list[Calibration]:
    return [calibrate(source, template) for source in sources]


def test_what_a_known_launch_leaves_behind_tells_of_its_customers(calibrations) -> None:
    """Three launches of 3,000 orders with known customers: every estimate against the truth, in its own interval.

    Of 21 intervals of 95% one may miss; that two miss has a probability of 29%, three of 9%, four of 2%.
    """
    missed = 0
    for found in calibrations:
        tiers = found.estimates.tiers.set_index("tier")
        quantities = found.estimates.quantities.set_index("quantity")
        unpaid = found.estimates.unpaid
        assert unpaid is not None
        intervals = [
            *((tiers.loc[tier], share) for tier, share in (("VIP", 0.2), ("STANDARD", 0.8))),
            *((quantities.loc[units], share) for units, share in ((1, 0.85), (2, 0.15))),
            *((found.estimates.cancelled.set_index("tier").loc[tier], share) for tier, share in TRUTH.items()),
        ]
        missed += sum(not row["share_low"] <= share <= row["share_high"] for row, share in intervals)
        # Never paid: 10% are pending and 20% of them never pay; some of them cancel first.
        missed += not unpaid.low <= 0.02 * (1 - 0.03) <= unpaid.high
    assert missed <= 3


def test_the_curve_of_a_known_launch_is_recovered(template, calibrations) -> None:
    """The true curve is within the pointwise band almost everywhere, and the chosen timing is the true one's shape."""
    for estimates in (found.estimates for found in calibrations):
        at = np.arange(1, 11) / 10
        tenths = np.array([float(weight) for weight in template.behaviour.cancel_held.timing.tenths])
        mixed = 0.2 * TRUTH["VIP"] + 0.8 * TRUTH["STANDARD"]
        truth = mixed * np.cumsum(tenths) / tenths.sum()
        _, low, high = estimates.curve.by(at)
        assert ((low <= truth) & (truth <= high)).mean() >= 0.7
        assert np.abs(estimates.curve.by(at)[0] - truth).max() < 0.02
        assert estimates.fits[0].timing.shape == "bathtub"
        assert estimates.goodness["share_in_band"].iloc[0] > 0.95


def test_a_calibrated_scenario_gives_such_a_history_again(template, calibrations, tmp_path) -> None:
    """Round trip: history, scenario, history. Both are samples, so their difference is within both bands together."""
    first = calibrations[0]
    again = calibrate(source_from(first.scenario, 9, tmp_path), template)
    one, other = first.estimates, again.estimates
    assert one.orders == other.orders == ORDERS
    for column, name in (("tier", "tiers"), ("quantity", "quantities")):
        pair = getattr(one, name).merge(getattr(other, name), on=column, suffixes=("", "_again"))
        width = np.hypot(pair["share_high"] - pair["share_low"], pair["share_high_again"] - pair["share_low_again"]) / 2
        assert (np.abs(pair["share"] - pair["share_again"]) <= width).all()
    unpaid = [found.unpaid for found in (one, other)]
    width = np.hypot(*(found.high - found.low for found in unpaid)) / 2
    assert abs(unpaid[0].estimate - unpaid[1].estimate) <= width
    at = np.arange(1, 21) / 20
    (a, a_low, a_high), (b, b_low, b_high) = one.curve.by(at), other.curve.by(at)
    assert (np.abs(a - b) <= np.hypot(a_high - a_low, b_high - b_low) / 2).mean() >= 0.9
    arrived = [found.arrivals.frame.set_index("hours")["share_in_history"] for found in (one, other)]
    hours = np.array([0.25, 0.5, 5, 20, 50])
    shares = [np.interp(hours, series.index, series) for series in arrived]
    assert np.abs(shares[0] - shares[1]).max() < 2 * one.arrivals.band


def test_the_scenario_is_valid_and_says_where_it_is_from(template, sources) -> None:
    found = calibrate(replace(sources[0], caveat="Only the first day was exported."), template)
    scenario = found.scenario
    assert parse_scenario(dump_scenario(scenario)) == scenario
    text = scenario.description
    for part in ("past-0.csv", file_digest(sources[0].file), "3,000 of 3,000 rows", "0 bad ones left out",
                 "the scenario console-realistic", "Caveat: Only the first day was exported."):  # fmt: skip
        assert part in text
    assert (scenario.supply, scenario.economics, scenario.policy, scenario.schedule) == (
        *(template.supply, template.economics),
        *(template.policy, template.schedule),
    )
    assert scenario.demand.total == ORDERS
    assert sum(scenario.demand.mix.values()) == 1
    assert sum(scenario.demand.quantities.values()) == 1
    assert scenario.behaviour.cancel_confirmed == Cancellation()
    held = scenario.behaviour.cancel_held
    assert held == scenario.behaviour.cancel_waiting
    share, low, high = found.estimates.share_of("VIP")
    assert mean_of(held.share["VIP"]) == pytest.approx((low + high) / 2, abs=1e-6)
    assert low < share < high
    # Who never pays is the only one whose payment is pending.
    assert scenario.behaviour.payment.pays_share == 0
    assert scenario.published == ()
    units = int(pd.read_csv(sources[0].file)["quantity"].sum())
    assert f"{units:,} units were ordered; the supply of console-realistic is 12,500." in text


def test_only_what_is_asked_for_is_taken(template, sources) -> None:
    found = calibrate(replace(sources[0], take=("timing",)), template)
    assert found.parts == ("timing",)
    assert found.scenario.demand == template.demand
    assert found.scenario.orders == template.orders
    behaviour = template.behaviour
    assert found.scenario.behaviour == replace(
        behaviour,
        cancel_held=replace(behaviour.cancel_held, timing=found.estimates.fits[0].timing),
        cancel_waiting=replace(behaviour.cancel_waiting, timing=found.estimates.fits[0].timing),
    )
    assert "From it: when they cancel." in found.scenario.description
    assert "and also the number of orders" in found.scenario.description


def test_each_part_can_be_taken_alone(sources) -> None:
    template = load_scenario("console-realistic")
    for part in PARTS:
        scenario = calibrate(replace(sources[0], take=(part,)), template).scenario
        changed = {name for name in ("demand", "behaviour") if getattr(scenario, name) != getattr(template, name)}
        assert changed == ({"behaviour"} if part in ("cancellation", "timing", "payment") else {"demand"})


def test_counts_by_tier_become_a_mix(sources) -> None:
    iphone = load_scenario("iphone-15-pro")
    counts = iphone.demand.counts
    found = calibrate(Source(sources[0].file, take=("orders",)), iphone)
    assert found.scenario.demand.total == ORDERS
    total = sum(counts.values())
    assert {tier: float(share) for tier, share in found.scenario.demand.mix.items()} == pytest.approx(
        {tier: count / total for tier, count in counts.items()}, abs=1e-6
    )


def test_what_a_history_does_not_show_is_kept_or_refused(template, tmp_path) -> None:
    frame = example_history()[["placed", "status", "status_at", "due"]]
    frame = frame[frame["status"] != "EXPIRED"]
    path = write_csv(tmp_path / "plain.csv", frame)
    found = calibrate(Source(path), template)
    assert found.parts == ("orders", "arrivals", "cancellation", "timing")
    assert found.scenario.demand.mix == template.demand.mix
    assert "the mix of tiers (it has no column of tiers)" in found.scenario.description
    assert found.scenario.behaviour.cancel_held.share.uniform[0] > 0
    with pytest.raises(HistoryError, match=r"tiers: it has no column of tiers(?s:.*)payment: it has no status"):
        calibrate(Source(path, take=("tiers", "payment")), template)


def test_tiers_that_the_template_does_not_have_are_named(template, tmp_path) -> None:
    frame = example_history().replace({"tier": {"VIP": "Gold"}})
    path = write_csv(tmp_path / "gold.csv", frame)
    with pytest.raises(HistoryError, match=r"tier 'Gold' \(177 rows\) is none of console-realistic"):
        calibrate(Source(path), template)
    found = calibrate(Source(path, Settings(tiers={"Gold": "VIP"})), template)
    assert set(found.scenario.demand.mix) == {"VIP", "STANDARD"}


def test_what_does_not_fit_the_template_is_said(template, tmp_path) -> None:
    frame = example_history()
    path = write_csv(tmp_path / "many.csv", frame.assign(quantity=[*frame["quantity"].iloc[:-1], 3]))
    with pytest.raises(ScenarioError, match=r"demand.quantities.3: 3 is more than policy.intake.max_quantity 2"):
        calibrate(Source(path), template)


def test_a_longer_history_keeps_orders_open_for_longer(template, tmp_path) -> None:
    frame = example_history()
    placed = pd.to_datetime(frame["placed"], utc=True)
    slower = placed.min() + (placed - placed.min()) * 3
    path = write_csv(tmp_path / "slow.csv", frame.assign(placed=slower.dt.strftime("%Y-%m-%dT%H:%M:%SZ"))[
        slower < pd.to_datetime(frame["status_at"], utc=True)])  # fmt: skip
    found = calibrate(Source(path), template)
    assert found.scenario.orders.opens == template.orders.opens
    hours = (found.scenario.orders.closes - found.scenario.orders.opens).total_seconds() / 3600
    assert hours == pytest.approx(found.estimates.arrivals.hours, abs=1 / 60 + 1e-3)
    assert any("hours later than in console-realistic" in remark for remark in remarks_on(found))


def test_orders_over_years_have_no_arrivals_of_a_launch(template, tmp_path) -> None:
    frame = pd.DataFrame({"placed": ["2020-01-01T00:00:00Z", "2023-01-01T00:00:00Z"] * 20, "status": "served",
                          "status_at": "2023-02-01T00:00:00Z"})  # fmt: skip
    found = calibrate(Source(write_csv(tmp_path / "years.csv", frame)), template)
    assert "arrivals" not in found.parts
    assert "orders came over 1,096 days, and a launch has 400" in found.scenario.description


def test_few_cancellations_keep_the_timing_and_no_cancellation_has_a_range(template, tmp_path) -> None:
    frame = example_history()
    path = write_csv(tmp_path / "served.csv", frame[frame["status"] == "ALLOCATED"])
    found = calibrate(Source(path), template)
    assert "timing" not in found.parts
    low, high = found.scenario.behaviour.cancel_held.share["VIP"].uniform
    n = int(found.estimates.tiers.set_index("tier").loc["VIP", "orders"])
    # Clopper and Pearson's for 0 of n.
    assert (low, float(high)) == (0, pytest.approx(1 - 0.025 ** (1 / n), abs=1e-5))
    assert any("0 cancellations are too few" in remark for remark in remarks_on(found))


def test_a_flash_sale_has_points_that_rise(template, tmp_path) -> None:
    """All orders within milliseconds, most of them at once: points of a table still follow one another."""
    frame = example_history()
    at = pd.Timestamp("2025-10-16T14:00:00Z")
    offsets = [0] * 600 + [1] * 200 + [2] * 100
    placed = [(at + pd.Timedelta(milliseconds=ms)).isoformat(timespec="milliseconds") for ms in offsets]
    found = calibrate(Source(write_csv(tmp_path / "flash.csv", frame.assign(placed=placed))), template)
    arrivals = found.scenario.demand.arrivals
    assert isinstance(arrivals, TableArrivals)
    hours = [hours for hours, _ in arrivals.points]
    assert hours == sorted(set(hours))
    assert sum((share for _, share in arrivals.points), Decimal(0)) == 1


def test_the_shipped_example_is_what_its_name_says() -> None:
    pd.testing.assert_frame_equal(pd.read_csv(EXAMPLE), example_history(), check_dtype=False)
    found = calibrate(example_source(), load_scenario("console-realistic"))
    assert "nobody placed these orders" in found.scenario.description


def test_a_manifest_says_how_a_history_is_read(tmp_path) -> None:
    asked = {
        "file": "a.csv",
        "columns": {"placed": "at"},
        "statuses": {"X": "served"},
        "timezone": "UTC",
        "ends": "2025-01-01T00:00:00Z",
        "take": ["timing"],
        "caveat": "One day only.",
    }
    source = source_of(asked, tmp_path)
    assert (source.file, source.take, source.caveat) == (tmp_path / "a.csv", ("timing",), "One day only.")
    assert source.settings.columns == {"placed": "at"}
    assert source_of("b.csv", tmp_path) == Source(tmp_path / "b.csv")
    with pytest.raises(SettingError, match="colums: unknown key, did you mean columns"):
        source_of({"file": "a.csv", "colums": {}}, tmp_path)
    with pytest.raises(SettingError, match=r"file: is missing(?s:.*)statuses: 'X' must map words to words"):
        source_of({"statuses": "X"}, tmp_path)
    with pytest.raises(SettingError, match="unknown part 'timings', did you mean timing"):
        source_of({"file": "a.csv", "take": ["timings"]}, tmp_path)
    with pytest.raises(SettingError, match="ends 'soon' is no instant"):
        source_of({"file": "a.csv", "ends": "soon"}, tmp_path)


def test_a_launch_that_is_not_over_is_extrapolated_and_says_so(tmp_path) -> None:
    """A constant hazard, cut off when three fifths of the window are over: the whole share is found all the same.

    Of six intervals of 95% one may miss; that two miss has a probability of 3%.
    """
    steady = {"share": {"VIP": "0.05", "STANDARD": "0.15"}, "timing": {"shape": "constant"}}
    scenario = load_scenario(
        "console-realistic", {**LAUNCH, "behaviour.cancel_held": steady, "behaviour.cancel_waiting": steady}
    )
    ends, missed = pd.Timestamp("2025-11-03T00:00:00Z"), 0
    for seed in range(3):
        frame = history_of(simulate(scenario, seed), scenario)
        is_open = pd.to_datetime(frame["status_at"], utc=True) > ends
        cut = {"status": frame["status"].mask(is_open, "OPEN"), "status_at": frame["status_at"].mask(is_open, "")}
        path = write_csv(tmp_path / "cut.csv", frame.assign(**cut))
        found = calibrate(Source(path, Settings(ends=ends.to_pydatetime())), scenario)
        assert {fit.timing.shape for fit in found.estimates.fits} == {"constant", "early_regret"}
        assert any("Few were watched beyond 59% of the window" in note for note in found.estimates.notes)
        intervals = [(found.estimates.share_of(tier), share) for tier, share in TRUTH.items()]
        missed += sum(not low <= share <= high for (_, low, high), share in intervals)
    assert missed <= 1
