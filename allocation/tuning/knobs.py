"""What can be turned at a launch: keys of its scenario with their ranges, units and words. No widgets here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from math import inf
from typing import Any, TypeAlias

from allocation.engine.errors import SettingError
from allocation.engine.policy import Policy
from allocation.montecarlo.sweep import RATE
from allocation.overbooking.scenario_shows import mean_orders
from allocation.scenario.ranges import AMOUNT_MAX
from allocation.scenario.schema import Scenario

RATE_STEP = Decimal("0.005")
_LOW, _HIGH, _ROOM = Decimal("0.95"), Decimal("1.15"), Decimal("0.05")
_DECIMALS = 9
_DEPTHS = 9
_OVERBOOKING = "Overbooking (units per unit of supply)"
METHOD = "policy.overbooking.method"
QUEUE, ADMISSION, DEPTH = "policy.queue.enabled", "policy.queue.admission", "policy.queue.max_depth"
NO_LIMIT = "no limit"
Options: TypeAlias = tuple[tuple[str, Any], ...]


@dataclass(frozen=True, slots=True)
class Knob:
    """One key that can be turned.

    Attributes:
        key: The dotted key of the scenario.
        group: Under which heading it stands.
        label: What it is called.
        start: Its value in the scenario.
        unit: Of its values.
        hint: What it does, in a sentence.
        options: The values that it may have, each with its text; empty for a number.
        low, high, step: Of a number; without a step any number between them will do.
        said: What it is called in a sentence, where that is not the label.
    """

    key: str
    group: str
    label: str
    start: Any
    unit: str = ""
    hint: str = ""
    options: Options = ()
    low: Decimal = Decimal(0)
    high: Decimal = Decimal(AMOUNT_MAX)
    step: Decimal | None = None
    said: str = ""

    @property
    def words(self) -> str:
        """What it is called in a sentence."""
        return self.said or self.label.lower()

    def read(self, value: Any) -> Any:
        """A value as the scenario has it: one of the options, or an exact number in the range.

        Raises:
            SettingError: It is neither.
        """
        if self.options:
            return self._option(value)
        is_number = isinstance(value, int | float | Decimal) and not isinstance(value, bool)
        number = float(value) if is_number else inf
        if not float(self.low) <= number <= float(self.high):
            raise SettingError(f"{self.label} {value!r} must be a number from {self.low:f} to {self.high:f}")
        if number == float(self.start):
            return self.start
        # A slider's floats carry noise in their last digits.
        return Decimal(f"{number:.{_DECIMALS}f}".rstrip("0").rstrip("."))

    def text(self, value: Any) -> str:
        """A value in words."""
        if self.options:
            return next(text for text, option in self.options if option == value and type(option) is type(value))
        return f"{value:,f}" + (f" {self.unit}" if self.unit else "")

    def _option(self, value: Any) -> Any:
        for _, option in self.options:
            if option == value and isinstance(option, bool) is isinstance(value, bool):
                return option
        known = ", ".join(text for text, _ in self.options)
        raise SettingError(f"{self.label} {value!r} must be one of: {known}")


YES_NO: Options = (("yes", True), ("no", False))


def knobs_of(scenario: Scenario) -> tuple[Knob, ...]:
    """Everything that can be turned at a launch, in the order in which it is shown."""
    policy = scenario.policy
    return (
        *_overbooking(policy),
        *_promises(policy, scenario),
        *_endings(policy),
        *_money(scenario),
    )


def _overbooking(policy: Policy) -> Iterator[Knob]:
    overbooking = policy.overbooking
    methods = ("constant", "economic", "service", "adaptive")
    yield Knob(
        METHOD, _OVERBOOKING, "Method", overbooking.method,
        hint="How the rate is set: constant is the rate below, the others work it out.",
        options=_words(methods),
    )  # fmt: skip
    yield _rate(RATE, "Rate", overbooking.rate)
    for category, rate in overbooking.by_category.items():
        if "." not in category:
            yield _rate(f"policy.overbooking.by_category.{category}", f"Rate, {category}", rate)


def _rate(key: str, label: str, rate: Decimal) -> Knob:
    low = min(_LOW, (rate / _ROOM).to_integral_value(ROUND_FLOOR) * _ROOM - _ROOM)
    high = max(_HIGH, (rate / _ROOM).to_integral_value(ROUND_CEILING) * _ROOM + 2 * _ROOM)
    return Knob(
        key, _OVERBOOKING, label, rate, hint="Units that may be promised for a unit of supply.",
        low=max(low, Decimal(0)), high=high, step=RATE_STEP,
    )  # fmt: skip


def _promises(policy: Policy, scenario: Scenario) -> Iterator[Knob]:
    group, queue = "Promises and queue", policy.queue
    yield Knob(
        "policy.hold", group, "Hold", policy.hold, options=_words(("firm", "provisional")),
        hint="Whether a higher score may displace a promise.",
    )  # fmt: skip
    yield Knob(QUEUE, group, "Queue", queue.enabled, options=YES_NO, hint="Whether orders may wait.")
    yield Knob(
        ADMISSION, group, "Admission", queue.admission, options=_words(("arrival", "priority")),
        hint="Who gets into a full queue first.",
    )  # fmt: skip
    yield Knob(
        DEPTH, group, "Queue depth", queue.max_depth, unit="reservations",
        hint="How many may be held or queued; the others are wait-listed.",
        options=(*((f"{depth:,}", depth) for depth in _depths(scenario)), (NO_LIMIT, None)),
    )  # fmt: skip
    if len({delivery.date for pool in scenario.supply for delivery in pool.expected}) > 1:
        yield Knob(
            "policy.waves.assignment", group, "Wave", policy.waves.assignment,
            options=_words(("requested", "earliest")),
            hint="Whether a line may be promised a later wave.",
        )  # fmt: skip
        yield Knob(
            "policy.waves.move_up", group, "Move up", policy.waves.move_up, options=YES_NO,
            hint="Whether a promise for a later wave may move to an earlier one.",
        )  # fmt: skip


def _endings(policy: Policy) -> Iterator[Knob]:
    group = "Cut-off and release"
    yield Knob(
        "policy.confirm.unreserved", group, "Who still waits", policy.confirm.unreserved,
        options=(("keep", "keep"), ("cancel", "cancel"), ("roll over", "roll_over")),
        hint="What becomes of those who still wait at the cut-off; only who is kept can stand by.",
    )  # fmt: skip
    yield Knob(
        "policy.release.standby", group, "Standby", policy.release.standby, options=YES_NO,
        hint="Whether units that are left at the release go to those who wait.",
    )  # fmt: skip


def _money(scenario: Scenario) -> Iterator[Knob]:
    economics, unit = scenario.economics, scenario.currency
    group, denied = f"Worth of a unit ({unit})", f"Cost of an oversold unit ({unit})"
    yield Knob("economics.margin", group, "Margin", economics.margin, unit, "Earned by an allocated unit.")
    yield Knob(
        "economics.unsold_cost", group, "Unsold", economics.unsold_cost, unit,
        "Cost of a unit on hand after the last release.",
    )  # fmt: skip
    yield Knob(
        "economics.forfeit", group, "Forfeit", economics.forfeit, unit,
        "Kept of a unit that is cancelled after it was confirmed.",
    )  # fmt: skip
    scores = scenario.policy.tiers
    for tier in sorted(economics.denied_cost, key=lambda tier: (-scores.get(tier, Decimal(0)), tier)):
        if "." not in tier:
            yield Knob(
                f"economics.denied_cost.{tier}", denied, tier, economics.denied_cost[tier], unit,
                f"Cost of a unit that was promised to {tier} and not given.", said=f"oversold {tier}",
            )  # fmt: skip


def _words(values: tuple[str, ...]) -> Options:
    return tuple((value, value) for value in values)


def _depths(scenario: Scenario) -> list[int]:
    """Depths of 1, 2 and 5 times powers of ten up to the orders expected, and the one in force."""
    orders = sum(mean_orders(scenario).values())
    found = {times * 10**power for power in range(1, 10) for times in (1, 2, 5) if times * 10**power < orders}
    depth = scenario.policy.queue.max_depth
    return sorted({*sorted(found)[-_DEPTHS:], *([] if depth is None else [depth])})
