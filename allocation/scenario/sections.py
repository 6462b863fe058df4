"""The order window, supply, economics, schedule and published results of a scenario, as plain data.

Numbers with decimals are exact ``Decimal``; shares and probabilities run from 0 to 1; instants carry an
offset; mappings are read-only. What must hold across fields is in ``checks``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar

from allocation.scenario.distributions import FORBID, Distribution, freeze
from allocation.scenario.moments import Day, Instant


@dataclass(frozen=True, slots=True)
class OrderWindow:
    """When orders are taken: from ``opens`` until just before ``closes``."""

    __pydantic_config__: ClassVar[dict[str, object]] = FORBID
    opens: Instant
    closes: Instant


@dataclass(frozen=True, slots=True)
class Late:
    """The risk that a delivery comes late.

    Attributes:
        probability: Of coming late.
        days: How late, if late; what is drawn is rounded to whole days.
    """

    __pydantic_config__: ClassVar[dict[str, object]] = FORBID
    probability: Decimal
    days: Distribution


@dataclass(frozen=True, slots=True)
class Short:
    """The risk that a delivery comes short.

    Attributes:
        probability: Of coming short.
        share: Fraction of the quantity that does not come, if short.
    """

    __pydantic_config__: ClassVar[dict[str, object]] = FORBID
    probability: Decimal
    share: Distribution


@dataclass(frozen=True, slots=True)
class Delivery:
    """A wave: units that are promised to arrive at 00:00 local time of a date.

    Attributes:
        date: When it is expected.
        quantity: Units.
        ref: Reference, unique in the scenario.
        late: Risk of coming late; None is on time.
        short: Risk of coming short; None is complete.
        notice_days: Days before the date on which being late or short becomes known; 0 is on the day itself.
    """

    __pydantic_config__: ClassVar[dict[str, object]] = FORBID
    date: Day
    quantity: int
    ref: str
    late: Late | None = None
    short: Short | None = None
    notice_days: int = 0


@dataclass(frozen=True, slots=True)
class PoolSupply:
    """One SKU at one location: units on hand when orders open, and the waves to come, in date order.

    ``category`` is what ``policy.overbooking.by_category`` may have a rate for.
    """

    __pydantic_config__: ClassVar[dict[str, object]] = FORBID
    sku: str
    location: str
    product: str = ""
    category: str = ""
    on_hand: int = 0
    expected: tuple[Delivery, ...] = ()

    def __post_init__(self) -> None:
        freeze(self)


@dataclass(frozen=True, slots=True)
class Economics:
    """What a unit is worth, in the scenario's currency.

    Attributes:
        margin: Earned by an allocated unit.
        denied_cost: By tier, cost of an oversold unit: promised, and not given.
        unsold_cost: Cost of a unit on hand after the last release.
        forfeit: Kept of a unit that is cancelled after it was confirmed.
    """

    __pydantic_config__: ClassVar[dict[str, object]] = FORBID
    margin: Decimal
    denied_cost: Mapping[str, Decimal]
    unsold_cost: Decimal
    forfeit: Decimal = Decimal(0)

    def __post_init__(self) -> None:
        freeze(self)


@dataclass(frozen=True, slots=True)
class CutOff:
    """The instant at which the promises of some ship dates become firm."""

    __pydantic_config__: ClassVar[dict[str, object]] = FORBID
    at: Instant
    ship_dates: tuple[Day, ...]

    def __post_init__(self) -> None:
        freeze(self)


@dataclass(frozen=True, slots=True)
class ReleaseRun:
    """The instant at which stock on hand is given out to a ship date."""

    __pydantic_config__: ClassVar[dict[str, object]] = FORBID
    at: Instant
    ship_date: Day


@dataclass(frozen=True, slots=True)
class ExpireRuns:
    """When unpaid reservations are looked for.

    Attributes:
        time: First at this local time after orders open, as ``"03:00"``.
        every_hours: Then every so often.
    """

    __pydantic_config__: ClassVar[dict[str, object]] = FORBID
    time: str = "03:00"
    every_hours: Decimal = Decimal(24)


@dataclass(frozen=True, slots=True)
class Schedule:
    """When operations act; ``expire: null`` never looks for unpaid reservations."""

    __pydantic_config__: ClassVar[dict[str, object]] = FORBID
    confirm: tuple[CutOff, ...]
    release: tuple[ReleaseRun, ...]
    expire: ExpireRuns | None = ExpireRuns()

    def __post_init__(self) -> None:
        freeze(self)


@dataclass(frozen=True, slots=True)
class Published:
    """A result that is known from elsewhere, to be shown next to the simulated one.

    Attributes:
        measure: Path into the summary of a run, such as ``by_tier.STANDARD.not_selected``, or a sum or
            difference of paths: ``orders - confirmed_at_cutoff_units``.
        value: What was published.
        source: Where.
        printed_share: The share that was printed with it, as a fraction (0.317).
        printed_of: What it claims to be a share of, written like a measure.
        text: What the source says, in words.
    """

    __pydantic_config__: ClassVar[dict[str, object]] = FORBID
    measure: str
    value: Decimal
    source: str
    printed_share: Decimal | None = None
    printed_of: str | None = None
    text: str = ""

    @property
    def measure_terms(self) -> tuple[tuple[int, str], ...]:
        """The paths of the measure, each with its sign."""
        return signed_paths(self.measure)

    @property
    def printed_of_terms(self) -> tuple[tuple[int, str], ...]:
        """The paths of what it claims to be a share of, each with its sign; empty if it claims none."""
        return signed_paths(self.printed_of or "")


def signed_paths(text: str) -> tuple[tuple[int, str], ...]:
    """The paths of a sum or difference, each with its sign.

    >>> signed_paths("queue_peak - by_tier.VIP.orders")
    ((1, 'queue_peak'), (-1, 'by_tier.VIP.orders'))
    """
    words = text.split()
    signs = [1, *(-1 if word == "-" else 1 for word in words[1::2])]
    return tuple(zip(signs, words[0::2], strict=False))
