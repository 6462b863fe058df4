"""Tables for reading, and sentences."""

from __future__ import annotations

import re

import pandas as pd

from allocation.analysis.tables import html_table, shown


def test_a_table_escapes_text_and_marks_numbers():
    frame = pd.DataFrame({"who": ["<b>"], "units_ordered": [12345], "share_of_units": [0.25], "at": [pd.NaT]})
    table = html_table(frame, "A & B")
    assert "<caption>A &amp; B</caption>" in table
    assert "<td>&lt;b&gt;</td>" in table
    assert '<td class="number">12,345</td>' in table
    assert '<td class="number">25.0%</td>' in table
    assert '<th scope="col" class="number">units ordered</th>' in table


def test_missing_values_and_instants():
    assert [shown(value) for value in (None, pd.NA, pd.NaT, float("nan"))] == ["–"] * 4
    assert shown(pd.Timestamp("2025-03-01T10:00", tz="America/New_York")) == "2025-03-01 10:00:00 EST"
    assert shown(pd.Timestamp("2025-03-01T10:00")) == "2025-03-01 10:00:00"


def test_a_column_with_its_interval_is_one_column():
    frame = pd.DataFrame(
        {
            "rate": [1.0, 1.0516],
            "profit_USD": [3324440.4, 100.0],
            "profit_USD_half_width": [1820.2, 0.0],
            "share_oversold": [0.47, 0.0],
            "share_oversold_low": [0.375, 0.0],
            "share_oversold_high": [0.567, 0.037],
            "variance_ratio": [float("inf"), float("nan")],
        }
    )
    table = html_table(frame)
    assert table.count("<th ") == 4
    cells = [*("1.00", "3,324,440 ± 1,820", "47.0% (37.5% to 56.7%)", "∞")]
    cells += [*("1.0516", "100", "0.0% (0.0% to 3.7%)", "–")]
    assert re.findall(r'<td class="number">([^<]*)</td>', table) == cells
