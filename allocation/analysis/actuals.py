"""The report of a launch that has begun: actual against forecast, the rest of it, and what changed since last night."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from allocation.analysis.against_forecast import (
    course_bands,
    course_table,
    forecast_courses,
    outcomes_compared,
    rest_courses,
    show_rates,
    standing_compared,
)
from allocation.analysis.exhibits import Exhibit, Note, Table
from allocation.analysis.launch_report import LaunchReport
from allocation.analysis.recorded import book_frame, knows_the_past, now_of, now_words
from allocation.analysis.replications import headline_intervals
from allocation.analysis.series_figures import Spans, draw_in_two_spans
from allocation.analysis.since_last_night import (
    change_sentence,
    counts_changed,
    recommendation_sentence,
    statuses_changed,
)
from allocation.analysis.style import in_style
from allocation.analysis.tables import rate_text
from allocation.analysis.wording import with_half_width
from allocation.engine.errors import SettingError
from allocation.montecarlo import replicate
from allocation.montecarlo.courses import standing
from allocation.montecarlo.start import Start

Plot = Callable[[pd.DataFrame, Axes], Axes]


@dataclass
class AgainstForecast:
    """What happened at a launch beside what its scenario forecasts from the beginning.

    Args:
        report: Of a launch that was recorded.

    Raises:
        SettingError: It was not.
    """

    report: LaunchReport

    def __post_init__(self) -> None:
        if not self.report.recorded:
            raise SettingError(
                f"{self.report.scenario.name} has no actuals: name its tape, run folder or snapshot in launches.yaml"
            )

    @cached_property
    def forecast(self) -> pd.DataFrame:
        """Courses of the launch from its beginning."""
        report = self.report
        return forecast_courses(report.scenario, now_of(report.run.engine), report.replications, report.seed)

    @cached_property
    def rest(self) -> pd.DataFrame:
        """Courses of the launch from its recorded book on."""
        report = self.report
        start = report.start or Start.at(report.scenario, report.run.engine)
        return rest_courses(report.scenario, start, report.replications, report.seed)

    @cached_property
    def standing(self) -> pd.DataFrame:
        """Where the launch stands now; see `standing_compared`."""
        return standing_compared(self.forecast, self.report.run, knows_the_past=knows_the_past(self.report.run))

    @cached_property
    def show_rates(self) -> pd.DataFrame:
        """The show rate before, as forecast and as learned; see `show_rates`."""
        known = knows_the_past(self.report.run)
        return show_rates(self.forecast, self.report.run, self.report.scenario, knows_the_past=known)

    @cached_property
    def outcomes(self) -> pd.DataFrame:
        """Headlines from the beginning beside those from the book; see `outcomes_compared`."""
        report = self.report
        before = replicate(report.scenario, report.replications, report.seed, progress=False)
        return outcomes_compared(headline_intervals(before), report.headlines)

    @cached_property
    def best_rate(self) -> float:
        """Of the rates tried from the book on, the one that earns most."""
        swept = self.report.rates
        means = [float(swept.of(number)["profit"].mean()) for number in range(len(swept.settings))]
        return float(swept.settings[means.index(max(means))].chosen[0])

    def course(self, name: str, measure: str, plot: Plot, about: str) -> Exhibit | Note:
        """One count over time, as forecast, as it happened and played on; see `LaunchReport.exhibit`."""
        run, known = self.report.run, knows_the_past(self.report.run)
        bands = course_bands(measure, self.forecast, self.rest, run, knows_the_past=known)
        if bands["actual"].isna().all():
            return Note(f"{about} A snapshot of the open book does not tell: it has only what is open.")
        now = pd.Timestamp(now_of(run.engine), unit="ms", tz="UTC").tz_convert(run.policy.timezone)
        self.report.keep(name, bands)
        figure = draw_in_two_spans(plot, bands, self._spans)
        return Exhibit(figure, f"{about} {self._basis}", course_table(bands, now))

    def standing_table(self, about: str) -> Table:
        """Where the launch stands, with the forecast's band."""
        self.report.keep("standing", self.standing)
        return Table(self.standing.drop(columns="measure"), f"{about} {self._basis}")

    def show_rate(self, name: str, plot: Plot, about: str) -> Exhibit:
        """The show rate; see `LaunchReport.exhibit`."""
        frame = self.show_rates
        self.report.keep(name, frame)
        with in_style():
            figure = Figure(figsize=(6.4, 2.4))
            plot(frame, figure.subplots())
        whiskers = "Whiskers before the launch and learned so far are 95% credible intervals."
        return Exhibit(figure, f"{about} {whiskers} {self._basis}", frame)

    def changes(self, about: str) -> Table | Note:
        """Counts tonight and in the newest earlier night that was kept."""
        self._keep_for_tomorrow()
        before = self.report.before
        if before is None:
            return Note(
                "There is no earlier night with numbers of this launch: tomorrow's report compares with tonight."
            )
        told = f"{about} Before: the night of {before.night}. {recommendation_sentence(self.best_rate, before)}"
        return Table(counts_changed(self._counts, before), told)

    def moved(self, about: str) -> Table | Note:
        """Reservations that stand elsewhere than in that earlier night."""
        before = self.report.before
        if before is None:
            return Note("Nothing to compare statuses with yet.")
        moved = statuses_changed(book_frame(self.report.run), before)
        sentence = change_sentence(before, moved)
        return Note(sentence) if moved.empty else Table(moved, f"{about} {sentence}")

    @property
    def _counts(self) -> dict[str, int]:
        counts = standing(self.report.run.engine)
        return {name: counts[name] for name in self.standing["measure"]}

    def _keep_for_tomorrow(self) -> None:
        self.report.keep("book", book_frame(self.report.run))
        self.report.say(standing=self._counts, best_rate=self.best_rate, recorded_until=now_words(self.report.run))

    @property
    def _spans(self) -> Spans:
        zone, window = self.report.run.policy.timezone, self.report.scenario.orders
        last = max(run.at for run in self.report.scenario.schedule.release)
        opens, closes, ends = (
            pd.Timestamp(at).tz_convert(zone).as_unit("ms") for at in (window.opens, window.closes, last)
        )
        return opens, closes, max(ends, closes + pd.Timedelta(hours=1))

    @property
    def _basis(self) -> str:
        n, seed = self.report.replications, self.report.seed
        return (
            f"Recorded until {now_words(self.report.run)}. Forecast: the scenario from its beginning, median of "
            f"n\u00a0=\u00a0{n} replications, numbers 0 to {n - 1} of seed {seed}; bands hold 95% of these launches."
        )


