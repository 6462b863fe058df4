"""Holds as a table that people make elsewhere: one row each, with the names of `port.Hold`."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import MISSING, fields
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from allocation.engine.codes import Status
from allocation.engine.errors import Problem, SettingError
from allocation.oms.port import Hold

COLUMNS = tuple(field.name for field in fields(Hold))
REQUIRED = tuple(field.name for field in fields(Hold) if field.default is MISSING)
_HUNDREDTHS = 100
_TRUTH = {"true": True, "false": False, "yes": True, "no": False, "1": True, "0": False}


def read_holds(path: Path) -> list[Hold]:
    """The holds of a CSV file; the cart value is in units of the currency, such as 1234.56.

    Raises:
        SettingError: A column is missing or unknown, or a row cannot be read: every one, with its line.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
        reader = csv.DictReader(text.splitlines(keepends=True), restkey="", strict=True)
        problems = _header_problems(reader.fieldnames or ())
        rows = [] if problems else [(reader.line_num, row) for row in reader]
    except (UnicodeDecodeError, csv.Error) as error:
        raise SettingError(f"{path} is no CSV file in UTF-8: {error}") from None
    holds = []
    for line, row in rows:
        try:
            holds.append(_hold(row))
        except (ValueError, InvalidOperation, TypeError) as error:
            problems.append(Problem((), f"cannot be read as a hold: {error}", f"{path}:{line}"))
    if problems:
        raise SettingError(problems, str(path))
    return holds


def _header_problems(names: Any) -> list[Problem]:
    missing = [name for name in REQUIRED if name not in names]
    unknown = [name for name in names if name not in COLUMNS]
    problems = [Problem((name,), "is a column that is missing") for name in missing]
    return problems + [Problem((name,), f"is no column; known are {', '.join(COLUMNS)}") for name in unknown]


def _hold(row: Mapping[str, str]) -> Hold:
    if "" in row or None in row.values():
        raise ValueError("the row has more or fewer fields than the header")
    given: dict[str, Any] = {name: value for name, value in row.items() if value or name in REQUIRED}
    for name in ("quantity", "arrival", "purchases", "membership_years"):
        if name in given:
            given[name] = int(given[name])
    if given["quantity"] < 1 or given["arrival"] < 0:
        raise ValueError(f"quantity {given['quantity']} and arrival {given['arrival']} must be at least 1 and 0")
    if "cart_value" in given:
        given["cart_value"] = int(Decimal(given["cart_value"]) * _HUNDREDTHS)
    given["requested"] = date.fromisoformat(given["requested"])
    given["assigned"] = date.fromisoformat(given["assigned"]) if given["assigned"] else None
    if "expires_at" in given:
        given["expires_at"] = _instant(given["expires_at"])
    given["status"] = _one_of(Status.__members__, given["status"], "status")
    given["paid"] = _one_of(_TRUTH, given["paid"].lower(), "paid")
    if not (given["reservation_id"] and given["order_id"]):
        raise ValueError("the reservation or the order has no id")
    return Hold(**given)


def _one_of(known: Mapping[str, Any], text: str, name: str) -> Any:
    if text not in known:
        raise ValueError(f"{name} {text!r} is none of {', '.join(known)}")
    return known[text]


def _instant(text: str) -> datetime:
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        raise ValueError(f"{text} has no offset, such as +00:00")
    return instant
