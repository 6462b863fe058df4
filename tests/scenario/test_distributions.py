"""Means and ranges of uncertain parameters."""

from decimal import Decimal

import pytest

from allocation.scenario.schema import (
    Beta,
    Choices,
    Normal,
    NormalShape,
    Triangular,
    Uniform,
    for_tier,
    mean_of,
    support_of,
)
from allocation.scenario.shapes import shape_problems

NORMAL = Normal(NormalShape(Decimal(10), Decimal(2), Decimal(8), Decimal(14)))


@pytest.mark.parametrize(
    ("value", "mean", "support"),
    [
        (Decimal("0.3"), 0.3, (Decimal("0.3"), Decimal("0.3"))),
        (Uniform((Decimal(1), Decimal(4))), 2.5, (Decimal(1), Decimal(4))),
        (Triangular((Decimal(0), Decimal(1), Decimal(5))), 2, (Decimal(0), Decimal(5))),
        (Beta((Decimal(1), Decimal(3))), 0.25, (Decimal(0), Decimal(1))),
        (Beta((Decimal(1), Decimal(3)), Decimal(10), Decimal(20)), 12.5, (Decimal(10), Decimal(20))),
        # As SciPy has it, for a truncnorm from -1 to 2 standard deviations.
        (NORMAL, 10.459274, (Decimal(8), Decimal(14))),
        (
            Choices({Decimal(1): Decimal(3), Decimal(5): Decimal(1), Decimal(9): Decimal(0)}),
            2,
            (Decimal(1), Decimal(5)),
        ),
    ],
)
def test_mean_and_support(value, mean, support):
    assert mean_of(value) == pytest.approx(mean, abs=1e-6)
    assert support_of(value) == support
    assert list(shape_problems((), value)) == []


@pytest.mark.parametrize(
    "value",
    [
        Uniform((Decimal(2), Decimal(1))),
        Triangular((Decimal(0), Decimal(6), Decimal(5))),
        Beta((Decimal(0), Decimal(3))),
        Beta((Decimal(1), Decimal(3)), Decimal(2), Decimal(1)),
        Normal(NormalShape(Decimal(1), Decimal(0), Decimal(0), Decimal(2))),
        Normal(NormalShape(Decimal(1), Decimal(1), Decimal(2), Decimal(2))),
        Normal(NormalShape(Decimal(9), Decimal(1), Decimal(0), Decimal(2))),
        Choices({}),
        Choices({Decimal(1): Decimal(0)}),
        Choices({Decimal(1): Decimal(1), Decimal(2): Decimal(-1)}),
    ],
)
def test_a_shape_without_meaning(value):
    assert len(list(shape_problems((), value))) == 1


def test_a_normal_that_is_cut_to_nothing_has_its_own_mean():
    assert Normal(NormalShape(Decimal(5), Decimal(10**9), Decimal(5), Decimal("5.000000001"))).mean == pytest.approx(
        5, abs=1e-6
    )


def test_a_tier_that_is_not_named_has_nothing():
    assert for_tier({"VIP": Decimal(1)}, "VIP") == 1
    assert for_tier({"VIP": Decimal(1)}, "STANDARD") == 0
    assert for_tier(Decimal(2), "STANDARD") == 2
