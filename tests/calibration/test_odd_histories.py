"""Whatever a file holds, every row is accounted for, and the answer is a scenario or an error that says why."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from allocation import load_scenario
from allocation.calibration import Settings, Source, calibrate, read_history
from allocation.engine.errors import InvalidInput
from allocation.scenario import dump_scenario, parse_scenario

HEAD = "placed,status,status_at,tier,quantity,due"
INSTANTS = ("2025-10-16T10:00:00Z", "2025-10-20T10:00:00.123456789Z", "2025-11-15", "2025-11-15T07:00:00-05:00",
            "2999-12-31T23:59:59Z", "9999-12-31T23:59:59-12:00", "1970-01-01", "", "soon", "2025-13-01", "20251116",
            "\x00", "2025-W46-3", "Ⅷ")  # fmt: skip
WORDS = ("CANCELLED", "allocated", "OPEN", "Expired", "denied", "", " cancelled ")
ROWS = st.tuples(
    st.sampled_from(INSTANTS),
    st.sampled_from(WORDS),
    st.sampled_from(INSTANTS),
    st.sampled_from(("VIP", "STANDARD", "", "  ")),
    st.sampled_from(("1", "2", "0", "1e3", "٣", "", "9" * 30)),
    st.sampled_from(INSTANTS),
)
GOOD = "2025-10-16T10:{minute:02d}:00Z,{status},2025-10-{day}T12:00:00Z,VIP,1,2025-11-15T07:00:00Z"


def good_rows(cancelled: int, n: int = 40) -> list[str]:
    return [
        GOOD.format(minute=i, status="CANCELLED" if i < cancelled else "ALLOCATED", day=17 + i % 14) for i in range(n)
    ]


def write(folder: str | Path, rows: list[str]) -> Path:
    path = Path(folder) / "past.csv"
    path.write_text("\n".join([HEAD, *rows]) + "\n", encoding="utf-8")
    return path


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(ROWS, max_size=12), st.integers(0, 20))
def test_every_row_is_used_or_listed(rows, cancelled) -> None:
    texts = [*good_rows(cancelled), *(",".join(row) for row in rows)]
    with TemporaryDirectory() as folder:
        path = write(folder, texts)
        try:
            history = read_history(path, Settings(timezone="America/New_York"))
        except InvalidInput as error:
            assert "past.csv" in str(error)  # noqa: PT017 - either is right
            return
    assert len(history.frame) + len(history.left_out) == history.rows == len(texts)
    assert len({one.place for one in history.left_out}) == len(history.left_out)
    frame = history.frame
    assert (frame["placed"] <= frame["left"]).all()
    assert (frame["left"] <= history.ends).all()


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(ROWS, max_size=12), st.integers(0, 40))
def test_the_answer_is_a_valid_scenario_or_an_error(rows, cancelled) -> None:
    template = load_scenario("console-realistic")
    with TemporaryDirectory() as folder:
        path = write(folder, [*good_rows(cancelled), *(",".join(row) for row in rows)])
        try:
            found = calibrate(Source(path, Settings(timezone="UTC")), template)
        except InvalidInput:
            return
    assert parse_scenario(dump_scenario(found.scenario)) == found.scenario


@pytest.mark.parametrize(
    "status_at", ["2025-10-16T10:00:00Z", "2025-11-15T07:00:00Z", "2025-11-15T06:59:59Z", "2025-10-30T07:00:00Z"]
)
def test_all_cancel_at_one_time(tmp_path, status_at) -> None:
    """At once, at the very end, or in between: times that many share are no reason to fail."""
    row = f"2025-10-16T10:00:00Z,CANCELLED,{status_at},VIP,1,2025-11-15T07:00:00Z"
    found = calibrate(Source(write(tmp_path, [row] * 40)), load_scenario("console-realistic"))
    assert found.estimates.share_of()[0] == 1
    assert parse_scenario(dump_scenario(found.scenario)) == found.scenario


def test_nobody_could_cancel(tmp_path) -> None:
    row = "2025-11-15T07:00:00Z,ALLOCATED,2025-11-15T07:00:00Z,VIP,1,2025-11-15T07:00:00Z"
    with pytest.raises(InvalidInput, match="no reservation was placed before it was due"):
        calibrate(Source(write(tmp_path, [row] * 40)), load_scenario("console-realistic"))


def test_nearly_nobody_was_watched(tmp_path) -> None:
    """A history that ends as soon as it begins: ten cancel at once, and the others are open from the end on."""
    cancelled = "2025-10-16T10:00:00Z,CANCELLED,2025-10-16T10:00:00Z,VIP,1,2025-11-15T07:00:00Z"
    still_open = "2025-10-16T10:00:00Z,OPEN,,VIP,1,2025-11-15T07:00:00Z"
    found = calibrate(Source(write(tmp_path, [cancelled] * 10 + [still_open] * 40)), load_scenario("console-realistic"))
    assert found.estimates.share_of()[0] == pytest.approx(0.2)
    assert any("Few were watched beyond 0% of the window" in note for note in found.estimates.notes)
