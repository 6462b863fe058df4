"""What several reports of a launch need is played once, and comes out the same."""

from __future__ import annotations

import pandas as pd
import pytest

from allocation.analysis import kept_sweeps
from allocation.analysis.kept_sweeps import sweep_once
from allocation.montecarlo import sweep
from allocation.montecarlo.sweep import RATE
from tests.analysis.runs import small_scenario


def test_a_kept_sweep_is_the_sweep(tmp_path, monkeypatch):
    scenario = small_scenario()
    asked = (scenario, (RATE,), ([1.0, 1.05],), 5, 3)
    first = sweep_once(tmp_path, *asked)
    monkeypatch.setattr(kept_sweeps, "sweep", None)
    again = sweep_once(tmp_path, *asked)
    expected = sweep(scenario, RATE, [1.0, 1.05], 5, 3, progress=False)
    for found in (first, again):
        pd.testing.assert_frame_equal(found.frame, expected.frame)
        assert found.settings == expected.settings
        pd.testing.assert_frame_equal(found.intervals(["profit", "alert"]), expected.intervals(["profit", "alert"]))
    # Anything else is played.
    for other in ((small_scenario(**{"economics.margin": 11}), *asked[1:]), (*asked[:4], 4), (*asked[:3], 6, 3)):
        with pytest.raises(TypeError, match="not callable"):
            sweep_once(tmp_path, *other)
    with pytest.raises(TypeError, match="not callable"):
        sweep_once(None, *asked)
