"""Small trend lines as inline SVG, with their text: no picture to load, and a screen reader reads the numbers."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from math import isfinite

_WIDTH, _HEIGHT, _EDGE = 96, 22, 3
NIGHTS_MAX = 30
"""More points than this are no trend line but a smear."""


def sparkline(what: str, nights: Sequence[str], values: Sequence[float]) -> str:
    """A trend line over nights, oldest first; nothing where there are fewer than two numbers.

    >>> sparkline("Profit", ["2026-01-01"], [5.0])
    ''
    """
    points = [(night, value) for night, value in zip(nights, values, strict=True) if isfinite(value)][-NIGHTS_MAX:]
    if len(points) <= 1:
        return ""
    drawn = [f"{x:.1f},{y:.1f}" for x, y in _placed([value for _, value in points])]
    x, y = drawn[-1].split(",")
    return (
        f'<svg class="trend" role="img" viewBox="0 0 {_WIDTH} {_HEIGHT}" width="{_WIDTH}" height="{_HEIGHT}" '
        f'aria-label="{escape(_words(what, points))}"><polyline points="{" ".join(drawn)}" fill="none"/>'
        f'<circle cx="{x}" cy="{y}" r="2.5"/></svg>'
    )


def _placed(values: Sequence[float]) -> list[tuple[float, float]]:
    """Values as points of the picture; a line of equal ones is in the middle."""
    low, high = min(values), max(values)
    step = (_WIDTH - 2 * _EDGE) / (len(values) - 1)
    span = high - low
    return [
        (_EDGE + i * step, _HEIGHT / 2 if not span else _EDGE + (high - value) / span * (_HEIGHT - 2 * _EDGE))
        for i, value in enumerate(values)
    ]


def _words(what: str, points: Sequence[tuple[str, float]]) -> str:
    (first, then), (last, now) = points[0], points[-1]
    values = [value for _, value in points]
    return (
        f"{what} over {len(points)} nights, from {then:,.0f} on {first} to {now:,.0f} on {last}; lowest "
        f"{min(values):,.0f}, highest {max(values):,.0f}"
    )
