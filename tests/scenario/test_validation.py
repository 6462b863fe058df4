"""Every kind of mistake in a scenario file is named with its file and line."""
# ruff: noqa: E501 - a message is easiest to compare in one line

import dataclasses
import pickle
from decimal import Decimal

import pytest

from allocation.engine.errors import PolicyError, ScenarioError
from allocation.scenario import Scenario, load_scenario, parse_scenario, scenario_warnings

MISTAKES = [
    # what is written, what is written instead, and the one problem that follows
    (
        "    rate: 1.03",
        "    rte: 1.03",
        "x.yaml:30: policy.overbooking.rte: unknown key, did you mean rate?",
    ),
    (
        "  overbooking:\n",
        "  overboking:\n",
        "x.yaml:29: policy.overboking: unknown key, did you mean overbooking?",
    ),
    (
        "schedule:",
        "schdule: {}\nschedule:",
        "x.yaml:31: schdule: unknown key, did you mean schedule?",
    ),
    (
        "burst_share: 0.5",
        "burst_share: 0.5, brst: 1",
        "x.yaml:17: demand.arrivals.brst: unknown key; known: shape, burst_share, burst_minutes, half_life_hours",
    ),
    (
        "version: 1",
        "version: 2",
        "x.yaml:1: version: 2 is not one of 1",
    ),
    (
        "name: small-launch",
        "name: Small Launch",
        "x.yaml:2: name: 'Small Launch' is no name of lower-case words and hyphens, such as iphone-15-pro",
    ),
    (
        "title: A small launch",
        "title: 12",
        "x.yaml:3: title: 12 must be text; write it in quotes",
    ),
    (
        "title: A small launch",
        "title: ''",
        "x.yaml:3: title: is empty",
    ),
    (
        "title: A small launch",
        "title: x\ncurrency: euros",
        "x.yaml:4: currency: 'euros' is no currency code of three capitals, such as USD",
    ),
    (
        "closes: 2025-09-03T10:00:00-04:00",
        "closes: 2025-09-03T10:00:00",
        "x.yaml:4: orders.closes: 2025-09-03T10:00:00 has no offset; write one, such as 2025-09-03T10:00:00-05:00",
    ),
    (
        "opens: 2025-09-01T10:00:00-04:00",
        "opens: 2025-09-01",
        "x.yaml:4: orders.opens: 2025-09-01 is no instant; write one such as 2025-11-15T02:00:00-05:00",
    ),
    (
        "opens: 2025-09-01T",
        "opens: 2025-09-05T",
        "x.yaml:4: orders.closes: 2025-09-03 10:00:00-04:00 is not after opens 2025-09-05 10:00:00-04:00",
    ),
    (
        "opens: 2025-09-01T",
        "opens: 2025-09-31T",
        "x.yaml:4: orders.opens: 2025-09-31T10:00:00-04:00 is no instant: day is out of range for month",
    ),
    (
        "opens: 2025-09-01T10:00:00-",
        "opens: 2025-09-01T10:00:00.0005-",
        "x.yaml:4: orders.opens: 2025-09-01T10:00:00.000500-04:00 is finer than a millisecond",
    ),
    (
        "{date: 2025-09-29, q",
        "{date: 2025-09-29T00:00:00Z, q",
        "x.yaml:10: supply.0.expected.1.date: 2025-09-29T00:00:00Z is no date; write one such as 2025-11-15",
    ),
    (
        "{date: 2025-09-29, q",
        "{date: 20250929, q",
        "x.yaml:10: supply.0.expected.1.date: 20250929 is no date; write one such as 2025-11-15",
    ),
    (
        "quantity: 50",
        "quantity: 50.5",
        "x.yaml:10: supply.0.expected.1.quantity: 50.5 is no whole number",
    ),
    (
        "quantity: 50",
        "quantity: true",
        "x.yaml:10: supply.0.expected.1.quantity: 'true' is no whole number",
    ),
    (
        "quantity: 50",
        "quantity: -1",
        "x.yaml:10: supply.0.expected.1.quantity: -1 is not between 0 and 1000000000",
    ),
    (
        "quantity: 50",
        "quantity: 1000000001",
        "x.yaml:10: supply.0.expected.1.quantity: 1000000001 is not between 0 and 1000000000",
    ),
    (
        ", ref: PO-2",
        "",
        "x.yaml:10: supply.0.expected.1.ref: is missing",
    ),
    (
        "ref: PO-2",
        "ref: PO-1",
        "x.yaml:10: supply.0.expected.1.ref: PO-1 is used already; references are unique",
    ),
    (
        "ref: PO-2",
        "ref: PO-2, late: {probability: 1.2, days: 3}",
        "x.yaml:10: supply.0.expected.1.late.probability: 1.2 is not between 0 and 1",
    ),
    (
        "ref: PO-2",
        "ref: PO-2, short: {probability: 1, share: {uniform: [0.5, 1.5]}}",
        "x.yaml:10: supply.0.expected.1.short.share: can take values from 0.5 to 1.5, which is not between 0 and 1",
    ),
    (
        "STANDARD: 190}",
        "STANDARD: many}",
        "x.yaml:12: demand.counts.STANDARD: 'many' is no whole number",
    ),
    (
        "STANDARD: 190}",
        "STANDARD: 190}\n  total: 5\n  mix: {VIP: 1}",
        "x.yaml:11: demand: write either counts (orders by tier) or total with mix; both are there",
    ),
    (
        "  counts: {VIP: 10, STANDARD: 190}",
        "  total: {normal: {mean: 9, sd: 1, low: 5}}\n  mix: {VIP: 0.5, STANDARD: 0.5}",
        "x.yaml:12: demand.total.normal.high: is missing",
    ),
    (
        "  counts: {VIP: 10, STANDARD: 190}",
        "  total: {poisson: 3}\n  mix: {VIP: 0.5, STANDARD: 0.5}",
        "x.yaml:12: demand.total: a mapping: write a number or one of {uniform: [low, high]}",
    ),
    (
        "  counts: {VIP: 10, STANDARD: 190}",
        "  total: 50\n  mix: {VIP: 0.5, STANDARD: 0.4}",
        "x.yaml:13: demand.mix: the shares sum to 0.9; they must sum to 1",
    ),
    (
        "  counts: {VIP: 10, STANDARD: 190}",
        "  total: 50\n  mix: {VIP: 0.50000000001, STANDARD: 0.49999999999}",
        "x.yaml:13: demand.mix.VIP: 0.50000000001 has more than 9 decimals",
    ),
    (
        "2025-09-22: 0.75",
        "2025-09-22: 0.8",
        "x.yaml:13: demand.ship_dates: the shares sum to 1.05; they must sum to 1",
    ),
    (
        "2025-09-29: 0.25",
        "2025-09-28: 0.25",
        "x.yaml:13: demand.ship_dates.2025-09-28: nothing is on hand or expected on 2025-09-28, did you mean 2025-09-29?",
    ),
    (
        "    - {sku: PHONE, location: EAST",
        "    - {sku: PHOEN, location: EAST",
        "x.yaml:15: demand.items.0: PHOEN at EAST is no pool of supply, did you mean PHONE at EAST?",
    ),
    (
        "2: 0.1}",
        "11: 0.1}",
        "x.yaml:16: demand.quantities.11: 11 is more than policy.intake.max_quantity 10: such orders are refused",
    ),
    (
        "2: 0.1}",
        "0: 0.1}",
        "x.yaml:16: demand.quantities.0: 0 is not between 1 and 1000000000",
    ),
    (
        "shape: launch",
        "shape: lunch",
        "x.yaml:17: demand.arrivals: 'lunch' is not one of uniform, launch, flash, table, did you mean launch?",
    ),
    (
        "burst_minutes: 30",
        "burst_minutes: 3000",
        "x.yaml:17: demand.arrivals.burst_minutes: 3000 minutes is longer than the order window of 48 hours",
    ),
    (
        "half_life_hours: 6",
        "half_life_hours: 0",
        "x.yaml:17: demand.arrivals.half_life_hours: must be above 0",
    ),
    (
        "{shape: launch, burst_share: 0.5, burst_minutes: 30, half_life_hours: 6}",
        "{shape: table, points: [[1, 0.5, 3]]}",
        "x.yaml:17: demand.arrivals.points.0: has 3 entries; it takes 2",
    ),
    (
        "{shape: launch, burst_share: 0.5, burst_minutes: 30, half_life_hours: 6}",
        "{shape: table, points: [[3, 0.5], [2, 0.5]]}",
        "x.yaml:17: demand.arrivals.points.1.0: 2 hours is not after 3",
    ),
    (
        "{shape: launch, burst_share: 0.5, burst_minutes: 30, half_life_hours: 6}",
        "{shape: flash, seconds: 1e6}",
        "x.yaml:17: demand.arrivals.seconds: 1E+6 seconds is longer than the order window of 48 hours",
    ),
    (
        "share: {VIP: 0.01,",
        "share: {VIPP: 0.01,",
        "x.yaml:20: behaviour.cancel_held.share.VIPP: tier VIPP has no score in policy.tiers, did you mean VIP? (policy.tiers has VIP, STANDARD)",
    ),
    (
        "share: {VIP: 0.01,",
        "share: {VIP: 1.01,",
        "x.yaml:20: behaviour.cancel_held.share.VIP: 1.01 is not between 0 and 1",
    ),
    (
        "[0.02, 0.06]",
        "[0.06, 0.02]",
        "x.yaml:20: behaviour.cancel_held.share.STANDARD.uniform: low 0.06 is above high 0.02",
    ),
    (
        "[0.02, 0.06]",
        "[0.02]",
        "x.yaml:20: behaviour.cancel_held.share.STANDARD.uniform.1: is missing",
    ),
    (
        "weight: 0.5",
        "weight: 5",
        "x.yaml:21: behaviour.cancel_held.timing.weight: 5 is not between 0 and 1",
    ),
    (
        "{shape: early_regret, weight: 0.5, half_life_hours: 12}",
        "{shape: bathtub, tenths: [1, 2]}",
        "x.yaml:21: behaviour.cancel_held.timing.tenths: needs ten weights, one of them above 0",
    ),
    (
        "{shape: early_regret, weight: 0.5, half_life_hours: 12}",
        "{weight: 0.5}",
        "x.yaml:21: behaviour.cancel_held.timing: a mapping must be a section with a shape",
    ),
    (
        "margin: 90",
        "margin: -90",
        "x.yaml:23: economics.margin: -90 is not between 0 and 1000000000",
    ),
    (
        "margin: 90",
        "margin: .nan",
        "x.yaml:23: economics.margin: '.nan' is no number",
    ),
    (
        "{VIP: 100, STANDARD: 50}\n  unsold",
        "{VIP: 100}\n  unsold",
        "x.yaml:24: economics.denied_cost: has no cost for tier STANDARD, which orders; write 0 if it is none",
    ),
    (
        "unsold_cost: 12.5",
        "unsold_cost: a lot",
        "x.yaml:25: economics.unsold_cost: 'a lot' is no number",
    ),
    (
        "    rate: 1.03",
        "    rate: 1.1500000000001",
        "x.yaml:30: policy.overbooking.rate: 1.1500000000001 has more than 6 decimals; rates and scores have at most 6",
    ),
    (
        "    rate: 1.03",
        "    rate: 5000",
        "x.yaml:30: policy.overbooking.rate: 5000 is not between 0 and 1000",
    ),
    (
        "America/New_York",
        "America/Gotham",
        "x.yaml:27: policy.timezone: 'America/Gotham' is no IANA time zone; write one such as Europe/Paris",
    ),
    (
        "    rate: 1.03",
        "    rate: 1.03\n  queue: {enabled: false}\n  hold: provisional",
        "x.yaml:32: policy.hold: provisional needs the queue (the displaced stand in it); set queue.enabled: true or hold: firm",
    ),
    (
        "    rate: 1.03",
        "    rate: 1.03\n  hold: provisionl",
        "x.yaml:31: policy.hold: 'provisionl' is not one of firm, provisional, did you mean provisional?",
    ),
    (
        "at: 2025-09-20T",
        "at: 2025-09-23T",
        "x.yaml:33: schedule.confirm.0.at: 2025-09-23 12:00:00-04:00 is after the release of 2025-09-22 at 2025-09-22 02:00:00-04:00",
    ),
    (
        "at: 2025-09-20T",
        "at: 2025-08-20T",
        "x.yaml:33: schedule.confirm.0.at: 2025-08-20 12:00:00-04:00 is before orders open at 2025-09-01 10:00:00-04:00",
    ),
    (
        "[2025-09-22, 2025-09-29]",
        "[2025-09-22, 2025-09-22]",
        "x.yaml:33: schedule.confirm.0.ship_dates.1: 2025-09-22 has a cut-off already",
    ),
    (
        "[2025-09-22, 2025-09-29]",
        "[2025-09-22, 2025-09-28]",
        "x.yaml:33: schedule.confirm.0.ship_dates.1: 2025-09-28 has no release, did you mean 2025-09-29?",
    ),
    (
        "published:",
        "  expire: {time: 3am}\npublished:",
        "x.yaml:37: schedule.expire.time: '3am' is no local time such as '03:00'",
    ),
    (
        "by_tier.VIP.allocated",
        "by_tier.VPI.allocated",
        "x.yaml:38: published.0.measure: by_tier.VPI.allocated is no measure, did you mean by_tier.VIP.allocated?",
    ),
    (
        "by_tier.VIP.allocated",
        "the winners",
        "x.yaml:38: published.0.measure: 'the winners' is no path such as by_tier.VIP.allocated, nor a sum or difference of paths",
    ),
    (
        "source: here",
        "source: here, printed_of: orders",
        "x.yaml:38: published.0.printed_of: goes with printed_share only",
    ),
    (
        "title: A small launch",
        "title: A small launch\ntitle: Again",
        "x.yaml:4: title: is written twice (first on line 3)",
    ),
    (
        "{1: 0.9, 2: 0.1}",
        "{1: 0.9, 1: 0.1}",
        "x.yaml:16: demand.quantities.1: is written twice (first on line 16)",
    ),
]


