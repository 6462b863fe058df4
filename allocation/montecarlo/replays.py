"""The same replications of a launch, played under one setting after another: what somebody does who tunes by hand."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, replace

import pandas as pd

from allocation.engine.errors import SettingError
from allocation.montecarlo.experiment import Experiment, require_replications
from allocation.montecarlo.kept_tapes import KeptTapes, launch_of, shared_tapes
from allocation.montecarlo.playing import Plan, Row
from allocation.montecarlo.progress import Advance
from allocation.montecarlo.settings import Setting
from allocation.montecarlo.sweep import Sweep, sweep_of
from allocation.overbooking.rates import Rates
from allocation.scenario.schema import Scenario
from allocation.simulation.simulate import require_number

REMEMBERED_MAX = 64
"""Settings whose replications are remembered: going back to one costs nothing."""


@dataclass(frozen=True, slots=True)
class _Known:
    """What was played under a setting: the policy, its rates and the rows, whatever units were worth."""

    scenario: Scenario
    rates: Rates
    rows: Mapping[int, tuple[Row, ...]]


class Replays:
    """Replications 0, 1, ... of a launch that are played again under every setting asked for.

    Customers and supply are drawn once and kept, so a further setting costs only the rules. A setting that differs from
    one played before in nothing but what units are worth is not played at all: its profit is worked out anew.

    Args:
        scenario: The launch.
        replications: How many, at least 2.
        seed: Of the draws.
        workers: Threads; None is one a core.
        tapes: Where its tapes are kept; those that this process shares by default.

    Raises:
        SettingError: A number is out of its range.
    """

    def __init__(
        self,
        scenario: Scenario,
        replications: int,
        seed: int = 0,
        *,
        workers: int | None = None,
        tapes: KeptTapes | None = None,
    ) -> None:
        require_number("seed", seed)
        self.scenario = scenario
        self.replications = require_replications(replications, least=2)
        self.seed = seed
        self.workers = workers
        self.tapes = shared_tapes(scenario, seed) if tapes is None else tapes
        self._known: OrderedDict[int, _Known] = OrderedDict()
        self._played = 0

    def play(self, scenario: Scenario, advance: Advance | None = None) -> Sweep:
        """Play every replication under a setting.

        Args:
            scenario: The launch with the setting; only its policy and its economics may be others.
            advance: Told (done, in all); not called where nothing has to be played.

        Returns:
            A sweep of this one setting: what ``sweep(scenario, (), (), replications, seed)`` gives. Its
            ``timing["orders_per_s"]`` is 0 where nothing was played.

        Raises:
            SettingError: The launch is another one, or the policy's way of overbooking finds no rate.
        """
        if launch_of(scenario) != launch_of(self.scenario):
            raise SettingError(f"{scenario.name} has other customers, supply or dates than {self.scenario.name}")
        plan = replace(Plan.of([scenario], self.seed), tapes=self.tapes)
        experiment = Experiment(plan, self.workers)
        known = self._find(plan)
        if known is None:
            experiment.run(0, self.replications, advance)
            self._remember(_Known(scenario, plan.rates[0], experiment.rows))
        else:
            economics = scenario.economics
            experiment.rows = {number: (rows[0].repriced(economics),) for number, rows in known.rows.items()}
        return sweep_of(scenario, (), (Setting((), scenario),), experiment, "asked")

    def _find(self, plan: Plan) -> _Known | None:
        """What was played under the same policy and the same rates."""
        policy, rates = plan.scenarios[0].policy, plan.rates[0]
        for number, known in self._known.items():
            if known.scenario.policy == policy and known.rates == rates:
                self._known.move_to_end(number)
                return known
        return None

    def _remember(self, known: _Known) -> None:
        self._known[self._played] = known
        self._played += 1
        if len(self._known) > REMEMBERED_MAX:
            self._known.popitem(last=False)


def side_by_side(first: Sweep, second: Sweep) -> Sweep:
    """Two settings of the same replications as one sweep, of which they are settings 0 and 1.

    Raises:
        SettingError: They are not of the same launch, seed and number of replications, so nothing is paired.
    """
    same = launch_of(first.scenario) == launch_of(second.scenario)
    if not same or (first.seed, first.replications) != (second.seed, second.replications):
        raise SettingError("only settings that met the same customers can be compared by replication")
    frames: list[pd.DataFrame] = [first.of(0), second.of(0).assign(setting=1)]
    # A tier or a wave that only one of them came to has no units in the other.
    frame = pd.concat(frames, ignore_index=True)
    settings = (first.settings[0], second.settings[0])
    return replace(second, settings=settings, frame=frame.fillna(0))
