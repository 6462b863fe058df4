"""Sweeps that several reports of one launch need are played once: whoever asks first keeps the rows for the others."""

from __future__ import annotations

import fcntl
import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from allocation.montecarlo import Sweep, sweep
from allocation.montecarlo.settings import settings_of
from allocation.montecarlo.start import Start
from allocation.scenario import dump_scenario
from allocation.scenario.schema import Scenario

_NO_TIME = {"wall_s": 0.0, "sampling_s": 0.0, "rules_s": 0.0, "measures_s": 0.0, "orders_per_s": 0.0}


def sweep_once(
    folder: Path | None,
    scenario: Scenario,
    parameters: Sequence[str],
    values: Sequence[Sequence[Any]],
    replications: int,
    seed: int,
    start: Start | None = None,
) -> Sweep:
    """`sweep`, or what another report of the launch has kept of the same one.

    Args:
        folder: Where rows are kept, of one run of one launch's reports: with the same beginning. None keeps none.
        scenario: As for `sweep`, and so are the others.
        parameters: Dotted keys.
        values: For each of them, what it is to be.
        replications: How many.
        seed: Of the draws.
        start: Where the rest begins, of a launch that has begun.
    """
    if folder is None:
        return sweep(scenario, parameters, values, replications, seed, start=start, progress=False)
    asked: list[Any] = [dump_scenario(scenario), list(parameters), [list(map(str, of_one)) for of_one in values]]
    asked += [replications, seed, None if start is None else (start.past.now, start.engine.played)]
    kept = folder / f"{hashlib.sha256(repr(asked).encode()).hexdigest()}.parquet"
    with kept.with_suffix(".lock").open("ab") as lock:
        # Who comes second waits: the first one uses all cores.
        fcntl.flock(lock, fcntl.LOCK_EX)
        if kept.is_file():
            settings = settings_of(scenario, parameters, values)
            frame = pd.read_parquet(kept)
            begun = start is not None
            return Sweep(scenario, tuple(parameters), settings, seed, replications, frame, "asked", _NO_TIME, begun)
        swept = sweep(scenario, parameters, values, replications, seed, start=start, progress=False)
        part = kept.with_suffix(".part")
        swept.frame.to_parquet(part, index=False)
        part.rename(kept)
        return swept
