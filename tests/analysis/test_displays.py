"""What a notebook shows of a run, a scenario, a sweep and a recommendation; elsewhere they are a line of text."""

from __future__ import annotations

import re
import subprocess
import sys
from html.parser import HTMLParser

import pytest

from allocation import recommend, replay, simulate, sweep
from allocation.analysis import displays
from allocation.analysis.tables import estimate_text
from allocation.display import as_html
from allocation.engine.policy import Policy
from tests.analysis.runs import random_run, small_scenario

RATE, HOLD = "policy.overbooking.rate", "policy.hold"
WEIRD = "<img src=x onerror=alert(1)> & co"


class Reader(HTMLParser):
    """Tags that are open, pictures and text of a piece of HTML."""

    def __init__(self):
        super().__init__()
        self.open, self.pictures, self.words, self.tags = [], [], [], set()

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        if tag == "img":
            self.pictures.append(dict(attrs))
        else:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)


def read(thing):
    """The HTML of a thing, which is whole, and needs nothing from elsewhere."""
    reader = Reader()
    html = thing._repr_html_()
    reader.feed(html)
    assert not reader.open
    for picture in reader.pictures:
        assert picture["src"].startswith("data:image/png;base64,")
        assert len(picture["alt"]) > 20
    assert not reader.tags & {"script", "link", "iframe"}
    assert not re.search(r"https?://", html)
    return reader


def cells(reader):
    return " | ".join(word for word in reader.words if word.strip())


@pytest.fixture(scope="module")
def launch():
    return small_scenario(title=WEIRD)


@pytest.fixture(scope="module")
def rates(launch):
    return sweep(launch, values=[1, 1.05, 1.2], replications=6, seed=3, progress=False)


def test_a_scenario(launch):
    shown = read(launch)
    assert len(shown.pictures) == 1
    text = cells(shown)
    assert WEIRD in text  # as text, not as a picture
    # 120 orders of 1.3 units: 30 x 1.3 of VIP; and both waves.
    assert "VIP | 39" in text
    assert "2025-03-15 | 60" in text
    assert "70 deep, admission by priority" in text
    assert repr(launch) == f"<Scenario small-launch: {WEIRD}>"


def test_a_run(launch):
    run = simulate(launch, seed=2)
    shown = read(run)
    text = cells(shown)
    assert "Run of small-launch" in text
    assert f"units allocated | {run.summary['allocated_units']:,}" in text
    assert f"Profit {run.summary['profit']:,.0f}." in text
    assert "seed 2, replication 0" in text
    assert "seed 2, replication 0" in shown.pictures[0]["alt"]
    assert re.fullmatch(r"<Run of small-launch: [\d,]+ commands, [\d,]+ decisions>", repr(run))


def test_a_run_of_a_tape_without_a_scenario():
    for run in (random_run(1), replay([], Policy())):
        shown = read(run)
        assert "Run of a tape" in cells(shown)
        assert len(shown.pictures) == (1 if len(run.reservations) else 0)
        assert repr(run).startswith("<Run: ")


def test_a_sweep_over_rates(rates):
    shown = read(rates)
    row = rates.intervals(["profit"]).iloc[1]
    assert estimate_text(row["mean"], row["half_width"]) in shown.words
    assert "6 replications, numbers 0 to 5 of seed 3" in shown.pictures[0]["alt"]
    assert "n\xa0=\xa06" in cells(shown)
    assert repr(rates) == f"<Sweep of small-launch over {RATE}: 3 settings, 6 replications of seed 3>"


def test_other_sweeps(launch):
    holds = read(sweep(launch, HOLD, ["firm", "provisional"], 3, progress=False))
    assert {"firm", "provisional"} <= set(holds.words)
    grid = read(sweep(launch, [HOLD, RATE], [["firm", "provisional"], [1, 1.1]], 3, progress=False))
    assert "provisional, 1.1" in grid.words
    alone = sweep(launch, (), (), 3, progress=False)
    assert "as small-launch is" in read(alone).words
    assert repr(alone) == "<Sweep of small-launch: 1 setting, 3 replications of seed 0>"


def test_a_sweep_of_one_replication_has_no_interval(launch):
    shown = read(sweep(launch, values=[1, 1.1], replications=1, progress=False))
    assert "One replication has no interval." in shown.words
    assert not shown.pictures
    assert "±" not in cells(shown)


def test_of_many_settings_the_best_are_shown(launch, monkeypatch):
    monkeypatch.setattr(displays, "SETTINGS_SHOWN", 3)
    swept = sweep(launch, [HOLD, RATE], [["firm", "provisional"], [1, 1.1, 1.3]], 3, progress=False)
    shown = read(swept)
    assert "3 settings of less profit are not shown." in shown.words
    profits = swept.intervals(["profit"])
    best = {swept.settings[n].label for n in profits.nlargest(3, "mean")["setting"]}
    assert {setting.label for setting in swept.settings} & set(shown.words) == best


@pytest.mark.parametrize(
    ("terms", "said"),
    [
        ({"constraint": ("oversold_any", 0.9)}, "Recommended: policy.overbooking.rate = "),
        ({"constraint": ("oversold_any", 1e-6)}, "No setting was shown to keep P(oversold)"),
        ({"constraint": None, "objective": "allocated_units"}, "the largest mean allocated units"),
    ],
)
def test_a_recommendation(launch, terms, said):
    found = recommend(launch, [1, 1.1], replications=40, replications_at_most=50, progress=False, **terms)
    shown = read(found)
    text = cells(shown)
    assert said in text or "leads, without being decided, allocated units" in text
    assert len(shown.pictures) == 1
    assert f"Mean {'allocated units' if 'objective' in terms else 'profit (USD)'}" in shown.pictures[0]["alt"]
    assert ("share of launches oversold" in shown.words) is (terms["constraint"] is not None)
    assert "-0" not in shown.words
    assert repr(found).startswith(f"<Recommendation for small-launch: {RATE} ")
    assert len(repr(found)) < 120


def test_what_nobody_knows_how_to_show():
    with pytest.raises(KeyError):
        as_html(3)


def test_nothing_is_loaded_before_something_is_shown():
    code = (
        "import allocation, sys\n"
        "scenario = allocation.load_scenario('iphone-15-pro')\n"
        "print(repr(scenario)[:10], 'matplotlib' in sys.modules, 'allocation.analysis' in sys.modules)\n"
        "scenario._repr_html_()\n"
        "print('matplotlib' in sys.modules, 'matplotlib.pyplot' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["<Scenario  False False", "True False"]
