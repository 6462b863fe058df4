"""What a notebook reports on: a launch, its runs, and what it has shown so far.

A notebook opens a report, shows an answer and exhibits (a figure with its table), and closes it. Where the notebook is
run for its numbers, they are kept as Parquet and JSON in the folder that its manifest names.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from allocation.analysis.exhibits import Answer, Exhibit, Note, Table
from allocation.analysis.launch_runs import LaunchRuns
from allocation.analysis.panels import Panel, draw_panels
from allocation.analysis.rate_curve import rate_words
from allocation.analysis.series_figures import Plot, draw_in_two_spans
from allocation.analysis.since_last_night import EarlierNight
from allocation.analysis.style import in_style
from allocation.analysis.wording import PAIRED, one_run
from allocation.calibration import Source

SCHEMA_VERSION = 1
TIMING = "timing.json"
_NOTHING = "There is nothing to show for this launch."


@dataclass(kw_only=True)
class LaunchReport(LaunchRuns):
    """A report on one launch: its runs, and what was shown of them.

    Attributes:
        out: Where the numbers are kept; None keeps none.
        before: What an earlier night has kept of it; None where there is none.
        history: Past reservations; None where there are none.
    """

    out: Path | None = None
    before: EarlierNight | None = None
    history: Source | None = None
    _said: dict[str, Any] = field(default_factory=dict, repr=False)

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
        basis = basis or (self.of_settings if of_settings else one_run(self.run))
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
        basis = basis or f"{self.of_settings} {PAIRED}"
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
        basis = basis or (self.of_means if of_means else one_run(self.run))
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
            **({"regime": self.regime.name} if "regime" in vars(self) else {}),
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

    def _shown(self, name: str, kept: pd.DataFrame, figure: Figure, caption: str, table: pd.DataFrame) -> Exhibit:
        self.keep(name, kept)
        return Exhibit(figure, caption, table)


def _mean(row: pd.Series) -> dict[str, float]:
    return {name: float(row[name]) for name in ("mean", "half_width", "low", "high")}