@pytest.mark.parametrize(("written", "instead", "expected"), MISTAKES, ids=[m[2][:60] for m in MISTAKES])
def test_a_mistake_is_named_at_its_line(launch, problems, written, instead, expected):
    assert launch.count(written) == 1
    found = problems(launch.replace(written, instead))
    assert any(line.startswith(expected) for line in found), found
    assert all(line.startswith("x.yaml:") for line in found)


def test_waves_out_of_order(launch, problems):
    swapped = launch.replace("{date: 2025-09-22, q", "{date: 2025-09-30, q")
    assert (
        "x.yaml:10: supply.0.expected.1.date: waves out of order: 2025-09-29 comes after 2025-09-30; sort them by date"
        in (problems(swapped))
    )


def test_a_section_that_is_missing(launch, problems):
    start = launch.index("economics:")
    found = problems(launch[:start] + launch[launch.index("policy:") :])
    assert found == ["x.yaml:1: economics: is missing; a scenario needs economics"]


def test_a_ship_date_without_release(launch, problems):
    text = launch.replace("    - {at: 2025-09-29T02:00:00-04:00, ship_date: 2025-09-29}\n", "")
    assert problems(text) == [
        "x.yaml:33: schedule.confirm.0.ship_dates.1: 2025-09-29 has no release, did you mean 2025-09-22?",
        "x.yaml:34: schedule.release: ship date 2025-09-29 has no release: nobody would get stock; add one",
    ]


