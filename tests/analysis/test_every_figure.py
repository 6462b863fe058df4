"""What holds for every figure of the package: units, axes given or made, a baseline at zero, and any frame."""

from __future__ import annotations

import functools
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.container import BarContainer
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from allocation import analysis, load_scenario
from allocation.analysis.launch_report import LaunchReport
from allocation.analysis.priority_formula import PriorityErrors
from allocation.analysis.recorded import example_actuals
from allocation.analysis.style import in_style
from allocation.calibration import calibrate, cancellation_frame, example_source
from tests.analysis.runs import small_scenario

PALETTE = {"#000000", "#e69f00", "#56b4e9", "#009e73", "#f0e442", "#0072b2", "#d55e00", "#cc79a7"}
PALETTE |= {"#8c8c8c", "#ffffff"}
PLOTS = sorted(name for name in analysis.__all__ if name.startswith("plot_"))


@functools.cache
def frames():
    """A frame of a small launch for every figure."""
    report = LaunchReport(small_scenario(), replications=3)
    run, rates = report.run, report.rates
    curve, methods = report.rate_curve, analysis.method_frame(report.methods)
    policies = analysis.policy_frame(report.policies)
    service = analysis.service_by_rate(rates, 1.05)
    moved = analysis.tornado(rates, 1.05, 3)
    interest = dict.fromkeys((1.0, 1.05, 1.1), "tried")
    gains = analysis.tier_gains(policies, report.policies)
    return {
        "plot_confirmed_curve": analysis.confirmed_bands(report.policies),
        "plot_gain_served": gains,
        "plot_gain_waiting": gains,
        "plot_headlines": report.headlines,
        "plot_less_than_best": methods,
        "plot_moves": analysis.moves(run),
        "plot_orders_against_supply": analysis.orders_against_supply(run),
        "plot_outcome_by_tier": analysis.outcome_by_tier(run),
        "plot_oversold_distribution": analysis.oversold_distribution(rates, interest),
        "plot_oversold_probability": curve,
        "plot_oversold_probability_by_method": methods,
        "plot_policy_profit": policies,
        "plot_policy_served": policies,
        "plot_policy_waiting": policies,
        "plot_priority_errors": analysis.priority_errors(run),
        "plot_profit_by_method": methods,
        "plot_profit_by_rate": curve,
        "plot_promised_units": analysis.promised_units(run),
        "plot_published": analysis.published_beside_simulated(run),
        "plot_queue_positions": analysis.queue_positions_by_tier(run, report.spans, report.moments),
        "plot_queue_sizes": analysis.queue_sizes(run),
        "plot_service_type_1": service,
        "plot_service_type_2": service,
        "plot_status_flow": analysis.status_flow(run),
        "plot_tornado_best_rate": moved,
        "plot_tornado_profit": moved,
        "plot_units_by_method": methods,
        "plot_units_by_rate": curve,
        "plot_gains_and_losses": analysis.gains_by_tier(run, analysis.counterfactuals(run, report.scenario)),
        "plot_supply_and_promises": analysis.supply_and_promises(run),
        "plot_wave_units": analysis.wave_units(
            analysis.study_waves(report.scenario, 3), analysis.drawn_arrivals(report.scenario)
        ),
        **frames_of_a_launch_that_has_begun(),
        **frames_of_a_history(),
        "plot_tuned_tiers": analysis.tuned_tiers(rates),
        "plot_tuned_units": analysis.tuned_outcome(rates),
    }


def frames_of_a_launch_that_has_begun():
    scenario = small_scenario()
    report = LaunchReport(scenario, replications=3, actuals=example_actuals(scenario))
    compared = analysis.AgainstForecast(report)
    measures = {"orders": "orders", "cancellations": "cancelled", "held": "held"}
    bands = {
        f"plot_{name}_course": analysis.course_bands(
            measure, compared.forecast, compared.rest, report.run, knows_the_past=True
        )
        for name, measure in measures.items()
    }
    return bands | {"plot_show_rates": compared.show_rates}


def frames_of_a_history():
    found = calibrate(example_source(), load_scenario("console-realistic"))
    return {
        "plot_arrivals": found.estimates.arrivals.frame,
        "plot_cancellation": cancellation_frame(found.estimates),
        "plot_goodness": analysis.goodness_frame(found),
        "plot_quantities": found.estimates.quantities,
        "plot_shares_of_tiers": found.estimates.cancelled,
    }


