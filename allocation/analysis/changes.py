"""From decisions to how many stand in each status, after every command."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from allocation.tape import Run
from allocation.tape.frames import STATUSES

Weight = Literal["reservations", "units"]
Whole = NDArray[np.int64]


def status_changes(run: Run) -> pd.DataFrame:
    """The decisions about reservations, without refusals, each with its reservation.

    Returns:
        One row a decision: ``at`` (in the policy's time zone), ``line``, ``cause``, ``step``, ``before`` and ``after``
        as in `Run.decisions`, and ``row``: the row of the reservation in `Run.reservations`.
    """
    decisions, reservations = run.decisions, run.reservations
    own = decisions["after"].notna().to_numpy()
    columns = ["at", "line", "cause", "step", "before", "after", "reservation_id"]
    changes = decisions.loc[own, columns].reset_index(drop=True)
    rows = pd.Index(reservations["reservation_id"]).get_indexer(pd.Index(changes.pop("reservation_id")))
    return changes.assign(at=local(run, changes["at"]), row=rows)


def status_levels(run: Run, weight: Weight = "reservations") -> pd.DataFrame:
    """How many reservations, or units, stand in each status after every command that changed something.

    States within a command do not appear: an order that pushes another one out of a full queue never makes it fuller.

    Returns:
        One row a command: ``at`` (in the policy's time zone), ``line``, and a column for each status, in lower case.
    """
    changes = status_changes(run)
    weights = weights_of(run, weight)[changes["row"].to_numpy()]
    last = last_of_command(changes["line"])
    before, after = (changes[name].cat.codes.to_numpy() for name in ("before", "after"))
    levels = {}
    for code, status in enumerate(STATUSES):
        steps = weights * (after == code) - weights * (before == code)
        levels[status.lower()] = np.cumsum(steps)[last]
    return changes.loc[last, ["at", "line"]].assign(**levels).reset_index(drop=True)


def weights_of(run: Run, weight: Weight) -> Whole:
    """What each reservation counts: 1, or its units; shape (reservations,)."""
    quantity = run.reservations["quantity"].to_numpy(np.int64)
    return quantity if weight == "units" else np.ones_like(quantity)


def last_of_command(lines: pd.Series) -> Whole:
    """Positions of the last decision of each command; `lines` never decrease."""
    numbers = lines.to_numpy()
    return np.flatnonzero(np.r_[numbers[1:] != numbers[:-1], True]) if len(numbers) else np.zeros(0, np.int64)


def local(run: Run, instants: pd.Series) -> pd.Series:
    """Instants in the policy's time zone."""
    converted: pd.Series = instants.dt.tz_convert(run.policy.timezone)
    return converted
