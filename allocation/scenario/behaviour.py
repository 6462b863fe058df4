"""What customers do after they ordered."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, ClassVar, Literal, TypeAlias

from pydantic import Field

from allocation.scenario.distributions import FORBID, Distribution, PerTier, freeze


@dataclass(frozen=True, slots=True)
class ConstantHazard:
    """Cancellations come at a constant hazard over the window."""

    __pydantic_config__: ClassVar[dict[str, object]] = FORBID
    shape: Literal["constant"] = "constant"


@dataclass(frozen=True, slots=True)
class EarlyRegret:
    """Some regret it soon.

    Attributes:
        shape: ``early_regret``.
        weight: Share of those who cancel that does so after an exponential time from the start of the
            window; the rest cancels at a constant hazard over the window.
        half_life_hours: Half of the early ones have cancelled by then.
    """

    __pydantic_config__: ClassVar[dict[str, object]] = FORBID
    shape: Literal["early_regret"]
    weight: Decimal
    half_life_hours: Decimal


@dataclass(frozen=True, slots=True)
class Bathtub:
    """Regret at first, then calm, then second thoughts.

    Attributes:
        shape: ``bathtub``.
        tenths: Relative weight of each tenth of the window, evenly within it. The default is the timing of
            6,376 cancelled hotel bookings made 30 days ahead or more (Antonio, Almeida, Nunes 2019, Data in
            Brief 22:41-49); it sums to 1.001 for rounding, so weights are divided by their sum.
    """

    __pydantic_config__: ClassVar[dict[str, object]] = FORBID
    shape: Literal["bathtub"]
    tenths: tuple[Decimal, ...] = tuple(Decimal(share) / 1000 for share in (240, 91, 83, 60, 66, 86, 60, 91, 119, 105))

    def __post_init__(self) -> None:
        freeze(self)


Timing: TypeAlias = Annotated[ConstantHazard | EarlyRegret | Bathtub, Field(discriminator="shape")]


@dataclass(frozen=True, slots=True)
class Cancellation:
    """How customers cancel in one state.

    Attributes:
        share: Probability that a customer who stays in that state through the whole window would cancel in
            it; a tier that is not named never does.
        timing: When within the window.
    """

    __pydantic_config__: ClassVar[dict[str, object]] = FORBID
    share: PerTier = Decimal(0)
    timing: Timing = ConstantHazard()

    def __post_init__(self) -> None:
        freeze(self)


@dataclass(frozen=True, slots=True)
class Payment:
    """Orders that are placed before their payment is authorised.

    Attributes:
        pending_share: Share of the orders that are placed with payment PENDING.
        pays_share: Share of those that pay.
        mean_delay_hours: They pay after an exponential time with this mean.
    """

    __pydantic_config__: ClassVar[dict[str, object]] = FORBID
    pending_share: Distribution = Decimal(0)
    pays_share: Distribution = Decimal(1)
    mean_delay_hours: Distribution = Decimal(12)


@dataclass(frozen=True, slots=True)
class Behaviour:
    """What customers do after they ordered.

    Attributes:
        cancel_held: Window from placement to the release of the requested date.
        cancel_waiting: The same window.
        cancel_confirmed: Window from the cut-off of the requested date to its release.
        payment: Who pays later, or never.
    """

    __pydantic_config__: ClassVar[dict[str, object]] = FORBID
    cancel_held: Cancellation = Cancellation()
    cancel_waiting: Cancellation = Cancellation()
    cancel_confirmed: Cancellation = Cancellation()
    payment: Payment = Payment()
