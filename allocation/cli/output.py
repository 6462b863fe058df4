"""Printing: tables for people, JSON for programs."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from typing import Any


def print_json(value: Mapping[str, Any]) -> None:
    """One JSON object on stdout."""
    print(json.dumps(value, indent=2, ensure_ascii=False, default=str))


def print_table(title: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """A table on stdout: names to the left, numbers to the right with thousands separators."""
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    # Where nobody watches, lines are as long as they are; a pipe has no width.
    console = Console(width=None if sys.stdout.isatty() else 160, highlight=False, soft_wrap=False)
    console.print(title, style="bold", markup=False)
    table = Table(show_edge=False, pad_edge=False, box=None)
    for i, name in enumerate(columns):
        numbers = all(isinstance(row[i], int | float) or row[i] is None for row in rows)
        table.add_column(name, justify="right" if numbers and rows else "left", overflow="fold", header_style="dim")
    for row in rows:
        table.add_row(*(escape(shown(value)) for value in row))
    console.print(table)
    console.print()


def shown(value: object) -> str:
    """A value in a table."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:,.2f}" if isinstance(value, float) else str(value)


def warn_of_compiling() -> None:
    """Say on stderr that the rules are compiled now, which happens once."""
    from allocation.engine.compiled import is_compiled

    if not is_compiled():
        print("allocation: compiling the rules, once for this version: about twenty seconds", file=sys.stderr)
