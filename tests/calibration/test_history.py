"""Histories are read carefully: what is wrong is said with its line, and nothing is left out silently."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest

from allocation.calibration import Settings, read_history
from allocation.engine.errors import HistoryError, SettingError
from allocation.engine.instants import milliseconds

HEAD = "placed,status,status_at,tier,quantity\n"
GOOD = [
    f"2025-10-16T10:{minute:02d}:00-04:00,ALLOCATED,2025-11-15T02:00:00-05:00,VIP,{1 + minute % 2}"
    for minute in range(40)
]
ROW = "2025-10-16T10:00:00-04:00,{status},{at},VIP,1"


def history(tmp_path: Path, *rows: str, head: str = HEAD, name: str = "past.csv") -> Path:
    path = tmp_path / name
    path.write_text(head + "\n".join([*GOOD, *rows]) + "\n", encoding="utf-8")
    return path


def test_good_rows_are_all_there(tmp_path) -> None:
    found = read_history(
        history(tmp_path, ROW.format(status="Cancelled", at="2025-10-20T00:00:00Z"), ROW.format(status="open", at=""))
    )
    frame = found.frame
    assert (found.rows, len(frame), found.left_out, found.omitted) == (42, 42, (), 0)
    assert frame["meaning"].value_counts().to_dict() == {
        "served": 40,
        "cancelled": 1,
        "open": 1,
        "unpaid": 0,
        "denied": 0,
    }
    assert frame["quantity"].sum() == 62
    # Without more, they were due when the last one was served, and that is also when the history ends.
    end = milliseconds(datetime(2025, 11, 15, 7, tzinfo=UTC))
    assert set(frame["due"]) == {end}
    assert found.ends == end
    assert frame["left"].iloc[-1] == end
    assert frame["left"].iloc[-2] == milliseconds(datetime(2025, 10, 20, tzinfo=UTC))
    assert "2025-11-15T07:00+00:00" in found.notes[0]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("yesterday,ALLOCATED,2025-11-15T07:00:00Z,VIP,1", "placed 'yesterday' is no instant or date"),
        (",ALLOCATED,2025-11-15T07:00:00Z,VIP,1", "has no placed"),
        ("07/01/2025,ALLOCATED,2025-11-15T07:00:00Z,VIP,1", "placed '07/01/2025' is no instant or date"),
        ("2025-02-30,ALLOCATED,2025-11-15T07:00:00Z,VIP,1", "placed '2025-02-30' is no instant or date"),
        ("0001-01-01T00:00:00Z,ALLOCATED,2025-11-15T07:00:00Z,VIP,1", "is not between the years"),
        ("2025-10-16T10:00:00Z,,2025-11-15T07:00:00Z,VIP,1", "has no status"),
        ("2025-10-16T10:00:00Z,CANCELLED,,VIP,1", "has no status_at"),
        ("2025-10-16T10:00:00Z,CANCELLED,2025-10-16T09:59:59Z,VIP,1", "is before it was placed"),
        ("2025-10-16T10:00:00Z,ALLOCATED,2025-11-15T07:00:00Z,,1", "has no tier"),
        ("2025-10-16T10:00:00Z,ALLOCATED,2025-11-15T07:00:00Z,VIP,0", "quantity '0' is not between 1 and"),
        ("2025-10-16T10:00:00Z,ALLOCATED,2025-11-15T07:00:00Z,VIP,1.5", "quantity '1.5' is no whole number"),
        ("2025-10-16T10:00:00Z,ALLOCATED,2025-11-15T07:00:00Z,VIP,-2", "quantity '-2' is no whole number"),
        ("2025-10-16T10:00:00Z,ALLOCATED,2025-11-15T07:00:00Z,VIP", "has 4 fields where the first line has 5"),
        ("2025-10-16T10:00:00Z,ALLOCATED,2025-11-15T07:00:00Z,VIP,1,2", "has 6 fields where the first line has 5"),
    ],
)
def test_a_bad_row_is_left_out_and_listed_with_its_line(tmp_path, row, reason) -> None:
    found = read_history(history(tmp_path, row, ROW.format(status="open", at="")))
    assert len(found.frame) == 41
    assert found.rows == 42
    (problem,) = found.left_out
    assert problem.place == "past.csv:42"
    assert reason in problem.message


def test_a_row_of_several_lines_does_not_shift_the_others(tmp_path) -> None:
    rows = ['2025-10-16T10:00:00Z,ALLOCATED,2025-11-15T07:00:00Z,"VI\nP",1', "x,ALLOCATED,2025-11-15T07:00:00Z,VIP,1"]
    found = read_history(history(tmp_path, "", *rows))
    # A blank line is no row; the next one takes two lines.
    assert [one.place for one in found.left_out] == ["past.csv:45"]


def test_rows_from_after_the_end_are_left_out(tmp_path) -> None:
    ends = datetime(2025, 10, 20, tzinfo=UTC)
    path = history(tmp_path, *[ROW.format(status="open", at="")] * 30)
    due = datetime(2025, 11, 15, tzinfo=UTC)
    found = read_history(path, Settings(ends=ends, due=due))
    assert len(found.frame) == 30
    assert len(found.left_out) == 40
    assert "is from after the end of the history, 2025-10-20" in found.left_out[0].message
    assert set(found.frame["left"]) == {milliseconds(ends)}


def test_too_few_good_rows_are_an_error_that_lists_the_bad_ones(tmp_path) -> None:
    path = tmp_path / "past.csv"
    path.write_text(HEAD + "\n".join([*GOOD[:29], "x,ALLOCATED,2025-11-15,VIP,1"]) + "\n")
    with pytest.raises(HistoryError, match=r"29 good rows are too few .* at least 30(?s:.*)past.csv:31: placed 'x'"):
        read_history(path)


@pytest.mark.parametrize("content", ["", "\n", "\ufeff"])
def test_an_empty_file_is_an_error(tmp_path, content) -> None:
    (tmp_path / "past.csv").write_text(content, encoding="utf-8")
    with pytest.raises(HistoryError, match=r"past.csv is empty; its first line must name its columns"):
        read_history(tmp_path / "past.csv")


def test_a_file_without_rows_has_too_few(tmp_path) -> None:
    (tmp_path / "past.csv").write_text(HEAD)
    with pytest.raises(HistoryError, match="0 good rows are too few"):
        read_history(tmp_path / "past.csv")


def test_what_is_no_file_or_no_text_is_said(tmp_path) -> None:
    with pytest.raises(HistoryError, match="No such file"):
        read_history(tmp_path / "none.csv")
    with pytest.raises(HistoryError, match="Is a directory"):
        read_history(tmp_path)
    (tmp_path / "bytes.csv").write_bytes(b"placed,status\n\n\xff")
    with pytest.raises(HistoryError, match=r"bytes.csv:3: is not UTF-8: byte 0xff"):
        read_history(tmp_path / "bytes.csv")
    (tmp_path / "bad.parquet").write_bytes(b"placed,status")
    with pytest.raises(HistoryError, match=r"bad.parquet is no Parquet"):
        read_history(tmp_path / "bad.parquet")
    (tmp_path / "quote.csv").write_text(HEAD + '"a"b,c,d,e,f\n')
    with pytest.raises(HistoryError, match=r"quote.csv:2: is no CSV"):
        read_history(tmp_path / "quote.csv")


def test_wrong_columns_are_named_with_what_was_meant(tmp_path) -> None:
    head = "ordered_at,state,changed_at,tier,quantity\n"
    columns = {"placed": "orderd_at", "status": "state", "quantity": "units"}
    with pytest.raises(HistoryError) as caught:
        read_history(history(tmp_path, head=head), Settings(columns=columns))
    text = str(caught.value)
    assert "placed: past.csv has no column 'orderd_at', did you mean ordered_at?" in text
    assert "status_at: past.csv has no column 'status_at'" in text
    assert "quantity: past.csv has no column 'units'" in text
    good = Settings(columns={"placed": "ordered_at", "status": "state", "status_at": "changed_at"})
    assert len(read_history(history(tmp_path, head=head), good).frame) == 40
    with pytest.raises(HistoryError, match=r"past.csv has 2 columns called tier"):
        read_history(history(tmp_path, head="placed,status,status_at,tier,tier\n"), Settings(columns={"tier": "tier"}))


def test_unknown_roles_meanings_and_zones_are_named_at_once() -> None:
    with pytest.raises(SettingError) as caught:
        Settings(
            columns={"plased": "a"},
            statuses={"X": "canceled"},
            timezone="Europe/Lisbn",
            ends=datetime(2025, 1, 1),  # noqa: DTZ001 - no offset, on purpose
        )
    text = str(caught.value)
    assert "unknown role 'plased', did you mean placed?" in text
    assert "unknown meaning 'canceled', did you mean cancelled?" in text
    assert "is no IANA time zone, did you mean Europe/Lisbon?" in text
    assert "ends: 2025-01-01T00:00:00 has no offset" in text


def test_statuses_without_a_meaning_are_an_error_and_can_be_told(tmp_path) -> None:
    path = history(tmp_path, *[ROW.format(status="Checked in", at="2025-11-15T07:00:00Z")] * 3,
                   ROW.format(status="Test", at=""))  # fmt: skip
    with pytest.raises(HistoryError) as caught:
        read_history(path)
    assert "past.csv:42: status 'Checked in' (3 rows) has no meaning here" in str(caught.value)
    assert "past.csv:45: status 'Test' (1 rows)" in str(caught.value)
    told = Settings(statuses={"Checked in": "served", "Test": "omitted"})
    found = read_history(path, told)
    assert (len(found.frame), found.omitted, found.rows) == (43, 1, 44)
    with pytest.raises(HistoryError, match="has the status 'Chekd in', did you mean Checked in"):
        read_history(path, Settings(statuses={**told.statuses, "Chekd in": "served"}))


def test_instants_without_an_offset_need_a_zone(tmp_path) -> None:
    rows = ["2025-10-16T10:00:00,open,,VIP,1", "2025-10-16,CANCELLED,2025-10-16,VIP,1"]
    path = history(tmp_path, *rows)
    with pytest.raises(HistoryError, match=r"3 of 83 instants have no offset(?s:.*)--timezone America/New_York"):
        read_history(path)
    found = read_history(path, Settings(timezone="America/New_York"))
    placed = found.frame["placed"].iloc[-2:].tolist()
    # 10:00 and noon in New York, in daylight saving time.
    assert placed == [milliseconds(datetime(2025, 10, 16, hour, tzinfo=UTC)) for hour in (14, 16)]
    assert any("meant in America/New_York" in note for note in found.notes)
    assert found.is_dated == (True, True)


def test_a_date_of_the_day_of_placing_is_not_before_it(tmp_path) -> None:
    path = history(
        tmp_path, "2025-10-16T18:30:00,CANCELLED,2025-10-16,VIP,1", "2025-10-16T18:30:00,CANCELLED,2025-10-15,VIP,1"
    )
    found = read_history(path, Settings(timezone="Europe/Paris"))
    assert found.frame["left"].iloc[-1] == found.frame["placed"].iloc[-1]
    assert [one.place for one in found.left_out] == ["past.csv:43"]


def test_local_instants_around_the_change_of_clocks(tmp_path) -> None:
    """01:30 on 2 November 2025 was twice in New York; it is the first, in daylight saving time."""
    path = history(tmp_path, "2025-11-02T01:30:00,open,,VIP,1")
    found = read_history(path, Settings(timezone="America/New_York"))
    assert found.frame["placed"].iloc[-1] == milliseconds(datetime(2025, 11, 2, 5, 30, tzinfo=UTC))


def test_when_they_were_due_comes_from_a_column_or_a_setting_or_nowhere(tmp_path) -> None:
    row = "2025-10-16T10:00:00Z,open,"
    head = "placed,status,status_at,due\n"
    path = tmp_path / "open.csv"
    path.write_text(head + "\n".join([f"{row},2025-11-20T00:00:00Z"] * 30 + [f"{row},"]) + "\n")
    found = read_history(path)
    assert [one.message for one in found.left_out] == ["has no due"]
    later = read_history(path, Settings(due=datetime(2025, 11, 21, tzinfo=UTC)))
    assert later.left_out == ()
    assert later.frame["due"].iloc[-1] == milliseconds(datetime(2025, 11, 21, tzinfo=UTC))
    path.write_text("placed,status,status_at\n" + f"{row}\n" * 30)
    with pytest.raises(HistoryError, match="nobody was served in this history"):
        read_history(path)


def test_parquet_says_the_same_as_csv(tmp_path) -> None:
    path = history(tmp_path, ROW.format(status="CANCELLED", at="2025-10-20T00:00:00Z"), "x,open,,VIP,1")
    text = pd.read_csv(path, dtype=str, keep_default_na=False)
    text.to_parquet(tmp_path / "text.parquet")
    typed = text.iloc[:-1].assign(
        placed=lambda frame: pd.to_datetime(frame["placed"], utc=True),
        status_at=lambda frame: pd.to_datetime(frame["status_at"], utc=True, format="ISO8601"),
        quantity=lambda frame: frame["quantity"].astype(float),
    )
    typed.to_parquet(tmp_path / "typed.parquet")
    csv, as_text, as_typed = (read_history(tmp_path / name) for name in ("past.csv", "text.parquet", "typed.parquet"))
    pd.testing.assert_frame_equal(csv.frame, as_text.frame)
    pd.testing.assert_frame_equal(csv.frame, as_typed.frame)
    assert [one.place for one in as_text.left_out] == ["text.parquet: row 42"]
    assert csv.ends == as_typed.ends


def test_dates_of_parquet_are_dates(tmp_path) -> None:
    days = pd.DataFrame({"placed": ["2025-10-16"] * 30, "status": "open", "status_at": "", "due": "2025-11-15"})
    days.to_csv(tmp_path / "days.csv", index=False)
    days.assign(placed=pd.to_datetime(days["placed"])).to_parquet(tmp_path / "days.parquet")
    zone = Settings(timezone="Europe/Paris")
    frames = [read_history(tmp_path / name, zone) for name in ("days.csv", "days.parquet")]
    pd.testing.assert_frame_equal(frames[0].frame, frames[1].frame)
    assert frames[1].is_dated == (False, True)


@pytest.mark.parametrize("delimiter", [";", "\t"])
def test_other_delimiters_and_a_byte_order_mark(tmp_path, delimiter) -> None:
    text = (HEAD + "\n".join(GOOD)).replace(",", delimiter)
    (tmp_path / "past.csv").write_text(text, encoding="utf-8-sig")
    assert len(read_history(tmp_path / "past.csv").frame) == 40
