"""Tables for reading, and sentences."""

from __future__ import annotations

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
