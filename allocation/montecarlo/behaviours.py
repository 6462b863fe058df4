"""The launch with its customers' behaviour changed: known where it is uncertain, or other than was thought."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from allocation.scenario.schema import (
    Beta,
    Cancellation,
    Choices,
    Distribution,
    Normal,
    NormalShape,
    Scenario,
    Triangular,
    Uniform,
    for_tier,
    mean_of,
    support_of,
)

_DECIMALS = 9
_CANCELLATIONS = ("cancel_held", "cancel_waiting", "cancel_confirmed")
_Pick = Callable[[Distribution], Decimal]

KNOWN: tuple[str, ...] = ("at its mean", "fewest leave", "most leave")
"""What behaviour can be set at. The ends take every share at its own end at once, so they are further out than any
interval: the answer lies between."""


def is_uncertain(scenario: Scenario) -> bool:
    """Whether anything in the customers' behaviour is a distribution rather than a number."""
    return any(with_known_behaviour(scenario, known) != scenario for known in KNOWN)


def with_known_behaviour(scenario: Scenario, known: str) -> Scenario:
    """The scenario with each uncertain parameter of behaviour at its mean, or at the end at which most stay or leave.

    Args:
        scenario: It is not changed.
        known: One of `KNOWN`.
    """
    leaving, staying = {
        "at its mean": (_mean, _mean),
        "fewest leave": (_least, _most),
        "most leave": (_most, _least),
    }[known]
    behaviour = scenario.behaviour
    payment = replace(
        behaviour.payment,
        pending_share=leaving(behaviour.payment.pending_share),
        pays_share=staying(behaviour.payment.pays_share),
        mean_delay_hours=_mean(behaviour.payment.mean_delay_hours),
    )
    cancellations: dict[str, Cancellation] = {}
    for name in _CANCELLATIONS:
        cancellation: Cancellation = getattr(behaviour, name)
        cancellations[name] = replace(cancellation, share=_per_tier(cancellation.share, leaving))
    return replace(scenario, behaviour=replace(behaviour, payment=payment, **cancellations))


def cancels(scenario: Scenario) -> bool:
    """Whether anybody ever cancels."""
    return any(
        support_of(for_tier(getattr(scenario.behaviour, name).share, tier))[1]
        for name in _CANCELLATIONS
        for tier in scenario.demand.tiers
    )


def with_cancellation_level(scenario: Scenario, factor: Decimal) -> Scenario:
    """The scenario with every share that cancels times a factor, at most 1; an uncertain one keeps its shape.

    Args:
        scenario: It is not changed.
        factor: At least 0.
    """
    return _with_shares(scenario, lambda share: _scaled(share, factor))


def with_cancellation_correlation(scenario: Scenario, rho: Decimal) -> Scenario:
    """The scenario with every share that cancels uncertain around its mean, so that fates move together.

    A share that is drawn once a launch from a beta distribution of mean m and a + b = 1/ρ - 1 makes two customers of
    one tier correlate with ρ (Skellam 1948); with ρ = 0 every share is its mean, and everybody decides alone. Shares of
    different tiers are drawn apart.

    Args:
        scenario: It is not changed.
        rho: From 0 to below 1.
    """
    if not rho:
        return _with_shares(scenario, _mean)
    weight = 1 / rho - 1

    def spread(share: Distribution) -> Distribution:
        mean = _mean(share)
        if not 0 < mean < 1:
            return mean
        return Beta((round(mean * weight, _DECIMALS), round((1 - mean) * weight, _DECIMALS)))

    return _with_shares(scenario, spread)


def _with_shares(scenario: Scenario, change: Callable[[Distribution], Distribution]) -> Scenario:
    behaviour = scenario.behaviour
    held, waiting, confirmed = (
        replace(one, share=_per_tier(one.share, change))
        for one in (behaviour.cancel_held, behaviour.cancel_waiting, behaviour.cancel_confirmed)
    )
    changed = replace(behaviour, cancel_held=held, cancel_waiting=waiting, cancel_confirmed=confirmed)
    return replace(scenario, behaviour=changed)


def _scaled(share: Distribution, factor: Decimal) -> Distribution:
    def at(value: Decimal) -> Decimal:
        return min(round(value * factor, _DECIMALS), Decimal(1))

    match share:
        case Uniform((low, high)):
            return Uniform((at(low), at(high)))
        case Triangular((low, mode, high)):
            return Triangular((at(low), at(mode), at(high)))
        case Beta(shapes, low, high):
            return Beta(shapes, at(low), at(high))
        case Normal(NormalShape(mean, sd, low, high)):
            return Normal(NormalShape(at(mean), round(sd * factor, _DECIMALS), at(low), at(high)))
        case Choices(choices):
            # Two that meet at the cap count together.
            values = dict.fromkeys(at(value) for value in choices)
            weights = {v: sum((w for c, w in choices.items() if at(c) == v), Decimal(0)) for v in values}
            return Choices(weights)
    return at(share)


def _per_tier(value: Any, pick: Callable[[Distribution], Distribution]) -> Any:
    return {tier: pick(of_tier) for tier, of_tier in value.items()} if isinstance(value, Mapping) else pick(value)


def _mean(value: Distribution) -> Decimal:
    return value if isinstance(value, Decimal) else Decimal(repr(round(mean_of(value), _DECIMALS)))


def _least(value: Distribution) -> Decimal:
    return support_of(value)[0]


def _most(value: Distribution) -> Decimal:
    return support_of(value)[1]
