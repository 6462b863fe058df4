"""A run's summary as tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from allocation.cli.output import print_table, shown

_HEADLINES = (
    ("orders", "orders accepted"),
    ("units", "units ordered"),
    ("supply_units", "units of supply"),
    ("limit_units", "units that could be promised at the cut-offs"),
    ("confirmed_at_cutoff_units", "units confirmed at the cut-offs"),
    ("allocated_units", "units allocated"),
    ("oversold_units", "units oversold: confirmed, and no stock came"),
    ("unsold_units", "units unsold after the last release"),
    ("queue_peak", "most reservations in the queue at once (held or queued)"),
    ("waitlist_peak", "most reservations on the wait-list at once"),
    ("displaced", "reservations displaced at least once"),
    ("promoted", "reservations promoted at least once"),
    ("refused", "commands that did not apply"),
)


def print_summary(summary: Mapping[str, Any], title: str, currency: str) -> None:
    """The tables of a run: headlines, by tier, by wave, published beside simulated."""
    rows = [(text, summary[name]) for name, text in _HEADLINES if name in summary]
    print_table(title, ("measure", "value"), rows)
    if "profit" in summary:
        print(f"Profit {shown(summary['profit'])} {currency}\n")
    _print_groups("By tier (reservations)", "tier", summary.get("by_tier", {}))
    _print_groups("By ship date (units)", "ship date", summary.get("waves", {}))
    published = summary.get("published") or []
    if published:
        print_table(
            "Published beside simulated",
            ("published result", "published", "simulated", "note"),
            [(row["text"] or row["measure"], row["published"], row["simulated"], row["note"]) for row in published],
        )
    if summary.get("alert"):
        print("ALERT: a release broke a larger share of its promises than the policy's alert share\n")


def _print_groups(title: str, name: str, groups: Mapping[str, Mapping[str, int]]) -> None:
    if not groups:
        return
    columns = list(next(iter(groups.values())))
    rows = [(key, *(values[column] for column in columns)) for key, values in groups.items()]
    print_table(title, (name, *(column.replace("_", " ") for column in columns)), rows)
