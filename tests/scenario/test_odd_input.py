"""Input that nobody means: endless, unprintable, out of bounds, and files that are none."""

import os
import time
from decimal import Decimal
from pathlib import Path

import pytest

from allocation.engine.codes import ENDINGS
from allocation.engine.errors import InvalidInput, PolicyError, ScenarioError, SettingError
from allocation.engine.measures import measures
from allocation.engine.policy import DEFAULT_POLICY
from allocation.scenario import load_policy, load_scenario, parse_scenario, parse_setting, policy_from_dict
from allocation.scenario.measure_checks import BY_TIER, TOTALS, WAVES


@pytest.mark.parametrize("part", ["²", "٣", "9" * 5000, "-1", ""], ids=["square", "arabic", "long", "below", "none"])
@pytest.mark.parametrize("key", ["supply.{}", "supply.{}.on_hand", "policy.tiers.VIP.{}", "demand.total.uniform.{}"])
def test_an_index_that_is_none(launch, key, part):
    with pytest.raises(InvalidInput) as caught:
        parse_scenario(launch, overrides={"demand.total": {"uniform": [1, 2]}, key.format(part): 5}, label="--set")
    assert str(caught.value.problems[0]).startswith("--set: ")
    assert len(str(caught.value)) < 500


@pytest.mark.parametrize(
    "value", [10**5000, -(10**5000), {10**5000: 1}, [10**5000]], ids=["large", "negative", "key", "item"]
)
def test_a_number_that_python_does_not_print(launch, value):
    with pytest.raises(InvalidInput):
        parse_scenario(launch, overrides={"economics.margin": value})


def test_what_is_no_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for one, other in (("a", "b"), ("b", "a"), ("c.yaml", "d.yaml"), ("d.yaml", "c.yaml")):
        Path(one).symlink_to(other)
    Path("folder").mkdir()
    os.mkfifo("pipe")
    expected = {
        "a": "cannot be opened: Too many levels of symbolic links",
        "c.yaml": "cannot be opened: Too many levels of symbolic links",
        "folder": "is a folder; give a file",
        "pipe": "is no regular file",
        "/dev/null": "is no regular file",
    }
    for name, message in expected.items():
        for load, error in ((load_scenario, ScenarioError), (load_policy, PolicyError)):
            with pytest.raises(error) as caught:
                load(name)
            assert [str(problem) for problem in caught.value.problems] == [f"{name}: {message}"]


@pytest.mark.parametrize(
    ("written", "instead"),
    [
        ("A small launch", '"\\ud800"'),
        ("A small launch", '"a\\e[31m"'),
        ("A small launch", '"two\\nlines"'),
        ("sku: PHONE\n", 'sku: "PH\\nNE"\n'),
        ("ref: PO-1", 'ref: "\\x07"'),
        ("location: EAST\n", 'location: "\\ud800"\n'),
        ("  tiers: {VIP", '  tiers: {"": 1, VIP'),
        ("  tiers: {VIP", '  tiers: {"\\x1b": 1, VIP'),
        ("version: 1", 'version: 1\ndescription: "\\x1b"'),
    ],
)
def test_text_that_does_not_print(launch, problems, written, instead):
    found = problems(launch.replace(written, instead, 1))
    assert found[0].startswith("x.yaml:")
    assert "\n".join(found).replace("\n", "").isprintable()


def test_text_from_python_obeys_the_same_rules(launch):
    for overrides in ({"title": "\ud800"}, {"supply.0.sku": "\udfff"}, {"demand.counts.\ud800": 1}):
        with pytest.raises(SettingError, match="half a character"):
            parse_scenario(launch, overrides=overrides)
    with pytest.raises(InvalidInput, match="half a character"):
        policy_from_dict({"timezone": "\ud800"})
    # JSON writes what is beyond 16 bits in two halves.
    assert parse_scenario(launch.replace("A small launch", '"\\ud83d\\ude00"')).title == "\U0001f600"


