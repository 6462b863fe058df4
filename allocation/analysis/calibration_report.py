"""What a notebook reports on when a scenario is made from past reservations."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from allocation.analysis.calibration_frames import calibration_answer
from allocation.analysis.exhibits import Answer, Exhibit, Note, Table
from allocation.analysis.launch_report import LaunchReport
from allocation.analysis.opening import open_report
from allocation.analysis.style import in_style
from allocation.calibration import Calibration, calibrate, example_source
from allocation.calibration.calibrated import remarks_on
from allocation.calibration.summary import summary_of
from allocation.scenario import dump_scenario

SCHEMA_VERSION = 1
SCENARIO, NUMBERS = "calibrated.yaml", "calibration.json"


@dataclass
class CalibrationReport:
    """A report on a calibration.

    Attributes:
        launch: The scenario that says what no history says, the history, and where the numbers are kept.
    """

    launch: LaunchReport

    @cached_property
    def calibration(self) -> Calibration:
        """The estimates and the scenario, as ``allocation calibrate`` gives them; without a history, the example's."""
        return calibrate(self.launch.history or example_source(), self.launch.scenario)

    def answer(self) -> Answer:
        """The answer in one sentence."""
        return Answer(calibration_answer(self.calibration))

    def remarks(self) -> Note:
        """What was assumed, what no history tells, and what must be known of this one."""
        return Note(" ".join(remarks_on(self.calibration)))

    def exhibit(
        self,
        name: str,
        frame: pd.DataFrame,
        plot: Callable[[pd.DataFrame, Axes], Axes],
        about: str,
        table: pd.DataFrame,
    ) -> Exhibit | Note:
        """A figure with its table.

        Args:
            name: Of the file that keeps the numbers.
            frame: What is drawn, and kept.
            plot: Draws it.
            about: What it shows, as the caption begins.
            table: The same, short enough to be read; without rows there is no figure.
        """
        if table.empty:
            return Note(f"{self.calibration.estimates.history.source} does not show it.")
        with in_style():
            figure = Figure()
            plot(frame, figure.subplots())
        if self.launch.out is not None:
            frame.to_parquet(self.launch.out / f"{name}.parquet", index=False)
        return Exhibit(figure, f"{about} {self._basis}", table)

    def left_out(self, frame: pd.DataFrame) -> Table | Note:
        """The rows that could not be used.

        Args:
            frame: As `left_out_frame` gives it.
        """
        history = self.calibration.estimates.history
        if frame.empty:
            return Note(f"No row of {history.source} was left out.")
        return Table(frame, f"The first {len(frame)} of {len(history.left_out):,} rows that were left out, and why.")

    def scenario(self) -> Note:
        """Where the scenario comes from, as its description says."""
        return Note(self.calibration.scenario.description)

    def close(self) -> None:
        """Keep the scenario and the numbers."""
        if self.launch.out is None:
            return
        content = {"schema_version": SCHEMA_VERSION, "answer": calibration_answer(self.calibration)}
        text = json.dumps(content | summary_of(self.calibration), indent=2, ensure_ascii=False, allow_nan=False)
        (self.launch.out / NUMBERS).write_text(text + "\n", encoding="utf-8")
        (self.launch.out / SCENARIO).write_text(dump_scenario(self.calibration.scenario), encoding="utf-8")

    @property
    def _basis(self) -> str:
        estimates = self.calibration.estimates
        return f"n\u00a0=\u00a0{estimates.orders:,} reservations of {estimates.history.source}; nothing is simulated."


def open_calibration(manifest: str | Path = "", default: str = "console-realistic") -> CalibrationReport:
    """The report on a calibration that a manifest asks for.

    Args:
        manifest: As for `open_report`; its ``history`` is a file beside it, or ``file`` with how it is read, see
            `allocation.calibration.source_of`. Without a history it is the shipped example.
        default: A shipped scenario.

    Raises:
        InvalidInput: As `open_report` and `calibrate` say.
    """
    return CalibrationReport(open_report(manifest, default))
