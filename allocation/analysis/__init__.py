"""From decisions to tidy frames, measures with intervals, and figures.

Functions that make a frame take a `Run` (``queue_sizes(run)``), or the sweep of many replications
(``rate_curve(swept)``); functions that draw take such a frame and, if wanted, axes (``plot_queue_sizes(frame, ax)``),
and return the axes. `open_report` is where a notebook begins.
"""

from __future__ import annotations

from allocation.analysis.actual_figures import (
    plot_cancellations_course,
    plot_held_course,
    plot_orders_course,
    plot_show_rates,
)
from allocation.analysis.actuals import AgainstForecast, actuals_answer
from allocation.analysis.against_forecast import course_bands, outcomes_compared, show_rates, standing_compared
from allocation.analysis.by_tier import (
    confirmed_curve,
    outcome_by_tier,
    outcome_table,
    waiting_days,
)
from allocation.analysis.calibration_figures import (
    plot_arrivals,
    plot_cancellation,
    plot_goodness,
    plot_quantities,
    plot_shares_of_tiers,
)
from allocation.analysis.calibration_frames import (
    calibration_answer,
    every_few,
    goodness_frame,
    goodness_table,
    left_out_frame,
)
from allocation.analysis.calibration_report import CalibrationReport, open_calibration
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
from allocation.analysis.counterfactual import Counterfactuals, counterfactuals, from_to, gains_by_tier, largest_changes
from allocation.analysis.decision_book import DecisionBook, decision_book
from allocation.analysis.displaced import displaced_by_tier, displaced_sentence
from allocation.analysis.launch_report import LaunchReport
from allocation.analysis.live_outcomes import Night, night_of, not_matched, plan_beside_outcome, verdict_counts
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
from allocation.analysis.opening import open_report
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
    supply_and_promises,
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
from allocation.analysis.recorded import Actuals, book_frame, recorded_run
from allocation.analysis.regimes import Regime, regime_of
from allocation.analysis.replications import headline_intervals, headline_table
from allocation.analysis.review import (
    atp_at_releases,
    broken_promises,
    decisions_by_order,
    decisions_of,
    refusals_of,
    releases_of,
)
from allocation.analysis.review_figures import plot_gains_and_losses
from allocation.analysis.review_wording import (
    alerts_of,
    honesty_note,
    night_note,
    no_alert_note,
    record_note,
    review_answer,
)
from allocation.analysis.series_figures import (
    draw_in_two_spans,
    plot_moves,
    plot_orders_against_supply,
    plot_promised_units,
    plot_queue_sizes,
)
from allocation.analysis.service import service_by_rate, service_table
from allocation.analysis.service_figures import SERVICE_PLOTS, plot_service_type_1, plot_service_type_2
from allocation.analysis.since_last_night import EarlierNight, counts_changed, statuses_changed
from allocation.analysis.status_flow import flow_table, plot_status_flow, status_flow
from allocation.analysis.style import png
from allocation.analysis.supply import arrivals_over_time, supply_over_time
from allocation.analysis.supply_risk import delivery_risk, drawn_arrivals, risk_distribution, risk_outcomes
from allocation.analysis.tables import html_table
from allocation.analysis.tornado import tornado, tornado_note, tornado_table, what_moves
from allocation.analysis.tornado_figures import TORNADO_PLOTS, plot_tornado_best_rate, plot_tornado_profit
from allocation.analysis.tuned import tuned_outcome, tuned_table, tuned_tier_table, tuned_tiers
from allocation.analysis.tuned_figures import draw_tuned, plot_tuned_tiers, plot_tuned_units
from allocation.analysis.waits import replicated_waits, waits_table
from allocation.analysis.wave_figures import (
    RISK_PLOTS,
    VARIANT_PLOTS,
    WAIT_PLOTS,
    plot_supply_and_promises,
    plot_wave_units,
)
from allocation.analysis.wave_units import wave_units
from allocation.analysis.wave_wording import (
    about_assignment,
    about_distribution,
    about_risk,
    about_worth,
    of_draws,
    of_waits,
    same_customers,
    waves_answer,
)
from allocation.analysis.waves import WaveStudy, compared_with_configured, study_waves, variant_table
from allocation.analysis.wording import basis_of, example_sentence, overbooking_answer, regime_sentence
from allocation.calibration import cancellation_frame

