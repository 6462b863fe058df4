"""The launch with its customers' uncertain behaviour set at one value: what the answer would be if it were known."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from allocation.scenario.schema import Cancellation, Distribution, Scenario, mean_of, support_of

_DECIMALS = 9
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
    for name in ("cancel_held", "cancel_waiting", "cancel_confirmed"):
        cancellation: Cancellation = getattr(behaviour, name)
        cancellations[name] = replace(cancellation, share=_per_tier(cancellation.share, leaving))
    return replace(scenario, behaviour=replace(behaviour, payment=payment, **cancellations))


def _per_tier(value: Any, pick: _Pick) -> Any:
    return {tier: pick(of_tier) for tier, of_tier in value.items()} if isinstance(value, Mapping) else pick(value)


def _mean(value: Distribution) -> Decimal:
    return value if isinstance(value, Decimal) else Decimal(repr(round(mean_of(value), _DECIMALS)))


def _least(value: Distribution) -> Decimal:
    return support_of(value)[0]


def _most(value: Distribution) -> Decimal:
    return support_of(value)[1]
