"""Figures draw without a warning, say what they show, and come out the same."""

from __future__ import annotations

import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from allocation import analysis, simulate
from allocation.analysis.launch_report import LaunchReport
from allocation.analysis.style import in_style, tier_looks
from tests.analysis.runs import random_run, small_scenario


@pytest.fixture(scope="module")
def run():
    return simulate(small_scenario())


def frames(run):
    return {
        analysis.plot_orders_against_supply: analysis.orders_against_supply(run),
        analysis.plot_promised_units: analysis.promised_units(run),
        analysis.plot_queue_sizes: analysis.queue_sizes(run),
        analysis.plot_moves: analysis.moves(run),
        analysis.plot_outcome_by_tier: analysis.outcome_by_tier(run),
        analysis.plot_confirmed_curve: analysis.confirmed_curve(run),
        analysis.plot_published: analysis.published_beside_simulated(run),
        analysis.plot_priority_errors: analysis.priority_errors(run),
        analysis.plot_headlines: analysis.headline_intervals(analysis.replicate(small_scenario(), 0, 3)),
    }


def drawn(plot, frame):
    with in_style():
        figure = Figure()
        ax = figure.subplots()
        assert plot(frame, ax) is ax
    return analysis.png(figure), ax


def test_every_figure_has_units_and_comes_out_the_same(run):
    for plot, frame in frames(run).items():
        first, ax = drawn(plot, frame)
        second, _ = drawn(plot, frame)
        assert first == second, plot
        assert isinstance(ax, Axes)
        assert ax.get_xlabel()
        assert ax.get_ylabel() or [label.get_text() for label in ax.get_yticklabels()]
        assert b"Software" not in first
        assert b"tIME" not in first


def test_bars_begin_at_zero_and_counts_have_separators(run):
    _, ax = drawn(analysis.plot_headlines, frames(run)[analysis.plot_headlines])
    assert ax.get_xlim()[0] == 0
    assert ax.xaxis.get_major_formatter()(12345, 0) == "12,345"


def test_a_figure_in_two_spans_shows_every_series_of_a_launch():
    report = LaunchReport(small_scenario())
    for plot, frame in list(frames(report.run).items())[:4]:
        figure = analysis.draw_in_two_spans(plot, frame, report.spans)
        assert analysis.png(figure)
        left, right = figure.axes
        assert left.get_xlim()[1] == right.get_xlim()[0]
        assert "America/New_York" in figure.get_supxlabel()


def test_a_run_without_moves_or_releases_is_drawn_too():
    for seed in range(6):
        run = random_run(seed)
        for plot, make in ((analysis.plot_moves, analysis.moves), (analysis.plot_queue_sizes, analysis.queue_sizes)):
            drawn(plot, make(run))


def test_without_axes_a_figure_of_its_own_is_made(run):
    from matplotlib import pyplot as plt

    ax = analysis.plot_queue_sizes(analysis.queue_sizes(run))
    assert isinstance(ax, Axes)
    plt.close(ax.figure)


def test_tiers_look_different_in_every_way_and_the_same_everywhere():
    looks = tier_looks(["PLATINUM", "VIP", "STANDARD", "BASIC", "STAFF"])
    for name in ("color", "marker", "hatch"):
        assert len({getattr(look, name) for look in looks.values()}) == len(looks)
    assert tier_looks(["VIP"])["VIP"] == looks["VIP"]


def test_colours_are_those_that_okabe_and_ito_chose_for_every_kind_of_colour_vision():
    published = {"#000000", "#E69F00", "#56B4E9", "#009E73", "#F0E442", "#0072B2", "#D55E00", "#CC79A7"}
    looks = tier_looks(["PLATINUM", "VIP", "STANDARD", "GOLD", "BASIC", "STAFF"])
    assert {look.color for look in looks.values()} <= published
