"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

PROBE_TYPE = "PROBE"
"""Type of test orders: no workflow has it, so that nobody ships them."""
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of tables.")]
ProfileOption = Annotated[
    str | None, typer.Option(metavar="NAME", help="Profile of the Fluent command line; else ALLOCATION_FLUENT_*.")
]
SandboxOption = Annotated[
    str | None,
    typer.Option(
        metavar="URL|SCENARIO|RUN",
        help="A running sandbox, such as http://127.0.0.1:8480; or what a sandbox of its own is filled with, which is "
        "kept until the next command.",
    ),
]
JournalOption = Annotated[
    str | None,
    typer.Option(
        metavar="FILE|URL",
        help="SQLite file, or postgresql://user@host/database that all machines share; ALLOCATION_JOURNAL by default, "
        "else a file in ~/.local/state/allocation.",
    ),
]
LaunchOption = Annotated[
    str | None,
    typer.Option(metavar="NAME", help="Name of the launch, part of every key; a sandbox of its own has one."),
]
PolicyOption = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Policy (YAML or JSON); a sandbox of its own has one.")
]
