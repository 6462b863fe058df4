"""Frames as HTML tables that people read: words for columns, thousands separators, shares as percentages."""

from __future__ import annotations

import re
from datetime import date, datetime
from html import escape
from numbers import Integral, Real
from typing import Any

import pandas as pd
from pandas.api.types import is_bool_dtype, is_datetime64_any_dtype, is_numeric_dtype

MISSING = "–"
_SMALL = 100


def html_table(frame: pd.DataFrame, caption: str = "") -> str:
    """A frame as an HTML table without styles; all text is escaped, numbers and instants have a class.

    Args:
        frame: Its index does not appear.
        caption: What the table shows.
    """
    marks = [_mark(dtype) for dtype in frame.dtypes]
    heads = "".join(
        f'<th scope="col"{mark}>{escape(heading(str(name)))}</th>'
        for name, mark in zip(frame.columns, marks, strict=True)
    )
    rows = []
    for row in frame.itertuples(index=False, name=None):
        cells = zip(frame.columns, row, marks, strict=True)
        rows.append("".join(f"<td{mark}>{escape(shown(value, str(name)))}</td>" for name, value, mark in cells))
    body = "\n".join(f"<tr>{cells}</tr>" for cells in rows)
    above = f"<caption>{escape(caption)}</caption>\n" if caption else ""
    return f"<table>\n{above}<thead><tr>{heads}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table>"


def _mark(dtype: Any) -> str:
    if is_datetime64_any_dtype(dtype):
        return ' class="when"'
    return ' class="number"' if is_numeric_dtype(dtype) and not is_bool_dtype(dtype) else ""


def heading(column: str) -> str:
    """A column's name in words.

    >>> heading("p90_days_until_end")
    '90th percentile, days until end'
    """
    words = column.replace("_", " ")
    return re.sub(r"^p(\d+) ", r"\1th percentile, ", words)


def shown(value: object, column: str = "") -> str:
    """A value as text; shares are percentages, instants are to the second with their time zone.

    >>> shown(12345), shown(0.256, "share_of_units"), shown(1234.5), shown(2.345)
    ('12,345', '25.6%', '1,234', '2.35')
    """
    if value is None or value is pd.NaT or value is pd.NA or (isinstance(value, Real) and value != value):  # noqa: PLR0124 - NaN
        return MISSING
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S} {value:%Z}".rstrip()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Integral):
        return f"{int(value):,}"
    if isinstance(value, Real):
        number = float(value)
        if column.startswith("share"):
            return f"{number:.1%}"
        return f"{number:,.2f}" if abs(number) < _SMALL else f"{number:,.0f}"
    return str(value)
