"""A launch that has begun: its past is replayed once, the rest is played many times."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from allocation.engine.allocation_engine import AllocationEngine
from allocation.overbooking.rates import Rates
from allocation.sampling import Past, past_of
from allocation.scenario.schema import Scenario
from allocation.tape import replay

Tape = str | Path | Iterable[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Start:
    """Where the rest begins.

    Attributes:
        engine: What has played the past, under the scenario's policy.
        past: What the rest depends on.
    """

    engine: AllocationEngine
    past: Past

    @classmethod
    def of(cls, scenario: Scenario, tape: Tape) -> Start:
        """Replay the past.

        Args:
            scenario: The launch, with the policy that was in force.
            tape: What has happened: a file, or the commands.

        Raises:
            TapeError: A line of the tape is no command, or goes back in time.
            SettingError: The tape is empty, or its pools or tiers are not those of the scenario.
        """
        return cls.at(scenario, replay(tape, scenario.policy).engine)

    @classmethod
    def at(cls, scenario: Scenario, engine: AllocationEngine) -> Start:
        """Where an engine stands that has played the past, command by command, and plays no more.

        Raises:
            SettingError: It has played nothing, or its pools or tiers are not those of the scenario.
        """
        return cls(engine, past_of(engine, scenario))

    def rates(self, scenario: Scenario, rates: Rates) -> Rates:
        """What the policy of a setting says of overbooking from now on.

        A rate that a person has set stays; every other one is set anew, as its setting has it.
        """
        names = [(pool.sku, pool.location) for pool in scenario.supply]
        if scenario.policy.overbooking.is_one_rate:
            given: Mapping[tuple[str, str], Any] = dict.fromkeys(names, scenario.policy.overbooking.rate)
        else:
            given = rates.at_opening
        kept = {name: rate for name, rate in given.items() if self._may_set(name)}
        reviews = tuple(r for r in rates.reviews if r.at > self.past.now and self._may_set(r.pool))
        return replace(rates, at_opening=MappingProxyType(kept), reviews=reviews)

    def _may_set(self, pool: tuple[str, str]) -> bool:
        # A pool that is not there yet cannot be told its rate: it begins with that of its policy.
        return pool in self.engine.pools and pool not in self.past.person_rates
