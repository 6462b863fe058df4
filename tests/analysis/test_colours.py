"""Colours of tiers, outcomes and series are told apart with every kind of colour vision."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from allocation.analysis.style import OUTCOME_LOOKS, SERIES_LOOKS, SPARE, TIERS, tier_looks

# Machado, Oliveira, Fernandes: A physiologically-based model for simulation of color vision deficiency, IEEE
# Transactions on Visualization and Computer Graphics 15 (2009), 1291-1298, table 1, severity 1.0, on linear RGB.
VISIONS = {
    "normal": np.eye(3),
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}
# sRGB to CIE XYZ under D65, IEC 61966-2-1.
TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
JUST_NOTICEABLE = 2.3
"""CIE 1976 distance that an eye just notices."""


def seen(colour, vision):
    """A colour in CIELAB as somebody with that vision sees it."""
    srgb = np.array(to_rgb(colour))
    linear = np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
    xyz = TO_XYZ @ np.clip(np.array(VISIONS[vision]) @ linear, 0, 1) / (TO_XYZ @ np.ones(3))
    f = np.where(xyz > (6 / 29) ** 3, np.cbrt(xyz), xyz / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def distance(one, other, vision):
    return float(np.linalg.norm(seen(one, vision) - seen(other, vision)))


def test_the_distance_is_that_of_the_textbook():
    assert seen("#ffffff", "normal") == pytest.approx([100, 0, 0], abs=0.02)
    assert seen("#ff0000", "normal") == pytest.approx([53.24, 80.09, 67.20], abs=0.1)
    # What the matrices are for: red and green of one lightness come together.
    assert distance("#b00000", "#5a7000", "deuteranopia") < 0.4 * distance("#b00000", "#5a7000", "normal")


@pytest.mark.parametrize("vision", VISIONS)
def test_tiers_are_far_apart_for_every_eye(vision):
    nearest = min(distance(a.color, b.color, vision) for a, b in combinations(TIERS.values(), 2))
    assert nearest > 6 * JUST_NOTICEABLE, f"the nearest two tiers are {nearest:.1f} apart"


@pytest.mark.parametrize("vision", VISIONS)
def test_outcomes_and_spare_looks_are_told_apart_too(vision):
    for looks in (OUTCOME_LOOKS.values(), SPARE):
        nearest = min(distance(a.color, b.color, vision) for a, b in combinations(looks, 2))
        assert nearest > 3 * JUST_NOTICEABLE, f"the nearest two are {nearest:.1f} apart"


def test_more_than_colour_tells_tiers_apart():
    looks = tier_looks(["PLATINUM", "VIP", "STANDARD", "GOLD", "BASIC", "STAFF", "PRESS", "FRIENDS"])
    assert len({look.marker for look in looks.values()}) == len(looks)
    assert len({look.hatch for look in looks.values()}) == len(looks)
    named = [TIERS[tier].line for tier in TIERS]
    assert len(set(named)) == len(named)


def test_series_of_one_figure_differ_in_line_or_marker():
    for names in (
        ("units", "limit_units", "supply_units"),
        ("active", "held", "waitlisted"),
        ("displaced", "promoted"),
    ):
        looks = [(SERIES_LOOKS[name].line, SERIES_LOOKS[name].marker) for name in names]
        assert len(set(looks)) == len(looks)
