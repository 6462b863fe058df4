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
from allocation.analysis.contradictions import contradictions
from allocation.analysis.displaced import displaced_by_tier, displaced_sentence
from allocation.analysis.launch_report import LaunchReport, open_report
from allocation.analysis.method_figures import (
    METHOD_PLOTS,
    plot_less_than_best,
    plot_oversold_probability_by_method,
    plot_profit_by_method,
    plot_units_by_method,
)
from allocation.analysis.methods import (
    MethodComparison,
    compare_methods,
    method_frame,
    method_table,
    methods_basis,
    methods_note,
)
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
from allocation.analysis.oversold_figures import plot_oversold_distribution
from allocation.analysis.oversold_tail import (
    oversold_distribution,
    oversold_sentence,
    oversold_tails,
    rates_of_interest,
    tail_basis,
)
from allocation.analysis.panels import draw_panels
from allocation.analysis.policies import PolicyComparison, compare_policies, policies_note
from allocation.analysis.policy_figures import (
    GAIN_PLOTS,
    POLICY_PLOTS,
    plot_gain_served,
    plot_gain_waiting,
    plot_policy_profit,
    plot_policy_served,
    plot_policy_waiting,
)
from allocation.analysis.policy_frames import (
    confirmed_bands,
    gains_table,
    policy_frame,
    policy_table,
    tier_gains,
    tiers_answer,
    waiting_table,
)
from allocation.analysis.priority_formula import PriorityErrors, priority_errors
from allocation.analysis.published import published_beside_simulated, published_table
from allocation.analysis.queue_positions import plot_queue_positions, positions_table, queue_positions_by_tier
from allocation.analysis.ranges import with_range_words, with_ranges
from allocation.analysis.rate_curve import rate_curve, rate_in_force, rate_table, rates_to_try, sweep_rates
from allocation.analysis.rate_figures import (
    RATE_PLOTS,
    plot_oversold_probability,
    plot_profit_by_rate,
    plot_units_by_rate,
)
from allocation.analysis.recommended import (
    chosen_rate,
    rate_looked_at,
    recommend_rate,
    recommendation_basis,
    recommendation_sentence,
    recommendation_table,
    recommended_answer,
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
from allocation.analysis.service import service_by_rate, service_table
from allocation.analysis.service_figures import SERVICE_PLOTS, plot_service_type_1, plot_service_type_2
from allocation.analysis.status_flow import flow_table, plot_status_flow, status_flow
from allocation.analysis.style import png
from allocation.analysis.supply import supply_over_time
from allocation.analysis.tornado import tornado, tornado_note, tornado_table, what_moves
from allocation.analysis.tornado_figures import TORNADO_PLOTS, plot_tornado_best_rate, plot_tornado_profit
from allocation.analysis.wording import basis_of, example_sentence, overbooking_answer, priority_answer, regime_sentence

__all__ = [
    "GAIN_PLOTS",
    "METHOD_PLOTS",
    "POLICY_PLOTS",
    "RATE_PLOTS",
    "SERVICE_PLOTS",
    "TORNADO_PLOTS",
    "LaunchReport",
    "MethodComparison",
    "PolicyComparison",
    "PriorityErrors",
    "Regime",
    "at_milestones",
    "basis_of",
    "chosen_rate",
    "closed_form_beside",
    "closed_form_caveats",
    "closed_form_curve",
    "closed_form_gaps",
    "closed_form_sentence",
    "closed_form_table",
    "compare_methods",
    "compare_policies",
    "confirmed_bands",
    "confirmed_curve",
    "contradictions",
    "displaced_by_tier",
    "displaced_sentence",
    "draw_in_two_spans",
    "draw_panels",
    "example_sentence",
    "flow_table",
    "gains_table",
    "headline_intervals",
    "headline_table",
    "limit_gaps",
    "method_frame",
    "method_table",
    "methods_basis",
    "methods_note",
    "milestones",
    "moves",
    "open_report",
    "orders_against_supply",
    "outcome_by_tier",
    "outcome_table",
    "overbooking_answer",
    "oversold_distribution",
    "oversold_sentence",
    "oversold_tails",
    "plot_confirmed_curve",
    "plot_gain_served",
    "plot_gain_waiting",
    "plot_headlines",
    "plot_less_than_best",
    "plot_moves",
    "plot_orders_against_supply",
    "plot_outcome_by_tier",
    "plot_oversold_distribution",
    "plot_oversold_probability",
    "plot_oversold_probability_by_method",
    "plot_policy_profit",
    "plot_policy_served",
    "plot_policy_waiting",
    "plot_priority_errors",
    "plot_profit_by_method",
    "plot_profit_by_rate",
    "plot_promised_units",
    "plot_published",
    "plot_queue_positions",
    "plot_queue_sizes",
    "plot_service_type_1",
    "plot_service_type_2",
    "plot_status_flow",
    "plot_tornado_best_rate",
    "plot_tornado_profit",
    "plot_units_by_method",
    "plot_units_by_rate",
    "png",
    "policies_note",
    "policy_frame",
    "policy_table",
    "positions_table",
    "priority_answer",
    "priority_errors",
    "promised_units",
    "published_beside_simulated",
    "published_table",
    "queue_positions_by_tier",
    "queue_sizes",
    "rate_curve",
    "rate_in_force",
    "rate_looked_at",
    "rate_table",
    "rates_of_interest",
    "rates_to_try",
    "recommend_rate",
    "recommendation_basis",
    "recommendation_sentence",
    "recommendation_table",
    "recommended_answer",
    "regime_of",
    "regime_sentence",
    "service_by_rate",
    "service_table",
    "status_changes",
    "status_flow",
    "status_levels",
    "supply_over_time",
    "sweep_rates",
    "tail_basis",
    "tier_gains",
    "tiers_answer",
    "tornado",
    "tornado_note",
    "tornado_table",
    "waiting_by_tier",
    "waiting_days",
    "waiting_table",
    "what_moves",
    "with_closed_form",
    "with_range_words",
    "with_ranges",
]
