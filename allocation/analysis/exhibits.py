"""What a notebook shows: an answer, a remark, or a figure with its table. Elsewhere they are plain text."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from html import escape

import pandas as pd
from matplotlib.figure import Figure

from allocation.analysis.style import png
from allocation.analysis.tables import html_table


@dataclass(frozen=True)
class Answer:
    """The answer of a report in one sentence."""

    sentence: str

    def __repr__(self) -> str:
        return self.sentence

    def _repr_html_(self) -> str:
        return f'<p class="answer"><strong>{escape(self.sentence)}</strong></p>'


@dataclass(frozen=True)
class Note:
    """A remark."""

    text: str

    def __repr__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        return f'<p class="note">{escape(self.text)}</p>'


@dataclass(frozen=True)
class Exhibit:
    """A figure, what it is, and the same as a table.

    Attributes:
        figure: Drawn already.
        caption: What it shows, n and seed; also what a screen reader says in its place.
        table: The numbers, few enough to be read.
    """

    figure: Figure
    caption: str
    table: pd.DataFrame

    def __repr__(self) -> str:
        return f"{self.caption}\n{self.table.to_string(index=False)}"

    def _ipython_display_(self) -> None:
        from IPython.display import display, publish_display_data  # noqa: PLC0415 - only a notebook has it loaded

        # The picture is an output of its own: one output shows either a picture or a table.
        picture = {"image/png": b64encode(png(self.figure)).decode(), "text/plain": self.caption}
        metadata = {"image/png": {"alt": self.caption}}
        publish_display_data(picture, metadata=metadata)  # type: ignore[no-untyped-call]
        display(_Below(self))  # type: ignore[no-untyped-call]


@dataclass(frozen=True)
class _Below:
    """The caption and the table below a figure."""

    exhibit: Exhibit

    def __repr__(self) -> str:
        return repr(self.exhibit)

    def _repr_html_(self) -> str:
        caption, table = escape(self.exhibit.caption), html_table(self.exhibit.table)
        return f'<p class="caption">{caption}</p>\n{scrolling(table)}'


@dataclass(frozen=True)
class Table:
    """Numbers without a figure.

    Attributes:
        frame: Few enough rows to be read.
        caption: What they are.
    """

    frame: pd.DataFrame
    caption: str

    def __repr__(self) -> str:
        return f"{self.caption}\n{self.frame.to_string(index=False)}"

    def _repr_html_(self) -> str:
        return f'<p class="caption">{escape(self.caption)}</p>\n{scrolling(html_table(self.frame))}'


def picture(figure: Figure, alt: str) -> str:
    """A figure as HTML that needs no file beside it, with what a screen reader says in its place."""
    data = str(b64encode(png(figure)), "ascii")
    return f'<img src="data:image/png;base64,{data}" alt="{escape(alt)}">'


def scrolling(table: str) -> str:
    """A table that scrolls by itself where it is wider than a phone."""
    return f'<div class="scroll" role="region" aria-label="Table" tabindex="0">{table}</div>'
