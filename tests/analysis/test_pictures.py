"""The same numbers give the same picture: twice, in another process, and under another hash seed."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from allocation import analysis, load_scenario, simulate
from allocation.analysis.panels import draw_panels
from allocation.analysis.style import png
from tests.analysis.runs import small_scenario

PICTURES = Path(__file__).with_name("pictures")
SIZE = (160, 100)
FAR, MANY = 60, 0.02


def pictures() -> dict[str, bytes]:
    """A few figures of kinds that differ: bars, bands over a rate, cells, steps in two spans."""
    scenario = small_scenario()
    run = simulate(scenario)
    service = analysis.service_by_rate(analysis.sweep_rates(load_scenario("iphone-15-pro"), 6, 0, (1, 1.05)), 1.0)
    flow, outcome = analysis.status_flow(run), analysis.outcome_by_tier(run)
    return {
        "service": png(draw_panels(service, analysis.SERVICE_PLOTS)),
        "status_flow": png(draw_panels(flow, [analysis.plot_status_flow], 3.9)),
        "outcome_by_tier": png(draw_panels(outcome, [analysis.plot_outcome_by_tier], 3.9)),
        "confirmed_curve": png(draw_panels(analysis.confirmed_curve(run), [analysis.plot_confirmed_curve], 3.9)),
    }


def digests() -> dict[str, str]:
    return {name: hashlib.sha256(picture).hexdigest() for name, picture in pictures().items()}


def small(picture: bytes) -> np.ndarray:
    """A picture so small that the edges of letters do not count."""
    return np.asarray(Image.open(BytesIO(picture)).convert("RGB").resize(SIZE, Image.Resampling.BOX), np.int64)


@pytest.fixture(scope="module")
def drawn():
    return pictures()


def test_another_process_draws_the_same_bytes(drawn):
    here = {name: hashlib.sha256(picture).hexdigest() for name, picture in drawn.items()}
    code = "from tests.analysis.test_pictures import digests; import json; print(json.dumps(digests()))"
    there = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[2],
        env={**os.environ, "PYTHONHASHSEED": "4711", "MPLBACKEND": "svg", "TZ": "Asia/Tokyo"},
    )
    assert json.loads(there.stdout) == here


def test_a_person_s_own_style_changes_nothing(drawn):
    import matplotlib as mpl

    with mpl.rc_context({"figure.facecolor": "black", "lines.linewidth": 9, "font.size": 30}):
        assert pictures() == drawn


def test_pictures_are_of_150_dpi_and_hold_no_time_or_program(drawn):
    for picture in drawn.values():
        image = Image.open(BytesIO(picture))
        assert round(image.info["dpi"][0]) == 150
        assert image.width == 960
        assert b"tIME" not in picture
        assert b"Software" not in picture


@pytest.mark.parametrize("name", ["service", "status_flow", "outcome_by_tier", "confirmed_curve"])
def test_a_picture_looks_as_it_did(drawn, name):
    """Beside a small copy: letters may be drawn a little otherwise by another font library, shapes may not."""
    before = np.asarray(Image.open(PICTURES / f"{name}.png").convert("RGB"), np.int64)
    off = np.abs(small(drawn[name]) - before).max(axis=2)
    assert (off > FAR).mean() < MANY, f"{(off > FAR).mean():.1%} of the picture is another"


def test_the_comparison_sees_what_matters(drawn):
    pairs = [("service", "status_flow"), ("outcome_by_tier", "confirmed_curve")]
    for one, other in pairs:
        off = np.abs(small(drawn[one]) - small(drawn[other])).max(axis=2)
        assert (off > FAR).mean() > MANY
    # One bar of another colour is seen.
    frame = analysis.outcome_by_tier(simulate(small_scenario()))
    frame.loc[frame["outcome"] == "allocated", "outcome"] = "rejected"
    changed = png(draw_panels(frame, [analysis.plot_outcome_by_tier], 3.9))
    assert (np.abs(small(changed) - small(drawn["outcome_by_tier"])).max(axis=2) > FAR).mean() > MANY
