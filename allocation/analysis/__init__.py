"""From decisions to tidy frames, measures with intervals, and figures.

Functions that make a frame take a `Run` (``queue_sizes(run)``), or the sweep of many replications
(``rate_curve(swept)``); functions that draw take such a frame and, if wanted, axes (``plot_queue_sizes(frame, ax)``),
and return the axes. `open_report` is where a notebook begins.
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
from allocation.analysis.closed_form import (
    closed_form_beside,
    closed_form_caveats,
    closed_form_curve,
    closed_form_gaps,
    closed_form_sentence,
    closed_form_table,
    limit_gaps,
    with_closed_form,
)
from allocation.analysis.launch_report import LaunchReport, open_report
from allocation.analysis.method_figures import (
    METHOD_PLOTS,
    plot_less_than_best,
    plot_oversold_probability_by_method,
    plot_profit_by_method,
    plot_units_by_method,
)
from allocation.analysis.methods import MethodComparison, compare_methods, method_frame, method_table, methods_note
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
from allocation.analysis.panels import draw_panels
from allocation.analysis.priority_formula import PriorityErrors, priority_errors
from allocation.analysis.published import published_beside_simulated
from allocation.analysis.rate_curve import rate_curve, rate_in_force, rate_table, rates_to_try, sweep_rates
from allocation.analysis.rate_figures import (
    RATE_PLOTS,
    plot_oversold_probability,
    plot_profit_by_rate,
    plot_units_by_rate,
)
from allocation.analysis.regimes import Regime, regime_of
from allocation.analysis.replications import headline_intervals, headline_table
from allocation.analysis.series_figures import (
    draw_in_two_spans,
    plot_moves,
    plot_orders_against_supply,
    plot_promised_units,
    plot_queue_sizes,
)
from allocation.analysis.style import png
from allocation.analysis.supply import supply_over_time
from allocation.analysis.tables import html_table
from allocation.analysis.tuned import tuned_outcome, tuned_table, tuned_tier_table, tuned_tiers
from allocation.analysis.tuned_figures import draw_tuned, plot_tuned_tiers, plot_tuned_units
from allocation.analysis.wording import example_sentence, overbooking_answer, priority_answer, regime_sentence

__all__ = [
    "METHOD_PLOTS",
    "RATE_PLOTS",
    "LaunchReport",
    "MethodComparison",
    "PriorityErrors",
    "Regime",
    "at_milestones",
    "closed_form_beside",
    "closed_form_caveats",
    "closed_form_curve",
    "closed_form_gaps",
    "closed_form_sentence",
    "closed_form_table",
    "compare_methods",
    "confirmed_curve",
    "draw_in_two_spans",
    "draw_panels",
    "draw_tuned",
    "example_sentence",
    "headline_intervals",
    "headline_table",
    "html_table",
    "limit_gaps",
    "method_frame",
    "method_table",
    "methods_note",
    "milestones",
    "moves",
    "open_report",
    "orders_against_supply",
    "outcome_by_tier",
    "outcome_table",
    "overbooking_answer",
    "plot_confirmed_curve",
    "plot_headlines",
    "plot_less_than_best",
    "plot_moves",
    "plot_orders_against_supply",
    "plot_outcome_by_tier",
    "plot_oversold_probability",
    "plot_oversold_probability_by_method",
    "plot_priority_errors",
    "plot_profit_by_method",
    "plot_profit_by_rate",
    "plot_promised_units",
    "plot_published",
    "plot_queue_sizes",
    "plot_tuned_tiers",
    "plot_tuned_units",
    "plot_units_by_method",
    "plot_units_by_rate",
    "png",
    "priority_answer",
    "priority_errors",
    "promised_units",
    "published_beside_simulated",
    "queue_sizes",
    "rate_curve",
    "rate_in_force",
    "rate_table",
    "rates_to_try",
    "regime_of",
    "regime_sentence",
    "status_changes",
    "status_levels",
    "supply_over_time",
    "sweep_rates",
    "tuned_outcome",
    "tuned_table",
    "tuned_tier_table",
    "tuned_tiers",
    "waiting_by_tier",
    "waiting_days",
    "with_closed_form",
]
