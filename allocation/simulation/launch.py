"""The launch in SimPy: customers, supply and operations play a policy-free tape through the engine."""

from __future__ import annotations

from collections.abc import Callable, Generator

import numpy as np
import simpy
from numpy.typing import NDArray
from simpy.events import Event, EventPriority

from allocation.engine.allocation_engine import AllocationEngine
from allocation.engine.codes import Kind
from allocation.engine.policy import Policy
from allocation.simulation.rated import RatedTape

ACTORS: dict[str, tuple[Kind, ...]] = {
    "supply": (Kind.SUPPLY,),
    "operations": (Kind.OVERBOOKING, Kind.CONFIRM, Kind.RELEASE, Kind.EXPIRE),
    "customers": (Kind.PLACE, Kind.PAY, Kind.TIER, Kind.CANCEL),
}
"""Who sends which commands."""
_PROGRESS_STEP = 4096


class Moment(Event):
    """An instant at which an actor acts. At the same millisecond the smaller kind of command goes first."""

    def __init__(self, environment: simpy.Environment, at: int, kind: int) -> None:
        super().__init__(environment)
        self._ok = True
        self._value = None
        environment.schedule(self, priority=EventPriority(kind + 1), delay=at - environment.now)


def play_launch(rated: RatedTape, policy: Policy, advance: Callable[[int], None] | None = None) -> AllocationEngine:
    """Play a sampled tape under a policy, actor by actor.

    Args:
        rated: The tape, sorted by instant, kind and arrival.
        policy: What the rules leave open.
        advance: Called with the number of commands played, now and then.

    Returns:
        The engine after the last command.
    """
    tape = rated.columns
    engine = AllocationEngine.on(tape, policy)
    if not len(tape):
        return engine
    environment = simpy.Environment(initial_time=int(tape.commands["at"][0]))
    for kinds in ACTORS.values():
        own = np.flatnonzero(np.isin(tape.commands["kind"], kinds))
        environment.process(_act(environment, engine, rated, own, advance))
    environment.run()
    engine.finish()
    return engine


def _act(
    environment: simpy.Environment,
    engine: AllocationEngine,
    rated: RatedTape,
    numbers: NDArray[np.int64],
    advance: Callable[[int], None] | None,
) -> Generator[Event, None, None]:
    """One actor: waits for each of its commands and sends it."""
    play, commands = engine.play_command, rated.columns.commands[numbers]
    rows = zip(numbers.tolist(), commands["at"].tolist(), commands["kind"].tolist(), strict=True)
    for number, at, kind in rows:
        yield Moment(environment, at, kind)
        if kind == Kind.OVERBOOKING:
            rated.review(engine, number)
        play(number)
        if advance is not None and number % _PROGRESS_STEP == 0:
            advance(number)
