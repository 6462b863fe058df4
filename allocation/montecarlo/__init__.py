"""Many replications of a launch in compiled code: under one setting, under many, and the choice of the best."""

from __future__ import annotations

from allocation.montecarlo.sweep import Interrupted, Sweep, replicate, sweep

__all__ = ["Interrupted", "Sweep", "replicate", "sweep"]
