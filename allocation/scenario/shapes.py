"""What makes a distribution meaningless, and the numbers that it may be made of."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from allocation.engine.errors import Problem
from allocation.scenario.distributions import Beta, Choices, Distribution, Normal, Triangular, Uniform
from allocation.scenario.wording import shown

VALUE_MAX = 10**12
"""Values of a distribution, also those outside the range in which it is used."""
WEIGHT_MAX = 10**9
LEAST = Decimal("1e-9")
"""A shape or spread that must be above 0 is at least this, and so is a weight that counts."""

_Number = tuple[tuple[str | int, ...], object, int, bool]


def shape_problems(path: tuple[str | int, ...], value: Distribution) -> Iterator[Problem]:
    """Numbers out of bounds; ends the wrong way round, no spread, no weight."""
    found = [problem for number in _numbers(value) for problem in _bounded(path, *number)]
    yield from found or _meaningless(path, value)


def _numbers(value: Distribution) -> Iterator[_Number]:
    """Path, value, bound and whether it is a size (of at least 0) of every number."""
    match value:
        case Uniform(numbers):
            yield from ((("uniform", i), number, VALUE_MAX, False) for i, number in enumerate(numbers))
        case Triangular(numbers):
            yield from ((("triangular", i), number, VALUE_MAX, False) for i, number in enumerate(numbers))
        case Beta(shapes, low, high):
            yield from ((("beta", i), shape, WEIGHT_MAX, True) for i, shape in enumerate(shapes))
            yield from (((name,), end, VALUE_MAX, False) for name, end in (("low", low), ("high", high)))
        case Normal(shape):
            for name in ("mean", "sd", "low", "high"):
                yield ("normal", name), getattr(shape, name), VALUE_MAX, name == "sd"
        case Choices(choices):
            for choice, weight in choices.items():
                yield ("choices", shown(choice)), choice, VALUE_MAX, False
                yield ("choices", shown(choice)), weight, WEIGHT_MAX, True


def _bounded(
    path: tuple[str | int, ...], below: tuple[str | int, ...], value: object, most: int, is_size: bool
) -> Iterator[Problem]:
    if not isinstance(value, Decimal):
        yield Problem((*path, *below), f"{shown(value)} must be a Decimal, such as Decimal('1.05')")
    elif not value.is_finite() or abs(value) > most:
        yield Problem((*path, *below), f"{shown(value)} is not between {0 if is_size else -most} and {most}")
    elif is_size and 0 < value < LEAST:
        yield Problem((*path, *below), f"{shown(value)} is less than {LEAST}")


def _meaningless(path: tuple[str | int, ...], value: Distribution) -> Iterator[Problem]:
    match value:
        case Uniform((low, high)) if low > high:
            yield Problem((*path, "uniform"), f"low {low} is above high {high}")
        case Triangular((low, mode, high)) if not low <= mode <= high:
            yield Problem((*path, "triangular"), f"{low}, {mode}, {high} must be low <= mode <= high")
        case Beta((a, b), low, high) if a <= 0 or b <= 0 or low > high:
            yield Problem((*path, "beta"), f"needs shapes above 0 and low <= high; it has {a}, {b}, {low}, {high}")
        case Normal(shape) if shape.sd <= 0 or shape.low >= shape.high:
            yield Problem((*path, "normal"), f"needs sd above 0 and low < high; it has sd {shape.sd}, "
                          f"low {shape.low}, high {shape.high}")  # fmt: skip
        case Normal(shape) if not shape.low <= shape.mean <= shape.high:
            yield Problem(
                (*path, "normal", "mean"),
                f"{shape.mean} is not between low {shape.low} and high {shape.high}",
            )
        case Choices(choices) if not any(weight > 0 for weight in choices.values()) or min(choices.values()) < 0:
            yield Problem((*path, "choices"), "needs weights of at least 0, one of them above 0")
