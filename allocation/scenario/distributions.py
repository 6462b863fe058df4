"""Parameters that are a number or uncertain, as plain data: no randomness here.

A parameter that is a distribution is drawn once a replication by ``allocation.sampling``, which reads these
dataclasses; here are only their shape, their mean and the range that they can take. The one field of each
carries its name, so that the dataclass and the YAML look the same: ``{uniform: [0.035, 0.058]}`` is
``Uniform((Decimal("0.035"), Decimal("0.058")))``.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from decimal import Decimal
from types import MappingProxyType
from typing import Annotated, ClassVar, TypeAlias

from pydantic import Discriminator, Tag

FORBID: dict[str, object] = {"extra": "forbid", "hide_input_in_errors": True}
"""What pydantic does with a key that no field has: refuse it, and print no customer's data."""


@dataclass(frozen=True, slots=True)
class Uniform:
    """Every value from low to high alike: ``{uniform: [low, high]}``."""

    __pydantic_config__: ClassVar[dict[str, object]] = FORBID
    uniform: tuple[Decimal, Decimal]

    @property
    def mean(self) -> float:
        """The expected value."""
        return float((self.uniform[0] + self.uniform[1]) / 2)

    @property
    def variance(self) -> float:
        """(b - a)² / 12."""
        return float(self.uniform[1] - self.uniform[0]) ** 2 / 12

    def support(self) -> tuple[Decimal, Decimal]:
        """The least and the greatest value."""
        return self.uniform


@dataclass(frozen=True, slots=True)
class Triangular:
    """Rises from low to the mode and falls to high: ``{triangular: [low, mode, high]}``."""

    __pydantic_config__: ClassVar[dict[str, object]] = FORBID
    triangular: tuple[Decimal, Decimal, Decimal]

    @property
    def mean(self) -> float:
        """The expected value."""
        return float(sum(self.triangular) / 3)

    @property
    def variance(self) -> float:
        """(a² + m² + b² - am - ab - mb) / 18, as (x² + y² + xy) / 18 of its two sides.

        >>> round(Triangular((Decimal(0), Decimal(1), Decimal(1))).variance, 6)
        0.055556
        """
        low, mode, high = (float(value) for value in self.triangular)
        left, right = mode - low, high - mode
        return (left**2 + right**2 + left * right) / 18

    def support(self) -> tuple[Decimal, Decimal]:
        """The least and the greatest value."""
        return self.triangular[0], self.triangular[2]


@dataclass(frozen=True, slots=True)
class Beta:
    """A beta distribution stretched from low to high: ``{beta: [a, b], low: 0, high: 1}``.

    Attributes:
        beta: The shapes a and b, both above 0.
        low: Value of the left end.
        high: Value of the right end.
    """

    __pydantic_config__: ClassVar[dict[str, object]] = FORBID
    beta: tuple[Decimal, Decimal]
    low: Decimal = Decimal(0)
    high: Decimal = Decimal(1)

    @property
    def mean(self) -> float:
        """The expected value."""
        a, b = self.beta
        return float(self.low + (self.high - self.low) * a / (a + b))

    @property
    def variance(self) -> float:
        """(high - low)² ab / ((a + b)² (a + b + 1)).

        >>> round(Beta((Decimal(2), Decimal(3))).variance, 6)
        0.04
        """
        a, b = (float(shape) for shape in self.beta)
        return float(self.high - self.low) ** 2 * a * b / ((a + b) ** 2 * (a + b + 1))

    def support(self) -> tuple[Decimal, Decimal]:
        """The least and the greatest value."""
        return self.low, self.high


@dataclass(frozen=True, slots=True)
class NormalShape:
    """What a truncated normal is made of; ``mean`` and ``sd`` are those before it is cut."""

    __pydantic_config__: ClassVar[dict[str, object]] = FORBID
    mean: Decimal
    sd: Decimal
    low: Decimal
    high: Decimal


@dataclass(frozen=True, slots=True)
class Normal:
    """A normal distribution without its tails: ``{normal: {mean: , sd: , low: , high: }}``."""

    __pydantic_config__: ClassVar[dict[str, object]] = FORBID
    normal: NormalShape

    @property
    def mean(self) -> float:
        """The expected value after the cut.

        Source: Johnson, Kotz, Balakrishnan, Continuous Univariate Distributions 1, section 13.10.1.

        >>> shape = NormalShape(Decimal(0), Decimal(1), Decimal(0), Decimal(100))
        >>> round(Normal(shape).mean, 6)  # half-normal: sqrt(2 / pi)
        0.797885
        """
        mu, sd = float(self.normal.mean), float(self.normal.sd)
        alpha, beta = (float(self.normal.low) - mu) / sd, (float(self.normal.high) - mu) / sd
        inside = _cumulative(beta) - _cumulative(alpha)
        # Between ends that floating point cannot tell apart, any value is the mean.
        return mu + sd * (_density(alpha) - _density(beta)) / inside if inside > 0 else mu

    @property
    def variance(self) -> float:
        """The variance after the cut.

        Source: Johnson, Kotz, Balakrishnan, Continuous Univariate Distributions 1, section 13.10.1.

        >>> shape = NormalShape(Decimal(0), Decimal(1), Decimal(0), Decimal(100))
        >>> round(Normal(shape).variance, 6)  # half-normal: 1 - 2 / pi
        0.36338
        """
        mu, sd = float(self.normal.mean), float(self.normal.sd)
        alpha, beta = (float(self.normal.low) - mu) / sd, (float(self.normal.high) - mu) / sd
        inside = _cumulative(beta) - _cumulative(alpha)
        if not inside > 0:
            return 0.0
        ends = (alpha * _density(alpha) - beta * _density(beta)) / inside
        return max(0.0, sd**2 * (1 + ends - ((_density(alpha) - _density(beta)) / inside) ** 2))

    def support(self) -> tuple[Decimal, Decimal]:
        """The least and the greatest value."""
        return self.normal.low, self.normal.high


