"""What happened beside what was forecast: courses over time, where the launch stands, and the show rate."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import pandas as pd
from scipy.stats import beta

from allocation.analysis.recorded import now_of
from allocation.engine.instants import milliseconds
from allocation.montecarlo.courses import courses, recorded_course
from allocation.montecarlo.start import Start
from allocation.overbooking.rates import learner_of
from allocation.scenario.schema import ReleaseRun, Scenario
from allocation.tape import Run

COUNTED = {
    "orders": "orders",
    "cancelled": "reservations cancelled by customers",
    "expired": "reservations expired",
    "held": "reservations that hold a promise",
    "waiting": "reservations that wait for one",
    "allocated": "reservations with stock",
    "promises": "reservations that were promised stock, and not displaced since",
    "losses": "of these lost: cancelled, or not paid",
}
"""What is counted at an instant, with what it is called."""
STANDING = ("held", "waiting")
"""What a snapshot knows: it has only what is open."""
ENDS = (0.025, 0.975)
_SECOND_MS = 1000
_PARTS = 14
_TAKEN: dict[str, tuple[float, Literal["lower", "higher", "nearest"]]] = {
    "": (0.5, "nearest"),
    "_low": (ENDS[0], "lower"),
    "_high": (ENDS[1], "higher"),
}
"""Quantiles are values that occurred: half an order is none, and a band is rather too wide."""


def instants_of(scenario: Scenario, now: int) -> list[int]:
    """Instants at which courses are compared, milliseconds: over the order window, from there to the end, and now."""
    opens, closes = milliseconds(scenario.orders.opens), milliseconds(scenario.orders.closes)
    end = max(milliseconds(run.at) for run in scenario.schedule.release)
    spans = ((opens, closes), (closes, end))
    found = {first + (last - first) * i // _PARTS for first, last in spans for i in range(_PARTS + 1)}
    return sorted({at // _SECOND_MS * _SECOND_MS for at in found} | {now})


def forecast_courses(scenario: Scenario, now: int, replications: int, seed: int) -> pd.DataFrame:
    """What the scenario says from the beginning, as `courses` gives it, at `instants_of`."""
    return courses(scenario, instants_of(scenario, now), replications, seed)


def rest_courses(scenario: Scenario, start: Start, replications: int, seed: int) -> pd.DataFrame:
    """What is played on from a book, as `courses` gives it, at `instants_of` from now on."""
    now = start.past.now
    return courses(scenario, [at for at in instants_of(scenario, now) if at >= now], replications, seed, start)


def course_bands(
    measure: str, forecast: pd.DataFrame, rest: pd.DataFrame, run: Run, *, knows_the_past: bool
) -> pd.DataFrame:
    """One count over time: forecast from the beginning, what happened, and the rest played on from there.

    Args:
        measure: Of `COUNTED`.
        forecast: As `forecast_courses` gives it.
        rest: As `rest_courses` gives it.
        run: What was recorded.
        knows_the_past: Whether it tells who came and who left; a snapshot is known at its instant only.

    Returns:
        One row an instant: ``at`` (in the policy's time zone), ``forecast`` (median) with ``forecast_low`` and
        ``forecast_high`` (95% of the replications), ``actual`` (NaN where nothing is known), and ``rest`` likewise
        from now on.
    """
    now = now_of(run.engine)
    bands = _bands(forecast, measure, "forecast").join(_bands(rest, measure, "rest"))
    instants = [int(at.timestamp() * 1000) for at in bands.index]
    known = [at for at in instants if at <= now] if knows_the_past else [now]
    actual = recorded_course(run.engine, known).set_index("at")[measure].astype(float)
    if not (knows_the_past or measure in STANDING):
        actual[:] = np.nan
    frame = bands.join(actual.rename("actual")).reset_index()
    frame["at"] = frame["at"].dt.tz_convert(run.policy.timezone)
    columns = ["at", "actual", *(f"{name}{end}" for name in ("forecast", "rest") for end in ("", "_low", "_high"))]
    return frame[columns]


def course_table(bands: pd.DataFrame, now: pd.Timestamp) -> pd.DataFrame:
    """`course_bands` for reading: every third instant, the last one, and now."""
    chosen = (bands.index % 3 == 0) | (bands["at"] == now) | (bands.index == len(bands) - 1)
    table = bands[chosen].reset_index(drop=True)
    counts = table.columns.drop("at")
    return table.astype(dict.fromkeys(counts, "Int64"))


def standing_compared(forecast: pd.DataFrame, run: Run, *, knows_the_past: bool) -> pd.DataFrame:
    """Where the launch stands now, beside what was forecast for this instant.

    Returns:
        One row a count of `COUNTED` (of a snapshot, of `STANDING`): ``measure``, ``what`` it is, ``actual``,
        ``forecast`` (median) with ``forecast_low`` and ``forecast_high`` (95% of the replications), and ``verdict``:
        ``as forecast``, ``above`` or ``below``.
    """
    now = now_of(run.engine)
    actual = recorded_course(run.engine, [now]).iloc[0]
    own = forecast[forecast["at"] == actual["at"]]
    rows = []
    for measure in COUNTED if knows_the_past else STANDING:
        low, middle, high = _quantiles(own[measure])
        verdict = "above" if actual[measure] > high else "below" if actual[measure] < low else "as forecast"
        ends = {"forecast": int(middle), "forecast_low": int(low), "forecast_high": int(high)}
        counts = {"actual": int(actual[measure]), **ends}
        rows.append({"measure": measure, "what": COUNTED[measure]} | counts | {"verdict": verdict})
    return pd.DataFrame(rows)


def show_rates(forecast: pd.DataFrame, run: Run, scenario: Scenario, *, knows_the_past: bool) -> pd.DataFrame:
    """The show rate before the launch, as forecast for now, and as learned from what happened.

    It is the share of the promises that is not lost between opening and the next release, learned as the adaptive
    method learns it (`Learner.show_rate`), over all pools.

    Returns:
        Rows ``prior``, ``forecast`` and, where the past is known, ``learned``: ``show_rate``; ``share_low`` and
        ``share_high`` (95%: credible for prior and learned, of the replications for the forecast); ``promises`` and
        ``losses`` (NA for prior and forecast).
    """
    now = now_of(run.engine)
    learner = learner_of(scenario, next_release(scenario, now))
    seen = recorded_course(run.engine, [now]).iloc[0]
    own = forecast[forecast["at"] == seen["at"]]
    shapes = [learner.show_rate(int(n), int(k), now) for n, k in zip(own["promises"], own["losses"], strict=True)]
    low, middle, high = _quantiles(pd.Series([a / (a + b) for a, b in shapes]))
    rows: list[dict[str, Any]] = [
        _credible("prior", learner.show_rate(0, 0, now)),
        {"known_from": "forecast", "share": middle, "share_low": low, "share_high": high},
    ]
    if knows_the_past:
        counts = {"promises": int(seen["promises"]), "losses": int(seen["losses"])}
        rows.append(_credible("learned", learner.show_rate(counts["promises"], counts["losses"], now)) | counts)
    frame = pd.DataFrame(rows, columns=["known_from", "share", "share_low", "share_high", "promises", "losses"])
    return frame.astype({"promises": "Int64", "losses": "Int64"})


def next_release(scenario: Scenario, now: int) -> ReleaseRun:
    """The first release after an instant (milliseconds); the last one where all are over."""
    runs = sorted(scenario.schedule.release, key=lambda run: run.at)
    return next((run for run in runs if milliseconds(run.at) > now), runs[-1])


def outcomes_compared(before: pd.DataFrame, after: pd.DataFrame) -> pd.DataFrame:
    """Means over replications from the beginning, and played on from the book, side by side.

    Args:
        before: As `headline_intervals` gives it, from the beginning.
        after: The same from the book.

    Returns:
        One row a measure: ``mean_of``, ``from_the_beginning`` and ``from_the_book``, each with a ``_half_width``.
    """
    frame = pd.DataFrame({"mean_of": before["what"]})
    for name, headlines in (("from_the_beginning", before), ("from_the_book", after)):
        frame[name] = headlines["mean"]
        frame[f"{name}_half_width"] = headlines["half_width"]
    return frame


def _credible(name: str, shapes: tuple[float, float]) -> dict[str, Any]:
    a, b = shapes
    low, high = (float(end) for end in beta.ppf(ENDS, a, b))
    return {"known_from": name, "share": a / (a + b), "share_low": low, "share_high": high}


def _bands(frame: pd.DataFrame, measure: str, name: str) -> pd.DataFrame:
    by_instant = frame.groupby("at")[measure]
    found = {end: by_instant.quantile(at, interpolation=take) for end, (at, take) in _TAKEN.items()}
    return pd.DataFrame({f"{name}{end}": values for end, values in found.items()})


def _quantiles(values: pd.Series) -> tuple[float, float, float]:
    low, middle, high = (float(values.quantile(*_TAKEN[end])) for end in ("_low", "", "_high"))
    return low, middle, high
