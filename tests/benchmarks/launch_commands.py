"""What every peer takes from a sampled tape of the sneaker launch, and what it relies on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from allocation.engine.codes import Kind, Only
from allocation.engine.columns import Columns

SCORES = {"PLATINUM": 150, "VIP": 100, "STANDARD": 50}


@dataclass(frozen=True, slots=True)
class LaunchCommands:
    """The commands in the order of the tape, a column each; shape (commands,).

    First all orders, then the cut-off, the cancellations and the release.

    Attributes:
        kind: PLACE, CONFIRM, CANCEL or RELEASE.
        at: The instant.
        order: Number of the order from 0, by arrival; -1 at the cut-off and the release.
        score: Score of a placed order, else 0.
        orders: How many orders are placed.
    """

    kind: NDArray[np.uint8]
    at: NDArray[np.int64]
    order: NDArray[np.int32]
    score: NDArray[np.int32]
    orders: int

    @property
    def weakness(self) -> NDArray[np.int64]:
        """Of each placed order, a number that is smaller the lower its priority: by score, then by arrival.

        The order's number is its negative modulo `orders`.
        """
        return self.score.astype(np.int64) * self.orders - self.order

    def instant_of(self, kind: Kind) -> int:
        """The instant of the cut-off or the release."""
        return int(self.at[self.kind == kind][0])


def launch_commands(tape: Columns) -> LaunchCommands:
    """The commands of a tape on which all is as in the sneaker launch: the peers know nothing else.

    Supply, which they are told as a number of units, and expiry, which finds nobody where all have paid, are left out.
    """
    _require_sneakers(tape)
    kinds = tape.commands["kind"]
    rows = np.flatnonzero((kinds != Kind.SUPPLY) & (kinds != Kind.EXPIRE))
    # The last score is that of tier -1, which all but orders have.
    scores = np.array([*(SCORES[tier] for tier in tape.tiers), 0], np.int32)
    return LaunchCommands(
        kind=kinds[rows],
        at=tape.commands["at"][rows],
        order=tape.commands["order"][rows],
        score=scores[tape.commands["tier"][rows]],
        orders=len(tape.orders),
    )


def _require_sneakers(tape: Columns) -> None:
    commands, kinds = tape.commands, tape.commands["kind"]
    places, cut_offs, cancels, releases, expiries, supplies = (
        np.flatnonzero(kinds == kind)
        for kind in (Kind.PLACE, Kind.CONFIRM, Kind.CANCEL, Kind.RELEASE, Kind.EXPIRE, Kind.SUPPLY)
    )
    known = sum(map(len, (places, cut_offs, cancels, releases, expiries, supplies)))
    assert known == len(commands), "the peers know no payments, tiers or rates"
    assert (commands["only"][cancels] == Only.CONFIRMED).all(), "the peers know that only confirmed ones are cancelled"
    assert len(tape.pools) == 1, "the peers know one pool"
    assert len(cut_offs) == len(releases) == 1, "the peers know one ship date"
    # Rows stand in the order of the tape.
    phases = np.concatenate([places, cut_offs, cancels, releases])
    assert (np.diff(phases) > 0).all(), "the peers know no orders after the cut-off"
    assert (commands["order"][places] == np.arange(len(tape.orders))).all(), "the peers know orders by their arrival"
    assert commands["paid"][places].all(), "the peers know no pending payments"
    assert (commands["lines"][places] == 1).all(), "the peers know one line an order"
    lines = commands["first_line"][places]
    assert (tape.lines["quantity"][lines] == 1).all(), "the peers know single units"
