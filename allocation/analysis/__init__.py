"""From decisions to tidy frames, measures with intervals, and figures.

Functions that make a frame take a `Run` (``queue_sizes(run)``); functions that draw take such a frame and, if wanted,
axes (``plot_queue_sizes(frame, ax)``), and return the axes. `open_report` is where a notebook begins.
"""

from __future__ import annotations

from allocation.analysis.by_tier import (
    confirmed_curve,
    outcome_by_tier,
    outcome_table,
    waiting_by_tier,
    waiting_days,
)
from allocation.analysis.changes import status_changes, status_levels
from allocation.analysis.launch_report import LaunchReport, open_report
from allocation.analysis.outcome_figures import (
    plot_confirmed_curve,
    plot_headlines,
    plot_outcome_by_tier,
    plot_priority_errors,
    plot_published,
)
from allocation.analysis.over_time import (
    at_milestones,
    milestones,
    moves,
    orders_against_supply,
    promised_units,
    queue_sizes,
)
from allocation.analysis.priority_formula import PriorityErrors, priority_errors
from allocation.analysis.published import published_beside_simulated
from allocation.analysis.replications import headline_intervals, headline_table, replicate
from allocation.analysis.series_figures import (
    draw_in_two_spans,
    plot_moves,
    plot_orders_against_supply,
    plot_promised_units,
    plot_queue_sizes,
)
from allocation.analysis.style import png
from allocation.analysis.supply import supply_over_time
from allocation.analysis.wording import example_sentence, overbooking_answer, priority_answer

__all__ = [
    "LaunchReport",
    "PriorityErrors",
    "at_milestones",
    "confirmed_curve",
    "draw_in_two_spans",
    "example_sentence",
    "headline_intervals",
    "headline_table",
    "milestones",
    "moves",
    "open_report",
    "orders_against_supply",
    "outcome_by_tier",
    "outcome_table",
    "overbooking_answer",
    "plot_confirmed_curve",
    "plot_headlines",
    "plot_moves",
    "plot_orders_against_supply",
    "plot_outcome_by_tier",
    "plot_priority_errors",
    "plot_promised_units",
    "plot_published",
    "plot_queue_sizes",
    "png",
    "priority_answer",
    "priority_errors",
    "promised_units",
    "published_beside_simulated",
    "queue_sizes",
    "replicate",
    "status_changes",
    "status_levels",
    "supply_over_time",
    "waiting_by_tier",
    "waiting_days",
]
