"""Pages in a real browser, without a network: readable on a phone, with headings, texts for pictures and contrast."""

from __future__ import annotations

import itertools

import pytest

from allocation.reporting import run_reports, shipped_notebooks, write_index
from allocation.reporting.manifest import Row, write_rows
from allocation.reporting.places import locked
from tests.analysis.runs import small_scenario
from tests.reporting.browser import CHROMIUM, look
from tests.reporting.test_kept_nights import TODAY, night

PHONE, DESK = 360, 1280
AA_TEXT, AA_PICTURE = 4.5, 3.0

pytestmark = [pytest.mark.slow, pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine")]


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """The index of several nights, with everything that can be on it, and a report."""
    out = tmp_path_factory.mktemp("pages") / "reports"
    out.mkdir()
    for day in ("2026-04-07", "2026-04-08"):
        night(out, day, "a-launch-with-a-long-name-that-somebody-gave-it", profit=123_456_789.0)
        night(out, day, "loud", alert_share=0.4, basis="tape", title="A launch of which 'quotes' & <tags> are told")
    with locked(out):
        write_rows(out / "2026-04-08", [Row("loud", "waves", "failed", error="ValueError: " + "no_such_thing" * 9)])
    shipped = shipped_notebooks()
    done = run_reports([small_scenario()], TODAY, out, replications=2, notebooks={"priority": shipped["priority"]})
    assert not done.failed
    night(out, "2026-04-11", "loud", alert_share=0.4, basis="tape")
    return {"index": write_index(out).read_text(), "report": done.reports[0].html.read_text()}


@pytest.mark.parametrize("width", [PHONE, DESK])
@pytest.mark.parametrize("name", ["index", "report"])
def test_a_page_can_be_read_by_everybody(pages, name, width, tmp_path):
    seen = look(pages[name], width, tmp_path)
    assert seen["width"][1] == width
    # Nothing is cut off at the side; what is wider scrolls by itself.
    assert seen["width"][0] <= width
    levels = [level for level, _ in seen["headings"]]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))
    assert all(text for _, text in seen["headings"])
    assert len(seen["pictures"]) > 1
    assert all(len(text) > 20 for text in seen["pictures"])
    assert seen["broken"] == 0
    assert seen["texts"] > 20
    assert seen["faintest"][0][0] >= AA_TEXT, seen["faintest"]
    assert seen["faintest_line"] >= AA_PICTURE
    assert all(seen["names"])
    assert seen["resources"] == []
    assert seen["lang"] == "en"


def test_the_check_itself_sees_what_is_wrong(tmp_path):
    page = """<html lang="en"><body style="background:#fff"><h1>One</h1><h3>Three</h3>
<p style="color:#999">faint</p><img src="x.png"><div style="width:900px">wide</div></body></html>"""
    seen = look(page, PHONE, tmp_path)
    assert seen["width"][0] > PHONE
    assert [level for level, _ in seen["headings"]] == [1, 3]
    assert seen["faintest"][0][0] == pytest.approx(2.849, abs=0.01)
    assert seen["pictures"] == [""]
    assert seen["broken"] == 1
