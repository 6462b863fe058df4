"""What a notebook reports on: a launch, its runs, and what it has shown so far.

A notebook opens a report, shows an answer and exhibits (a figure with its table), and closes it. Where the notebook is
run for its numbers, they are kept as Parquet and JSON in the folder that its manifest names.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
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
from allocation.analysis.methods import MethodComparison, compare_methods
from allocation.analysis.over_time import milestones
from allocation.analysis.panels import Panel, draw_panels
from allocation.analysis.policies import REPLICATIONS as POLICY_REPLICATIONS
from allocation.analysis.policies import PolicyComparison, compare_policies
from allocation.analysis.ranges import REPLICATIONS as RANGE_REPLICATIONS
from allocation.analysis.ranges import with_ranges
from allocation.analysis.rate_curve import rate_curve, rate_in_force, rate_words, setting_of
from allocation.analysis.recommended import recommend_rate
from allocation.analysis.regimes import Regime, regime_of
from allocation.analysis.replications import headline_intervals
from allocation.analysis.series_figures import Plot, Spans, draw_in_two_spans
from allocation.analysis.style import in_style
from allocation.analysis.wording import PAIRED, many_runs, one_run, same_runs
from allocation.engine.errors import SettingError
from allocation.montecarlo import Recommendation, Sweep, replicate
from allocation.montecarlo.sweep import RATE
from allocation.scenario import load_scenario
from allocation.scenario.schema import Scenario
from allocation.simulation import simulate
from allocation.tape import Run

SCHEMA_VERSION = 1
REPLICATIONS = 120
"""How many runs the means of a report are of: with nine rates, 115 are the fewest that show P(oversold) ≤ 5%."""
METHOD_REPLICATIONS = 32
"""How many each way to set the rate is played: paired differences need fewer."""
_KEYS = {"schema_version", "scenario", "overrides", "seed", "replications", "out"}


@dataclass
class LaunchReport:
    """A report on one launch.

    Attributes:
        scenario: The launch.
        seed: Of all runs.
        replications: How many runs the means are of.
        out: Where the numbers are kept; None keeps none.
    """

    scenario: Scenario
    seed: int = 0
    replications: int = REPLICATIONS
    out: Path | None = None
    _said: dict[str, Any] = field(default_factory=dict, repr=False)

    @cached_property
    def run(self) -> Run:
        """Replication 0."""
        return simulate(self.scenario, self.seed)

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
        return replicate(self.scenario, self.replications, self.seed, progress=False)

    @cached_property
    def headlines(self) -> pd.DataFrame:
        """Means of the headline measures with their intervals."""
        return headline_intervals(self.replicated)

    @cached_property
    def recommendation(self) -> Recommendation:
        """The best of the rates around the one in force that keeps the chance constraint."""
        return recommend_rate(self.scenario, self.replications, self.seed)

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
        return compare_methods(self.scenario, min(self.replications, METHOD_REPLICATIONS), self.seed)

    @cached_property
    def policies(self) -> PolicyComparison:
        """Replications under the policy in force, under others, and under first come, with every decision."""
        return compare_policies(self.scenario, min(self.replications, POLICY_REPLICATIONS), self.seed)

    @cached_property
    def moments(self) -> pd.DataFrame:
        """The milestones of replication 0."""
        return milestones(self.run)

    def with_ranges(self, series: pd.DataFrame) -> pd.DataFrame:
        """A series of replication 0, with the range of some others at each instant; see `ranges.with_ranges`."""
        return with_ranges(series, self.scenario, min(self.replications, RANGE_REPLICATIONS), self.seed)

    @property
    def spans(self) -> Spans:
        """When the first and the last order came, and when everything is over."""
        placed = self.run.reservations["placed_at"].dt.tz_convert(self.run.policy.timezone)
        closes = placed.max()
        last = self.run.decisions["at"].max().tz_convert(self.run.policy.timezone)
        # A tape may end with its last order; a span of no length cannot be drawn.
        return placed.min(), closes, max(last, closes + pd.Timedelta(hours=1))

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
        basis = basis or (same_runs(self.replications, self.seed) if of_settings else one_run(self.run))
        return None if frame.empty else Table(frame, f"{about} {basis}")

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
            return Note(f"{about} There is nothing to show for this launch.")
        figure = draw_panels(frame, plots, height, share_x=share_x)
        basis = basis or f"{same_runs(self.replications, self.seed)} {PAIRED}"
        return self._shown(name, frame, figure, f"{about} {basis}", table)

    def over_time(self, name: str, frame: pd.DataFrame, plot: Plot, about: str, table: pd.DataFrame) -> Exhibit:
        """A series of replication 0, while orders came in and afterwards; see `exhibit`."""
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
    ) -> Exhibit | Note:
        """A figure with its table.

        Args:
            name: Of the file that keeps the numbers.
            frame: What is drawn, and kept if it is a frame; else the table is kept.
            plot: Draws it.
            about: What it shows, as the caption begins.
            table: The same as a table; without rows there is no figure.
            of_means: Whether it shows means of all replications, and not replication 0.
        """
        if table.empty:
            return Note(f"{about} There is nothing to show for this launch.")
        with in_style():
            figure = Figure()
            plot(frame, figure.subplots())
        basis = many_runs(len(self.replicated), self.seed) if of_means else one_run(self.run)
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
            **self._said,
            "means": {str(name): _mean(row) for name, row in rows.iterrows()},
            "alert_share": float(self.replicated["alert"].mean()) if means else float(summary["alert"]),
            "summary": summary,
        }
        text = json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
        (self.out / "summary.json").write_text(text, encoding="utf-8")

    def _shown(self, name: str, kept: pd.DataFrame, figure: Figure, caption: str, table: pd.DataFrame) -> Exhibit:
        if self.out is not None:
            kept.to_parquet(self.out / f"{name}.parquet", index=False)
        return Exhibit(figure, caption, table)


def open_report(manifest: str | Path = "", default: str = "iphone-15-pro") -> LaunchReport:
    """The report that a manifest asks for.

    Args:
        manifest: A JSON file with ``scenario`` (a name, or a file beside the manifest), and optionally ``overrides``,
            ``seed``, ``replications`` and ``out`` (a folder beside the manifest, which keeps the numbers). Empty: the
            default scenario, and no numbers are kept.
        default: A shipped scenario.

    Raises:
        SettingError: The manifest has a key that nobody knows, or is none.
        ScenarioError: There is no such scenario, or it is not valid.
    """
    if not str(manifest):
        return LaunchReport(load_scenario(default))
    path = Path(manifest)
    asked = _manifest(path)
    folder = path.parent
    named = folder / asked["scenario"]
    scenario = load_scenario(named if named.is_file() else asked["scenario"], asked.get("overrides"))
    return LaunchReport(
        scenario,
        seed=int(asked.get("seed", 0)),
        replications=int(asked.get("replications", REPLICATIONS)),
        out=folder / asked["out"] if "out" in asked else None,
    )


def _manifest(path: Path) -> Mapping[str, Any]:
    try:
        asked = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SettingError(f"{path} is no manifest of a report: {error}") from error
    if not isinstance(asked, dict) or "scenario" not in asked:
        raise SettingError(f"{path} names no scenario")
    if unknown := sorted(set(asked) - _KEYS):
        raise SettingError(f"{path}: nobody knows {', '.join(unknown)}; known are {', '.join(sorted(_KEYS))}")
    return asked


def _mean(row: pd.Series) -> dict[str, float]:
    return {name: float(row[name]) for name in ("mean", "half_width", "low", "high")}
