"""A finished run: the engine after its last command, and the tape that it played."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from allocation.display import as_html
from allocation.engine.allocation_engine import AllocationEngine
from allocation.engine.outcome import outcome
from allocation.engine.policy import Policy
from allocation.tape import folders
from allocation.tape.decision_lines import decisions_digest
from allocation.tape.frames import decisions_frame, reservations_frame

Commands = Callable[[], Iterable[Mapping[str, Any]]]


class Run:
    """What a tape led to under a policy; frames are made when they are first asked for.

    Args:
        engine: The engine after the last command. It must not play on: the run would tell of a past.
        summary: Its measures.
        tape: Makes the commands that were played, from the first one, as often as it is asked.
        manifest: What else is known of the run, such as the scenario's name, seed and replication.
        files: Text files, by name, that belong into the run's folder.
    """

    def __init__(
        self,
        *,
        engine: AllocationEngine,
        summary: Mapping[str, Any],
        tape: Commands,
        manifest: Mapping[str, Any] | None = None,
        files: Mapping[str, str] | None = None,
    ) -> None:
        self.engine = engine
        self.tape = tape
        self.manifest = dict(manifest or {})
        self.files = dict(files or {})
        self._summary = dict(summary)

    @property
    def policy(self) -> Policy:
        """The policy under which the tape was played."""
        return self.engine.policy

    @property
    def summary(self) -> dict[str, Any]:
        """The measures of the run."""
        return self._summary

    @cached_property
    def reservations(self) -> pd.DataFrame:
        """Every reservation as it stands at the end; see `frames.reservations_frame`."""
        return reservations_frame(self.engine)

    @cached_property
    def decisions(self) -> pd.DataFrame:
        """Every decision, in order; see `frames.decisions_frame`."""
        return decisions_frame(self.engine)

    @cached_property
    def digest(self) -> str:
        """The SHA-256 of the recorded decisions; the same on every machine."""
        return decisions_digest(self)

    def outcome(self) -> dict[str, Any]:
        """Reservations, refused lines, releases and ATP as plain rows."""
        return outcome(self.engine)

    def save(self, folder: str | Path) -> Path:
        """Write the run's folder; see `folders.save_run`."""
        return folders.save_run(self, Path(folder))

    def __repr__(self) -> str:
        decisions = len(self.engine.book.used("log"))
        name = f" of {self.manifest['scenario']}" if "scenario" in self.manifest else ""
        return f"<Run{name}: {self.engine.register.commands:,} commands, {decisions:,} decisions>"

    def _repr_html_(self) -> str:
        return as_html(self)