@pytest.mark.parametrize(
    ("value", "path", "message"),
    [
        ("{choices: {0.5: 1e400}}", ".choices.0.5", "1E+400 is not between 0 and 1000000000"),
        ("{choices: {1e400: 1}}", ".choices.1E+400", "1E+400 is not between -1000000000000 and 1000000000000"),
        ("{choices: {0.5: 1e-400}}", ".choices.0.5", "1E-400 is less than 1E-9"),
        ("{choices: {0.5: x}}", ".choices.0.5", "'x' is no number"),
        ("{beta: [1e400, 1]}", ".beta.0", "1E+400 is not between 0 and 1000000000"),
        ("{beta: [1, 1e-400]}", ".beta.1", "1E-400 is less than 1E-9"),
        ("{beta: [1, 1], high: 1e400}", ".high", "1E+400 is not between -1000000000000 and 1000000000000"),
        ("{uniform: [0, 1e13]}", ".uniform.1", "1E+13 is not between -1000000000000 and 1000000000000"),
        ("{triangular: [-1e13, 0, 1]}", ".triangular.0", "-1E+13 is not between -1000000000000 and 1000000000000"),
        ("{normal: {mean: 0, sd: 1e400, low: 0, high: 1}}", ".normal.sd", "1E+400 is not between 0 and 1000000000000"),
        ("{normal: {mean: 0, sd: 1e-400, low: 0, high: 1}}", ".normal.sd", "1E-400 is less than 1E-9"),
    ],
)
def test_numbers_of_a_distribution_are_bounded(launch, problems, value, path, message):
    found = problems(launch.replace("{uniform: [0.02, 0.06]}", value))
    assert found == [f"x.yaml:20: behaviour.cancel_held.share.STANDARD{path}: {message}"]


@pytest.mark.parametrize(
    ("measure", "hint"),
    [
        ("nothing.at.all", "; known: orders, "),
        ("by_tier.VIP.nope", ", did you mean by_tier.VIP."),
        ("by_tier.VIP.alocated", ", did you mean by_tier.VIP.allocated?"),
        ("by_tier.VIP", ""),
        ("ordrs", ", did you mean orders?"),
        ("orders.VIP", ", did you mean orders?"),
        ("waves.2025-09-22.limit", ", did you mean waves.2025-09-22.limit_units?"),
        ("waves.2025-09-23.limit_units", ", did you mean waves.2025-09-2"),
    ],
)
def test_a_measure_that_no_run_has(launch, problems, measure, hint):
    found = problems(launch.replace("by_tier.VIP.allocated", f"orders - {measure}"))
    assert found[0].startswith(f"x.yaml:38: published.0.measure: {measure} is no measure{hint}")


def test_the_measures_are_those_of_a_run():
    assert set(BY_TIER) == {"orders", "confirmed_at_cutoff", *ENDINGS}
    assert all(name in measures.__doc__ for name in TOTALS if name != "profit")
    assert all(name in measures.__doc__ or name.removesuffix("_units") in measures.__doc__ for name in WAVES)


def many(text, count=20_000):
    return ", ".join(text.format(n) for n in range(count))


