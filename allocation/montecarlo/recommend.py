"""Which setting to choose, how sure that is, and what it would cost to be wrong.

First feasibility: a fixed number of replications of every setting says whether it keeps the chance constraint, by
Clopper and Pearson at α/(2k) a setting. Then, among those that do, Kim and Nelson's procedure on fresh replications
chooses the best at α/2. By Bonferroni's inequality "it keeps the constraint" and "none that was shown to keep it is
better by the indifference or more" hold together with probability 1 - α.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf
from typing import Any

import pandas as pd

from allocation.display import as_html
from allocation.engine.errors import SettingError
from allocation.montecarlo.behaviours import KNOWN, is_uncertain, with_known_behaviour
from allocation.montecarlo.experiment import TRUTHS, Experiment, Progress, bar, require_replications
from allocation.montecarlo.playing import Plan
from allocation.montecarlo.settings import Setting
from allocation.montecarlo.start import Start, Tape
from allocation.montecarlo.sweep import RATE, Interrupted, Sweep, estimate, sweep
from allocation.scenario.schema import Scenario
from allocation.statistics import Feasibility, KimNelson, Selection, clopper_pearson_interval, feasibility

DEFAULT_CONSTRAINT = ("oversold_any", 0.05)
REPLICATIONS = 1000
REPLICATIONS_AT_MOST = 50_000
_FIRST_STAGE = 50
_BATCH = 250
_BEHAVIOUR_REPLICATIONS = 400


@dataclass(frozen=True, repr=False)
class Recommendation:
    """A setting, and everything that speaks for it.

    Attributes:
        scenario: The launch.
        parameter: The key that was decided on.
        chosen: Number of the recommended setting; None where no setting was shown to keep the constraint.
        decided: Whether the choice was decided at the confidence; if not, it leads those that are left, no more.
        objective: The measure of which more is better.
        indifference: Differences of means below this do not matter.
        confidence: Probability with which feasibility and choice are right together.
        constraint: (measure, largest probability), or None.
        feasibilities: The verdict on each setting; empty without a constraint.
        selection: How the best was chosen; None where nothing was left to choose from.
        first: The replications of the first stage, of all settings.
        replications: Replications of each setting that were played, over both stages.
        behaviours: How the answer moves with the customers' behaviour (`moves_with_behaviour`); no rows where the
            scenario states it as known.
    """

    scenario: Scenario
    parameter: str
    chosen: int | None
    decided: bool
    objective: str
    indifference: float
    confidence: float
    constraint: tuple[str, float] | None
    feasibilities: tuple[Feasibility, ...]
    selection: Selection | None
    first: Sweep
    replications: Mapping[int, int]
    behaviours: pd.DataFrame

    @property
    def settings(self) -> tuple[Setting, ...]:
        """The settings among which was chosen."""
        return self.first.settings

    @property
    def setting(self) -> Setting | None:
        """The recommended setting."""
        return None if self.chosen is None else self.settings[self.chosen]

    @property
    def label(self) -> str:
        """The recommended value as text."""
        return "-" if self.setting is None else self.setting.label

    @property
    def recommended(self) -> Scenario:
        """The launch with the recommended setting.

        Raises:
            SettingError: There is none.
        """
        if self.setting is None:
            raise SettingError("no setting was shown to keep the constraint, so there is none to go on with")
        return self.setting.scenario

    def table(self, confidence: float = 0.95) -> pd.DataFrame:
        """Every setting beside the recommended one, from the replications of the first stage.

        Returns:
            One row a setting: ``setting``, the parameter, ``verdict``, ``probability`` with ``probability_low`` and
            ``probability_high`` (of the constraint's measure, Clopper-Pearson), ``mean`` and ``half_width`` of the
            objective, ``loss`` and ``loss_half_width`` (what choosing it instead would lose, paired), and
            ``replications`` of both stages.
        """
        losses = {}
        if self.chosen is not None and len(self.settings) > 1:
            paired = self.first.paired(self.objective, self.chosen, confidence)
            losses = {int(row["setting"]): row for row in paired.to_dict("records")}
        rows = []
        for number, setting in enumerate(self.settings):
            found = estimate(self.first.of(number)[self.objective], confidence)
            loss = losses.get(number)
            rows.append(
                {"setting": number, self.parameter: setting.chosen[0]}
                | self._constraint_of(number, confidence)
                | {"mean": found["mean"], "half_width": found["half_width"]}
                | {"loss": 0.0 if loss is None else 0.0 - loss["mean"]}
                | {"loss_half_width": 0.0 if loss is None else loss["half_width"]}
                | {"replications": self.replications[number]}
            )
        return pd.DataFrame(rows)

    def __repr__(self) -> str:
        told = "none keeps the constraint" if self.setting is None else self.label
        sure = "" if self.decided or self.setting is None else ", undecided"
        many = f"{len(self.settings)} settings"
        return f"<Recommendation for {self.scenario.name}: {self.parameter} {told}{sure}, of {many}>"

    def _repr_html_(self) -> str:
        return as_html(self)

    def _constraint_of(self, number: int, confidence: float) -> dict[str, Any]:
        if self.constraint is None:
            return {}
        verdict = self.feasibilities[number]
        ends = clopper_pearson_interval(verdict.successes, verdict.n, confidence)
        return {
            "verdict": verdict.verdict,
            "probability": ends.estimate,
            "probability_low": ends.low,
            "probability_high": ends.high,
        }


def recommend(  # noqa: PLR0913 - a decision has these terms
    scenario: Scenario,
    values: Sequence[Any],
    objective: str = "profit",
    *,
    parameter: str = RATE,
    indifference: float | None = None,
    confidence: float = 0.95,
    constraint: tuple[str, float] | None = DEFAULT_CONSTRAINT,
    replications: int = REPLICATIONS,
    replications_at_most: int = REPLICATIONS_AT_MOST,
    behaviour_replications: int | None = None,
    seed: int = 0,
    start: Tape | None = None,
    workers: int | None = None,
    dask: str | None = None,
    progress: Progress = True,
) -> Recommendation:
    """Choose the best of some settings that keep a chance constraint.

    Args:
        scenario: The launch. Where its behaviour is uncertain, the constraint holds over that uncertainty as well.
        values: What the parameter may be.
        objective: The measure of which more is better.
        parameter: The dotted key to decide on.
        indifference: Differences of means below this do not matter, in the unit of the objective; by default one
            unit's margin for the profit, else 1.
        confidence: Probability with which feasibility and choice are right together.
        constraint: A measure that is true or false (``oversold_any``, ``alert``) and the largest probability that it
            may have; None for no constraint.
        replications: Of the first stage, under every setting.
        replications_at_most: Of the second; when they are used up the leader is named, and that it is undecided.
        behaviour_replications: Of each launch in `behaviours`; None is 400, 0 leaves them out.
        seed: Of the draws.
        start: The tape of a launch that has begun: what is decided is the rest (`sweep`).
        workers: Threads; None is one a core.
        dask: Address of a Dask scheduler to play on instead.
        progress: Whether to draw a bar on stderr, where that is a terminal; or a function that is told (done, in all).

    Raises:
        SettingError: A number is out of its range, there is no such measure, or a value makes the scenario invalid.
        BackendError: The cluster does not answer, or fails.
        Interrupted: By an interrupt.
    """
    require_replications(replications, least=2)
    require_replications(replications_at_most, least=_FIRST_STAGE)
    if behaviour_replications:
        require_replications(behaviour_replications, least=2)
    tolerance = _indifference(scenario, objective, indifference)
    _check_terms(confidence, constraint)
    options: dict[str, Any] = {"workers": workers, "dask": dask}
    begun = None if start is None else Start.of(scenario, start)
    first = sweep(scenario, parameter, values, replications, seed, start=begun, progress=progress, **options)
    first.require_measure(objective)
    alpha = 1 - confidence
    verdicts = _verdicts(first, constraint, alpha)
    able = [n for n in range(len(first.settings)) if not verdicts or verdicts[n].verdict == "yes"]
    counts = dict.fromkeys(range(len(first.settings)), replications)
    selection = None
    if able:
        kim_nelson = KimNelson(
            [str(number) for number in able],
            indifference=tolerance,
            confidence=1 - alpha / 2 if verdicts else confidence,
            n0=_FIRST_STAGE,
            n_max=replications_at_most,
        )
        _select(kim_nelson, first, objective, begun, options, progress)
        selection = kim_nelson.result()
        for name, count in selection.simulated.items():
            counts[int(name)] += count
    leader = None if selection is None or selection.leader is None else int(selection.leader)
    # One that is alone needed no replications to win.
    chosen = able[0] if len(able) == 1 else leader
    return Recommendation(
        scenario=scenario,
        parameter=parameter,
        chosen=chosen,
        decided=selection is not None and selection.decided,
        objective=objective,
        indifference=tolerance,
        confidence=confidence,
        constraint=constraint,
        feasibilities=verdicts,
        selection=selection,
        first=first,
        replications=counts,
        behaviours=moves_with_behaviour(
            scenario,
            parameter,
            values,
            objective,
            constraint,
            behaviour_replications,
            seed=seed,
            start=begun,
            progress=progress,
            **options,
        ),
    )


def _indifference(scenario: Scenario, objective: str, given: float | None) -> float:
    if given is not None:
        tolerance = float(given)
    else:
        tolerance = float(scenario.economics.margin) if objective == "profit" else 1.0
    if not 0 < tolerance < inf:
        raise SettingError(f"indifference {tolerance:g} must be a number above 0: say which difference does not matter")
    return tolerance


def _check_terms(confidence: float, constraint: tuple[str, float] | None) -> None:
    if not 0 < confidence < 1:
        raise SettingError(f"confidence {confidence} must be between 0 and 1")
    if constraint is None:
        return
    name, limit = constraint
    if name not in TRUTHS:
        raise SettingError(f"constraint {name!r} must be one of {', '.join(TRUTHS)}: what is true or false in a launch")
    if not 0 < limit < 1:
        raise SettingError(f"constraint {name} {limit}: a probability must be between 0 and 1")


def _verdicts(first: Sweep, constraint: tuple[str, float] | None, alpha: float) -> tuple[Feasibility, ...]:
    if constraint is None:
        return ()
    name, limit = constraint
    k = len(first.settings)
    return tuple(
        feasibility(int(first.of(number)[name].sum()), first.replications, limit, alpha / (2 * k))
        for number in range(k)
    )


def _select(
    kim_nelson: KimNelson,
    first: Sweep,
    objective: str,
    start: Start | None,
    options: Mapping[str, Any],
    progress: Progress,
) -> None:
    """Feed fresh replications of the settings that are left until one is."""
    with bar(progress, "choosing") as advance:
        while not kim_nelson.over:
            left = [int(name) for name in kim_nelson.survivors]
            plan = Plan.of([first.settings[number].scenario for number in left], first.seed, start)
            experiment = Experiment(plan, **options)
            done = kim_nelson.replications
            # Behind those of the first stage: what was looked at to find out who may take part must not count twice.
            fresh = first.replications + done
            ahead = kim_nelson.replications_left
            batch = max(kim_nelson.replications_wanted, min(_BATCH, ahead or _BATCH))
            try:
                experiment.run(fresh, fresh + batch)
                columns = {number: experiment.frame(i)[objective].to_numpy(float) for i, number in enumerate(left)}
                kim_nelson.feed(pd.DataFrame(columns)[left].to_numpy())
                if advance is not None:
                    advance(kim_nelson.replications, kim_nelson.replications + (kim_nelson.replications_left or 0))
            except KeyboardInterrupt as interrupt:
                raise Interrupted(None, kim_nelson.replications, done + (ahead or batch)) from interrupt


def moves_with_behaviour(
    scenario: Scenario,
    parameter: str,
    values: Sequence[Any],
    objective: str,
    constraint: tuple[str, float] | None,
    replications: int | None = None,
    **options: Any,
) -> pd.DataFrame:
    """How the answer moves over the uncertainty of the customers' behaviour, apart from the simulation's interval.

    The launch is played with behaviour known: every uncertain parameter at its mean, and at the end of its range at
    which fewest or most customers leave.

    Returns:
        One row for each such launch (``behaviour``) and setting: the parameter's value, ``probability`` of the
        constraint's measure, ``mean`` and ``half_width`` of the objective, and whether it is the ``best`` of those
        whose observed probability keeps the constraint. No rows where nothing about behaviour is uncertain, or without
        replications.
    """
    count = _BEHAVIOUR_REPLICATIONS if replications is None else replications
    if not count or not is_uncertain(scenario):
        return pd.DataFrame()
    rows = []
    for known in KNOWN:
        found = sweep(with_known_behaviour(scenario, known), parameter, values, count, **options)
        own = [
            {"behaviour": known, parameter: setting.chosen[0]}
            | {"probability": None if constraint is None else float(found.of(number)[constraint[0]].mean())}
            | {key: estimate(found.of(number)[objective], 0.95)[key] for key in ("mean", "half_width")}
            for number, setting in enumerate(found.settings)
        ]
        able = [row for row in own if constraint is None or row["probability"] <= constraint[1]]
        best = max(able, key=lambda row: float(row["mean"])) if able else None
        rows += [row | {"best": row is best} for row in own]
    return pd.DataFrame(rows)
