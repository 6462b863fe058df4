"""The supply of a recorded launch, as rows to load."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from allocation.oms.sandbox.loading import Arrival, SupplyRow, arrival
from allocation.tape import load_run, read_tape


@dataclass(slots=True)
class _Pool:
    on_hand: int = 0
    expected: list[Mapping[str, Any]] = field(default_factory=list)


def supply_of_tape(path: Path) -> list[SupplyRow]:
    """The supply that a tape, or the tape of a run folder, ends with, in the order of its pools.

    What the run's own orders have taken is not subtracted: in the sandbox nobody has ordered anything yet. Units arrive
    at 00:00 in the time zone of the run's policy; of a tape by itself, in UTC.

    Raises:
        NotFound: It is no run folder.
        TapeError: A line of the tape is no command.
    """
    folder = load_run(path) if path.is_dir() else None
    zone = folder.policy.zone if folder else ZoneInfo("UTC")
    pools: dict[tuple[str, str], _Pool] = {}
    for _, command in read_tape(folder.tape if folder else path):
        if command.get("type") == "supply":
            _play(pools.setdefault((str(command["sku"]), str(command["location"])), _Pool()), command)
    return [
        SupplyRow(sku, location, pool.on_hand, arrivals=[_arrival(one, zone) for one in pool.expected])
        for (sku, location), pool in sorted(pools.items())
    ]


def customers_of_tape(path: Path) -> list[str]:
    """The customers who order on a tape, or on the tape of a run folder, each once."""
    tape = load_run(path).tape if path.is_dir() else path
    places = (command for _, command in read_tape(tape) if command.get("type") == "place")
    return list(
        dict.fromkeys(str(command.get("customer_id") or "") for command in places if command.get("customer_id"))
    )


def _play(pool: _Pool, command: Mapping[str, Any]) -> None:
    pool.on_hand = int(command.get("on_hand", pool.on_hand)) + int(command.get("received", 0))
    pool.expected = list(command.get("expected", pool.expected))


def _arrival(expected: Mapping[str, Any], zone: ZoneInfo) -> Arrival:
    return arrival(date.fromisoformat(expected["date"]), int(expected["quantity"]), expected.get("ref") or "", zone)