__all__ = [
    "GAIN_PLOTS",
    "METHOD_PLOTS",
    "POLICY_PLOTS",
    "RATE_PLOTS",
    "RISK_PLOTS",
    "SERVICE_PLOTS",
    "TORNADO_PLOTS",
    "VARIANT_PLOTS",
    "WAIT_PLOTS",
    "Actuals",
    "AgainstForecast",
    "CalibrationReport",
    "Counterfactuals",
    "DecisionBook",
    "EarlierNight",
    "LaunchReport",
    "MethodComparison",
    "Night",
    "PolicyComparison",
    "PriorityErrors",
    "Regime",
    "WaveStudy",
    "about_assignment",
    "about_distribution",
    "about_risk",
    "about_worth",
    "actuals_answer",
    "alerts_of",
    "arrivals_over_time",
    "at_milestones",
    "atp_at_releases",
    "basis_of",
    "book_frame",
    "broken_promises",
    "calibration_answer",
    "cancellation_frame",
    "chosen_rate",
    "closed_form_beside",
    "closed_form_caveats",
    "closed_form_curve",
    "closed_form_gaps",
    "closed_form_sentence",
    "closed_form_table",
    "compare_methods",
    "compare_policies",
    "compared_with_configured",
    "confirmed_bands",
    "confirmed_curve",
    "contradictions",
    "counterfactuals",
    "counts_changed",
    "course_bands",
    "decision_book",
    "decisions_by_order",
    "decisions_of",
    "delivery_risk",
    "displaced_by_tier",
    "displaced_sentence",
    "draw_in_two_spans",
    "draw_panels",
    "draw_tuned",
    "drawn_arrivals",
    "every_few",
    "example_sentence",
    "flow_table",
    "from_to",
    "gains_by_tier",
    "gains_table",
    "goodness_frame",
    "goodness_table",
    "headline_intervals",
    "headline_table",
    "honesty_note",
    "html_table",
    "largest_changes",
    "left_out_frame",
    "limit_gaps",
    "method_frame",
    "method_table",
    "methods_basis",
    "methods_note",
    "milestones",
    "moves",
    "night_note",
    "night_of",
    "no_alert_note",
    "not_matched",
    "of_draws",
    "of_waits",
    "open_calibration",
    "open_report",
    "orders_against_supply",
    "outcome_by_tier",
    "outcome_table",
    "outcomes_compared",
    "overbooking_answer",
    "oversold_distribution",
    "oversold_sentence",
    "oversold_tails",
    "plan_beside_outcome",
    "plot_arrivals",
    "plot_cancellation",
    "plot_cancellations_course",
    "plot_confirmed_curve",
    "plot_gain_served",
    "plot_gain_waiting",
    "plot_gains_and_losses",
    "plot_goodness",
    "plot_headlines",
    "plot_held_course",
    "plot_less_than_best",
    "plot_moves",
    "plot_orders_against_supply",
    "plot_orders_course",
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
    "plot_quantities",
    "plot_queue_positions",
    "plot_queue_sizes",
    "plot_service_type_1",
    "plot_service_type_2",
    "plot_shares_of_tiers",
    "plot_show_rates",
    "plot_status_flow",
    "plot_supply_and_promises",
    "plot_tornado_best_rate",
    "plot_tornado_profit",
    "plot_tuned_tiers",
    "plot_tuned_units",
    "plot_units_by_method",
    "plot_units_by_rate",
    "plot_wave_units",
    "png",
    "policies_note",
    "policy_frame",
    "policy_table",
    "positions_table",
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
    "record_note",
    "recorded_run",
    "refusals_of",
    "regime_of",
    "regime_sentence",
    "releases_of",
    "replicated_waits",
    "review_answer",
    "risk_distribution",
    "risk_outcomes",
    "same_customers",
    "service_by_rate",
    "service_table",
    "show_rates",
    "standing_compared",
    "status_changes",
    "status_flow",
    "status_levels",
    "statuses_changed",
    "study_waves",
    "supply_and_promises",
    "supply_over_time",
    "sweep_rates",
    "tail_basis",
    "tier_gains",
    "tiers_answer",
    "tornado",
    "tornado_note",
    "tornado_table",
    "tuned_outcome",
    "tuned_table",
    "tuned_tier_table",
    "tuned_tiers",
    "variant_table",
    "verdict_counts",
    "waiting_days",
    "waiting_table",
    "waits_table",
    "wave_units",
    "waves_answer",
    "what_moves",
    "with_closed_form",
    "with_range_words",
    "with_ranges",
]
