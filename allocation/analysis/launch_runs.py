"""The runs of a launch that a report is about, each played when it is first asked for."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from pathlib import Path

import pandas as pd

from allocation.analysis.closed_form import with_closed_form
from allocation.analysis.kept_sweeps import sweep_once
from allocation.analysis.methods import MethodComparison, compare_methods
from allocation.analysis.over_time import milestones
from allocation.analysis.policies import REPLICATIONS as POLICY_REPLICATIONS
from allocation.analysis.policies import PolicyComparison, compare_policies
from allocation.analysis.ranges import REPLICATIONS as RANGE_REPLICATIONS
from allocation.analysis.ranges import with_ranges
from allocation.analysis.rate_curve import rate_curve, rate_in_force, setting_of
from allocation.analysis.recommended import recommend_rate
from allocation.analysis.recorded import Actuals, knows_the_past, recorded_run
from allocation.analysis.regimes import Regime, regime_of
from allocation.analysis.replications import headline_intervals
from allocation.analysis.series_figures import Spans
from allocation.analysis.wording import many_runs, same_runs
from allocation.montecarlo import Recommendation, Sweep
from allocation.montecarlo.start import Start
from allocation.montecarlo.sweep import RATE
from allocation.scenario.schema import Scenario
from allocation.simulation import simulate
from allocation.tape import Run

REPLICATIONS = 120
"""How many runs the means of a report are of: with nine rates, 115 are the fewest that show P(oversold) ≤ 5%."""
METHOD_REPLICATIONS = 32
"""How many each way to set the rate is played: paired differences need fewer."""
_ANEW = "Simulated from the beginning of the launch, as if nothing of it had been recorded."
_PLAYED_ON = "The launch is played on from its recorded book."
_SNAPSHOT = f"{_PLAYED_ON} A snapshot knows what was open: what was confirmed, or ended, before it is not counted."


@dataclass
class LaunchRuns:
    """What was recorded of a launch, or one run of it, and many replications.

    Attributes:
        scenario: The launch.
        seed: Of all runs.
        replications: How many runs the means are of.
        actuals: What was recorded of the launch so far; None for a what-if.
        shared: Where the reports of a launch keep what others of them need, too, while they are run; None keeps none.
    """

    scenario: Scenario
    seed: int = 0
    replications: int = REPLICATIONS
    actuals: Actuals | None = None
    shared: Path | None = None
    _seconds: dict[str, float] = field(default_factory=dict, repr=False)

    @property
    def recorded(self) -> bool:
        """Whether the launch has begun and was recorded: `run` is what happened, and means are played on from there."""
        return self.actuals is not None

    @property
    def folder(self) -> Path | None:
        """The run folder that `run` was recorded in; None where there is none."""
        return None if self.actuals is None else self.actuals.folder

    @cached_property
    def run(self) -> Run:
        """What was recorded; replication 0 where nothing was."""
        if self.actuals is not None:
            return recorded_run(self.scenario, self.actuals)
        return simulate(self.scenario, self.seed)

    @cached_property
    def start(self) -> Start | None:
        """Where the rest of a recorded launch begins; None where it is simulated from the beginning."""
        return Start.at(self.scenario, self.run.engine) if self.recorded else None

    @cached_property
    def replicated(self) -> pd.DataFrame:
        """The measures of each replication."""
        in_force = rate_in_force(self.scenario)
        # They have been played if the rates were.
        number = None
        if in_force is not None and "recommendation" in vars(self):
            number = setting_of(self.rates, in_force)
        if number is not None:
            return self.rates.of(number).drop(columns=["setting", RATE]).reset_index(drop=True)
        swept = sweep_once(self.shared, self.scenario, (), (), self.replications, self.seed, self.start)
        return self.timed(swept).frame.drop(columns="setting")

    @cached_property
    def headlines(self) -> pd.DataFrame:
        """Means of the headline measures with their intervals."""
        return headline_intervals(self.replicated)

    @cached_property
    def recommendation(self) -> Recommendation:
        """The best of the rates around the one in force that keeps the chance constraint."""
        start = None if self.actuals is None else self.actuals.tape
        found = recommend_rate(self.scenario, self.replications, self.seed, start=start)
        self.timed(found.first)
        return found

    @property
    def rates(self) -> Sweep:
        """The same replications under rates around the one in force."""
        return self.recommendation.first

    @property
    def rate_in_force(self) -> Decimal | None:
        """The one rate that holds from opening to release, if there is one."""
        return rate_in_force(self.scenario)

    @cached_property
    def rate_curve(self) -> pd.DataFrame:
        """What each rate led to, and what the closed form says of it where it applies."""
        return with_closed_form(rate_curve(self.rates, rate_in_force(self.scenario)), self.rates)

    @cached_property
    def regime(self) -> Regime:
        """Whether overbooking could win anything."""
        return regime_of(self.rates)

    @cached_property
    def methods(self) -> MethodComparison:
        """The same replications under every way to set the rate."""
        n = min(self.replications, METHOD_REPLICATIONS)
        compared = compare_methods(self.scenario, n, self.seed, start=self.start)
        self.timed(compared.swept)
        return compared

    @cached_property
    def policies(self) -> PolicyComparison:
        """Replications under the policy in force, under others, and under first come, with every decision.

        All of them from the beginning, of a recorded launch, too.
        """
        return compare_policies(self.scenario, min(self.replications, POLICY_REPLICATIONS), self.seed)

    @cached_property
    def moments(self) -> pd.DataFrame:
        """The milestones of `run`."""
        return milestones(self.run)

    @property
    def spans(self) -> Spans:
        """When the first and the last order came, and when everything is over."""
        zone = self.run.policy.timezone
        placed = self.run.reservations["placed_at"].dt.tz_convert(zone).dropna()
        if placed.empty:
            # A snapshot does not know when its orders came.
            window = self.scenario.orders
            placed = pd.Series(
                [pd.Timestamp(at).tz_convert(zone).as_unit("ms") for at in (window.opens, window.closes)]
            )
        closes = placed.max()
        last = self.run.decisions["at"].max().tz_convert(zone)
        # A tape may end with its last order; a span of no length cannot be drawn.
        return placed.min(), closes, max(last, closes + pd.Timedelta(hours=1))

    def with_ranges(self, series: pd.DataFrame) -> pd.DataFrame:
        """A series of `run`, with the range of some replications at each instant; see `ranges.with_ranges`."""
        return with_ranges(series, self.scenario, min(self.replications, RANGE_REPLICATIONS), self.seed)

    def anew(self, basis: str) -> str:
        """What figures rest on that are simulated from the beginning, of a recorded launch, too."""
        return f"{_ANEW} {basis}" if self.recorded else basis

    def onward(self, basis: str) -> str:
        """What figures rest on that are played on from the book of a recorded launch."""
        return f"{self._from}{basis}"

    def timed(self, swept: Sweep) -> Sweep:
        """The sweep, after its time was counted as time of this report."""
        for name in ("sampling_s", "rules_s", "measures_s"):
            self._seconds[name] = self._seconds.get(name, 0.0) + swept.timing[name]
        return swept

    @property
    def _from(self) -> str:
        """Where replications begin, where that is not the beginning."""
        if self.actuals is None:
            return ""
        return f"{_PLAYED_ON if knows_the_past(self.run) else _SNAPSHOT} "

    @property
    def of_settings(self) -> str:
        """What a comparison of settings rests on."""
        basis = same_runs(self.replications, self.seed)
        return f"{self._from}{basis}"

    @property
    def of_means(self) -> str:
        """What means over replications rest on."""
        basis = many_runs(len(self.replicated), self.seed)
        return f"{self._from}{basis}"