def test_two_pools_of_one_sku_at_one_location(launch, problems):
    text = launch.replace("supply:\n", "supply:\n  - {sku: PHONE, location: EAST}\n")
    assert "x.yaml:7: supply.1: pool PHONE at EAST is there already; a pool is written once" in problems(text)


def test_all_problems_at_once_in_the_order_of_the_file(launch, problems):
    text = (
        launch.replace("small-launch", "Small")
        .replace("{date: 2025-09-22, q", "{date: 2025-09-30, q")
        .replace("2025-09-22: 0.75", "2025-09-22: 0.7")
        .replace("{VIP: 0.01, S", "{GOLD: 1.01, S")
        .replace("margin: 90", "margn: 90")
        .replace("rate: 1.03", "rate: 1.1500000000001")
        .replace("policy:\n", "policy:\n  hld: firm\n")
        .replace("value: 10", "value: ten")
    )
    found = problems(text)
    assert [line.split(": ")[0:2] for line in found] == [
        ["x.yaml:2", "name"],
        ["x.yaml:10", "supply.0.expected.1.date"],
        ["x.yaml:13", "demand.ship_dates"],
        ["x.yaml:13", "demand.ship_dates.2025-09-22"],
        ["x.yaml:20", "behaviour.cancel_held.share.GOLD"],
        ["x.yaml:20", "behaviour.cancel_held.share.GOLD"],
        ["x.yaml:22", "economics.margin"],
        ["x.yaml:23", "economics.margn"],
        ["x.yaml:27", "policy.hld"],
        ["x.yaml:31", "policy.overbooking.rate"],
        ["x.yaml:39", "published.0.value"],
    ]


