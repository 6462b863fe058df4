"""Replications of a launch, under one setting or under many that meet the same customers and the same supply."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from allocation.display import as_html
from allocation.engine.errors import SettingError
from allocation.montecarlo.experiment import TRUTHS, Experiment, Progress, bar, require_replications
from allocation.montecarlo.playing import Plan
from allocation.montecarlo.settings import Setting, settings_of
from allocation.montecarlo.start import Start, Tape
from allocation.scenario.ranges import suggestion
from allocation.scenario.schema import Scenario
from allocation.simulation.simulate import require_number
from allocation.statistics import (
    Precision,
    mean_interval,
    paired_difference,
    quantile_interval,
    stopping,
    wilson_interval,
)

RATE = "policy.overbooking.rate"


class Interrupted(KeyboardInterrupt):
    """An interrupt that came while replications were played; what was finished is in it.

    Attributes:
        sweep: The replications that were finished under every setting; None where there were fewer than two.
    """

    def __init__(self, sweep: Sweep | None, finished: int, asked: int) -> None:
        super().__init__(f"interrupted when {finished:,} of {asked:,} replications were finished")
        self.sweep = sweep


@dataclass(frozen=True, repr=False)
class Sweep:
    """What replications came to under each setting.

    Attributes:
        scenario: The launch.
        parameters: The keys that differ.
        settings: The combinations of values.
        seed: Of the draws.
        replications: Numbers 0, 1, ... up to, not including, this one, under every setting.
        frame: One row for each setting and replication: ``setting`` (its number), the value of each parameter,
            ``replication``, and every measure of a simulation's summary by its dotted name.
        reason: Why there are not more replications: ``asked``, ``precise``, ``limit`` or ``interrupted``.
        timing: Seconds of wall time; of all workers for sampling, rules and measures; and orders a second.
        begun: Whether the launch had begun: replications are played on from its book.
    """

    scenario: Scenario
    parameters: tuple[str, ...]
    settings: tuple[Setting, ...]
    seed: int
    replications: int
    frame: pd.DataFrame
    reason: str
    timing: Mapping[str, float]
    begun: bool = False

    @property
    def measures(self) -> list[str]:
        """The names of the measures."""
        return list(self.frame.columns[len(self.parameters) + 2 :])

    def of(self, setting: int) -> pd.DataFrame:
        """The rows of one setting, by its number, in the order of the replications."""
        return self.frame[self.frame["setting"] == setting]

    def intervals(self, measures: Sequence[str] | None = None, confidence: float = 0.95) -> pd.DataFrame:
        """Means over the replications with their intervals: Student's t, and Wilson's for what is true or false.

        Args:
            measures: Which ones; None is all.
            confidence: Of each interval by itself.

        Returns:
            One row for each setting and measure: ``setting``, the parameters, ``measure``, ``mean``, ``half_width``,
            ``sd``, ``low``, ``high``, ``n``. Wilson's interval is not symmetric; its half-width is half its length.

        Raises:
            SettingError: There is no such measure, or there are fewer than two replications.
        """
        if self.replications <= 1:
            raise SettingError("one replication tells nothing of how far it is off; ask for at least two")
        names = self.measures if measures is None else [self.require_measure(name) for name in measures]
        rows = []
        for number, setting in enumerate(self.settings):
            own = self.of(number)
            head = {"setting": number} | dict(zip(self.parameters, setting.chosen, strict=True))
            rows += [head | {"measure": name} | estimate(own[name], confidence) for name in names]
        return pd.DataFrame(rows)

    def quantiles(
        self, measure: str = "profit", probabilities: Sequence[float] = (0.05, 0.5, 0.95), confidence: float = 0.95
    ) -> pd.DataFrame:
        """Quantiles of a measure over replications, with order-statistic intervals that assume no distribution.

        Args:
            measure: Of which measure.
            probabilities: Between 0 and 1.
            confidence: Of each interval by itself.

        Returns:
            One row for each setting and probability: ``setting``, the parameters, ``measure``, ``probability``,
            ``quantile``, ``low``, ``high`` (infinite where the replications are too few) and ``n_needed``.
        """
        self.require_measure(measure)
        rows = []
        for number, setting in enumerate(self.settings):
            head = {"setting": number} | dict(zip(self.parameters, setting.chosen, strict=True)) | {"measure": measure}
            for probability in probabilities:
                found = quantile_interval(self.of(number)[measure].astype(float), probability, confidence)
                ends = {"quantile": found.estimate, "low": found.low, "high": found.high, "n_needed": found.n_needed}
                rows.append(head | {"probability": probability} | ends)
        return pd.DataFrame(rows)

    def paired(self, measure: str = "profit", baseline: int | None = None, confidence: float = 0.95) -> pd.DataFrame:
        """What each setting changes against one of them, replication by replication.

        Args:
            measure: Of which measure.
            baseline: Number of the setting to compare with; None is the one with the largest mean.
            confidence: Of each interval by itself.

        Returns:
            One row for each other setting: ``setting`` and the parameters, ``baseline`` (a setting's number),
            ``measure``, ``mean`` (the setting's less the baseline's), ``half_width``, ``variance_ratio`` (variance with
            independent customers over that with common ones) and ``n``.
        """
        self.require_measure(measure)
        if baseline is None:
            means = [float(self.of(number)[measure].mean()) for number in range(len(self.settings))]
            baseline = means.index(max(means))
        of_baseline = self.of(baseline)[measure].astype(float)
        rows = []
        for number, setting in enumerate(self.settings):
            if number == baseline:
                continue
            found = paired_difference(self.of(number)[measure].astype(float), of_baseline, confidence)
            rows.append(
                {"setting": number}
                | dict(zip(self.parameters, setting.chosen, strict=True))
                | {"baseline": baseline, "measure": measure, "mean": found.difference.mean}
                | {"half_width": found.difference.half_width, "variance_ratio": found.variance_ratio}
                | {"n": found.difference.n}
            )
        return pd.DataFrame(rows)

    def __repr__(self) -> str:
        over = f" over {', '.join(self.parameters)}" if self.parameters else ""
        many = f"{len(self.settings):,} setting{'s' * (len(self.settings) != 1)}"
        each = f"{self.replications:,} replication{'s' * (self.replications != 1)} of seed {self.seed}"
        return f"<Sweep of {self.scenario.name}{over}: {many}, {each}>"

    def _repr_html_(self) -> str:
        return as_html(self)

    def require_measure(self, name: str) -> str:
        """The name of a measure, checked."""
        if name not in self.measures:
            raise SettingError(f"no measure is called {name!r}{suggestion(name, self.measures)}")
        return name


def estimate(values: pd.Series, confidence: float) -> dict[str, float]:
    """Mean of a measure over replications with its interval and standard deviation."""
    sd = float(values.astype(float).std())
    if values.name in TRUTHS:
        share = wilson_interval(int(values.sum()), len(values), confidence)
        ends = (share.estimate, (share.high - share.low) / 2, sd, share.low, share.high, share.n)
    else:
        interval = mean_interval(values, confidence)
        ends = (interval.mean, interval.half_width, sd, interval.low, interval.high, interval.n)
    return dict(zip(("mean", "half_width", "sd", "low", "high", "n"), ends, strict=True))


def replicate(
    scenario: Scenario,
    replications: int = 100,
    seed: int = 0,
    *,
    start: Tape | Start | None = None,
    workers: int | None = None,
    dask: str | None = None,
    progress: Progress = True,
) -> pd.DataFrame:
    """Play replications 0, 1, ... of a launch.

    Args:
        scenario: The launch and its policy.
        replications: How many.
        seed: Of the draws. Row r has the measures of ``simulate(scenario, seed, r)``.
        start: The tape of a launch that has begun: it is replayed once, and the rest is drawn.
        workers: Threads; None is one a core. They change nothing but the time.
        dask: Address of a Dask scheduler to play on instead.
        progress: Whether to draw a bar on stderr, where that is a terminal; or a function that is told (done, in all).

    Returns:
        One row a replication: ``replication``, and every measure of `simulate`'s summary by its dotted name.

    Raises:
        SettingError: A number is out of its range.
        BackendError: The cluster does not answer, or fails.
        Interrupted: By an interrupt; a `KeyboardInterrupt` that has what was finished.
    """
    swept = sweep(scenario, (), (), replications, seed, start=start, workers=workers, dask=dask, progress=progress)
    return swept.frame.drop(columns="setting")


def sweep(  # noqa: PLR0913 - an experiment has these options
    scenario: Scenario,
    parameter: str | Sequence[str] = RATE,
    values: Sequence[Any] = (),
    replications: int = 200,
    seed: int = 0,
    *,
    start: Tape | Start | None = None,
    until: Precision | None = None,
    measure: str = "profit",
    workers: int | None = None,
    dask: str | None = None,
    progress: Progress = True,
) -> Sweep:
    """Play replications of a launch under many settings, with common random numbers.

    Replication r has the same customers and the same supply under every setting, and those of ``simulate(..., seed,
    r)``. The result depends on no number of workers and no backend.

    Args:
        scenario: The launch.
        parameter: The dotted key of what is changed, or several of them for a grid.
        values: What it is to be; for a grid, one list for each key.
        replications: How many; with `until`, at the most.
        seed: Of the draws.
        start: The tape of a launch that has begun: it is replayed once under the scenario's own policy, and the rest is
            drawn and played under every setting. Rates that a person has set stay.
        until: Stop as soon as the mean of `measure` is known so well under every setting.
        measure: For `until`.
        workers: Threads; None is one a core.
        dask: Address of a Dask scheduler to play on instead.
        progress: Whether to draw a bar on stderr, where that is a terminal; or a function that is told (done, in all).

    Raises:
        SettingError: A number is out of its range, a key leads nowhere, or a value makes the scenario invalid; with
            everything that is wrong, before anything is played. Or the tape does not fit the scenario.
        TapeError: A line of the tape is no command, or goes back in time.
        BackendError: The cluster does not answer, or fails.
        Interrupted: By an interrupt; a `KeyboardInterrupt` that has what was finished.
    """
    parameters = (parameter,) if isinstance(parameter, str) else tuple(parameter)
    columns = (values,) if isinstance(parameter, str) else tuple(values)
    require_number("seed", seed)
    asked = require_replications(replications)
    settings = settings_of(scenario, parameters, columns)
    begun = start if isinstance(start, Start) or start is None else Start.of(scenario, start)
    experiment = Experiment(Plan.of([setting.scenario for setting in settings], seed, begun), workers, dask)

    def found(reason: str) -> Sweep:
        return sweep_of(scenario, parameters, settings, experiment, reason)

    try:
        with bar(progress, f"{len(settings):,} settings") as advance:
            if until is None:
                experiment.run(0, asked, advance)
                return found("asked")
            return found(_run_until(experiment, len(settings), until, measure, asked, advance))
    except KeyboardInterrupt as interrupt:
        finished = experiment.finished
        raise Interrupted(found("interrupted") if finished > 1 else None, finished, asked) from interrupt


def _run_until(experiment: Experiment, settings: int, until: Precision, measure: str, limit: int, advance: Any) -> str:
    """Play batches until a mean is known well enough under every setting; why it stopped."""
    played, wanted = 0, min(max(until.n_min, 2), limit)
    while True:
        experiment.run(played, wanted, advance, limit)
        played = wanted
        needed = [played]
        for setting in range(settings):
            frame = experiment.frame(setting)
            if measure not in frame:
                raise SettingError(f"no measure is called {measure!r}{suggestion(measure, list(frame))}")
            state = stopping(frame[measure].astype(float), until)
            if not state.stop:
                needed.append(max(played + 1, state.n_expected or limit))
        if needed == [played]:
            return "precise"
        if played >= limit:
            return "limit"
        # Not all that seems to be needed at once: what the variance is, is not known that well yet.
        wanted = min(max(needed), 2 * played, limit)


def sweep_of(
    scenario: Scenario,
    parameters: tuple[str, ...],
    settings: tuple[Setting, ...],
    experiment: Experiment,
    reason: str,
) -> Sweep:
    """What an experiment has come to so far, and why it has no more replications."""
    frames = []
    for number, setting in enumerate(settings):
        own = experiment.frame(number)
        for place, (name, value) in enumerate(zip(("setting", *parameters), (number, *setting.chosen), strict=True)):
            own.insert(place, name, value)
        frames.append(own)
    seconds = dict(experiment.seconds)
    seconds["orders_per_s"] = experiment.orders / max(seconds["wall_s"], 1e-9)
    frame = pd.concat(frames, ignore_index=True)
    seed, begun = experiment.plan.seed, experiment.plan.start is not None
    return Sweep(scenario, parameters, settings, seed, experiment.finished, frame, reason, seconds, begun)
