"""The policy of a launch: what the rules leave open, as one frozen dataclass (RULES.md section 10).

Every section and every key has its default; numbers with decimals are exact ``Decimal``. Whatever builds a
policy (a YAML file, a notebook, a sweep) ends here, so a policy that exists is a policy that can be played.
"""

from __future__ import annotations

import copyreg
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from decimal import Decimal
from types import MappingProxyType
from typing import Any, ClassVar, Literal, get_args, get_origin, get_type_hints
from zoneinfo import ZoneInfo, available_timezones

from allocation.engine.errors import PolicyError, Problem

QUANTITY_MAX = 10**9
"""Quantities are whole numbers up to this (RULES.md section 1)."""
RATE_MAX = 1000
"""No booking limit above a thousand times the supply: such a rate is a slip of the pen."""
WEIGHT_MAX = 10**6
"""Largest tier score and scoring weight, so that a score fits 64 bits in millionths."""
MICRO = 10**6
"""Rates and scores are kept in millionths: they have at most 6 decimals."""
DAYS_MAX = 36_500
HOURS_MAX = DAYS_MAX * 24

_HOST_ZONES = frozenset({"localtime", "posixrules"})
"""Links to the zone of the machine: under them decisions would depend on where they are made."""
_FORBID: dict[str, object] = {"extra": "forbid", "hide_input_in_errors": True}


def read_only(mapping: Mapping[object, object]) -> MappingProxyType[object, object]:
    """A read-only copy; this is how a pickled one is rebuilt."""
    return MappingProxyType(dict(mapping))


# A read-only mapping does not pickle by itself, and policies travel to other processes.
copyreg.pickle(MappingProxyType, lambda mapping: (read_only, (dict(mapping),)))


@dataclass(frozen=True, slots=True)
class Scoring:
    """Points on top of the tier's score, per unit of each input."""

    __pydantic_config__: ClassVar[dict[str, object]] = _FORBID
    previous_purchase: Decimal = Decimal(0)
    cart_value_per_100: Decimal = Decimal(0)
    membership_year: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class Prior:
    """What is thought of the show rate before anything is seen.

    Attributes:
        show_rate: Share of the promised orders that is still there at the release.
        orders: As if so many had been seen: the larger, the longer it is believed.
    """

    __pydantic_config__: ClassVar[dict[str, object]] = _FORBID
    show_rate: Decimal = Decimal("0.95")
    orders: int = 100


@dataclass(frozen=True, slots=True)
class Overbooking:
    """Units that may be promised for a unit of supply.

    The rules read ``rate`` and the ``overbooking`` commands of a tape. What else is said here is worked out before the
    tape starts, or at reviews, and becomes such commands (``allocation.overbooking.rates``).

    Attributes:
        rate: Of every pool that nothing below gives another.
        by_category: Rates by the category of a pool's product.
        method: ``constant``: the rates above. ``economic``: what the scenario's own behaviour and costs make best.
            ``service``: the most at which the probability of overselling stays within ``level``. ``adaptive``: as
            economic, but the show rate is learned from what is seen, at every review.
        level: Of the service.
        prior: Where learning begins.
        review_hours: Hours between reviews.
    """

    __pydantic_config__: ClassVar[dict[str, object]] = _FORBID
    rate: Decimal = Decimal("1.05")
    by_category: Mapping[str, Decimal] = field(default_factory=lambda: MappingProxyType({}))
    method: Literal["constant", "economic", "service", "adaptive"] = "constant"
    level: Decimal = Decimal("0.05")
    prior: Prior = Prior()
    review_hours: Decimal = Decimal(24)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_category", MappingProxyType(dict(self.by_category)))

    @property
    def is_one_rate(self) -> bool:
        """Whether the rate alone says everything, so that a tape needs no commands beside it."""
        return self.method == "constant" and not self.by_category


@dataclass(frozen=True, slots=True)
class Queue:
    """Who may stand in line: ``max_depth`` counts the active ones of a queue; None is no limit."""

    __pydantic_config__: ClassVar[dict[str, object]] = _FORBID
    enabled: bool = True
    max_depth: int | None = None
    admission: Literal["arrival", "priority"] = "arrival"


@dataclass(frozen=True, slots=True)
class Waves:
    """Whether a line may be promised a later wave, and later move up to an earlier one."""

    __pydantic_config__: ClassVar[dict[str, object]] = _FORBID
    assignment: Literal["requested", "earliest"] = "requested"
    move_up: bool = False


