"""What is written reads back equal."""

import datetime as dt
import json
from decimal import Decimal

import pytest
from hypothesis import given, settings
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
    Scoring,
    Waves,
)
from allocation.scenario import (
    dump_policy,
    dump_scenario,
    list_scenarios,
    load_policy,
    load_scenario,
    parse_scenario,
    policy_from_dict,
)
from allocation.scenario import schema as s

FIRST = dt.date(2025, 9, 20)
TIERS = ("VIP", "STANDARD", "yes", "1e3", "2025-09-01", "a: b", "#x", "é ")


def decimals(low, high, places=9):
    return st.decimals(low, high, allow_nan=False, allow_infinity=False, places=places)


printable = st.characters(exclude_categories=["C", "Zl", "Zp"])
words = st.text(printable, min_size=1, max_size=12).filter(str.strip)
prose = st.text(printable | st.sampled_from("\n\t"), max_size=150)
shares = decimals(0, 1)
days = st.integers(0, 30).map(lambda n: FIRST + dt.timedelta(days=n))
offsets = st.integers(-14 * 60, 14 * 60).map(lambda minutes: dt.timezone(dt.timedelta(minutes=minutes)))


def pmf(keys):
    def split(chosen, cut):
        return {chosen[0]: Decimal(1)} if len(chosen) == 1 else {chosen[0]: cut, chosen[1]: 1 - cut}

    return st.builds(split, st.lists(keys, min_size=1, max_size=2, unique=True), shares)


@st.composite
def distributions(draw, low=0, high=1):
    a, b, c = sorted(draw(st.tuples(*[decimals(low, high, 6)] * 3)))
    positive = decimals("0.001", 99, 3)
    options = [a, s.Uniform((a, b)), s.Triangular((a, b, c)), s.Beta((draw(positive), draw(positive)), a, c)]
    options += [s.Choices({a: draw(positive), c: draw(positive)})]
    if a < c:
        options.append(s.Normal(s.NormalShape(b, draw(positive), a, c)))
    return draw(st.sampled_from(options))


def per_tier(low=0, high=1):
    return distributions(low, high) | st.dictionaries(st.sampled_from(TIERS), distributions(low, high))


timings = (
    st.just(s.ConstantHazard())
    | st.builds(s.EarlyRegret, st.just("early_regret"), shares, decimals("0.1", 99))
    | st.builds(s.Bathtub, st.just("bathtub"))
    | st.builds(s.Bathtub, st.just("bathtub"), st.tuples(*[decimals("0.1", 9)] * 10))
)
arrivals = (
    st.just(s.UniformArrivals())
    | st.builds(s.LaunchArrivals, st.just("launch"), shares, decimals(1, 60), decimals("0.1", 99))
    | st.builds(s.FlashArrivals, st.just("flash"), decimals("0.001", 3600, 3))
    | st.just(s.TableArrivals("table", ((Decimal("0.5"), Decimal("0.3")), (Decimal(1), Decimal("0.7")))))
)
cancellations = st.builds(s.Cancellation, per_tier(), timings)
between = decimals("0.000001", "0.999999", 6)
details = {
    "level": between,
    "prior": st.builds(Prior, between, st.integers(1, 10**9)),
    "review_hours": decimals(1, 999, 6),
}
overbookings = st.builds(
    Overbooking, decimals(0, 3, 6), st.dictionaries(words, decimals(0, 3, 6), max_size=3), **details
) | st.builds(
    Overbooking, decimals(0, 3, 6), method=st.sampled_from(["constant", "economic", "service", "adaptive"]), **details
)
policies = st.builds(
    Policy,
    timezone=st.sampled_from(["UTC", "America/New_York"]),
    tiers=st.fixed_dictionaries({tier: decimals(-10, 1000, 6) for tier in TIERS}),
    scoring=st.builds(Scoring, *[decimals(0, 10, 6)] * 3),
    overbooking=overbookings,
    hold=st.sampled_from(["firm", "provisional"]),
    queue=st.builds(Queue, st.just(True), st.none() | st.integers(1, 99), st.sampled_from(["arrival", "priority"])),
    waves=st.builds(Waves, st.just("requested"), st.booleans()),
    expiration=st.builds(Expiration, st.integers(0, 9), decimals(0, 9, 6), st.none() | decimals(0, 9, 6)),
    intake=st.builds(Intake, st.integers(0, 9), st.none() | st.integers(9, 99), st.none() | st.integers(9, 10)),
    confirm=st.builds(Confirm, st.sampled_from(["keep", "cancel", "roll_over"])),
    release=st.builds(Release, standby=st.booleans(), alert_broken_share=decimals(0, 1, 6)),
)


