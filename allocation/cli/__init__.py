"""The command line: reads arguments, calls the package, prints. No logic of its own."""

from __future__ import annotations

from allocation.cli.app import main

__all__ = ["main"]