@pytest.mark.parametrize(
    ("written", "instead"),
    [
        ("{VIP: 10, STANDARD: 190}", f"{{{many('T{}: 1')}}}"),
        ("  tiers: {VIP: 100,", f"  tiers: {{{many('T{}: x')}, VIP: 100,"),
        ("  tiers: {VIP: 100,", f"  tiers: {{{many('T{}: 1')}, VIP: 100,"),
        ("    rate: 1.03", "    rate: 1.03\n" + "\n".join(f"    rate{n}: 1" for n in range(20_000))),
        ("version: 1", "version: 1\n" + "\n".join(f"verzion{n}: 1" for n in range(20_000))),
        ("[2025-09-22, 2025-09-29]", f"[{many('2025-10-22')}]"),
        ("{measure: by_tier.VIP.allocated,", f"{{measure: {' + '.join(['by_tier.VIP.x'] * 20_000)},"),
    ],
    ids=["counts", "scores", "tiers", "keys", "sections", "dates", "measures"],
)
def test_thousands_of_mistakes_are_counted_and_not_listed(launch, written, instead):
    begin = time.process_time()
    with pytest.raises(ScenarioError) as caught:
        parse_scenario(launch.replace(written, instead), "x.yaml")
    assert time.process_time() - begin < 30
    *listed, last = caught.value.problems
    assert len(listed) <= 50
    assert all(problem.place for problem in caught.value.problems)
    assert len(listed) < 50 or last.message.startswith("... and ")


def test_the_number_that_is_left_out_is_told(launch, problems):
    found = problems(launch.replace("margin: 90", "margin: 90\n" + "\n".join(f"  margn{n}: 1" for n in range(1000))))
    assert found[0] == "x.yaml:24: economics.margn0: unknown key, did you mean margin?"
    assert found[50:] == ["x.yaml: ... and 950 more"]


def test_tiers_are_bounded(launch, problems):
    tiers = many("T{}: 1", 1001)
    assert problems(launch.replace("  tiers: {VIP", f"  tiers: {{{tiers}, VIP"))[0] == (
        "x.yaml:28: policy.tiers: names 1003 tiers; at most 1000 are taken"
    )
    with pytest.raises(PolicyError, match="names 1003 tiers"):
        policy_from_dict({"tiers": {f"T{n}": 1 for n in range(1001)}})


def test_a_policy_from_plain_data_names_the_place_of_an_override():
    with pytest.raises(PolicyError) as caught:
        policy_from_dict({"overbooking": {"rate": 1}}, "run 1", {"overbooking.rate": -1}, label="--set")
    assert [str(p) for p in caught.value.problems] == ["--set: overbooking.rate: -1 is not between 0 and 1000"]
    with pytest.raises(PolicyError) as caught:
        policy_from_dict({"hold": "x"}, "run 1")
    assert caught.value.problems[0].place == "run 1"


def test_terminal_escapes_and_long_values_are_not_echoed(launch, problems, tmp_path):
    texts = [
        launch.replace("margin: 90", 'margin: "\\e[31m"'),
        launch.replace("margin: 90", '"mar\\e[31mgin": 90'),
        launch.replace("margin: 90", f'"{"k" * 5000}": 90'),
        launch.replace("margin: 90", f'margin: "{"v" * 5000}"'),
        launch.replace("America/New_York", "z" * 100),
        launch.replace("opens: 2025", f"opens: {'9' * 5000}"),
        launch.replace("name: small-launch", f"name: {'Z' * 5000}"),
        launch.replace("share: {VIP", f"share: {{{'T' * 5000}: 0, VIP"),
    ]
    for text in texts:
        found = problems(text)
        assert all(line.isprintable() and len(line) < 500 for line in found)
    for name in ("\x1b[31m.yaml", "\x1b[31m", "x" * 5000):
        with pytest.raises(ScenarioError) as caught:
            load_scenario(tmp_path / name)
        assert str(caught.value).replace("\n", "").isprintable()
    for setting in ("\x1b[31m", "\x1b[31m=[", f"{'k' * 5000}=[1", f"k={'[' * 5000}"):
        with pytest.raises(SettingError) as caught:
            parse_setting(setting)
        assert str(caught.value).replace("\n", "").isprintable()
        assert len(str(caught.value)) < 500


def test_a_tier_that_is_added_keeps_the_others(tmp_path):
    path = tmp_path / "policy.yaml"
    path.write_text("hold: firm\n")
    assert load_policy(path, {"policy.tiers.GOLD": 5}).tiers == {**DEFAULT_POLICY.tiers, "GOLD": Decimal(5)}
