"""How long a move of somebody who tunes takes (`make bench`): fifty-two thousand orders, forty replications."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from time import perf_counter

import pytest

from allocation.montecarlo.sweep import RATE
from allocation.tuning import Tuner, tune
from allocation.tuning.debounce import DELAY_S
from allocation.tuning.view import View

pytestmark = pytest.mark.bench
ROUNDS = 15


def rates() -> Iterator[float]:
    """Rates that were not played before."""
    yield from (1 + step / 1000 for step in range(21, 150))


def spread(seconds: list[float]) -> str:
    ranked = sorted(seconds)
    return f"{median(ranked) * 1e3:5.0f} ms ({ranked[0] * 1e3:.0f} to {ranked[-1] * 1e3:.0f})"


def timed(act) -> float:
    begun = perf_counter()
    act()
    return perf_counter() - begun


def test_the_parts_of_a_move(capsys: pytest.CaptureFixture[str]) -> None:
    begun = perf_counter()
    tuner = Tuner.of("sneakers-trophy-room")
    tuner.pin(tuner.move({}))
    opened = perf_counter() - begun
    taken: dict[str, list[float]] = {"play": [], "frames": [], "tiles and tables": [], "figures": []}
    fresh = rates()
    for _ in range(ROUNDS):
        marks = [perf_counter()]
        move = tuner.move({RATE: next(fresh)})
        marks.append(perf_counter())
        seen = View.of(tuner, move)
        marks.append(perf_counter())
        seen.tiles(), seen.tables()
        marks.append(perf_counter())
        seen.figures()
        marks.append(perf_counter())
        for name, first, last in zip(taken, marks, marks[1:], strict=False):
            taken[name].append(last - first)
    with capsys.disabled():
        tapes = tuner.replays.tapes
        print(
            f"\nsneakers, 52,389 orders x {tuner.replays.replications} replications, beside a pinned setting, on "
            f"{os.cpu_count()} cores (load {os.getloadavg()[0]:.1f}); drawing the customers took {opened:.1f} s, "
            f"tapes kept: {tapes.bytes / 2**20:,.0f} MiB"
        )
        for name, seconds in taken.items():
            print(f"  {name:<18} {spread(seconds)}")


def test_whole_moves_of_the_panel(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    panel = tune("sneakers-trophy-room", folder=tmp_path)
    panel.pin()
    fresh = rates()
    moves = {
        "another rate": lambda: setattr(panel.controls[RATE], "value", next(fresh)),
        "another price": lambda: setattr(panel.controls["economics.margin"], "value", 100 + 100 * next(fresh)),
    }
    with capsys.disabled():
        print(f"\na whole move, without the {DELAY_S * 1e3:.0f} ms that are waited for the hand to rest:")
        for name, act in moves.items():
            print(f"  {name:<18} {spread([timed(act) for _ in range(ROUNDS)])}")
