"""Many replications of a launch in compiled code: under one setting, under many, and the choice of the best."""

from __future__ import annotations

from allocation.montecarlo.recommend import Recommendation, recommend
from allocation.montecarlo.replays import Replays, side_by_side
from allocation.montecarlo.sweep import Interrupted, Sweep, replicate, sweep

__all__ = ["Interrupted", "Recommendation", "Replays", "Sweep", "recommend", "replicate", "side_by_side", "sweep"]
