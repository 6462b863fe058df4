"""From a history of past reservations to what a scenario says of its customers.

``calibrate(Source(Path("past.csv")), load_scenario("console-realistic"))`` gives the estimates with their uncertainty
and the scenario.
"""

from __future__ import annotations

from allocation.calibration.arrivals import ArrivalEstimate
from allocation.calibration.calibrated import Calibration, calibrate
from allocation.calibration.estimates import Estimates, cancellation_frame, estimate
from allocation.calibration.history import History, read_history
from allocation.calibration.settings import MEANINGS, ROLES, Settings
from allocation.calibration.source import PARTS, Source, example_source, source_of
from allocation.calibration.survival import Curve, kaplan_meier
from allocation.calibration.timing import Fit, fit_timings

__all__ = [
    "MEANINGS",
    "PARTS",
    "ROLES",
    "ArrivalEstimate",
    "Calibration",
    "Curve",
    "Estimates",
    "Fit",
    "History",
    "Settings",
    "Source",
    "calibrate",
    "cancellation_frame",
    "estimate",
    "example_source",
    "fit_timings",
    "kaplan_meier",
    "read_history",
    "source_of",
]