@dataclass(frozen=True, slots=True)
class Choices:
    """Some values by weight: ``{choices: {value: weight, ...}}``; weights are relative."""

    __pydantic_config__: ClassVar[dict[str, object]] = FORBID
    choices: Mapping[Decimal, Decimal]

    def __post_init__(self) -> None:
        freeze(self)

    @property
    def mean(self) -> float:
        """The expected value."""
        total = sum(self.choices.values())
        return float(sum(value * weight for value, weight in self.choices.items()) / total)

    @property
    def variance(self) -> float:
        """The mean square of the distance from the mean."""
        total, mean = float(sum(self.choices.values())), self.mean
        return sum(float(weight) * (float(value) - mean) ** 2 for value, weight in self.choices.items()) / total

    def support(self) -> tuple[Decimal, Decimal]:
        """The least and the greatest value that has a weight."""
        possible = [value for value, weight in self.choices.items() if weight > 0]
        return min(possible), max(possible)


_KINDS: dict[type, str] = {
    Uniform: "uniform", Triangular: "triangular", Beta: "beta", Normal: "normal", Choices: "choices"
}  # fmt: skip


def _kind(value: object) -> str | None:
    if isinstance(value, Mapping):
        return next((name for name in _KINDS.values() if name in value), None)
    return _KINDS.get(type(value), "number")


Distribution: TypeAlias = Annotated[
    Annotated[Decimal, Tag("number")]
    | Annotated[Uniform, Tag("uniform")]
    | Annotated[Triangular, Tag("triangular")]
    | Annotated[Beta, Tag("beta")]
    | Annotated[Normal, Tag("normal")]
    | Annotated[Choices, Tag("choices")],
    Discriminator(
        _kind,
        custom_error_type="distribution",
        custom_error_message="write a number or one of {uniform: [low, high]}, {triangular: "
        "[low, mode, high]}, {beta: [a, b], low: 0, high: 1}, {normal: {mean: , sd: , low: , high: }}, "
        "{choices: {value: weight}}",
    ),
]
"""A number (a Decimal) or a distribution of it."""


def _tier_kind(value: object) -> str:
    return "by_tier" if isinstance(value, Mapping) and _kind(value) is None else "one"


PerTier: TypeAlias = Annotated[
    Annotated[Distribution, Tag("one")] | Annotated[Mapping[str, Distribution], Tag("by_tier")],
    Discriminator(_tier_kind),
]
"""One distribution for all tiers, or one for each: ``{VIP: 0.02, STANDARD: {uniform: [0.03, 0.06]}}``."""


def mean_of(value: Distribution) -> float:
    """The expected value of a number or distribution."""
    return float(value) if isinstance(value, Decimal) else value.mean


def variance_of(value: Distribution) -> float:
    """The variance of a number (0) or distribution."""
    return 0.0 if isinstance(value, Decimal) else value.variance


def support_of(value: Distribution) -> tuple[Decimal, Decimal]:
    """The least and the greatest value that a number or distribution can take."""
    return (value, value) if isinstance(value, Decimal) else value.support()


def for_tier(value: PerTier, tier: str) -> Distribution:
    """What holds for a tier; one that is not named has 0."""
    return value.get(tier, Decimal(0)) if isinstance(value, Mapping) else value


def freeze(record: object) -> None:
    """Replace every mapping field of a frozen dataclass by a read-only copy, and every list by a tuple."""
    for name in (f.name for f in fields(record)):  # type: ignore[arg-type]
        value = getattr(record, name)
        if isinstance(value, Mapping):
            object.__setattr__(record, name, MappingProxyType(dict(value)))
        elif isinstance(value, list):
            object.__setattr__(record, name, tuple(value))


def _density(x: float) -> float:
    return math.exp(-x * x / 2) / math.sqrt(2 * math.pi)


def _cumulative(x: float) -> float:
    return (1 + math.erf(x / math.sqrt(2))) / 2
