"""From a calibration to the frames that its figures draw, and to tables that are short enough to be read."""

from __future__ import annotations

import numpy as np
import pandas as pd

from allocation.calibration import Calibration, Fit, cancellation_frame
from allocation.calibration.estimates import ALL, fitted_cancellations, words_of

_ROWS = 11
BAD_ROWS = 20


def goodness_frame(calibration: Calibration) -> pd.DataFrame:
    """How far each fitted timing is from the Kaplan-Meier curve, over the window.

    Returns:
        One row a hundredth of the window and timing: ``timing``, ``is_chosen``, ``share_of_window``,
        ``share_difference`` (fitted less Kaplan-Meier) and the ends of the band, ``share_band_low`` and
        ``share_band_high``, as differences from Kaplan-Meier.
    """
    estimates = calibration.estimates
    curve = cancellation_frame(estimates)
    at, seen = curve["share_of_window"].to_numpy(), curve["share_cancelled"].to_numpy()

    def of(fit: Fit) -> pd.DataFrame:
        return pd.DataFrame(
            {
                "timing": words_of(fit),
                "is_chosen": fit is estimates.fits[0],
                "share_of_window": at,
                "share_difference": fitted_cancellations(estimates, fit, at) - seen,
                "share_band_low": curve["share_cancelled_low"] - seen,
                "share_band_high": curve["share_cancelled_high"] - seen,
            }
        )

    return pd.concat([of(fit) for fit in estimates.fits], ignore_index=True) if estimates.fits else pd.DataFrame()


def goodness_table(calibration: Calibration) -> pd.DataFrame:
    """The fits, the chosen one first: parameters, Akaike's criterion, distance, and how often within the band."""
    names = {"aic": "AIC", "share_max_distance": "share_apart_at_most", "share_in_band": "share_of_times_in_band"}
    return calibration.estimates.goodness.drop(columns="log_likelihood").rename(columns=names)


def left_out_frame(calibration: Calibration) -> pd.DataFrame:
    """The first rows that could not be used: ``place`` and ``reason``."""
    first = calibration.estimates.history.left_out[:BAD_ROWS]
    return pd.DataFrame({"place": [one.place for one in first], "reason": [one.message for one in first]})


def every_few(frame: pd.DataFrame) -> pd.DataFrame:
    """A few rows of a long frame, evenly spaced, with the first and the last."""
    return frame.iloc[np.unique(np.linspace(0, len(frame) - 1, _ROWS).astype(int))].reset_index(drop=True)


def calibration_answer(calibration: Calibration) -> str:
    """How many would cancel and when, and how well that is known, in one sentence."""
    estimates, history = calibration.estimates, calibration.estimates.history
    share, low, high = estimates.share_of(ALL)
    left_out = f" ({len(history.left_out):,} bad rows left out)" if history.left_out else ""
    if not estimates.fits:
        when = "there are too few cancellations to say when"
    else:
        best = estimates.goodness.iloc[0]
        when = (
            f"when they do is told best by {best['timing']}, at most {best['share_max_distance']:.1%} from the "
            f"Kaplan-Meier curve and within its band at {best['share_in_band']:.0%} of the cancellations"
        )
    told = f"{share:.1%} ({low:.1%} to {high:.1%}, 95% interval) would cancel from placement to release"
    taken = "" if "cancellation" in calibration.parts else ", a share that the scenario does not take"
    return f"Of {estimates.orders:,} reservations in {history.source}{left_out}, {told}{taken}; {when}."
