"""Who orders what, and when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from types import MappingProxyType
from typing import Annotated, ClassVar, Literal, TypeAlias

from pydantic import Field

from allocation.scenario.distributions import FORBID, Distribution, PerTier, freeze
from allocation.scenario.moments import Day


@dataclass(frozen=True, slots=True)
class UniformArrivals:
    """Orders arrive evenly over the whole window."""

    __pydantic_config__: ClassVar[dict[str, object]] = FORBID
    shape: Literal["uniform"] = "uniform"


@dataclass(frozen=True, slots=True)
class LaunchArrivals:
    """A burst, then decay.

    Attributes:
        shape: ``launch``.
        burst_share: Share of the orders that arrive evenly within the first ``burst_minutes``.
        burst_minutes: Length of the burst.
        half_life_hours: The rest arrives from the end of the burst to the close, at a rate that halves in
            this time.
    """

    __pydantic_config__: ClassVar[dict[str, object]] = FORBID
    shape: Literal["launch"]
    burst_share: Decimal
    burst_minutes: Decimal
    half_life_hours: Decimal


@dataclass(frozen=True, slots=True)
class FlashArrivals:
    """All orders arrive evenly within the first ``seconds``."""

    __pydantic_config__: ClassVar[dict[str, object]] = FORBID
    shape: Literal["flash"]
    seconds: Decimal


@dataclass(frozen=True, slots=True)
class TableArrivals:
    """A table of when orders arrive.

    Attributes:
        shape: ``table``.
        points: Pairs ``[hours, share]``, hours rising: this share of the orders arrives evenly from the hours
            of the pair before (0 for the first) until these hours after opening. Shares sum to 1.
    """

    __pydantic_config__: ClassVar[dict[str, object]] = FORBID
    shape: Literal["table"]
    points: tuple[tuple[Decimal, Decimal], ...]

    def __post_init__(self) -> None:
        freeze(self)


Arrivals: TypeAlias = Annotated[
    UniformArrivals | LaunchArrivals | FlashArrivals | TableArrivals, Field(discriminator="shape")
]


@dataclass(frozen=True, slots=True)
class Item:
    """Share of the order lines that ask for a pool."""

    __pydantic_config__: ClassVar[dict[str, object]] = FORBID
    sku: str
    location: str
    share: Decimal


def _always_one() -> Mapping[int, Decimal]:
    return MappingProxyType({1: Decimal(1)})


@dataclass(frozen=True, slots=True)
class Demand:
    """Who orders what, and when.

    Attributes:
        ship_dates: Share of the orders that request each ship date.
        counts: Exact number of orders by tier; or
        total: the number of orders (what is drawn is rounded), with
        mix: the share of each tier.
        mix_note: Where the tiers' numbers come from, such as an assumption.
        items: Share of the lines by pool; empty is every pool alike.
        lines_per_order: Share of the orders by number of lines; the lines of one order ask for different
            pools where there are enough.
        quantities: Share of the lines by quantity.
        arrivals: When orders arrive within the window.
        purchases: Earlier purchases of a customer; drawn for every order and rounded.
        cart_value: Value of the cart in the scenario's currency; drawn for every order and rounded to cents.
        membership_years: Years of membership; drawn for every order and rounded.
    """

    __pydantic_config__: ClassVar[dict[str, object]] = FORBID
    ship_dates: Mapping[Day, Decimal]
    counts: Mapping[str, int] | None = None
    total: Distribution | None = None
    mix: Mapping[str, Decimal] | None = None
    mix_note: str = ""
    items: tuple[Item, ...] = ()
    lines_per_order: Mapping[int, Decimal] = field(default_factory=_always_one)
    quantities: Mapping[int, Decimal] = field(default_factory=_always_one)
    arrivals: Arrivals = UniformArrivals()
    purchases: PerTier = Decimal(0)
    cart_value: PerTier = Decimal(0)
    membership_years: PerTier = Decimal(0)

    def __post_init__(self) -> None:
        freeze(self)

    @property
    def tiers(self) -> tuple[str, ...]:
        """The tiers that order, as written."""
        return tuple(self.counts or self.mix or ())
