"""`allocation recommend`: the answer in sentences, tables and JSON, a scenario to go on with, and bad input."""

from __future__ import annotations

import json
import socket
import sys
from pathlib import Path
from typing import Any

import pytest

from allocation.montecarlo import backends, recommend
from allocation.scenario import dump_scenario, load_scenario
from tests.cli.running import Ended, Run, refused
from tests.montecarlo.launches import small

RATE = "policy.overbooking.rate"
SHORT = ("--replications", "200", "--replications-at-most", "500")
RATES = ("--values", "1.0,1.02,1.1")


@pytest.fixture(scope="module")
def launch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small launch as a file."""
    file = tmp_path_factory.mktemp("scenarios") / "launch.yaml"
    file.write_text(dump_scenario(small("iphone-15-pro")), "utf-8")
    return file


def answer(ended: Ended) -> dict[str, Any]:
    assert ended.code == 0, ended
    return json.loads(ended.out)


def test_json_has_the_answer_and_what_speaks_for_it(run: Run, launch: Path) -> None:
    found = answer(run("recommend", launch, *RATES, *SHORT, "--seed", "2", "--json"))
    expected = recommend(
        load_scenario(launch), [1.0, 1.02, 1.1], replications=200, replications_at_most=500, seed=2, progress=False
    )
    assert set(found) == {
        *("schema_version", "scenario", "seed", "parameter", "recommended", "decided", "reasons", "objective"),
        *("indifference", "confidence", "constraint", "settings", "eliminations", "replications", "behaviours"),
    }
    assert (found["recommended"], found["decided"], found["parameter"]) == (1.02, True, RATE)
    assert (found["scenario"], found["seed"], found["constraint"]) == ("iphone-15-pro", 2, ["oversold_any", 0.05])
    assert (found["objective"], found["indifference"], found["confidence"]) == ("profit", 400, 0.95)
    assert [setting["value"] for setting in found["settings"]] == [1.0, 1.02, 1.1]
    assert [setting["verdict"] for setting in found["settings"]] == ["yes", "yes", "no"]
    for setting, (_, row) in zip(found["settings"], expected.table().iterrows(), strict=True):
        for name in ("mean", "half_width", "loss", "loss_half_width", "probability", "replications"):
            assert setting[name] == pytest.approx(row[name])
    assert [(gone["value"], gone["by"]) for gone in found["eliminations"]] == [(1.0, 1.02)]
    assert found["replications"] == sum(setting["replications"] for setting in found["settings"])
    assert found["behaviours"] == []
    assert found["reasons"][0] == f"Recommended: {RATE} = 1.02."


def test_tables_say_what_why_and_how_sure(run: Run, launch: Path) -> None:
    ended = run("recommend", launch, *RATES, *SHORT)
    assert ended.code == 0
    for text in (
        f"Recommended: {RATE} = 1.02.",
        "P(oversold) within 5.0%",
        "95% confidence",
        "recommended",
        "A negative loss is what the constraint costs",
        "states its customers' behaviour as known for sure",
    ):
        assert text in ended.out
    assert ended.err == ""


def test_behaviour_that_is_not_known_moves_the_answer(run: Run, launch: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules[recommend.__module__], "_BEHAVIOUR_REPLICATIONS", 50)
    uncertain = ("--set", "behaviour.cancel_confirmed.share={uniform: [0.02, 0.08]}")
    options = (*RATES, "--replications", "100", "--replications-at-most", "100", *uncertain)
    found = answer(run("recommend", launch, *options, "--json"))
    assert len(found["behaviours"]) == 9
    assert {row["behaviour"] for row in found["behaviours"]} == {"at its mean", "fewest leave", "most leave"}
    assert set(found["behaviours"][0]) == {"behaviour", "value", "probability", "mean", "half_width", "best"}
    table = run("recommend", launch, *options)
    assert "If the customers' behaviour were known" in table.out
    assert "fewest leave" in table.out


def test_save_writes_a_scenario_with_that_setting(run: Run, launch: Path) -> None:
    ended = run("recommend", launch, *RATES, *SHORT, "--save", "mine.yaml", "--json")
    assert answer(ended)["recommended"] == 1.02
    assert f"mine.yaml: iphone-15-pro with {RATE} 1.02" in ended.err
    assert load_scenario(Path("mine.yaml")) == load_scenario(launch, {RATE: "1.02"})
    assert run("simulate", "mine.yaml", "--json").code == 0


def test_no_setting_keeps_the_constraint(run: Run, launch: Path) -> None:
    options = ("--values", "1.08,1.1", *SHORT)
    found = answer(run("recommend", launch, *options, "--json"))
    assert (found["recommended"], found["decided"], found["eliminations"]) == (None, False, [])
    table = run("recommend", launch, *options)
    assert table.code == 0
    assert "No setting was shown to keep P(oversold) within 5.0%" in table.out
    saved = run("recommend", launch, *options, "--save", "mine.yaml")
    assert saved.code == 3
    assert "no setting was shown to keep the constraint" in saved.err
    assert not Path("mine.yaml").exists()


def test_without_a_constraint_and_for_another_measure(run: Run, launch: Path) -> None:
    options = ("--param", "policy.hold", "--values", "firm,provisional", "--objective", "by_tier.VIP.allocated")
    found = answer(run("recommend", launch, *options, *SHORT, "--constraint", "none", "--json"))
    assert (found["recommended"], found["constraint"], found["indifference"]) == ("provisional", None, 1)
    assert "verdict" not in found["settings"][0]
    assert run("recommend", launch, *options, *SHORT, "--constraint", "none").code == 0


@pytest.mark.parametrize(
    ("options", "texts"),
    [
        (("--values", "1,-1"), (f"{RATE}=-1", "-1 is not between 0 and 1000")),
        (("--values", ""), ("has an empty value",)),
        (("--values", "1:2:0"), ("the step must be above 0",)),
        (("--values", "1,1"), ("is given twice",)),
        (("--param", "policy.overboking.rate"), ("did you mean overbooking",)),
        (("--param", "policy.queue.enabled", "--values", "true,false"), ("provisional needs the queue",)),
        (("--param", "behaviour.cancel_confirmed.share", "--values", "0.1,1.2"), ("1.2 is not between 0 and 1",)),
        (("--replications", "0"), ("replications 0 must be from 2",)),
        (("--replications", "1"), ("replications 1 must be from 2",)),
        (("--replications", str(10**9)), (f"replications {10**9}",)),
        (("--replications-at-most", "5"), ("replications 5 must be from 50",)),
        (("--objective", "profits", "--values", "1,1.1", "--replications", "2"), ("did you mean profit",)),
        (("--constraint", "profit=0.05"), ("'profit' must be one of alert, oversold_any",)),
        (("--constraint", "oversold_any"), ("write oversold_any=0.05",)),
        (("--constraint", "oversold_any=often"), ("write oversold_any=0.05",)),
        (("--constraint", "oversold_any=nan"), ("write oversold_any=0.05",)),
        (("--constraint", "oversold_any=1.5"), ("a probability must be between 0 and 1",)),
        (("--constraint", "oversold_any=-0.1"), ("a probability must be between 0 and 1",)),
        (("--confidence", "1"), ("confidence 1",)),
        (("--confidence", "-0.5"), ("confidence -0.5",)),
        (("--confidence", "nan"), ("confidence nan",)),
        (("--indifference", "0"), ("indifference 0",)),
        (("--indifference", "-5"), ("indifference -5",)),
        (("--indifference", "nan"), ("indifference nan",)),
        (("--indifference", "inf"), ("indifference inf",)),
        (("--save", "nowhere/mine.yaml"), ("there is no folder nowhere",)),
        (("--save", "."), ("it is one itself",)),
        (("--workers", "0", "--values", "1,1.1"), ("workers 0",)),
        (("--set", "policy.overbooking.rates=1"), ("did you mean rate",)),
    ],
)
def test_bad_input_is_named_and_nothing_is_written(
    run: Run, launch: Path, options: tuple[str, ...], texts: tuple[str, ...]
) -> None:
    refused(run("recommend", launch, *options, "--json"), *texts)
    assert not list(Path().iterdir())


@pytest.mark.parametrize(
    "options", [("--confidence", "sure"), ("--indifference", "x"), ("--replications", "1.5"), ("--seed", "-1")]
)
def test_bad_usage(run: Run, launch: Path, options: tuple[str, ...]) -> None:
    ended = run("recommend", launch, *options)
    assert (ended.code, ended.out) == (2, "")
    assert options[0] in ended.err


def test_an_interrupt_recommends_nothing(run: Run, launch: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: Any) -> Any:
        raise KeyboardInterrupt

    monkeypatch.setattr("allocation.montecarlo.experiment.play_all", interrupted)
    ended = run("recommend", launch, *RATES, *SHORT, "--save", "mine.yaml", "--json")
    assert (ended.code, ended.out) == (130, "")
    assert "nothing was recommended" in ended.err
    assert not Path("mine.yaml").exists()


def test_a_scheduler_that_is_not_there(run: Run, launch: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backends, "CONNECT_S", 1)
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{bound.getsockname()[1]}"
        ended = run("recommend", launch, *RATES, "--dask", address, "--json")
    assert (ended.code, ended.out) == (1, "")
    assert ended.err.count("\n") == 1
    assert f"no Dask scheduler answers at {address}" in ended.err
