"""Published results beside simulated ones, with notes that are worked out from configuration and result."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from allocation.scenario.schema import Published, Scenario

_BASES = ("orders", "units", "supply_units", "confirmed_at_cutoff_units", "queue_peak", "waitlist_peak")


def published_rows(scenario: Scenario, summary: Mapping[str, Any]) -> list[dict[str, Any]]:
    """One row for each published result: measure, published, simulated, note, source and text."""
    published = {row.measure: row.value for row in scenario.published}
    return [
        {
            "measure": row.measure,
            "published": _number(row.value),
            "simulated": total(row.measure_terms, summary),
            "note": "; ".join(_notes(row, scenario, summary, published)),
            "source": row.source,
            "text": row.text,
        }
        for row in scenario.published
    ]


def total(terms: tuple[tuple[int, str], ...], summary: Mapping[str, Any]) -> int | None:
    """A sum of measures by their dotted paths, None where one of them is not in the summary."""
    values = [(sign, measure(path, summary)) for sign, path in terms]
    return None if any(value is None for _, value in values) else sum(sign * (value or 0) for sign, value in values)


def measure(path: str, summary: Mapping[str, Any]) -> int | None:
    """A number of the summary by its dotted path, None where there is none."""
    value: Any = summary
    for key in path.split("."):
        value = value.get(key) if isinstance(value, Mapping) else None
    return value if isinstance(value, int) else None


def _number(value: Decimal) -> int | float:
    return int(value) if value == value.to_integral_value() else float(value)


def _notes(
    row: Published, scenario: Scenario, summary: Mapping[str, Any], published: Mapping[str, Decimal]
) -> Iterator[str]:
    simulated = total(row.measure_terms, summary)
    if simulated is None:
        yield "the simulation has no such measure"
        return
    yield from _rate_note(row, simulated, scenario, summary)
    yield from _share_note(row, summary, published)
    if row.measure == "allocated_units" and simulated != row.value:
        yield (
            f"{summary['confirmed_at_cutoff_units']:,} confirmed, {simulated:,} left at the release: "
            f"{summary['unsold_units']:,} of {summary['supply_units']:,} units stay unsold"
        )


def _rate_note(row: Published, simulated: int, scenario: Scenario, summary: Mapping[str, Any]) -> Iterator[str]:
    """A confirmed number that the configured rate does not give."""
    supply, rate = summary["supply_units"], scenario.policy.overbooking.rate
    if row.measure != "confirmed_at_cutoff_units" or simulated == row.value or not supply:
        return
    needed = (row.value / supply).quantize(Decimal("0.0001")).normalize()
    yield (
        f"{_number(row.value):,} of {supply:,} units needs a rate of {needed}; the configured {rate} gives "
        f"{int(supply * rate):,}"
    )


def _share_note(row: Published, summary: Mapping[str, Any], published: Mapping[str, Decimal]) -> Iterator[str]:
    """A printed percentage that is not the share that it claims to be."""
    if row.printed_share is None or not row.printed_of_terms:
        return
    # What was published counts as the base, where it was; the simulation fills in the rest.
    values = {path: published.get(path, measure(path, summary)) for _, path in row.printed_of_terms}
    if any(value is None for value in values.values()):
        return
    base = sum(sign * Decimal(values[path] or 0) for sign, path in row.printed_of_terms)
    if not base or _printed_as(row.value / base, row.printed_share):
        return
    claim = f"{_number(row.value):,} of {_number(base):,} ({_words(row.printed_of or '')})"
    yield f"printed {_percent(row.printed_share)}, but {claim} is {_percent(row.value / base)}"
    others = {path: published.get(path, measure(path, summary)) for path in _BASES if path != row.printed_of}
    fitting = [
        (path, Decimal(other))
        for path, other in others.items()
        if other and _printed_as(row.value / Decimal(other), row.printed_share)
    ]
    # One is enough: several measures are often the same number.
    for path, other in fitting[:1]:
        yield f"it is {_percent(row.printed_share)} of {_number(other):,} ({_words(path)})"


def _printed_as(share: Decimal, printed: Decimal) -> bool:
    """Whether a share comes out as printed, rounded or cut to its digits."""
    return abs(share - printed) < Decimal(10) ** int(printed.normalize().as_tuple().exponent)


def _percent(share: Decimal) -> str:
    return f"{(share * 100).quantize(Decimal('0.1')).normalize():f}%"


def _words(path: str) -> str:
    return path.replace("by_tier.", "").replace("_", " ").replace(".", " ")
