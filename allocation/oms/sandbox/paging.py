"""Connections: pages by opaque cursors, ids ascending."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping, Sequence
from itertools import islice
from typing import Any

from allocation.oms.sandbox.codes import BAD_NUMBER, Rejected

FIRST_DEFAULT = 10
"""It fits the documented maximum of complexity, 11,111 = 1 + 10 + 100 + 1,000 + 10,000 [INF]."""
ARGUMENTS = frozenset({"first", "last", "before", "after"})
_MARK = "at:"


def cursor_of(number: int) -> str:
    """The cursor of a record; nobody but this module knows what it says."""
    return urlsafe_b64encode(f"{_MARK}{number}".encode()).decode().rstrip("=")


def number_of(cursor: str) -> int:
    """The record that a cursor is at.

    Raises:
        Rejected: It is none. [INF] for the code.
    """
    try:
        text = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
        if text.startswith(_MARK):
            return int(text.removeprefix(_MARK))
    except ValueError:
        pass
    raise Rejected(BAD_NUMBER, f"{cursor!r} is no cursor of this connection")


def connection(
    numbers: Sequence[int], read: Callable[[int], dict[str, Any] | None], arguments: Mapping[str, Any]
) -> dict[str, Any]:
    """One page.

    Args:
        numbers: Ids of the candidates, ascending.
        read: The record of an id, or None where it is not to be seen or does not match.
        arguments: ``first``, ``last``, ``before`` and ``after``, as the specification of cursor connections has them.
    """
    first, last = _size(arguments, "first"), _size(arguments, "last")
    if first is None and last is None:
        first = FIRST_DEFAULT
    start = bisect_right(numbers, number_of(arguments["after"])) if arguments.get("after") else 0
    end = bisect_left(numbers, number_of(arguments["before"])) if arguments.get("before") else len(numbers)
    if first is not None:
        found = _take(numbers, range(start, end), read, first + 1)
        more_after = len(found) > first or _any(numbers, range(end, len(numbers)), read)
        found = found[:first]
        more_before = _any(numbers, range(start - 1, -1, -1), read)
        if last is not None:
            more_before |= len(found) > last
            found = found[len(found) - min(last, len(found)) :]
    else:
        assert last is not None  # noqa: S101 - one of them is there
        found = _take(numbers, range(end - 1, start - 1, -1), read, last + 1)
        more_before = len(found) > last or _any(numbers, range(start - 1, -1, -1), read)
        found = found[:last][::-1]
        more_after = _any(numbers, range(end, len(numbers)), read)
    return {
        "edges": [{"cursor": cursor_of(number), "node": record} for number, record in found],
        "pageInfo": {"hasNextPage": more_after, "hasPreviousPage": more_before},
    }


def _size(arguments: Mapping[str, Any], name: str) -> int | None:
    size: int | None = arguments.get(name)
    if size is not None and size < 0:
        raise Rejected(BAD_NUMBER, f"{name} is {size}, and must be 0 or more", name)
    return size


def _take(
    numbers: Sequence[int], indices: range, read: Callable[[int], dict[str, Any] | None], most: int
) -> list[tuple[int, dict[str, Any]]]:
    records = ((numbers[i], read(numbers[i])) for i in indices)
    return list(islice(((number, record) for number, record in records if record is not None), most))


def _any(numbers: Sequence[int], indices: range, read: Callable[[int], dict[str, Any] | None]) -> bool:
    return any(read(numbers[i]) is not None for i in indices)
