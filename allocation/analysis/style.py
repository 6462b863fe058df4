"""How figures look: one style sheet, colours that everybody can tell apart, and pictures that come out the same."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

import matplotlib as mpl
from matplotlib import style
from matplotlib.axes import Axes
from matplotlib.figure import Figure

STYLE_SHEET = Path(__file__).with_name("allocation.mplstyle")

# Okabe and Ito (2008), Color Universal Design: told apart with every kind of colour vision.
BLACK, ORANGE, SKY, GREEN = "#000000", "#E69F00", "#56B4E9", "#009E73"
YELLOW, BLUE, VERMILION, PURPLE = "#F0E442", "#0072B2", "#D55E00", "#CC79A7"
GREY = "#8C8C8C"


class Look(NamedTuple):
    """Colour, line, marker and hatch of one thing; each of them tells it apart."""

    color: str
    line: str
    marker: str
    hatch: str = ""

    def of_line(self) -> dict[str, Any]:
        """Keywords of a line; a few markers are enough."""
        return {"color": self.color, "linestyle": self.line, "marker": self.marker, "markevery": 0.15}

    def of_area(self) -> dict[str, Any]:
        """Keywords of a bar or an area."""
        return {"facecolor": self.color, "hatch": self.hatch, "edgecolor": "white", "linewidth": 0.8}


TIERS = {
    "PLATINUM": Look(PURPLE, "-.", "^", "xx"),
    "VIP": Look(BLUE, "-", "o", ""),
    "STANDARD": Look(ORANGE, "--", "s", "//"),
    "GOLD": Look(GREEN, ":", "D", ".."),
}
"""Tiers that have a look of their own; others get one of `SPARE` by their place."""
SPARE = (
    Look(VERMILION, (0, (5, 1)), "v", "\\\\"),  # type: ignore[arg-type]
    Look(SKY, "-.", "P", "||"),
    Look(BLACK, ":", "X", "--"),
    Look(YELLOW, "-", "*", "oo"),
)
OUTCOME_LOOKS = {
    "allocated": Look(GREEN, "-", "o", ""),
    "cancelled_by_customer": Look(GREY, "--", "s", "//"),
    "oversold": Look(VERMILION, "-", "X", "xx"),
    "not_selected": Look(SKY, "-.", "^", "\\\\"),
    "not_fulfilled": Look(BLUE, ":", "D", ".."),
    "expired": Look(YELLOW, "--", "v", "||"),
    "rejected": Look(BLACK, "-", "P", "--"),
    "open": Look(PURPLE, "-", "*", "++"),
}
SERIES_LOOKS = {
    "units": Look(BLUE, "-", "o"),
    "supply_units": Look(BLACK, "--", ""),
    "limit_units": Look(VERMILION, "-.", ""),
    "active": Look(BLUE, "-", "o"),
    "held": Look(GREEN, "--", "^"),
    "waitlisted": Look(ORANGE, "-.", "s"),
    "reserved": Look(SKY, "-", "", "//"),
    "confirmed": Look(BLUE, "-", "", ""),
    "allocated": Look(GREEN, "-", "", "\\\\"),
    "displaced": Look(VERMILION, "-", "v"),
    "promoted": Look(GREEN, "--", "^"),
}


def tier_looks(tiers: Sequence[str]) -> dict[str, Look]:
    """The look of each tier; the same tier looks the same in every figure."""
    others = sorted(tier for tier in tiers if tier not in TIERS)
    return {tier: TIERS[tier] if tier in TIERS else SPARE[others.index(tier) % len(SPARE)] for tier in tiers}


@contextmanager
def in_style() -> Iterator[None]:
    """Draw in the package's style, whatever was set before, and leave no trace."""
    with mpl.rc_context():
        mpl.rcdefaults()
        style.use(STYLE_SHEET)
        yield


def new_axes() -> Axes:
    """Axes of a new pyplot figure in the package's style, which a notebook shows by itself."""
    from matplotlib import pyplot as plt  # noqa: PLC0415 - pyplot keeps figures open; only those who ask for it pay

    with in_style():
        return plt.subplots()[1]


def png(figure: Figure) -> bytes:
    """The figure as a PNG of 150 dpi: the same bytes for the same figure, without a date or a program's name."""
    buffer = BytesIO()
    with in_style():
        figure.savefig(buffer, format="png", metadata={"Software": None})
    return buffer.getvalue()
