"""What a history says of the customers of a launch, and how well it is known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from allocation.calibration.arrivals import ArrivalEstimate, estimate_arrivals
from allocation.calibration.history import History
from allocation.calibration.survival import Curve, Floats, kaplan_meier
from allocation.calibration.timing import EVENTS_MIN, WATCHED_MIN, Fit, fit_timings
from allocation.calibration.windows import Ints, Windows, windows_of
from allocation.engine.errors import HistoryError
from allocation.statistics import Proportion, wilson_interval

ALL = "all"
_GRID = 100
_LENGTHS = 50
_POINTS_MAX = 300
_JUST = 1e-7
"""Just before a time, as a share of the window."""
_SHAPES = {"constant": "constant hazard", "early_regret": "early regret", "bathtub": "ten tenths"}


@dataclass(frozen=True, slots=True, eq=False)
class Estimates:
    """Everything that is estimated from a history.

    Attributes:
        history: What it is estimated from.
        arrivals: When orders came.
        tiers: One row a tier: ``tier``, ``orders``, ``share`` of the orders with its interval; no rows without tiers.
        quantities: The same by ``quantity``.
        unpaid: The share of those whose end is known that never paid; None where no status says so.
        curve: The share that has cancelled by each share of the window from placement to when it was due.
        cancelled: The share that would cancel in the whole window: one row for `ALL`, and one a tier: ``tier``,
            ``orders`` with a window, ``cancelled`` of them, ``share`` with its interval.
        fits: Timings fitted to the cancellations, the best first; none where there are too few.
        goodness: How close each fit comes, one row each: ``timing`` in words, ``parameters``, ``log_likelihood``,
            ``aic``, ``share_max_distance`` and ``share_in_band``.
        notes: What must be known to read the estimates.
    """

    history: History
    arrivals: ArrivalEstimate
    tiers: pd.DataFrame
    quantities: pd.DataFrame
    unpaid: Proportion | None
    windows: Windows
    curve: Curve
    cancelled: pd.DataFrame
    fits: tuple[Fit, ...]
    goodness: pd.DataFrame
    notes: tuple[str, ...]

    @property
    def orders(self) -> int:
        """Reservations that could be used."""
        return len(self.history.frame)

    @property
    def units(self) -> int:
        """Units of those reservations; one each where the file has no quantities."""
        frame = self.history.frame
        return int(frame["quantity"].sum()) if "quantity" in frame else len(frame)

    def share_of(self, tier: str = ALL) -> tuple[float, float, float]:
        """The share that would cancel in the whole window, and the ends of its interval."""
        row = self.cancelled.loc[self.cancelled["tier"] == tier, ["share", "share_low", "share_high"]].to_numpy(float)
        share, low, high = (float(value) for value in row[0])
        return share, low, high


def estimate(history: History, confidence: float = 0.95) -> Estimates:
    """Estimate what a scenario says of customers.

    Args:
        history: Past reservations.
        confidence: Of every interval.

    Raises:
        HistoryError: No reservation was placed before it was due.
    """
    frame, windows = history.frame, windows_of(history)
    if not len(windows.length):
        raise HistoryError(f"{history.source}: no reservation was placed before it was due, so none could be cancelled")
    curve = kaplan_meier(windows.shares, windows.is_cancelled, confidence)
    fits = fit_timings(windows) if windows.is_cancelled.sum() >= EVENTS_MIN else ()
    ended = int((frame["meaning"] != "open").sum())
    unpaid = int((frame["meaning"] == "unpaid").sum())
    return Estimates(
        history=history,
        arrivals=estimate_arrivals(history, confidence),
        tiers=_mix(frame, "tier", confidence),
        quantities=_mix(frame, "quantity", confidence),
        unpaid=wilson_interval(unpaid, ended, confidence) if unpaid else None,
        windows=windows,
        curve=curve,
        cancelled=_cancelled(windows, curve, fits),
        fits=fits,
        goodness=_goodness(windows, curve, fits),
        notes=(*history.notes, *_notes(windows, fits)),
    )


def _mix(frame: pd.DataFrame, column: str, confidence: float) -> pd.DataFrame:
    """Orders by the values of a column, with Wilson's intervals for their shares."""
    counts: Mapping[object, int] = frame[column].value_counts().sort_index().to_dict() if column in frame else {}
    found = [wilson_interval(count, len(frame), confidence) for count in counts.values()]
    return pd.DataFrame(
        {
            column: list(counts),
            "orders": list(counts.values()),
            "share": [one.estimate for one in found],
            "share_low": [one.low for one in found],
            "share_high": [one.high for one in found],
        }
    )


