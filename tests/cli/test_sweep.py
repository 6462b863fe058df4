"""`allocation sweep`: tables, JSON, a file of every row, interrupts, and bad input before anything runs."""

from __future__ import annotations

import json
import math
import os
import pty
import re
import select
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from allocation.montecarlo import backends, replicate, sweep
from allocation.scenario import dump_scenario, load_scenario
from tests.cli.running import Ended, Run, refused
from tests.montecarlo.launches import small

RATE = "policy.overbooking.rate"
SILENCE_S_MAX = END_S_MAX = 300
"""A machine that is slow and busy is no reason to fail."""
FEW = ("--replications", "12")


@pytest.fixture(scope="module")
def launch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small launch as a file."""
    file = tmp_path_factory.mktemp("scenarios") / "launch.yaml"
    file.write_text(dump_scenario(small("iphone-15-pro")), "utf-8")
    return file


def answer(ended: Ended) -> dict[str, Any]:
    assert ended.code == 0, ended
    return json.loads(ended.out)


def test_json_has_what_the_package_says(run: Run, launch: Path) -> None:
    ended = run("sweep", launch, "--param", RATE, "--values", "1.02,1.05", *FEW, "--seed", "3", "--json")
    found, swept = answer(ended), sweep(load_scenario(launch), RATE, [1.02, 1.05], 12, seed=3, progress=False)
    assert set(found) == {
        *("schema_version", "scenario", "seed", "parameters", "stopped", "settings", "paired", "timing"),
    }
    assert (found["scenario"], found["seed"], found["parameters"], found["stopped"]) == (
        "iphone-15-pro",
        3,
        [RATE],
        "asked",
    )
    assert [setting["value"] for setting in found["settings"]] == [1.02, 1.05]
    profits = swept.intervals(["profit"])
    for setting, (_, expected) in zip(found["settings"], profits.iterrows(), strict=True):
        assert setting["replications"] == 12
        assert set(setting["measures"]) == set(swept.measures)
        assert setting["measures"]["profit"] == {
            key: pytest.approx(expected[key]) for key in ("mean", "half_width", "sd", "low", "high")
        }
    (pair,), (_, expected) = found["paired"], next(swept.paired().iterrows())
    assert pair["mean"] == pytest.approx(expected["mean"])
    assert {pair["value"], pair["baseline"]} == {1.02, 1.05}
    assert ended.err == ""


def test_without_options_eleven_rates_are_tried(run: Run, launch: Path) -> None:
    found = answer(run("sweep", launch, "--replications", "2", "--json"))
    assert [setting["value"] for setting in found["settings"]] == [round(1 + i / 100, 2) for i in range(11)]


def test_a_grid_of_words_and_numbers(run: Run, launch: Path) -> None:
    grid = ("--param", "policy.hold", "--values", "firm, provisional", "--param", RATE, "--values", "1.00:1.05:0.05")
    found = answer(run("sweep", launch, *grid, *FEW, "--json"))
    assert [setting["value"] for setting in found["settings"]] == [
        {"policy.hold": hold, RATE: rate} for hold in ("firm", "provisional") for rate in (1.0, 1.05)
    ]
    assert len(found["paired"]) == 3
    table = run("sweep", launch, *grid, *FEW)
    assert table.code == 0
    for text in ("policy.hold", "provisional", "P(oversold)", "profit (USD)", "variance ratio", "difference from"):
        assert text in table.out
    assert "12 replications x 4 settings" in table.err


def test_what_is_infinite_is_null(run: Run, launch: Path) -> None:
    """Two rates that promise the same units do the same in every replication."""
    found = answer(run("sweep", launch, "--param", RATE, "--values", "1.0,1.001", *FEW, "--json"))
    assert found["paired"][0]["variance_ratio"] is None
    assert "Infinity" not in json.dumps(found)
    assert all(math.isfinite(row["half_width"]) for s in found["settings"] for row in s["measures"].values())


def test_every_row_goes_to_a_file(run: Run, launch: Path) -> None:
    ended = run("sweep", launch, "--param", RATE, "--values", "1,1.1", *FEW, "--out", "rows.parquet")
    assert ended.code == 0
    swept = sweep(load_scenario(launch), RATE, [1, 1.1], 12, progress=False)
    frame = pd.read_parquet("rows.parquet")
    pd.testing.assert_frame_equal(frame[swept.measures], swept.frame[swept.measures])
    assert frame[[RATE, "replication"]].to_numpy().tolist() == [[v, r] for v in (1, 1.1) for r in range(12)]


@pytest.mark.parametrize(("width", "stopped"), [("10%", "precise"), ("0.5", "limit")])
def test_until_a_half_width(run: Run, launch: Path, width: str, stopped: str) -> None:
    options = ("--param", RATE, "--values", "1,1.03", "--until-half-width", width, "--replications", "30")
    found = answer(run("sweep", launch, *options, "--json"))
    assert found["stopped"] == stopped
    assert ("the half-width was not reached" in run("sweep", launch, *options).err) == (stopped == "limit")


def test_settings_apply_before_the_sweep(run: Run, launch: Path) -> None:
    found = answer(
        run("sweep", launch, "--param", RATE, "--values", "1", *FEW, "--set", "demand.counts.VIP=5", "--json")
    )
    assert found["settings"][0]["measures"]["by_tier.VIP.orders"]["mean"] == 5


# ----- interrupts


def heard(terminal: int) -> bytes:
    """What is said next on a terminal."""
    ready, _, _ = select.select([terminal], [], [], SILENCE_S_MAX)
    assert ready, f"nothing was said for {SILENCE_S_MAX} s"
    return os.read(terminal, 4096)


@pytest.mark.slow
def test_an_interrupt_shows_what_was_finished(launch: Path, tmp_path: Path) -> None:
    """Ctrl-C in a terminal, while the bar says that replications are being played."""
    out = tmp_path / "rows.parquet"
    options = ["--param", RATE, "--values", "1,1.1", "--replications", "100000", "--json", "--out", str(out)]
    terminal, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "allocation", "sweep", str(launch), *options],
        stdout=subprocess.PIPE,
        stderr=theirs,
        env=os.environ | {"TERM": "xterm", "COLUMNS": "120", "NO_COLOR": "1"},
    )
    os.close(theirs)
    try:
        said = b""
        # So many that the first ones, which are kept, are among them.
        while not re.search(rb"[1-9]\d\d+/100000", said):
            said += heard(terminal)
        process.send_signal(signal.SIGINT)
        with suppress(OSError):  # the other end is closed
            while more := heard(terminal):
                said += more
        printed, _ = process.communicate(timeout=END_S_MAX)
    finally:
        process.kill()
        process.wait(END_S_MAX)
        os.close(terminal)
    assert process.returncode == 130
    text = said.decode(errors="replace")
    assert "Traceback" not in text
    finished = re.search(r"allocation: interrupted when ([\d,]+) of 100,000 replications were finished", text)
    assert finished, text
    count = int(finished.group(1).replace(",", ""))
    found = json.loads(printed)
    assert (found["stopped"], found["settings"][0]["replications"]) == ("interrupted", count)
    frame = pd.read_parquet(out)
    assert len(frame) == 2 * count
    first = replicate(load_scenario(launch, {RATE: 1}), min(count, 20), progress=False)
    assert frame["profit"].head(len(first)).tolist() == first["profit"].tolist()


# ----- bad input


@pytest.mark.parametrize(
    ("options", "texts"),
    [
        (("--param", RATE, "--values", "1,-1"), (f"{RATE}=-1", "-1 is not between 0 and 1000")),
        (("--param", RATE, "--values", "1.1234567"), ("1.1234567 has more than 6 decimals",)),
        (("--param", RATE, "--values", "1,many"), ("many",)),
        (("--param", RATE, "--values", "1,,2"), ("'1,,2' has an empty value",)),
        (("--param", RATE, "--values", ""), ("has an empty value",)),
        (("--param", RATE, "--values", "1,1.0"), ("is given twice",)),
        (("--param", RATE, "--values", "1:2"), ("1:2",)),
        (("--param", RATE, "--values", "1:2:0"), ("the step must be above 0",)),
        (("--param", RATE, "--values", "2:1:0.1"), ("the end not before the start",)),
        (("--param", RATE, "--values", "1:2:nan"), ("is no range of numbers",)),
        (("--param", RATE, "--values", "a:b:c"), ("is no range of numbers",)),
        (("--param", RATE, "--values", "0:1:0.00001"), ("slip of the pen",)),
        (("--param", RATE, "--values", "1:1e30:1"), ("slip of the pen",)),
        (("--param", RATE, "--values", "0:1e999999:1"), ("is no range of numbers",)),
        (("--param", RATE, "--values", "0:1:1e-999999"), ("is no range of numbers",)),
        (("--param", RATE, "--values", "-9e999999:9e999999:9e999999"), ("is no range of numbers",)),
        (("--param", RATE, "--values", "1e999999"), ("1E+999999 is not between",)),
        (("--param", "policy.overboking.rate", "--values", "1"), ("did you mean overbooking",)),
        (("--param", "policy.hold", "--values", "firm,soft"), ("policy.hold=soft", "provisional")),
        (("--param", "policy.queue.enabled", "--values", "true,false"), ("policy.queue.enabled=", "provisional needs")),
        (("--param", "behaviour.cancel_confirmed.share", "--values", "0.1,1.5"), ("share=1.5", "between 0 and 1")),
        (("--param", "behaviour.cancel_confirmed.share", "--values", "-0.1"), ("-0.1 is not between 0 and 1",)),
        (("--param", "supply.9.on_hand", "--values", "1"), ("9 is no entry of supply",)),
        (("--param", "policy.overbooking.method", "--values", "economic,clever"), ("clever", "adaptive")),
        (("--param", "policy.overbooking.level", "--values", "1.5"), ("1.5 is not between 0 and 1",)),
        (("--param", "policy.overbooking.prior.show_rate", "--values", "2"), ("2 is not between 0 and 1",)),
        (("--param", RATE, "--param", "policy.hold", "--values", "1"), ("2 times and --values 1 times",)),
        (("--values", "1", "--values", "2"), ("1 times and --values 2 times",)),
        (("--param", RATE, "--values", "1", "--param", RATE, "--values", "2"), ("named twice",)),
        (("--replications", "0"), ("replications 0 must be from 1",)),
        (("--replications", "-5"), ("replications -5",)),
        (("--replications", str(10**12)), (f"replications {10**12}", "10,000,000")),
        (("--values", "1", "--replications", "1"), ("one replication tells nothing",)),
        (("--values", "1,1.1", *FEW, "--measure", "profits"), ("'profits'", "did you mean profit")),
        (("--values", "1,1.1", *FEW, "--measure", "oversold", "--until-half-width", "5"), ("no measure",)),
        (("--until-half-width", "0"), ("must be above 0",)),
        (("--until-half-width", "-1%"), ("must be above 0",)),
        (("--until-half-width", "nan"), ("must be above 0",)),
        (("--until-half-width", "soon"), ("'soon' is no number",)),
        (("--until-half-width", "200%"), ("relative precision",)),
        (("--workers", "0"), ("workers 0 must be from 1",)),
        (("--workers", "2", "--dask", "tcp://127.0.0.1:1"), ("give one of the two",)),
        (("--out", "rows.csv"), ("must end in .parquet",)),
        (("--out", "nowhere/rows.parquet"), ("there is no folder nowhere",)),
        (("--set", "policy.overbooking.rate=-1"), ("-1 is not between",)),
        (("--seed", str(2**64)), (str(2**64),)),
    ],
)
def test_bad_input_is_named_and_nothing_is_written(
    run: Run, launch: Path, options: tuple[str, ...], texts: tuple[str, ...]
) -> None:
    refused(run("sweep", launch, *options, "--json"), *texts)
    assert not list(Path().iterdir())


@pytest.mark.parametrize(
    "options", [("--replications", "many"), ("--seed", "-1"), ("--workers", "x"), ("--values",), ("--parm", "x")]
)
def test_bad_usage(run: Run, launch: Path, options: tuple[str, ...]) -> None:
    ended = run("sweep", launch, *options)
    assert (ended.code, ended.out) == (2, "")
    assert options[0] in ended.err


def test_a_scheduler_that_is_not_there(run: Run, launch: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backends, "CONNECT_S", 1)
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{bound.getsockname()[1]}"
        begun = time.monotonic()
        ended = run("sweep", launch, "--dask", address, "--json")
    assert time.monotonic() - begun < END_S_MAX
    assert (ended.code, ended.out) == (1, "")
    assert ended.err.count("\n") == 1
    assert f"no Dask scheduler answers at {address}" in ended.err