def actuals_answer(compared: AgainstForecast) -> str:
    """How the launch stands against its forecast, what its book leads to, and what would earn most."""
    report = compared.report
    rows = report.headlines.set_index("measure")
    told = {name: with_half_width(rows.loc[name, "mean"], rows.loc[name, "half_width"]) for name in rows.index}
    return (
        f"Until {now_words(report.run)} {_stands(compared.standing)}; {_shows(compared.show_rates)}. Played on from "
        f"this book, {told['allocated_units']} units are allocated, {told['oversold_units']} are oversold and "
        f"{told['unsold_units']} stay unsold, for a profit of {report.scenario.currency} {told['profit']} (means of "
        f"{report.replications} replications, 95% t intervals); of the rates tried, {rate_text(compared.best_rate)} "
        "earns most from here."
    )


def _stands(standing: pd.DataFrame) -> str:
    parts = []
    for row in standing.head(2).itertuples():
        verdict = "as forecast" if row.verdict == "as forecast" else f"{row.verdict} the forecast"
        parts.append(f"{row.actual:,} {row.what}, {verdict} ({row.forecast_low:,.0f} to {row.forecast_high:,.0f})")
    return " and ".join(parts)


def _shows(rates: pd.DataFrame) -> str:
    row = rates.iloc[-1]
    ends = f"({row['share_low']:.1%} to {row['share_high']:.1%})"
    if row["known_from"] == "learned":
        return f"a show rate of {row['share']:.1%} {ends} is learned so far"
    return f"a snapshot does not tell who left, so the show rate is the forecast's {row['share']:.1%} {ends}"