@st.composite
def scenarios(draw):
    dates = sorted(draw(st.lists(days, min_size=1, max_size=3, unique=True)))
    late = st.none() | st.builds(s.Late, shares, distributions(0, 30))
    short = st.none() | st.builds(s.Short, shares, distributions())
    expected = tuple(
        s.Delivery(
            date,
            draw(st.integers(0, 10**9)),
            f"{n} {draw(words)}",
            draw(late),
            draw(short),
            draw(st.integers(0, 9)),
        )
        for n, date in enumerate(dates)
    )
    sku = draw(words)
    supply = (
        s.PoolSupply(sku, draw(words), draw(words), draw(words | st.just("")), draw(st.integers(0, 9)), expected),
    )
    opens = dt.datetime(2025, 9, 1, 10, tzinfo=draw(offsets))
    closes = (opens + dt.timedelta(hours=draw(st.integers(1, 48)), milliseconds=draw(st.integers(0, 999)))).astimezone(
        dt.UTC
    )
    if draw(st.booleans()):
        who = {"counts": draw(st.dictionaries(st.sampled_from(TIERS), st.integers(0, 999), min_size=1))}
    else:
        who = {
            "total": draw(distributions(0, 10**6)),
            "mix": draw(pmf(st.sampled_from(TIERS))),
            "mix_note": draw(words),
        }
    demand = s.Demand(
        draw(pmf(st.sampled_from(dates))),
        **who,
        items=draw(st.sampled_from([(), (s.Item(sku, supply[0].location, Decimal(1)),)])),
        lines_per_order=draw(pmf(st.integers(1, 3))),
        quantities=draw(pmf(st.integers(1, 9))),
        arrivals=draw(arrivals),
        purchases=draw(per_tier(0, 99)),
    )
    payment = st.builds(s.Payment, distributions(), distributions(), distributions(0, 99))
    at = dt.datetime(2025, 9, 19, 12, 0, 0, 5000, tzinfo=dt.UTC)
    published = s.Published(
        "orders - allocated_units", draw(decimals(0, 99)), draw(words), draw(shares), "orders", draw(words)
    )
    return s.Scenario(
        version=1,
        name="round-trip",
        title=draw(words),
        description=draw(prose),
        orders=s.OrderWindow(opens, closes),
        supply=supply,
        demand=demand,
        behaviour=draw(st.builds(s.Behaviour, cancellations, cancellations, cancellations, payment)),
        economics=s.Economics(
            draw(decimals(0, 999)), {tier: draw(shares) for tier in TIERS}, draw(shares), draw(shares)
        ),
        policy=draw(policies),
        schedule=s.Schedule(
            (s.CutOff(at, tuple(dates)),),
            tuple(s.ReleaseRun(at + dt.timedelta(days=n), date) for n, date in enumerate(dates)),
            draw(st.none() | st.builds(s.ExpireRuns, st.just("23:59"), decimals(1, 99))),
        ),
        published=draw(st.sampled_from([(), (published,)])),
    )


@given(scenarios())
@settings(deadline=None, max_examples=60)
def test_a_scenario_reads_back_equal(scenario):
    text = dump_scenario(scenario)
    again = parse_scenario(text)
    assert again == scenario
    assert dump_scenario(again) == text


@given(policies)
@settings(deadline=None, max_examples=60)
def test_a_policy_reads_back_equal(tmp_path_factory, policy):
    path = tmp_path_factory.mktemp("policy") / "policy.yaml"
    path.write_text(dump_policy(policy), "utf-8")
    assert load_policy(path) == policy


@given(policies)
@settings(deadline=None, max_examples=60)
def test_a_policy_reads_back_equal_from_json(policy):
    text = json.dumps(policy.as_dict())
    assert policy_from_dict(json.loads(text), "policy.json") == policy


@pytest.mark.parametrize("name", list_scenarios())
def test_a_shipped_scenario_reads_back_equal(name):
    scenario = load_scenario(name)
    text = dump_scenario(scenario)
    assert parse_scenario(text) == scenario
    assert all(line == line.rstrip() for line in text.splitlines())


def test_numbers_keep_their_digits(launch):
    text = dump_scenario(parse_scenario(launch.replace("rate: 1.03", "rate: 1.150000")))
    assert "rate: 1.150000" in text
    assert "  - {date: 2025-09-22, quantity: 100, ref: PO-1}\n" in text
    assert "orders: {opens: 2025-09-01T10:00:00-04:00, closes: 2025-09-03T10:00:00-04:00}\n" in text


@pytest.mark.parametrize(
    "text",
    [
        "x\xa0y",
        "?x",
        ":0",
        "::",
        "👩\u200d🔧",
        "true",
        "1.0",
        "~",
        "😀",
        "k" * 200,
    ],
)
def test_odd_text_survives(launch, text):
    tier = f"policy.tiers.{text.replace('.', '')}"
    category = f"policy.overbooking.by_category.{text.replace('.', '')}"
    overrides = {"title": text, "description": f"{text}\n\t{text}\n", tier: 5, category: 1.1}
    scenario = parse_scenario(launch, overrides=overrides)
    assert parse_scenario(dump_scenario(scenario)) == scenario
