"""Policies for tests, written as plain dictionaries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from decimal import Decimal
from typing import Any

from allocation.engine.policy import DEFAULT_POLICY, Policy


def policy_of(given: Mapping[str, Any]) -> Policy:
    """The policy with these sections; what is left out has its default, in `tiers` as in any other section."""
    values: dict[str, Any] = {}
    for name, value in given.items():
        default = getattr(DEFAULT_POLICY, name)
        if name == "tiers":
            values[name] = {**default, **{tier: _exact(score) for tier, score in value.items()}}
        elif is_dataclass(default):
            values[name] = _section(default, value)
        else:
            values[name] = value
    return Policy(**values)


def _section(default: Any, given: Mapping[str, Any]) -> Any:
    """A section of the default's type; numbers become Decimal where the section keeps decimals."""
    decimals = {field.name for field in fields(default) if "Decimal" in str(field.type)}
    return type(default)(**{name: _exact(value) if name in decimals else value for name, value in given.items()})


def _exact(value: Any) -> Any:
    """A number as it is written: 1.15 is 115/100."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return Decimal(repr(value))
    return value