def test_what_was_left_out_has_no_consequences(launch, problems):
    found = problems(launch.replace("  tiers: {VIP: 100,", "  tiers: {VIP: high,"))
    assert found == ["x.yaml:28: policy.tiers.VIP: 'high' is no number"]


def test_a_scenario_made_in_python_is_checked_too(launch):
    scenario = parse_scenario(launch)
    worse = dataclasses.replace(scenario.economics, margin=Decimal(-1))
    with pytest.raises(ScenarioError, match=r"economics\.margin: -1 is not between"):
        dataclasses.replace(scenario, economics=worse)
    with pytest.raises(ScenarioError, match="must be a Decimal"):
        dataclasses.replace(scenario, economics=dataclasses.replace(scenario.economics, margin=0.5))
    with pytest.raises(PolicyError):
        dataclasses.replace(scenario.policy, tiers={"VIP": 1})


def test_mappings_are_read_only_and_scenarios_pickle(launch):
    scenario = parse_scenario(launch)
    with pytest.raises(TypeError):
        scenario.demand.counts["VIP"] = 3
    with pytest.raises(dataclasses.FrozenInstanceError):
        scenario.name = "other"
    assert pickle.loads(pickle.dumps(scenario)) == scenario


def test_orders_that_intake_refuses_are_a_warning(launch):
    scenario = parse_scenario(launch, overrides={"policy.intake.min_days": 20, "policy.intake.max_days": 22})
    assert [str(p) for p in scenario_warnings(scenario)] == [
        "demand.ship_dates.2025-09-22: orders of 2025-09-03 come 19 days ahead; policy.intake.min_days 20 refuses them",
        "demand.ship_dates.2025-09-29: orders of 2025-09-01 come 28 days ahead; policy.intake.max_days 22 refuses them",
    ]


def test_odd_schedules_are_a_warning(launch):
    text = launch.replace("at: 2025-09-22T02", "at: 2025-09-21T02").replace(
        "ref: PO-1", "ref: PO-1, late: {probability: 1, days: 3}"
    )
    found = [str(p) for p in scenario_warnings(parse_scenario(text))]
    assert found[0].startswith("schedule.release.0.at: 2025-09-21 02:00:00-04:00 is before the delivery of 2025-09-22")
    assert found[1].startswith(
        "supply.0.expected.0.late.days: a late delivery can arrive on a date that has no release"
    )


def test_a_ship_date_without_cut_off_is_a_warning(launch):
    found = scenario_warnings(parse_scenario(launch.replace("[2025-09-22, 2025-09-29]", "[2025-09-22]")))
    assert [str(p) for p in found] == [
        "schedule.confirm: ship date 2025-09-29 has no cut-off: its promises are never confirmed"
    ]


def test_the_shipped_scenarios_give_no_warning():
    for name in ("iphone-15-pro", "sneakers-trophy-room", "console-waves", "console-realistic"):
        scenario = load_scenario(name)
        assert isinstance(scenario, Scenario)
        assert scenario.name == name
        assert scenario_warnings(scenario) == ()
