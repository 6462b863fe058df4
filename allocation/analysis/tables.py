"""Frames as HTML tables that people read: words for columns, thousands separators, shares as percentages."""

from __future__ import annotations

import re
from datetime import date, datetime, time
from decimal import Decimal
from html import escape
from math import isinf
from numbers import Integral, Real

import pandas as pd
from pandas.api.types import is_bool_dtype, is_datetime64_any_dtype, is_numeric_dtype

MISSING = "–"
_SMALL = 100
_TENS = 10


def html_table(frame: pd.DataFrame, caption: str = "") -> str:
    """A frame as an HTML table without styles; all text is escaped, numbers and instants have a class.

    A column ``x`` with an ``x_half_width`` is shown as one, "8,338 ± 4", and so is one with ``x_low`` and ``x_high``:
    "47.0% (37.5% to 56.7%)".

    Args:
        frame: Its index does not appear.
        caption: What the table shows.
    """
    columns = [(name, _mark(frame[name]), _cells(frame, name)) for name in _own_columns(frame)]
    heads = "".join(f'<th scope="col"{mark}>{escape(heading(name))}</th>' for name, mark, _ in columns)
    rows = ["".join(f"<td{mark}>{escape(cells[i])}</td>" for _, mark, cells in columns) for i in range(len(frame))]
    body = "\n".join(f"<tr>{cells}</tr>" for cells in rows)
    above = f"<caption>{escape(caption)}</caption>\n" if caption else ""
    return f"<table>\n{above}<thead><tr>{heads}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table>"


def _own_columns(frame: pd.DataFrame) -> list[str]:
    """Columns, without those that say how well another one is known."""
    names = [str(name) for name in frame.columns]
    ends = {f"{name}_{end}" for name in names for end in ("half_width", "low", "high")}
    return [name for name in names if name not in ends]


def _cells(frame: pd.DataFrame, name: str) -> list[str]:
    if f"{name}_half_width" in frame:
        pairs = zip(frame[name], frame[f"{name}_half_width"], strict=True)
        return [estimate_text(float(mean), float(half_width)) for mean, half_width in pairs]
    texts = [shown(value, name) for value in frame[name]]
    if f"{name}_low" not in frame or f"{name}_high" not in frame:
        return texts
    ends = zip(texts, frame[f"{name}_low"], frame[f"{name}_high"], strict=True)
    return [
        text if text == MISSING else f"{text} ({shown(low, name)} to {shown(high, name)})" for text, low, high in ends
    ]


def estimate_text(mean: float, half_width: float) -> str:
    """A mean with its half-width, to two digits of the half-width and no finer than hundredths.

    >>> estimate_text(3324440.4, 1820.2), estimate_text(404.61, 3.88), estimate_text(6.267, 0.3), estimate_text(0, 0)
    ('3,324,440 ± 1,820', '404.6 ± 3.9', '6.27 ± 0.30', '0')
    """
    if mean != mean:  # noqa: PLR0124 - NaN
        return MISSING
    if half_width == 0:
        return f"{mean:,.0f}" if mean == round(mean) else f"{mean:,.2f}"
    decimals = 0 if half_width >= _TENS else 1 if half_width >= 1 else 2
    # Nothing less than nothing is nothing.
    mean = round(mean, decimals) + 0.0
    return f"{mean:,.{decimals}f} ± {half_width:,.{decimals}f}"


def rate_text(rate: Decimal | float) -> str:
    """A rate with two decimals, or as many more as it has.

    >>> rate_text(1.0), rate_text(Decimal("1.051648"))
    ('1.00', '1.051648')
    """
    exact = Decimal(str(rate)).normalize()
    return f"{exact:f}" if exact != round(exact, 2) else f"{exact:.2f}"


def _mark(column: pd.Series) -> str:
    dtype = column.dtype
    if is_datetime64_any_dtype(dtype) or (len(column) and isinstance(column.iloc[0], date)):
        return ' class="when"'
    if str(column.name).endswith("_id"):
        return ' class="id"'
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
        # Instants have a time zone; what has none, and begins a day, is a ship date.
        is_day = value.tzinfo is None and value.time() == time.min
        return f"{value:%Y-%m-%d}" if is_day else f"{value:%Y-%m-%d %H:%M:%S} {value:%Z}".rstrip()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Integral):
        return f"{int(value):,}"
    return _number(float(value), column) if isinstance(value, Real) else str(value)


def _number(number: float, column: str) -> str:
    if isinf(number):
        return "∞" if number > 0 else "−∞"
    if column.startswith("share"):
        return f"{number:.1%}"
    if column == "rate":
        return rate_text(number)
    return f"{number:,.2f}" if abs(number) < _SMALL else f"{number:,.0f}"
