"""The panel without a browser: what its controls do to what it shows, and that it waits for the hand to rest."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys

import pytest

import allocation
from allocation.analysis.tables import estimate_text
from allocation.engine.errors import ScenarioError
from allocation.montecarlo.sweep import RATE
from allocation.tuning.debounce import DELAY_S, Debounced
from allocation.tuning.knobs import ADMISSION, DEPTH, METHOD, NO_LIMIT, QUEUE
from tests.montecarlo.launches import small

N, SEED = 6, 1
HOLD, MARGIN = "policy.hold", "economics.margin"


@pytest.fixture
def panel(tmp_path):
    return allocation.tune(small("sneakers-trophy-room"), N, SEED, folder=tmp_path)


def profit_of(panel):
    return re.search(r"data-measure='profit'.*?<b>(.*?)</b>", panel.tiles.value)[1]


def expected_profit(move):
    row = move.swept.intervals(["profit"]).iloc[0]
    return estimate_text(row["mean"], row["half_width"])


def test_it_opens_with_the_scenario_as_it_is(panel):
    assert panel.last.words == "as in the scenario"
    assert profit_of(panel) == expected_profit(panel.tuner.move({}))
    assert f"n = {N} replications, numbers 0 to {N - 1} of seed {SEED}" in panel.tiles.value
    assert panel.unpin_button.disabled
    assert not panel.pin_button.disabled


def test_figures_and_tables_follow_a_control(panel):
    before = {name: getattr(panel, name).value for name in ("tiles", "figures", "tables", "status")}
    panel.controls[RATE].value = 1.1
    assert panel.last.overrides[RATE] == panel.last.scenario.policy.overbooking.rate
    for name, old in before.items():
        assert getattr(panel, name).value != old, name
    assert profit_of(panel) == expected_profit(panel.tuner.move({RATE: 1.1}))
    assert panel.figures.value.count('<img src="data:image/png;base64,') == 2
    assert panel.figures.value.count(' alt="') == 2


def test_a_queue_without_a_limit(panel):
    panel.controls[DEPTH].value = NO_LIMIT
    assert panel.last.scenario.policy.queue.max_depth is None


def test_pinned_settings_are_compared(panel):
    panel.pin_button.click()
    panel.controls[RATE].value = 1.1
    both = panel.tuner.compared(panel.last)
    row = both.paired("profit", 0).iloc[0]
    told = estimate_text(row["mean"], row["half_width"]).replace("-", "−")
    assert f"{told} against pinned" in panel.tiles.value
    assert "paired by replication" in panel.tiles.value
    assert "now less pinned" in panel.tables.value
    panel.unpin_button.click()
    assert "pinned" not in panel.tiles.value + panel.tables.value


def test_what_cannot_be_played_is_told_in_place(panel):
    shown = panel.tiles.value
    panel.controls[QUEUE].value = "no"
    assert "provisional needs the queue" in panel.status.value
    assert "role='alert'" in panel.status.value
    assert panel.tiles.value == shown
    assert panel.pin_button.disabled
    assert panel.save_button.disabled
    panel.controls[HOLD].value = "firm"
    assert "provisional needs" not in panel.status.value
    assert not panel.save_button.disabled
    assert panel.last.scenario.policy.queue.enabled is False


def test_what_would_change_nothing_is_greyed_out(panel):
    assert not panel.controls[RATE].disabled
    panel.controls[METHOD].value = "adaptive"
    assert panel.controls[RATE].disabled
    panel.controls[HOLD].value = "firm"
    panel.controls[QUEUE].value = "no"
    assert panel.controls[DEPTH].disabled
    assert panel.controls[ADMISSION].disabled


def test_back_to_the_scenario(panel):
    panel.controls[RATE].value = 1.1
    panel.controls[MARGIN].value = 3
    panel.reset_button.click()
    assert panel.last.words == "as in the scenario"
    assert panel.last.scenario == panel.tuner.scenario


def test_a_setting_is_saved_and_nothing_is_overwritten(panel, tmp_path):
    panel.controls[RATE].value = 1.1
    panel.name.value = "tuned"
    panel.save_button.click()
    path = tmp_path / "tuned.yaml"
    assert str(path.resolve()) in panel.message.value
    assert allocation.load_scenario(path).policy == panel.last.scenario.policy
    panel.save_button.click()
    assert "is not overwritten" in panel.message.value
    panel.name.value = "<b>no name</b>"
    panel.save_button.click()
    assert "is no name of lower-case words" in panel.message.value
    assert "<b>no name" not in panel.message.value


def test_an_interrupted_move_says_so(panel, monkeypatch):
    def interrupt(*_args):
        raise KeyboardInterrupt

    monkeypatch.setattr(panel.tuner, "move", interrupt)
    panel.controls[RATE].value = 1.1
    assert "Stopped before it was done" in panel.status.value
    assert panel.last is None
    assert panel.save_button.disabled


def test_a_long_move_shows_how_far_it_is(panel, monkeypatch):
    monkeypatch.setattr("allocation.tuning.panel._SHOW_EVERY_S", 0)
    seen = []
    panel.status.observe(lambda change: seen.append(change["new"]), "value")
    panel.controls[RATE].value = 1.1
    assert "Working" in seen[0]
    assert any(f"{N} of {N} replications" in text for text in seen)
    assert "Setting:" in seen[-1]


def test_it_is_there_before_the_first_picture(tmp_path):
    async def open_it():
        panel = allocation.tune(small("sneakers-trophy-room"), N, SEED, folder=tmp_path)
        assert panel.last is None
        assert f"the customers of {N} replications are drawn" in panel.status.value
        assert panel.save_button.disabled
        await asyncio.sleep(3 * DELAY_S)  # the loop plays before it goes on
        assert panel.last.words == "as in the scenario"
        assert not panel.save_button.disabled

    asyncio.run(open_it())


def test_every_control_is_named_and_says_what_it_does(panel):
    for control in panel.controls.values():
        assert control.description
        assert control.tooltip
        assert len(control.description) <= 16  # what there is room for


def test_text_of_a_scenario_is_escaped(tmp_path):
    panel = allocation.tune(small("sneakers-trophy-room", {"title": "<script>x</script> & co"}), 2, folder=tmp_path)
    head = panel.children[0].value
    assert "&lt;script&gt;x&lt;/script&gt; &amp; co" in head
    assert "<script>" not in head


def test_no_such_scenario():
    with pytest.raises(ScenarioError, match="did you mean sneakers-trophy-room"):
        allocation.tune("sneakers-trophy-rooms")


def test_widgets_are_loaded_when_somebody_tunes():
    code = "import allocation, sys; allocation.tune; print('ipywidgets' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


# ----- waiting for the hand to rest


def test_without_a_loop_it_acts_at_once():
    called = []
    Debounced(lambda: called.append(1)).ask()
    assert called == [1]


def test_in_a_loop_many_asks_are_one_act():
    called = []

    async def turn():
        debounced = Debounced(lambda: called.append(1), 0.01)
        for _ in range(5):
            debounced.ask()
        assert called == []
        await asyncio.sleep(0.05)
        assert called == [1]
        debounced.ask()
        debounced.at_once()
        assert called == [1, 1]
        debounced.at_once()  # nothing is due
        debounced.ask()
        assert debounced.forget()
        await asyncio.sleep(0.05)
        assert called == [1, 1]

    asyncio.run(turn())
