"""From keys to the dataclass fields that they name.

The dataclasses are the schema, so what a key may be is read from their annotations: for the "did you mean" of
an unknown key, for overrides, and to turn pydantic's locations, which name the chosen member of a union, into
the keys that a person wrote.
"""

from __future__ import annotations

import re
import types
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from pydantic import Discriminator, Tag
from pydantic.fields import FieldInfo

_DIGITS_MAX = 9
_DECIMAL = re.compile(r"Decimal\('([^']*)'\)")


@cache
def field_types(record: type) -> dict[str, Any]:
    """The fields of a dataclass with their annotated types."""
    hints = get_type_hints(record, include_extras=True)
    return {f.name: hints[f.name] for f in fields(record)}


def members(annotation: object) -> dict[str, Any] | None:
    """The members of a tagged union by tag; None for any other type."""
    if get_origin(annotation) is not Annotated:
        return None
    union, *metadata = get_args(annotation)
    for extra in metadata:
        if isinstance(extra, Discriminator):
            return {_tag(member): get_args(member)[0] for member in get_args(union)}
        if isinstance(extra, FieldInfo) and isinstance(extra.discriminator, str):
            key = extra.discriminator
            return {get_args(field_types(member)[key])[0]: member for member in get_args(union)}
    return None


def chosen(annotation: object, value: object) -> object:
    """The type that a value takes in an optional or tagged type; the union itself where it does not say."""
    while True:
        annotation = plain(annotation)
        tagged = members(annotation)
        if tagged is None:
            return annotation
        tag: object = None
        for extra in get_args(annotation)[1:]:
            if isinstance(extra, Discriminator) and callable(extra.discriminator):
                tag = extra.discriminator(value)
            elif isinstance(extra, FieldInfo) and isinstance(value, Mapping):
                tag = value.get(str(extra.discriminator))
        if not isinstance(tag, str) or tag not in tagged:
            return annotation
        annotation = tagged[tag]


def plain(annotation: object) -> object:
    """The type without ``| None`` and without annotations that say nothing about keys."""
    if get_origin(annotation) in {Union, types.UnionType}:
        rest = [member for member in get_args(annotation) if member is not type(None)]
        return plain(rest[0]) if len(rest) == 1 else annotation
    if get_origin(annotation) is Annotated and members(annotation) is None:
        return plain(get_args(annotation)[0])
    return annotation


def index(key: object) -> int | None:
    """The key as an index of a list; None if it is none."""
    text = str(key)
    return int(text) if len(text) <= _DIGITS_MAX and text.isascii() and text.isdecimal() else None


def child(annotation: object, key: object) -> object | None:
    """The type below a key of a dataclass, list or mapping; None where no such key can be."""
    if isinstance(annotation, type) and is_dataclass(annotation):
        return field_types(annotation).get(str(key))
    arguments = get_args(annotation)
    if get_origin(annotation) is tuple:
        if Ellipsis in arguments:
            return None if index(key) is None else arguments[0]
        at = index(key)
        return arguments[at] if at is not None and at < len(arguments) else None
    return arguments[1] if get_origin(annotation) is Mapping else None


def known_keys(annotation: object) -> tuple[str, ...]:
    """The fields of a dataclass; nothing for other types."""
    return tuple(field_types(annotation)) if isinstance(annotation, type) and is_dataclass(annotation) else ()


def written_path(annotation: object, location: tuple[str | int, ...]) -> tuple[tuple[str | int, ...], object]:
    """Turn pydantic's location into the path that a person wrote.

    Returns:
        The path, and the type that holds its last key.
    """
    path: list[str | int] = []
    holder: object = annotation
    current: object = plain(annotation)
    for part in location:
        tagged = members(current)
        if tagged is not None:
            current = plain(tagged.get(str(part), Any))
            continue
        if part == "[key]":
            continue
        # A decimal key is located by its representation.
        decimal = _DECIMAL.fullmatch(part) if isinstance(part, str) else None
        path.append(decimal[1] if decimal else part)
        holder = current
        current = plain(child(current, part) or Any)
    return tuple(path), holder


def literal_values(annotation: object) -> tuple[str, ...]:
    """What a ``Literal`` allows, as text."""
    annotation = plain(annotation)
    return tuple(str(value) for value in get_args(annotation)) if get_origin(annotation) is Literal else ()


def _tag(member: object) -> str:
    return next(extra.tag for extra in get_args(member)[1:] if isinstance(extra, Tag))