def _cancelled(windows: Windows, curve: Curve, fits: tuple[Fit, ...]) -> pd.DataFrame:
    """The share that would cancel in the whole window, of all and by tier.

    Where few were watched to the end, what was seen is divided by the part of all cancellations that the fitted timing
    has by then.
    """
    until = windows.known_until
    done = 1.0
    if fits and until < WATCHED_MIN:
        # Where nobody was watched for any time nothing can be said of the rest.
        done = float(fits[0].cancelled(_some(windows), np.array([until]))[0]) / fits[0].share or 1.0
    rows = []
    tiers = [tier for tier in np.unique(windows.tier) if tier]
    for tier in (ALL, *tiers):
        own = windows.of_tier(tier) if tier != ALL else np.ones(len(windows.length), bool)
        one = kaplan_meier(windows.shares[own], windows.is_cancelled[own], curve.confidence) if tier != ALL else curve
        share, low, high = (min(1.0, float(value[0]) / done) for value in one.by(np.array([until])))
        rows.append((tier, one.n, one.events, share, low, high))
    return pd.DataFrame(rows, columns=["tier", "orders", "cancelled", "share", "share_low", "share_high"])


def _goodness(windows: Windows, curve: Curve, fits: tuple[Fit, ...]) -> pd.DataFrame:
    """How close each fitted timing comes to the Kaplan-Meier curve.

    Returns:
        One row a fit, the chosen one first: see `Estimates`. ``share_max_distance`` is the largest difference of the
        two curves, and ``share_in_band`` of the times at which somebody cancelled those where the fit is within the
        pointwise band.
    """
    at = curve.events_at
    at = at[np.unique(np.linspace(0, len(at) - 1, _POINTS_MAX).astype(int))] if len(at) else at
    seen, low, high = curve.by(at)
    before = curve.by(at - _JUST)[0]
    some, clock, rows = _some(windows), windows.resolution, []
    for fit in fits:
        fitted, earlier = fit.cancelled(some, at, clock), fit.cancelled(some, np.maximum(at - _JUST, 0), clock)
        earlier[at == 0] = 0
        distance = float(np.maximum(np.abs(seen - fitted), np.abs(before - earlier)).max())
        inside = float(((low <= fitted) & (fitted <= high)).mean())
        rows.append((words_of(fit), fit.parameters, fit.log_likelihood, fit.aic, distance, inside))
    names = ["timing", "parameters", "log_likelihood", "aic", "share_max_distance", "share_in_band"]
    return pd.DataFrame(rows, columns=names)


def cancellation_frame(estimates: Estimates) -> pd.DataFrame:
    """The cancellation curve as it was seen and as it is fitted.

    Returns:
        One row a hundredth of the window: ``share_of_window``, ``share_cancelled`` with ``share_cancelled_low`` and
        ``share_cancelled_high``, and ``share_fitted``, of which there is none without a fit.
    """
    at = np.arange(_GRID + 1) / _GRID
    at = at[at <= max(float(estimates.windows.shares.max()), 1 / _GRID)]
    seen, low, high = estimates.curve.by(at)
    fitted = fitted_cancellations(estimates, estimates.fits[0], at) if estimates.fits else np.full(len(at), np.nan)
    return pd.DataFrame(
        {
            "share_of_window": at,
            "share_cancelled": seen,
            "share_cancelled_low": low,
            "share_cancelled_high": high,
            "share_fitted": fitted,
        }
    )


def fitted_cancellations(estimates: Estimates, fit: Fit, at: Floats) -> Floats:
    """The share that has cancelled by shares of the window under a fit, over windows such as those of the history.

    Where only dates are known it is that of the end of the day, as it is in the history.
    """
    windows = estimates.windows
    return fit.cancelled(_some(windows), at, windows.resolution)


def words_of(fit: Fit) -> str:
    """A timing in words."""
    name = _SHAPES[fit.timing.shape]
    if fit.timing.shape == "early_regret":
        return f"{name}: {fit.timing.weight:.1%} with a half-life of {fit.timing.half_life_hours:,.1f} hours"
    return name


def _some(windows: Windows) -> Ints:
    """A few lengths of windows that stand for all."""
    levels = (np.arange(_LENGTHS) + 0.5) / _LENGTHS
    return np.quantile(windows.length, levels, method="nearest").astype(np.int64)


def _notes(windows: Windows, fits: tuple[Fit, ...]) -> tuple[str, ...]:
    notes = []
    if windows.without:
        notes.append(f"{windows.without:,} reservations were placed when they were due, or later; they have no window.")
    if windows.afterwards:
        notes.append(f"{windows.afterwards:,} were cancelled after they were due, and count as kept until then.")
    if not fits:
        notes.append(f"{int(windows.is_cancelled.sum())} cancellations are too few to say when they come.")
    elif (until := windows.known_until) < WATCHED_MIN:
        notes.append(f"Few were watched beyond {until:.0%} of the window; what comes after is the fitted course.")
    return tuple(notes)
