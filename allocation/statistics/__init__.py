"""Estimates with their uncertainty."""

from __future__ import annotations

from allocation.statistics.intervals import Interval, mean_interval

__all__ = ["Interval", "mean_interval"]
