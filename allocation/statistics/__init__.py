"""Estimates with their uncertainty, when to stop, and which setting is the best."""

from __future__ import annotations

from allocation.statistics.constants import (
    KimNelsonConstants,
    dudewicz_dalal_constant,
    kim_nelson_constants,
    rinott_constant,
)
from allocation.statistics.feasibility import Feasibility, feasibility
from allocation.statistics.intervals import Interval, mean_interval
from allocation.statistics.paired import PairedDifference, paired_difference
from allocation.statistics.proportions import Proportion, clopper_pearson_interval, wilson_interval
from allocation.statistics.quantiles import Quantile, quantile_interval
from allocation.statistics.ratios import ratio_interval
from allocation.statistics.selection import Elimination, KimNelson, Selection
from allocation.statistics.stopping import Precision, Stopping, replications_needed, stopping
from allocation.statistics.tails import RESAMPLES, TailMean, tail_mean, tail_mean_interval

__all__ = [
    "RESAMPLES",
    "Elimination",
    "Feasibility",
    "Interval",
    "KimNelson",
    "KimNelsonConstants",
    "PairedDifference",
    "Precision",
    "Proportion",
    "Quantile",
    "Selection",
    "Stopping",
    "TailMean",
    "clopper_pearson_interval",
    "dudewicz_dalal_constant",
    "feasibility",
    "kim_nelson_constants",
    "mean_interval",
    "paired_difference",
    "quantile_interval",
    "ratio_interval",
    "replications_needed",
    "rinott_constant",
    "stopping",
    "tail_mean",
    "tail_mean_interval",
    "wilson_interval",
]
