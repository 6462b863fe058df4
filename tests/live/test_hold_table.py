"""A table of holds is read whole, or refused with everything that is wrong and its lines."""

from __future__ import annotations

import csv
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from allocation.engine.codes import Status
from allocation.engine.errors import SettingError
from allocation.live.hold_table import COLUMNS, read_holds
from tests.oms.conformance import hold


def row_of(one: Any) -> dict[str, str]:
    plain = asdict(one)
    plain["status"] = one.status.name
    plain["cart_value"] = f"{one.cart_value / 100:.2f}"
    return {name: "" if value is None else str(value) for name, value in plain.items()}


def write(path: Path, rows: list[dict[str, str]], columns: tuple[str, ...] = COLUMNS) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)
    return path


def test_what_was_written_is_read(tmp_path: Path) -> None:
    holds = [
        hold(1),
        hold(2, status=Status.QUEUED, assigned=None, customer=""),
        hold(3, paid=False, status=Status.RESERVED, expires_at=datetime(2025, 9, 15, tzinfo=UTC)),
    ]
    assert read_holds(write(tmp_path / "holds.csv", [row_of(one) for one in holds])) == holds


def test_only_what_is_needed_has_to_be_there(tmp_path: Path) -> None:
    columns = COLUMNS[:11]
    (found,) = read_holds(write(tmp_path / "holds.csv", [row_of(hold(1))], columns))
    assert (found.purchases, found.cart_value, found.customer, found.expires_at) == (0, 0, "", None)


def test_everything_that_is_wrong_is_told_with_its_line(tmp_path: Path) -> None:
    good = row_of(hold(1))
    bad = [
        good | {"quantity": "two"},
        good,
        good | {"status": "GONE"},
        good | {"requested": "soon"},
        good | {"paid": "maybe"},
        good | {"expires_at": "2025-09-15T00:00"},
        good | {"quantity": "0"},
        good | {"reservation_id": ""},
        good | {"cart_value": "much"},
    ]
    with pytest.raises(SettingError) as raised:
        read_holds(write(tmp_path / "holds.csv", bad))
    text = str(raised.value)
    assert "8 problems" in text
    for line, words in (
        (2, "two"),
        (4, "GONE"),
        (5, "soon"),
        (6, "maybe"),
        (7, "no offset"),
        (8, "at least 1"),
        (9, "id"),
    ):
        assert any(f"holds.csv:{line}:" in part and words in part for part in text.splitlines()), (line, words)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"", "is a column that is missing"),
        (b"a,b\n1,2\n", "is no column"),
        (b"\xff\xfe", "no CSV file"),
        (",".join(COLUMNS).encode() + b"\n1,2\n", "more or fewer fields"),
        (",".join(COLUMNS).encode() + b"\n" + b"1," * 30 + b"\n", "more or fewer fields"),
    ],
)
def test_what_is_no_table_is_refused(tmp_path: Path, text: bytes, words: str) -> None:
    path = tmp_path / "holds.csv"
    path.write_bytes(text)
    with pytest.raises(SettingError, match=words):
        read_holds(path)
