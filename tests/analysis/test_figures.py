"""Figures draw without a warning, say what they show, and come out the same."""

from __future__ import annotations

import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from allocation import analysis, load_scenario, simulate
from allocation.analysis.launch_report import LaunchReport
from allocation.analysis.style import in_style, tier_looks
from allocation.montecarlo import replicate
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
        analysis.plot_headlines: analysis.headline_intervals(replicate(small_scenario(), 3, progress=False)),
        analysis.plot_supply_and_promises: analysis.supply_and_promises(run),
        analysis.plot_gains_and_losses: analysis.gains_by_tier(run, analysis.counterfactuals(run, small_scenario())),
    }


@pytest.fixture(scope="module")
def compared():
    """Frames of settings: with the closed form, without it, of one setting, and of methods."""
    phone = load_scenario("iphone-15-pro")
    swept = analysis.sweep_rates(phone, 5, 0, (1, 1.03, 1.05))
    alone = analysis.sweep_rates(small_scenario(), 2, 0, (1,))
    return {
        analysis.RATE_PLOTS: [
            analysis.with_closed_form(analysis.rate_curve(swept, analysis.rate_in_force(phone)), swept),
            analysis.rate_curve(analysis.sweep_rates(small_scenario(), 3)),
            analysis.rate_curve(alone, 1),
        ],
        analysis.METHOD_PLOTS: [analysis.method_frame(analysis.compare_methods(small_scenario(), 3))],
        **waves(),
    }


def waves():
    """Frames of waves: of several deliveries at risk, and of variants that change nothing."""
    risky = small_scenario(**{f"supply.0.expected.{i}.short": {"probability": 0.5, "share": 0.3} for i in (0, 1)})
    study = analysis.study_waves(risky, 3, 0)
    compared = analysis.compared_with_configured(study, "worth")
    same = compared.assign(difference=0.0, difference_half_width=0.0)
    return {
        analysis.VARIANT_PLOTS: [compared, same],
        analysis.RISK_PLOTS: [analysis.risk_distribution(analysis.drawn_arrivals(risky, 40, 0))],
        analysis.WAIT_PLOTS: [analysis.replicated_waits(risky, 3, 0).curve],
        (analysis.plot_wave_units,): [analysis.wave_units(study, analysis.drawn_arrivals(risky, 3, 0))],
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


def test_figures_of_settings_have_units_and_come_out_the_same(compared):
    for plots, given in compared.items():
        for plot in plots:
            for frame in given:
                first, ax = drawn(plot, frame)
                assert first == drawn(plot, frame)[0], plot
                assert ax.get_xlabel()
                assert ax.get_ylabel() or [label.get_text() for label in ax.get_yticklabels()]
                label = ax.get_xlabel() + ax.get_ylabel()
                assert any(unit in label for unit in ("(USD)", "probability", "units", "days"))


def test_whiskers_and_lines_of_a_figure_are_those_of_its_frame(compared):
    frame = compared[analysis.RATE_PLOTS][0]
    _, ax = drawn(analysis.plot_oversold_probability, frame)
    own = frame[(frame["measure"] == "oversold_any") & (frame["source"] == "simulated")]
    (whiskers,) = ax.containers[0].lines[2]
    assert [segment[:, 1].tolist() for segment in whiskers.get_segments()] == [
        pytest.approx([row.low, row.high]) for row in own.itertuples()
    ]
    labels = [text.get_text() for text in ax.get_legend().get_texts()]
    assert labels[0] == "launches that oversell"
    assert {"launches that oversell, closed form", "1.03 in force", "1.05 best"} <= set(labels)


def test_panels_of_one_axis_name_it_once(compared):
    figure = analysis.draw_panels(compared[analysis.RATE_PLOTS][0], analysis.RATE_PLOTS)
    assert [bool(ax.get_xlabel()) for ax in figure.axes] == [False, False, True]
    assert analysis.png(figure)


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
