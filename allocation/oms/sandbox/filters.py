"""Filters of connections: lists are OR within, AND between, and match exactly; ranges include both ends [R22, INF]."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from allocation.oms.sandbox.codes import EMPTY_RANGE, Rejected
from allocation.oms.sandbox.paging import ARGUMENTS

Test = Callable[[Mapping[str, Any]], bool]

LINKS: Final[Mapping[str, str]] = {
    "catalogue": "catalogueRef",
    "customerLink": "customerRef",
    "payment": "paymentRef",
    "fromLocation": "fromLocationRef",
}
"""Filters by a key ``{ref}``, and what of a record they look at."""
_IDS: Final = frozenset({"retailerId"})


def matcher(arguments: Mapping[str, Any]) -> Test:
    """Whether a record passes the filters of a connection.

    An argument that is null filters nothing; an empty list lets nothing through.

    Raises:
        Rejected: C0101E, a range has neither end. [DOC]
    """
    tests = [_test(name, value) for name, value in arguments.items() if name not in ARGUMENTS and value is not None]
    if len(tests) == 1:
        return tests[0]
    return lambda record: all(test(record) for test in tests)


def _test(name: str, value: Any) -> Test:
    if name in LINKS:
        key, ref = LINKS[name], value["ref"]
        return lambda record: record.get(key) == ref
    if isinstance(value, list):
        wanted = [str(item) for item in value] if name in _IDS else value
        return lambda record: record.get(name) in wanted
    return _within(name, value)


def _within(name: str, ends: Mapping[str, str | None]) -> Test:
    low, high = ends.get("from"), ends.get("to")
    if low is None and high is None:
        raise Rejected(EMPTY_RANGE, f"{name}: a DateRange needs from, to, or both", name)

    def test(record: Mapping[str, Any]) -> bool:
        # An instant that is not there is in no range. [INF]
        at = record.get(name)
        return at is not None and (low is None or low <= at) and (high is None or at <= high)

    return test
