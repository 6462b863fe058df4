"""What a notebook reports on: a launch, its runs, and what it has shown so far.

A notebook opens a report, shows an answer and exhibits (a figure with its table), and closes it. Where the notebook is
run for its numbers, they are kept as Parquet and JSON in the folder that its manifest names.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from allocation.analysis.closed_form import with_closed_form
from allocation.analysis.exhibits import Answer, Exhibit, Note, Table
from allocation.analysis.kept_sweeps import sweep_once
from allocation.analysis.methods import MethodComparison, compare_methods
from allocation.analysis.over_time import milestones
from allocation.analysis.panels import Panel, draw_panels
from allocation.analysis.policies import REPLICATIONS as POLICY_REPLICATIONS
from allocation.analysis.policies import PolicyComparison, compare_policies
from allocation.analysis.ranges import REPLICATIONS as RANGE_REPLICATIONS
from allocation.analysis.ranges import with_ranges
from allocation.analysis.rate_curve import rate_curve, rate_in_force, rate_words, setting_of
from allocation.analysis.recommended import recommend_rate
from allocation.analysis.recorded import Actuals, knows_the_past, recorded_run
from allocation.analysis.regimes import Regime, regime_of
from allocation.analysis.replications import headline_intervals
from allocation.analysis.series_figures import Plot, Spans, draw_in_two_spans
from allocation.analysis.since_last_night import EarlierNight
from allocation.analysis.style import in_style
from allocation.analysis.wording import PAIRED, many_runs, one_run, same_runs
from allocation.calibration import Source
from allocation.montecarlo import Recommendation, Sweep
from allocation.montecarlo.start import Start
from allocation.montecarlo.sweep import RATE
from allocation.scenario.schema import Scenario
from allocation.simulation import simulate
from allocation.tape import Run

SCHEMA_VERSION = 1
REPLICATIONS = 120
"""How many runs the means of a report are of: with nine rates, 115 are the fewest that show P(oversold) ≤ 5%."""
METHOD_REPLICATIONS = 32
"""How many each way to set the rate is played: paired differences need fewer."""
_ANEW = "Simulated from the beginning of the launch, as if nothing of it had been recorded."
TIMING = "timing.json"
_NOTHING = "There is nothing to show for this launch."
_PLAYED_ON = "The launch is played on from its recorded book."
_SNAPSHOT = f"{_PLAYED_ON} A snapshot knows what was open: what was confirmed, or ended, before it is not counted."


@dataclass
class LaunchReport:
    """A report on one launch.

    Attributes:
        scenario: The launch.
        seed: Of all runs.
        replications: How many runs the means are of.
        out: Where the numbers are kept; None keeps none.
        actuals: What was recorded of the launch so far; None for a what-if.
        before: What an earlier night has kept of it; None where there is none.
        history: Past reservations; None where there are none.
        shared: Where the reports of a launch keep what others of them need, too, while they are run; None keeps none.
    """

    scenario: Scenario
    seed: int = 0
    replications: int = REPLICATIONS
    out: Path | None = None
    actuals: Actuals | None = None
    before: EarlierNight | None = None
    history: Source | None = None
    shared: Path | None = None
    _said: dict[str, Any] = field(default_factory=dict, repr=False)
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
        found = regime_of(self.rates)
        self._said["regime"] = found.name
        return found

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

    def timed(self, swept: Sweep) -> Sweep:
        """The sweep, after its time was counted as time of this report."""
        for name in ("sampling_s", "rules_s", "measures_s"):
            self._seconds[name] = self._seconds.get(name, 0.0) + swept.timing[name]
        return swept

    def say(self, **facts: Any) -> None:
        """Keep facts, plain as in JSON, beside the answer."""
        self._said.update(facts)

    def keep(self, name: str, frame: pd.DataFrame) -> None:
        """Keep numbers that are not shown."""
        if self.out is not None:
            frame.to_parquet(self.out / f"{name}.parquet", index=False)

    def answer(self, sentence: str) -> Answer:
        """The answer in one sentence."""
        self._said["answer"] = sentence
        return Answer(sentence)

    def note(self, text: str) -> Note:
        """A remark."""
        return Note(text)

    def table(self, frame: pd.DataFrame, about: str, *, of_settings: bool = False, basis: str = "") -> Table | None:
        """Numbers without a figure; nothing where there are no rows.

        Args:
            frame: Few enough rows to be read.
            about: What they are, as the caption begins.
            of_settings: Whether they compare settings over all replications, and are not of replication 0.
            basis: What they rest on, if that is neither.
        """
        basis = basis or (self._of_settings if of_settings else one_run(self.run))
        return None if frame.empty else Table(frame, f"{about} {basis}")

    def first_rows(
        self, name: str, frame: pd.DataFrame, about: str, *, kept: pd.DataFrame | None = None, rows: int = 25
    ) -> Table | None:
        """The first rows of a long table of the run; all of them are kept.

        Args:
            name: Of the file that keeps them.
            frame: The most important first.
            about: What they are, as the caption begins.
            kept: What is kept instead of the frame.
            rows: How many are shown.
        """
        if self.out is not None and not frame.empty:
            (frame if kept is None else kept).to_parquet(self.out / f"{name}.parquet", index=False)
        shown = f"The first {rows} of {len(frame):,}. " if len(frame) > rows else ""
        return self.table(frame.head(rows), f"{about} {shown}".rstrip())

    def panels(
        self,
        name: str,
        frame: pd.DataFrame,
        plots: Sequence[Panel],
        about: str,
        table: pd.DataFrame,
        *,
        share_x: bool = True,
        height: float = 2.6,
        basis: str = "",
    ) -> Exhibit | Note:
        """Settings compared over all replications, or on another `basis`, in several figures; see `exhibit`."""
        if table.empty or frame.empty:
            return Note(f"{about} {_NOTHING}")
        figure = draw_panels(frame, plots, height, share_x=share_x)
        basis = basis or f"{self._of_settings} {PAIRED}"
        return self._shown(name, frame, figure, f"{about} {basis}", table)

    def over_time(self, name: str, frame: pd.DataFrame, plot: Plot, about: str, table: pd.DataFrame) -> Exhibit | Note:
        """A series of `run`, while orders came in and afterwards; see `exhibit`."""
        if table.empty:
            return Note(f"{about} {_NOTHING}")
        figure = draw_in_two_spans(plot, frame, self.spans)
        return self._shown(name, frame, figure, f"{about} {one_run(self.run)}", table)

    def exhibit(
        self,
        name: str,
        frame: Any,
        plot: Callable[[Any, Axes], Axes],
        about: str,
        table: pd.DataFrame,
        *,
        of_means: bool = False,
        basis: str = "",
    ) -> Exhibit | Note:
        """A figure with its table.

        Args:
            name: Of the file that keeps the numbers.
            frame: What is drawn, and kept if it is a frame; else the table is kept.
            plot: Draws it.
            about: What it shows, as the caption begins.
            table: The same as a table; without rows there is no figure.
            of_means: Whether it shows means of all replications, and not replication 0.
            basis: What it rests on, if that is neither.
        """
        if table.empty:
            return Note(f"{about} {_NOTHING}")
        with in_style():
            figure = Figure()
            plot(frame, figure.subplots())
        basis = basis or (self._of_means if of_means else one_run(self.run))
        kept = frame if isinstance(frame, pd.DataFrame) else table
        return self._shown(name, kept, figure, f"{about} {basis}", table)

    def close(self, *, means: bool) -> None:
        """Keep the summary of the run, the answer and, where there are any, the means.

        Args:
            means: Whether the report worked with several replications.
        """
        if self.out is None:
            return
        summary = {key: value for key, value in self.run.summary.items() if key != "timing"}
        head = {"schema_version": SCHEMA_VERSION, "scenario": self.scenario.name, "title": self.scenario.title}
        rows = self.headlines.set_index("measure") if means else pd.DataFrame()
        content = head | {
            "currency": self.scenario.currency,
            "seed": self.seed,
            "replications": self.replications if means else 1,
            "rate": rate_words(self.scenario),
            "basis": "what-if" if self.actuals is None else self.actuals.kind,
            **self._said,
            "means": {str(name): _mean(row) for name, row in rows.iterrows()},
            "alert_share": float(self.replicated["alert"].mean()) if means else float(summary["alert"]),
            "summary": summary,
        }
        text = json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
        (self.out / "summary.json").write_text(text, encoding="utf-8")
        if self.shared is not None:
            # For who runs all reports, and apart from the numbers, which come out the same every time.
            seconds = {name: round(value, 3) for name, value in self._seconds.items()}
            (self.out / TIMING).write_text(json.dumps(seconds) + "\n", encoding="utf-8")

    @property
    def _from(self) -> str:
        """Where replications begin, where that is not the beginning."""
        if self.actuals is None:
            return ""
        return f"{_PLAYED_ON if knows_the_past(self.run) else _SNAPSHOT} "

    @property
    def _of_settings(self) -> str:
        """What a comparison of settings rests on."""
        basis = same_runs(self.replications, self.seed)
        return f"{self._from}{basis}"

    @property
    def _of_means(self) -> str:
        """What means over replications rest on."""
        basis = many_runs(len(self.replicated), self.seed)
        return f"{self._from}{basis}"

    def _shown(self, name: str, kept: pd.DataFrame, figure: Figure, caption: str, table: pd.DataFrame) -> Exhibit:
        self.keep(name, kept)
        return Exhibit(figure, caption, table)


def _mean(row: pd.Series) -> dict[str, float]:
    return {name: float(row[name]) for name in ("mean", "half_width", "low", "high")}
