"""Figures of a calibration: units, bands that are those of their frames, and the same picture every time."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from allocation import analysis, load_scenario
from allocation.analysis.style import in_style
from allocation.calibration import Calibration, Source, calibrate, cancellation_frame, example_source
from allocation.calibration.source import EXAMPLE


@pytest.fixture(scope="module")
def found() -> Calibration:
    return calibrate(example_source(), load_scenario("console-realistic"))


def drawn(plot, frame):
    with in_style():
        figure = Figure()
        ax = figure.subplots()
        assert plot(frame, ax) is ax
    return analysis.png(figure), ax


def frames(found):
    return {
        analysis.plot_arrivals: found.estimates.arrivals.frame,
        analysis.plot_shares_of_tiers: found.estimates.cancelled,
        analysis.plot_quantities: found.estimates.quantities,
        analysis.plot_cancellation: cancellation_frame(found.estimates),
        analysis.plot_goodness: analysis.goodness_frame(found),
    }


def test_every_figure_names_its_axes_and_comes_out_the_same(found) -> None:
    for plot, frame in frames(found).items():
        first, ax = drawn(plot, frame)
        assert ax.get_xlabel()
        assert ax.get_ylabel()
        assert first == drawn(plot, frame)[0]


def test_bars_begin_at_zero_and_whiskers_are_the_intervals(found) -> None:
    frame = found.estimates.cancelled
    _, ax = drawn(analysis.plot_shares_of_tiers, frame)
    assert ax.get_ylim()[0] == 0
    assert [bar.get_height() for bar in ax.patches] == frame["share"].tolist()
    (whiskers,) = ax.collections
    ends = [segment[:, 1].tolist() for segment in whiskers.get_segments()]
    assert ends == [pytest.approx(pair) for pair in frame[["share_low", "share_high"]].to_numpy()]


def test_the_band_of_the_curve_is_that_of_its_frame(found) -> None:
    frame = cancellation_frame(found.estimates)
    _, ax = drawn(analysis.plot_cancellation, frame)
    (band,) = ax.collections
    heights = band.get_paths()[0].vertices[:, 1]
    assert heights.max() == pytest.approx(frame["share_cancelled_high"].max())
    assert set(np.round(frame["share_cancelled_low"], 12)) <= set(np.round(heights, 12))
    seen, fitted = ax.get_lines()
    assert seen.get_ydata() == pytest.approx(frame["share_cancelled"].to_numpy())
    assert fitted.get_ydata() == pytest.approx(frame["share_fitted"].to_numpy())


def test_goodness_is_the_difference_of_the_two_curves(found) -> None:
    curve, goodness = cancellation_frame(found.estimates), analysis.goodness_frame(found)
    chosen = goodness[goodness["is_chosen"]]
    assert chosen["share_difference"].to_numpy() == pytest.approx(
        (curve["share_fitted"] - curve["share_cancelled"]).to_numpy()
    )
    table = analysis.goodness_table(found)
    assert table["AIC"].is_monotonic_increasing
    # The table looks at every cancellation, the figure at every hundredth of the window.
    assert table["share_apart_at_most"].iloc[0] >= chosen["share_difference"].abs().max() - 0.002


def test_a_history_of_few_cancellations_is_drawn_without_a_fit(tmp_path) -> None:
    frame = pd.read_csv(EXAMPLE)
    frame[frame["status"] == "ALLOCATED"].to_csv(tmp_path / "served.csv", index=False)
    found = calibrate(Source(tmp_path / "served.csv"), load_scenario("console-realistic"))
    _, ax = drawn(analysis.plot_cancellation, cancellation_frame(found.estimates))
    assert len(ax.get_lines()) == 1
    assert analysis.goodness_frame(found).empty
    assert "too few cancellations to say when" in analysis.calibration_answer(found)
    assert ax.get_ylim()[1] > 0


def test_a_few_rows_of_a_long_table_have_both_ends(found) -> None:
    frame = found.estimates.arrivals.frame
    few = analysis.every_few(frame)
    assert len(few) <= 11
    assert few["hours"].iloc[[0, -1]].tolist() == frame["hours"].iloc[[0, -1]].tolist()
    assert len(analysis.every_few(few.head(2))) == 2
