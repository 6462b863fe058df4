"""Tuning as people do it: in a real JupyterLab, in a real browser."""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any

import pytest

from allocation import load_scenario
from allocation.reporting.notebooks import notebook_folder
from tests.tuning.lab import chromium, jupyter_lab

sync_api = pytest.importorskip("playwright.sync_api")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(chromium() is None, reason="there is no Chromium; on Debian and Ubuntu: apt install chromium"),
]
WITHIN_S = 600
"""All steps together; whatever is not there by then never comes."""
PROFIT = "[data-measure=profit] b"


@dataclass(frozen=True)
class Bounded:
    """A page that is waited for only as long as there is time left."""

    page: Any
    until: float

    def __call__(self):
        self.page.set_default_timeout(max(1.0, (self.until - monotonic()) * 1000))
        return self.page


@pytest.fixture(scope="module")
def work(tmp_path_factory):
    folder: Path = tmp_path_factory.mktemp("work")
    shutil.copy(notebook_folder() / "tuning.ipynb", folder)
    return folder


@pytest.fixture(scope="module")
def page(work, tmp_path_factory):
    """The notebook, opened in JupyterLab, its kernel ready."""
    until = monotonic() + WITHIN_S
    with jupyter_lab(work, tmp_path_factory.mktemp("home")) as address, sync_api.sync_playwright() as playwright:
        # Containers have no sandbox and little shared memory.
        options = ["--no-sandbox", "--disable-dev-shm-usage"]
        browser = playwright.chromium.launch(executable_path=chromium(), args=options)
        page = Bounded(browser.new_page(viewport={"width": 1280, "height": 900}), until)
        page().goto(f"{address}lab/tree/tuning.ipynb")
        # Before that, running a cell would ask for a kernel.
        page().get_by_text("Python 3 (ipykernel) | Idle").wait_for()
        yield page
        browser.close()


def turn_rate(page, key):
    """Turn the rate by one notch, and wait until the profit has followed."""
    before = page().locator(PROFIT).inner_text()
    page().locator(".widget-slider", has_text="Rate").locator(".noUi-handle").press(key)
    page().wait_for_function(
        "([place, before]) => document.querySelector(place).innerText !== before", arg=[PROFIT, before]
    )
    return before, page().locator(PROFIT).inner_text()


def test_somebody_tunes_a_launch(page, work):
    # Runs all cells.
    page().get_by_role("menuitem", name="Run", exact=True).click()
    page().get_by_role("menuitem", name="Run All Cells", exact=True).click()
    page().locator(PROFIT).wait_for()
    page().get_by_text("Setting: as in the scenario").wait_for()
    assert page().locator(".allocation-tuning img").count() == 2
    # Moves the slider: the numbers change.
    before, after = turn_rate(page, "ArrowRight")
    assert re.fullmatch(r"[\d,]+ ± [\d,]+", before)
    assert re.fullmatch(r"[\d,]+ ± [\d,]+", after)
    page().get_by_text(re.compile(r"Setting: rate 1\.025")).wait_for()
    # Pins and compares.
    page().get_by_role("button", name="Pin this setting").click()
    page().get_by_text("pinned: rate 1.025").wait_for()
    page().get_by_text("0 against pinned").first.wait_for()
    turn_rate(page, "ArrowRight")
    change = page().locator("[data-measure=profit] .change").inner_text()
    assert re.fullmatch(r"−[\d,]+ ± [\d,.]+ against pinned", change)
    # Saves a scenario.
    page().get_by_text(re.compile(r"Setting: rate 1\.03 ")).wait_for()
    page().get_by_placeholder("a-name-for-it").fill("tuned-sneakers")
    page().get_by_role("button", name="Save as scenario").click()
    page().get_by_text("Saved:").wait_for()
    saved = load_scenario(work / "tuned-sneakers.yaml")
    assert saved.policy == load_scenario("sneakers-trophy-room", {"policy.overbooking.rate": 1.03}).policy
    # Asks for what cannot be, and is told so in place.
    page().locator(".widget-dropdown", has_text="Queue").locator("select").select_option("no")
    page().get_by_text("provisional needs the queue").wait_for()
    assert page().locator(".jp-OutputArea-output", has_text="Traceback").count() == 0
    # Nothing is cut off at the right edge.
    assert page().evaluate(
        "() => [...document.querySelectorAll('.allocation-tuning')].every(e => e.scrollWidth <= e.clientWidth + 1)"
    )
