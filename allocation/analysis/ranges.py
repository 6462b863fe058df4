"""How far replications lie apart at each instant of a series over time."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from allocation.analysis.logged import changes_of
from allocation.analysis.steps import thinned
from allocation.engine.allocation_engine import AllocationEngine
from allocation.engine.book import Book
from allocation.engine.codes import Status, Step
from allocation.engine.policy import Policy
from allocation.montecarlo.playing import Plan, play_logged
from allocation.scenario.schema import Scenario

REPLICATIONS = 20
_HELD = (Status.RESERVED, Status.CONFIRMED)
_PROMISED = (*_HELD, Status.ALLOCATED)
Whole = NDArray[np.int64]


def with_ranges(
    series: pd.DataFrame, scenario: Scenario, replications: int = REPLICATIONS, seed: int = 0
) -> pd.DataFrame:
    """A series of replication 0 with the lowest and the highest that other replications have at each instant.

    Args:
        series: As `over_time` makes it.
        scenario: The launch.
        replications: How many, numbers 0, 1, ...: the first one is the series itself.
        seed: Of the draws.

    Returns:
        The series, thinned to what is seen, with ``NAME_low`` and ``NAME_high`` for each of its columns that
        `levels_at` knows, ``promised_low`` and ``promised_high`` for all promised units together where it has
        ``reserved`` ones, and ``n``.
    """
    columns = [str(name) for name in series.columns if name not in ("at", "line")]
    # By place, not by time: most commands are within hours, and a figure shows those on a scale of their own.
    placed = series.assign(place=np.arange(len(series)))
    rows = thinned(placed, columns, by="place").drop(columns="place").reset_index(drop=True)
    instants = rows["at"].dt.tz_convert("UTC").dt.tz_localize(None).to_numpy().astype("datetime64[ms]").astype(np.int64)
    plan, book = Plan.of([scenario], seed), Book(Policy())
    low: dict[str, Whole] = {}
    high: dict[str, Whole] = {}
    for replication in range(replications):
        for _, engine in play_logged(plan, replication, book):
            for name, level in levels_at(engine, instants).items():
                if name in columns or (name == "promised" and "reserved" in columns):
                    low[name] = np.minimum(low.get(name, level), level)
                    high[name] = np.maximum(high.get(name, level), level)
    ends = {f"{name}_{end}": level for end, found in (("low", low), ("high", high)) for name, level in found.items()}
    return rows.assign(**ends, n=replications)


def levels_at(engine: AllocationEngine, instants: Whole) -> Mapping[str, Whole]:
    """How many stood where just after some instants.

    Args:
        engine: Has played a launch and kept its decisions.
        instants: Milliseconds since 1970, rising; shape (instants,).

    Returns:
        By name, shape (instants,): reservations ``held``, ``active`` (held or QUEUED) and ``waitlisted``;
        ``displaced`` and ``promoted`` at least once so far; ``units`` ordered so far; ``reserved``, ``confirmed``,
        ``allocated`` and ``promised`` (all three) units.
    """
    log, at, who = changes_of(engine)
    quantity = engine.book.used("reservations")["quantity"][who]
    where = np.searchsorted(at, instants, side="right")

    def level(statuses: tuple[Status, ...], weight: Whole | int = 1) -> Whole:
        steps = np.isin(log["after"], statuses).astype(np.int64) - np.isin(log["before"], statuses).astype(np.int64)
        return _reached(steps * weight, where)

    def once(step: Step) -> Whole:
        rows = np.flatnonzero(log["step"] == step)
        first = np.zeros(len(log), np.int64)
        first[rows[np.unique(who[rows], return_index=True)[1]]] = 1
        return _reached(first, where)

    return {
        "held": level(_HELD),
        "active": level((*_HELD, Status.QUEUED)),
        "waitlisted": level((Status.WAITLISTED,)),
        "displaced": once(Step.DISPLACED),
        "promoted": once(Step.PROMOTED),
        "units": _reached((log["before"] == Status.NONE) * quantity, where),
        "reserved": level((Status.RESERVED,), quantity),
        "confirmed": level((Status.CONFIRMED,), quantity),
        "allocated": level((Status.ALLOCATED,), quantity),
        "promised": level(_PROMISED, quantity),
    }


def _reached(steps: Whole, where: Whole) -> Whole:
    """The sum of the steps before each place."""
    sums: Whole = np.concatenate([[0], np.cumsum(steps)])[where]
    return sums


def with_range_words(about: str, frame: pd.DataFrame) -> str:
    """What a figure shows, and what its band is.

    Args:
        about: What it shows.
        frame: As `with_ranges` gives it.
    """
    n = int(frame["n"].max()) if len(frame) else 0
    return (
        f"{about} Lines are of replication 0, bands from the lowest to the highest of n\u00a0=\u00a0{n} replications "
        "at each instant."
    )
