"""Whether the measures of published results are measures that a run has (``allocation.engine.measures``)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from allocation.engine.errors import Problem
from allocation.engine.policy import Policy
from allocation.scenario import ranges
from allocation.scenario.sections import Published, Schedule, signed_paths
from allocation.scenario.wording import PROBLEMS_MAX, short, shown

TOTALS = (
    "orders", "refused", "units", "supply_units", "limit_units", "confirmed_at_cutoff_units", "allocated_units",
    "oversold_units", "unsold_units", "queue_peak", "waitlist_peak", "displaced", "promoted", "profit",
)  # fmt: skip
BY_TIER = (
    "allocated", "orders", "confirmed_at_cutoff", "cancelled_by_customer", "not_selected", "oversold",
    "not_fulfilled", "expired", "rejected",
)  # fmt: skip
WAVES = ("allocated_units", "limit_units", "confirmed_at_cutoff_units")

_PATH = r"[a-z][a-z_]*(\.[A-Za-z0-9_-]+)*"
_MEASURE = re.compile(rf"{_PATH}( [-+] {_PATH})*")
_PARTS = 2


def check_published(published: tuple[Published, ...], policy: Policy, schedule: Schedule) -> Iterator[Problem]:
    """Numbers in range, and measures that there are."""
    below = {"by_tier": (list(policy.tiers), BY_TIER), "waves": ([str(r.ship_date) for r in schedule.release], WAVES)}
    for index, result in enumerate(published):
        path: ranges.Path = ("published", index)
        yield from ranges.text((*path, "source"), result.source)
        yield from ranges.prose((*path, "text"), result.text)
        yield from ranges.number((*path, "value"), result.value, -ranges.AMOUNT_MAX)
        if result.printed_share is not None:
            yield from ranges.number((*path, "printed_share"), result.printed_share, 0, 1000)
        elif result.printed_of is not None:
            yield Problem((*path, "printed_of"), "goes with printed_share only")
        hints = index < PROBLEMS_MAX
        yield from _measure((*path, "measure"), result.measure, below, hints)
        if result.printed_of is not None:
            yield from _measure((*path, "printed_of"), result.printed_of, below, hints)


_Below = Mapping[str, tuple[Sequence[str], Sequence[str]]]


def _measure(path: ranges.Path, text: str, below: _Below, hints: bool) -> Iterator[Problem]:
    text = " ".join(text.split())
    if not _MEASURE.fullmatch(text):
        message = f"{shown(text)} is no path such as by_tier.VIP.allocated, nor a sum or difference of paths"
        yield Problem(path, message)
        return
    unknown = [one for _, one in signed_paths(text) if not _is_known(one, below)]
    for one in unknown[:PROBLEMS_MAX]:
        hint = ranges.suggestion(one, _alike(one, below)) if hints else ""
        yield Problem(path, f"{short(one)} is no measure{hint}")


def _is_known(one: str, below: _Below) -> bool:
    first, *rest = one.split(".")
    if first not in below:
        return one in TOTALS
    names, counts = below[first]
    return len(rest) == _PARTS and rest[0] in names and rest[1] in counts


def _alike(one: str, below: _Below) -> list[str]:
    """Measures to suggest: those that differ in one word."""
    first, *rest = one.split(".")
    if first not in below:
        groups = [f"{group}.{names[0]}.{counts[0]}" for group, (names, counts) in below.items() if names]
        return [*TOTALS, *groups]
    names, counts = below[first]
    if rest and rest[0] in names:
        return [f"{first}.{rest[0]}.{count}" for count in counts]
    last = rest[-1] if rest and rest[-1] in counts else counts[0]
    return [f"{first}.{name}.{last}" for name in names]
