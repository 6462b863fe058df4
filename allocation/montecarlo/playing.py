"""One replication under every setting: the customers are drawn once, and every setting's rules play the same tape."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from allocation.engine.allocation_engine import AllocationEngine
from allocation.engine.book import Book
from allocation.engine.columns import Columns
from allocation.engine.instants import milliseconds
from allocation.engine.policy import Policy
from allocation.montecarlo.kept_tapes import KeptTapes, launch_of
from allocation.montecarlo.start import Start
from allocation.overbooking.rates import Rates, rates_of
from allocation.sampling import sample_rest, sample_tape
from allocation.scenario.schema import Economics, Scenario
from allocation.simulation.economics import PricedUnits, priced_units
from allocation.simulation.rated import RatedTape, rated_tape
from allocation.simulation.simulate import launch_measures

More = Callable[[AllocationEngine], Mapping[str, Any]]
"""Further measures of a played launch."""
_MINE = threading.local()


@dataclass(frozen=True, slots=True)
class Plan:
    """What every replication plays.

    Attributes:
        scenarios: The launch under each setting.
        seed: Seed of the whole experiment.
        sources: For each setting, the first one whose customers and supply are the same: they share a tape.
        rates: What the policy of each setting says of overbooking.
        start: Where the rest begins, of a launch that has begun.
        more: Measures on top of those of a summary.
        tapes: Tapes that are kept for the next plan of the same launch and seed; None draws them anew.
    """

    scenarios: tuple[Scenario, ...]
    seed: int
    sources: tuple[int, ...]
    rates: tuple[Rates, ...]
    start: Start | None = None
    more: More | None = None
    tapes: KeptTapes | None = None

    @classmethod
    def of(cls, scenarios: Sequence[Scenario], seed: int, start: Start | None = None, more: More | None = None) -> Plan:
        """The plan of these settings."""
        launches = [launch_of(scenario) for scenario in scenarios]
        sources = tuple(launches.index(launch) for launch in launches)
        rates = [rates_of(scenario) for scenario in scenarios]
        if start is not None:
            rates = [start.rates(scenario, of_one) for scenario, of_one in zip(scenarios, rates, strict=True)]
        return cls(tuple(scenarios), seed, sources, tuple(rates), start, more)


@dataclass(frozen=True, slots=True)
class Row:
    """The measures of one launch: names with dots for what is nested, and numbers (truth values as 0 and 1)."""

    names: tuple[str, ...]
    numbers: NDArray[np.float64]
    units: PricedUnits

    def repriced(self, economics: Economics) -> Row:
        """The same launch where units are worth something else."""
        numbers = self.numbers.copy()
        numbers[self.names.index("profit")] = float(self.units.profit(economics))
        return replace(self, numbers=numbers)


@dataclass(frozen=True, slots=True)
class Played:
    """A replication under every setting.

    Attributes:
        replication: Its number.
        rows: The measures under each setting.
        orders: Orders that were played, over all settings.
        sampling_s, rules_s, measures_s: Seconds that drawing, playing and measuring took.
    """

    replication: int
    rows: tuple[Row, ...]
    orders: int
    sampling_s: float
    rules_s: float
    measures_s: float


def play_replication(plan: Plan, replication: int) -> Played:
    """Play one replication under every setting of a plan.

    Its tapes are those of `simulate` with the same seed and replication, and so are the rules: so are the measures. Of
    a launch that has begun, they are those of the past and a rest that is drawn.
    """
    rows: dict[int, Row] = {}
    orders, sampling, rules, measuring = 0, 0.0, 0.0, 0.0
    for source in dict.fromkeys(plan.sources):
        begun = perf_counter()
        tape = tape_of(plan, plan.scenarios[source], replication)
        sampling += perf_counter() - begun
        for setting in (i for i, of in enumerate(plan.sources) if of == source):
            scenario = plan.scenarios[setting]
            begun = perf_counter()
            engine, rated = prepared(plan, setting, tape)
            rated.play(engine)
            played = perf_counter()
            rows[setting] = _row_of(engine, scenario, plan.more)
            orders += len(tape.orders)
            rules, measuring = rules + played - begun, measuring + perf_counter() - played
    in_order = tuple(rows[setting] for setting in range(len(plan.scenarios)))
    return Played(replication, in_order, orders, sampling, rules, measuring)


def play_logged(plan: Plan, replication: int, book: Book) -> Iterator[tuple[int, AllocationEngine]]:
    """Play one replication under every setting of a plan, and keep every decision.

    Args:
        plan: What is played.
        replication: Its number.
        book: Keeps a log; its memory is used again and again.

    Yields:
        The number of a setting, and the engine after its last command, which lasts until the next one is asked for.
    """
    for source in dict.fromkeys(plan.sources):
        tape = tape_of(plan, plan.scenarios[source], replication)
        for setting in (i for i, of in enumerate(plan.sources) if of == source):
            engine, rated = prepared(plan, setting, tape, book)
            rated.play(engine)
            yield setting, engine


def tape_of(plan: Plan, scenario: Scenario, replication: int) -> Columns:
    """The tape of one replication: a kept one, or drawn: whole, or from where a launch that has begun stands."""
    if plan.tapes is not None:
        return plan.tapes.tape(replication)
    if plan.start is None:
        return sample_tape(scenario, plan.seed, replication)
    return sample_rest(scenario, plan.start.past, plan.seed, replication)


def prepared(plan: Plan, setting: int, tape: Columns, book: Book | None = None) -> tuple[AllocationEngine, RatedTape]:
    """An engine with a tape before it, and that tape with the rates of a setting.

    It is in the memory of a book, else in that of this thread.
    """
    scenario, rates, start = plan.scenarios[setting], plan.rates[setting], plan.start
    if start is None:
        rated = rated_tape(tape, rates, milliseconds(scenario.orders.opens))
    else:
        rated = rated_tape(tape, rates, start.past.now, start.engine.played)
    past = None if start is None else start.engine
    return AllocationEngine.on(rated.columns, scenario.policy, book or _own_book(), past), rated


def _own_book() -> Book:
    """The book of this thread: the memory of one launch is used for the next."""
    if not hasattr(_MINE, "book"):
        _MINE.book = Book(Policy(), keeps_log=False)
    book: Book = _MINE.book
    return book


_NAMES: dict[tuple[str, ...], tuple[str, ...]] = {}


def _row_of(engine: AllocationEngine, scenario: Scenario, more: More | None) -> Row:
    """Nested measures as one flat row; any that is sold over also counts as ``oversold_any``."""
    measures = {**launch_measures(engine, scenario), **({} if more is None else more(engine))}
    flat = {**dict(_flat(measures, "")), "oversold_any": measures["oversold_units"] > 0}
    names = tuple(flat)
    # Thousands of rows have the same names: one tuple serves them all.
    numbers = np.array(list(flat.values()), np.float64)
    return Row(_NAMES.setdefault(names, names), numbers, priced_units(engine, measures["unsold_units"]))


def _flat(measures: Mapping[str, Any], prefix: str) -> list[tuple[str, Any]]:
    result: list[tuple[str, Any]] = []
    for name, value in measures.items():
        if isinstance(value, Mapping):
            result += _flat(value, f"{prefix}{name}.")
        else:
            result.append((f"{prefix}{name}", value))
    return result
