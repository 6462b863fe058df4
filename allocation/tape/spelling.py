"""How values are spelled in tapes and decisions: exactly, and the same on every machine."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

_ENCODER = json.JSONEncoder(separators=(",", ":"), allow_nan=False)


def json_text(value: object) -> str:
    """A value as one line of JSON, in ASCII and without spaces.

    Decimals are written as they are, digit by digit; instants need an offset.

    Raises:
        TypeError: It holds something that has no spelling in JSON, such as a set.
        ValueError: It holds a number that is not finite, or an instant without an offset.
    """
    try:
        return _ENCODER.encode(value)
    except TypeError:
        # The encoder knows no Decimal; few commands have one.
        return _spelled(value)


def _spelled(value: object) -> str:
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{_key(key)}:{_spelled(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(map(_spelled, value)) + "]"
    if isinstance(value, np.generic):
        return _spelled(value.item())
    if isinstance(value, Decimal):
        if not value.is_finite():
            raise ValueError(f"{value} has no spelling in JSON")
        return str(value)
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise ValueError(f"{value.isoformat()} has no offset")
        return f'"{value.isoformat().replace("+00:00", "Z")}"'
    if isinstance(value, date):
        return f'"{value.isoformat()}"'
    return _ENCODER.encode(value)


def _key(key: object) -> str:
    if not isinstance(key, str):
        raise TypeError(f"the key {key!r} is no text")
    return _ENCODER.encode(key)


def instant_texts(ms: NDArray[np.int64]) -> pa.Array:
    """Instants as ISO 8601 in UTC, with milliseconds where there are any: ``2025-01-31T18:00:00Z``.

    Args:
        ms: Milliseconds since 1970-01-01 UTC; shape (n,).
    """
    texts = pa.array(np.datetime_as_string(ms.astype("datetime64[ms]")), pa.string())
    whole = pc.replace_substring_regex(texts, pattern=r"\.000$", replacement="")
    return pc.binary_join_element_wise(whole, "Z", "")


def millionths(value: int) -> int | Decimal:
    """A number that is given in millionths, exactly: 1,050,000 is 1.05."""
    whole, rest = divmod(value, 10**6)
    return Decimal(f"{whole}.{rest:06d}".rstrip("0")) if rest else whole


def plain(value: Any) -> Any:
    """Data as JSON has them, for files in which people look: decimals become text, exactly."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, Decimal | date):
        return value.isoformat() if isinstance(value, date) else str(value)
    return value