@dataclass(frozen=True, slots=True)
class Expiration:
    """When a held, unpaid reservation expires."""

    __pydantic_config__: ClassVar[dict[str, object]] = _FORBID
    days_before_ship: int = 7
    grace_hours: Decimal = Decimal(24)
    max_hold_hours: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Intake:
    """Which orders are taken; None is no cap."""

    __pydantic_config__: ClassVar[dict[str, object]] = _FORBID
    min_days: int = 7
    max_days: int | None = 180
    max_quantity: int | None = 10
    lines: Literal["independent", "all_or_nothing"] = "independent"


@dataclass(frozen=True, slots=True)
class Confirm:
    """What happens at a cut-off to those who wait for its date."""

    __pydantic_config__: ClassVar[dict[str, object]] = _FORBID
    unreserved: Literal["keep", "cancel", "roll_over"] = "keep"


@dataclass(frozen=True, slots=True)
class Release:
    """How stock is given out, and what happens to those who get none."""

    __pydantic_config__: ClassVar[dict[str, object]] = _FORBID
    shortfall: Literal["cancel", "roll_over"] = "cancel"
    fill: Literal["skip", "strict"] = "skip"
    standby: bool = True
    unfilled: Literal["cancel", "roll_over"] = "cancel"
    alert_broken_share: Decimal = Decimal("0.10")


DEFAULT_TIERS: Mapping[str, Decimal] = MappingProxyType({"VIP": Decimal(100), "STANDARD": Decimal(50)})
"""What the tiers are as long as a policy does not say otherwise."""


@dataclass(frozen=True, slots=True)
class Policy:
    """Everything the rules leave open for one launch (RULES.md section 10).

    Tiers given in part keep the default ones, as every section does.

    Raises:
        PolicyError: With every value that is out of range and every contradiction.
    """

    __pydantic_config__: ClassVar[dict[str, object]] = _FORBID
    timezone: str = "UTC"
    tiers: Mapping[str, Decimal] = field(default_factory=lambda: DEFAULT_TIERS)
    scoring: Scoring = Scoring()
    overbooking: Overbooking = Overbooking()
    hold: Literal["firm", "provisional"] = "firm"
    queue: Queue = Queue()
    waves: Waves = Waves()
    expiration: Expiration = Expiration()
    intake: Intake = Intake()
    confirm: Confirm = Confirm()
    release: Release = Release()

    def __post_init__(self) -> None:
        # A read-only copy: a policy that changed after it was checked would not be the one that was checked.
        object.__setattr__(self, "tiers", MappingProxyType({**DEFAULT_TIERS, **self.tiers}))
        # What has the wrong type can be compared with nothing.
        problems = list(_type_problems(self)) or [*_range_problems(self), *_contradictions(self)]
        if problems:
            raise PolicyError(problems, "policy")

    @property
    def zone(self) -> ZoneInfo:
        """The time zone in which calendar dates are meant."""
        return ZoneInfo(self.timezone)

    def as_dict(self) -> dict[str, object]:
        """The policy as plain data in the form of RULES.md section 10; decimals as text, exactly."""
        return {f.name: _plain(getattr(self, f.name)) for f in fields(self)}


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if is_dataclass(value):
        return {f.name: _plain(getattr(value, f.name)) for f in fields(value)}
    return str(value) if isinstance(value, Decimal) else value


_MAPPINGS = ("tiers", "by_category")
"""Their values are checked where their ranges are."""


def _type_problems(record: Any, path: tuple[str, ...] = ()) -> Iterator[Problem]:
    """Values that are none of the words, no truth value, no whole number or no Decimal where they should be one."""
    hints = get_type_hints(type(record))
    for f in fields(record):
        value: Any
        hint: Any
        value, hint, place = getattr(record, f.name), hints[f.name], (*path, f.name)
        if hasattr(hint, "__dataclass_fields__"):
            if isinstance(value, hint):
                yield from _type_problems(value, place)
            else:
                yield Problem(place, f"{value!r} must be a {hint.__name__}")
        elif get_origin(hint) is Literal:
            if value not in get_args(hint):
                yield Problem(place, f"{value!r} must be one of {', '.join(get_args(hint))}")
        elif f.name not in _MAPPINGS and type(value) not in (hint, *get_args(hint)):
            wanted = " or ".join(getattr(kind, "__name__", "null") for kind in get_args(hint) or (hint,))
            yield Problem(place, f"{value!r} must be {wanted.replace('NoneType', 'null')}")


