"""Values set from outside a file: ``policy.overbooking.rate=1.04`` on the command line, or from a notebook.

An override is put into the plain data before it is validated, so it obeys the same rules as the file; a key
that leads nowhere is refused by name.
"""

from __future__ import annotations

import copy
import datetime as dt
import numbers
from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from decimal import Decimal
from typing import Any

from allocation.engine.errors import Problem, SettingError
from allocation.scenario.paths import child, chosen, index, known_keys, members
from allocation.scenario.ranges import suggestion
from allocation.scenario.wording import listed, short, shown
from allocation.scenario.yaml_text import DIGITS_MAX, OVERRIDDEN, Document, read_yaml, whole_characters


def parse_setting(text: str) -> tuple[str, object]:
    """Split ``key=value`` and read the value as YAML.

    >>> parse_setting("policy.overbooking.rate=1.04")
    ('policy.overbooking.rate', Decimal('1.04'))

    Raises:
        SettingError: If there is no key, no value, or the value is not YAML.
    """
    key, equals, value = text.partition("=")
    key = key.strip()
    named = f"--set {short(key)}"
    if not key or not equals or not value.strip():
        message = f"{shown(text)} is no setting; write key=value, such as policy.overbooking.rate=1.04"
        raise SettingError(message)
    # In a list, so that null is a value and not an empty document.
    document = read_yaml(f"[{value}\n]", named, SettingError)
    if document.problems or not isinstance(document.data, list) or len(document.data) != 1:
        raise SettingError(f"{named}: {shown(value)} is not one value")
    return key, document.data[0]


def apply_overrides(
    document: Document, overrides: Mapping[str, object], record: type, label: str = "override"
) -> Document:
    """A copy of the document with values set at dotted keys.

    Args:
        document: What was read from the file.
        overrides: Values by dotted key, such as ``supply.0.expected.1.quantity``; a list index must exist, a
            key of a mapping (a tier, a date) may be new.
        record: The dataclass that the document is read as.
        label: Place named in messages about these values.

    Raises:
        SettingError: For each key that leads nowhere.
    """
    if not overrides:
        return document
    if not isinstance(document.data, dict):
        return document
    data = copy.deepcopy(document.data)
    lines = dict(document.lines)
    problems: list[Problem] = []
    for key, value in overrides.items():
        path = tuple(key.split("."))
        try:
            to_plain(key)
            refusal = _set(data, path, to_plain(value), record)
        except SettingError as error:
            refusal = str(error)
        if refusal:
            problems.append(Problem(path, refusal, label))
        else:
            lines = {written: line for written, line in lines.items() if written[: len(path)] != path}
            lines[path] = OVERRIDDEN
    if problems:
        raise SettingError(listed(problems, label), "settings")
    return replace(document, data=data, lines=lines, label=label)


def _set(data: Any, path: tuple[str, ...], value: object, record: type) -> str | None:
    """Set a value below plain data; a text says why that cannot be."""
    annotation: object = record
    holder = data
    for depth, part in enumerate(path):
        annotation = chosen(annotation, holder)
        below = child(annotation, part)
        at = index(part)
        if isinstance(holder, list) and (at is None or at >= len(holder)):
            return f"{short(part)} is no entry of {short('.'.join(path[:depth]))}, which has {len(holder)} (from 0)"
        if below is None or not isinstance(holder, dict | list):
            return _refusal(annotation, path, depth)
        key = _key(holder, part)
        if depth == len(path) - 1:
            holder[key] = value
            return None
        if isinstance(holder, dict) and holder.get(key) is None:
            holder[key] = {}
        annotation, holder = below, holder[key]
    return "is no key"


def _refusal(annotation: object, path: tuple[str, ...], depth: int) -> str:
    if known_keys(annotation):
        return f"unknown key {short(path[depth])}{suggestion(path[depth], known_keys(annotation))}"
    around = short(".".join(path[:depth]))
    if members(annotation) is not None:
        return f"unknown key {short(path[depth])}: {around} can be several things; set {around} as a whole"
    return f"unknown key {short(path[depth])}: {around} is one value; set {around} itself"


def _key(holder: Any, part: str) -> Any:
    """The key as the holder has it: an index, a number, or the text."""
    if isinstance(holder, list):
        return int(part)
    return next((key for key in holder if str(key) == part), part)


def to_plain(value: object) -> Any:
    """A value from Python as the plain data that a file would hold; numbers are taken as they print."""
    if isinstance(value, str):
        return _whole_text(value)
    if value is None or isinstance(value, Decimal):
        return value
    if isinstance(value, bool | numbers.Real | dt.date):
        return _plain_scalar(value)
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name: to_plain(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, Mapping):
        return {_plain_key(key): to_plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [to_plain(item) for item in value]
    return _whole_text(str(value))


def _whole_text(text: str) -> str:
    whole = whole_characters(text)
    if whole is None:
        raise SettingError(f"{shown(text)} has half a character, which no file can hold")
    return whole


def _plain_scalar(value: bool | numbers.Real | dt.date) -> str | int | Decimal:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dt.date):
        return value.isoformat()
    # NumPy's numbers, too, are Integral or Real.
    if not isinstance(value, numbers.Integral):
        return Decimal(repr(float(value)))
    # Python prints no number of many thousand digits.
    return int(value) if abs(int(value)) < 10**DIGITS_MAX else hex(int(value))


def _plain_key(key: object) -> object:
    return key if isinstance(key, Decimal) else to_plain(key) if isinstance(key, int | str) else _whole_text(str(key))
