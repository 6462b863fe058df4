"""``allocation sandbox``, as a shell sees it."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import pytest

from allocation.cli.sandboxing import customers_of
from allocation.oms.sandbox import Arrival, SupplyRow
from allocation.oms.sandbox.taped import customers_of_tape, supply_of_tape

END_S_MAX = 300
"""A machine that is slow and busy is no reason to fail."""


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sandboxes of this module go on from each other."""
    return tmp_path_factory.mktemp("sandbox") / "state.sqlite"


@contextmanager
def sandbox(*arguments: str | Path) -> Iterator[tuple[subprocess.Popen[str], dict[str, Any]]]:
    command = [sys.executable, "-m", "allocation", "sandbox", "--port", "0", "--json", *map(str, arguments)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            text = ""
            while not text.endswith("\n}\n"):
                line = process.stdout.readline()
                assert line, process.communicate()
                text += line
            yield process, json.loads(text)
        finally:
            process.kill()


def end(process: subprocess.Popen[str], number: signal.Signals) -> tuple[int, str]:
    process.send_signal(number)
    _, told = process.communicate(timeout=END_S_MAX)
    return process.returncode, told


def ask(told: dict[str, Any], text: str) -> Any:
    names = ("client_id", "client_secret", "username", "password")
    form = urlencode({"grant_type": "password", **{name: told[name] for name in names}}).encode()
    with urlopen(f"{told['url']}/oauth/token", form, timeout=END_S_MAX) as reply:
        token = json.load(reply)["access_token"]
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    request = Request(f"{told['url']}/graphql", json.dumps({"query": text}).encode(), headers)
    with urlopen(request, timeout=END_S_MAX) as reply:
        return json.load(reply)["data"]


POSITIONS = """{ inventoryPositions { edges { node { productRef locationRef onHand
    quantities(type: "EXPECTED") { edges { node { quantity expectedOn } } } } } } }"""


@pytest.mark.parametrize(
    ("number", "code", "last_words"), [(signal.SIGINT, 130, "allocation: interrupted\n"), (signal.SIGTERM, 143, "")]
)
def test_it_serves_a_scenario_until_it_is_told_to_end(
    state: Path, number: signal.Signals, code: int, last_words: str
) -> None:
    with sandbox("--load", "iphone-15-pro", "--state", state) as (process, told):
        assert (told["positions_loaded"], told["retailer_id"]) == (1, "1")
        (edge,) = ask(told, POSITIONS)["inventoryPositions"]["edges"]
        # The wave arrives at midnight in New York.
        expected = {"quantity": 8500, "expectedOn": "2025-09-22T04:00:00.000Z"}
        assert edge["node"] == {
            "productRef": "IPHONE-15-PRO-256",
            "locationRef": "DC-EAST",
            "onHand": 0,
            "quantities": {"edges": [{"node": expected}]},
        }
        assert end(process, number) == (code, last_words)


@pytest.mark.parametrize(
    ("arguments", "texts"),
    [
        (("--faults", "reply-los=1,401=7"), ("did you mean reply-lost?", "'7' is no rate")),
        (("--mode", "x", "--uniqueness", "y", "--latency-ms", "z"), ("--mode", "--uniqueness", "--latency-ms")),
        (("--latency-ms", "60:20"), ("latency_ms",)),
        (("--load", "no-such-scenario"), ("no-such-scenario",)),
    ],
)
def test_mistakes_are_named(arguments: tuple[str, ...], texts: tuple[str, ...]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "allocation", "sandbox", "--port", "0", *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=END_S_MAX,
    )
    assert done.returncode == 3, done
    for text in texts:
        assert text in done.stderr


def test_the_supply_of_a_tape_is_what_it_ends_with(tmp_path: Path) -> None:
    pool = {"type": "supply", "sku": "A", "location": "X"}
    first, second = ({"date": day, "quantity": 4} for day in ("2025-02-01", "2025-03-01"))
    lines = [
        {**pool, "at": "2025-01-01T00:00:00Z", "on_hand": 5, "expected": [{**first, "ref": "PO-1"}]},
        {**pool, "at": "2025-01-02T00:00:00Z", "received": 3},
        {"type": "expire", "at": "2025-01-03T00:00:00Z"},
        {**pool, "at": "2025-01-04T00:00:00Z", "sku": "B", "on_hand": 1},
        {**pool, "at": "2025-01-05T00:00:00Z", "on_hand": 2, "received": 1, "expected": [second]},
    ]
    tape = tmp_path / "tape.jsonl"
    tape.write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert supply_of_tape(tape) == [
        SupplyRow("A", "X", 3, arrivals=[Arrival(datetime(2025, 3, 1, tzinfo=UTC), 4, "2025-03-01")]),
        SupplyRow("B", "X", 1, arrivals=[]),
    ]


def test_the_customers_of_a_tape_are_those_who_order_on_it(tmp_path: Path) -> None:
    place = {"type": "place", "at": "2025-01-01T00:00:00Z"}
    given = [*({**place, "customer_id": name} for name in ("bob", "ann", "bob")), place, {**place, "type": "cancel"}]
    tape = tmp_path / "tape.jsonl"
    tape.write_text("".join(json.dumps(line) + "\n" for line in given))
    assert customers_of_tape(tape) == customers_of(str(tape)) == ["bob", "ann"]
    assert customers_of("a-scenario") == []