def first_rows(given, count):
    """The first rows of what a figure draws."""
    if isinstance(given, PriorityErrors):
        return replace(given, by_tiers=given.by_tiers.head(count))
    return given.head(count)


def frame_of(given):
    return given.by_tiers if isinstance(given, PriorityErrors) else given


def drawn(name, given):
    with in_style():
        ax = Figure().subplots()
        assert getattr(analysis, name)(given, ax) is ax, "it returns the axes that it is given"
    return ax


def test_every_figure_has_a_frame_here():
    assert set(PLOTS) == set(frames())


@pytest.mark.parametrize("name", PLOTS)
def test_axes_say_what_they_show(name):
    ax = drawn(name, frames()[name])
    assert ax.get_xlabel()
    named = [label.get_text() for label in ax.get_yticklabels()]
    assert ax.get_ylabel() or (all(named) and named)
    assert len(ax.get_lines()) + len(ax.patches) + len(ax.collections) > 0


@pytest.mark.parametrize("name", PLOTS)
def test_a_frame_is_not_changed(name):
    frame = frame_of(frames()[name])
    before = frame.copy(deep=True)
    drawn(name, frames()[name])
    pd.testing.assert_frame_equal(frame, before)


@pytest.mark.parametrize("name", PLOTS)
def test_without_axes_it_makes_its_own(name):
    ax = getattr(analysis, name)(frames()[name])
    assert isinstance(ax, Axes)
    assert ax.figure.number in plt.get_fignums()
    plt.close(ax.figure)


@pytest.mark.parametrize("rows", [0, 1])
@pytest.mark.parametrize("name", PLOTS)
def test_no_row_and_one_row_are_drawn_too(name, rows):
    ax = drawn(name, first_rows(frames()[name], rows))
    assert ax.get_xlabel()
    assert analysis.png(ax.figure)


@pytest.mark.parametrize("name", PLOTS)
def test_bars_begin_at_zero(name):
    ax = drawn(name, frames()[name])
    for container in ax.containers:
        if not isinstance(container, BarContainer):
            continue
        across = container.orientation == "horizontal"
        low, high = sorted(ax.get_xlim() if across else ax.get_ylim())
        assert low <= 0 <= high
        for bar in container.patches:
            assert isinstance(bar, Rectangle)
            start = bar.get_x() if across else bar.get_y()
            # A bar that stands on another one begins where that ends.
            others = [b for other in ax.containers if isinstance(other, BarContainer) for b in other.patches]
            ends = [b.get_x() + b.get_width() if across else b.get_y() + b.get_height() for b in others]
            assert start == 0 or np.isclose(ends, start).any()


@pytest.mark.parametrize("name", PLOTS)
def test_every_colour_is_one_of_the_package(name):
    # What is drawn for tiers, outcomes and series comes from one palette; black, white and greys frame it.

    ax = drawn(name, frames()[name])
    if name == "plot_status_flow":
        return  # shades of one colour, which stand for numbers
    # The caps of whiskers are markers without a line.
    lines = [(line, line.get_linestyle() == "None") for line in ax.get_lines()]
    seen = {to_hex(line.get_markeredgecolor() if marked else line.get_color()) for line, marked in lines}
    seen |= {to_hex(bar.get_facecolor()) for bar in ax.patches}
    assert seen <= PALETTE


def test_the_distribution_of_a_real_launch_has_its_mean_and_its_worst():
    swept = analysis.sweep_rates(load_scenario("iphone-15-pro"), 30, 0, (1.05,))
    frame = analysis.oversold_distribution(swept, {1.05: "in force"})
    ax = drawn("plot_oversold_distribution", frame)
    mean = swept.frame["oversold_units"].mean()
    assert any(line.get_linestyle() == ":" and line.get_xdata()[0] == pytest.approx(mean) for line in ax.get_lines())
    assert [text.get_text() for text in ax.texts] == ["worst 5% above"]


def test_the_flow_has_every_count_in_its_cell():
    frame = frames()["plot_status_flow"]
    ax = drawn("plot_status_flow", frame)
    columns = [label.get_text() for label in ax.get_xticklabels()]
    rows = [label.get_text() for label in ax.get_yticklabels()]
    cells = {(rows[round(t.get_position()[1])], columns[round(t.get_position()[0])]): t.get_text() for t in ax.texts}
    assert cells == {(r.before.lower(), r.after.lower()): f"{r.moves:,}" for r in frame.itertuples()}