def _range_problems(policy: Policy) -> Iterator[Problem]:
    if policy.timezone not in available_timezones() - _HOST_ZONES:
        yield Problem(("timezone",), f"{policy.timezone!r} is no IANA time zone; write one such as Europe/Paris")
    for name, score in policy.tiers.items():
        if not str(name).strip():
            yield Problem(("tiers",), f"{name!r} is no name of a tier")
        yield from _decimal(("tiers", name), score, -WEIGHT_MAX, WEIGHT_MAX)
    for weight in fields(Scoring):
        value = getattr(policy.scoring, weight.name)
        yield from _decimal(("scoring", weight.name), value, -WEIGHT_MAX, WEIGHT_MAX)
    yield from _overbooking_problems(policy.overbooking)
    yield from _decimal(("release", "alert_broken_share"), policy.release.alert_broken_share, 0, 1)
    expiration, intake = policy.expiration, policy.intake
    yield from _whole(("queue", "max_depth"), policy.queue.max_depth, 1, QUANTITY_MAX)
    yield from _whole(("expiration", "days_before_ship"), expiration.days_before_ship, 0, DAYS_MAX)
    yield from _decimal(("expiration", "grace_hours"), expiration.grace_hours, 0, HOURS_MAX)
    if expiration.max_hold_hours is not None:
        yield from _decimal(("expiration", "max_hold_hours"), expiration.max_hold_hours, 0, HOURS_MAX)
    yield from _whole(("intake", "min_days"), intake.min_days, 0, DAYS_MAX)
    yield from _whole(("intake", "max_days"), intake.max_days, 0, DAYS_MAX)
    yield from _whole(("intake", "max_quantity"), intake.max_quantity, 1, QUANTITY_MAX)


def _overbooking_problems(overbooking: Overbooking) -> Iterator[Problem]:
    yield from _decimal(("overbooking", "rate"), overbooking.rate, 0, RATE_MAX)
    for category, rate in overbooking.by_category.items():
        if not str(category).strip():
            yield Problem(("overbooking", "by_category"), f"{category!r} is no name of a category")
        yield from _decimal(("overbooking", "by_category", category), rate, 0, RATE_MAX)
    yield from _decimal(("overbooking", "level"), overbooking.level, 0, 1)
    yield from _decimal(("overbooking", "prior", "show_rate"), overbooking.prior.show_rate, 0, 1)
    yield from _whole(("overbooking", "prior", "orders"), overbooking.prior.orders, 1, QUANTITY_MAX)
    yield from _decimal(("overbooking", "review_hours"), overbooking.review_hours, 1, HOURS_MAX)
    if overbooking.method == "adaptive" and overbooking.prior.show_rate in {0, 1}:
        yield Problem(("overbooking", "prior", "show_rate"), "must be between 0 and 1: else nothing could be learned")
    if overbooking.method == "service" and overbooking.level in {0, 1}:
        yield Problem(("overbooking", "level"), "must be between 0 and 1")
    if overbooking.by_category and overbooking.method != "constant":
        yield Problem(
            ("overbooking", "by_category"),
            f"method {overbooking.method} works a rate out for every pool; leave one out",
        )


def _contradictions(policy: Policy) -> Iterator[Problem]:
    if policy.hold == "provisional" and not policy.queue.enabled:
        yield Problem(
            ("hold",), "provisional needs the queue (the displaced stand in it); set queue.enabled: true or hold: firm"
        )
    if policy.intake.max_days is not None and policy.intake.max_days < policy.intake.min_days:
        yield Problem(
            ("intake", "max_days"),
            f"{policy.intake.max_days} is less than min_days {policy.intake.min_days}: no order could be taken",
        )


def _decimal(path: tuple[str, ...], value: object, low: int, high: int) -> Iterator[Problem]:
    if not isinstance(value, Decimal):
        yield Problem(path, f"{value!r} must be a Decimal, such as Decimal('1.05')")
    elif not value.is_finite() or not low <= value <= high:
        yield Problem(path, f"{value} is not between {low} and {high}")
    elif value != round(value, 6):
        yield Problem(path, f"{value} has more than 6 decimals; rates and scores have at most 6")


def _whole(path: tuple[str, ...], value: object, low: int, high: int) -> Iterator[Problem]:
    if value is None:
        return
    if isinstance(value, bool) or not isinstance(value, int):
        yield Problem(path, f"{value!r} must be a whole number")
    elif not low <= value <= high:
        yield Problem(path, f"{value} is not between {low} and {high}")


DEFAULT_POLICY = Policy()
"""All defaults of RULES.md section 10."""
