"""How long texts may be."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from allocation.oms.sandbox.codes import TOO_LONG, Rejected

TEXT_MAX = 255
INVENTORY_REF_MAX = 100
TYPE_MAX = 50


def require_lengths(mutation: str, given: Mapping[str, Any]) -> None:
    """Check every text of an input: 255 characters, 100 for a ref of inventory, 50 for a type or a status [DOC, R22].

    Raises:
        Rejected: C0141E, one is too long.
    """
    inventory = "Inventory" in mutation or "Virtual" in mutation
    for name, value in given.items():
        if name in {"type", "status"}:
            _check(name, value, TYPE_MAX)
        else:
            _walk(name, value, inventory=inventory)


def _walk(name: str, value: Any, *, inventory: bool) -> None:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            # The value of an attribute is any JSON, of any length.
            if not (key == "value" and "name" in value):
                _walk(key, inner, inventory=inventory)
    elif isinstance(value, list):
        for inner in value:
            _walk(name, inner, inventory=inventory)
    else:
        _check(name, value, INVENTORY_REF_MAX if inventory and name == "ref" else TEXT_MAX)


def _check(name: str, value: Any, most: int) -> None:
    if isinstance(value, str) and len(value) > most:
        raise Rejected(TOO_LONG, f"{name} has {len(value)} characters, and may have {most}", name)
