"""Records in a SQLite file, so that a sandbox goes on where it was stopped."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from allocation.engine.errors import SettingError

FORMAT = 1
_APPLICATION = 0x416C6C6F  # "Allo"


class Storage:
    """One SQLite file.

    Args:
        path: The file; made where there is none.

    Raises:
        SettingError: It cannot be opened, or holds something else.
    """

    def __init__(self, path: Path) -> None:
        try:
            # The sandbox's lock lets one thread in at a time.
            self._database = sqlite3.connect(path, timeout=1, check_same_thread=False, isolation_level=None)
        except sqlite3.Error as problem:
            raise _not_usable(path, problem) from problem
        try:
            self._prepare(path)
        except (sqlite3.Error, SettingError) as problem:
            self._database.close()
            raise _not_usable(path, problem) from problem

    def _prepare(self, path: Path) -> None:
        run = self._database.execute
        application, version = run("PRAGMA application_id").fetchone()[0], run("PRAGMA user_version").fetchone()[0]
        empty = run("SELECT count(*) FROM sqlite_master").fetchone()[0] == 0
        if not empty and (application, version) != (_APPLICATION, FORMAT):
            raise SettingError(f"{path.name} is something else, or of another version")
        # Two sandboxes on one file would give out the same ids.
        run("PRAGMA locking_mode = EXCLUSIVE")
        # Safe when the process is killed; a loss of power may cost the last answers.
        run("PRAGMA journal_mode = WAL")
        run("PRAGMA synchronous = NORMAL")
        run(f"PRAGMA application_id = {_APPLICATION}")
        run(f"PRAGMA user_version = {FORMAT}")
        run(
            "CREATE TABLE IF NOT EXISTS record (kind TEXT NOT NULL, number INTEGER NOT NULL, body TEXT NOT NULL,"
            " PRIMARY KEY (kind, number)) WITHOUT ROWID"
        )

    def records(self) -> Iterator[tuple[str, int, dict[str, Any]]]:
        """Everything that was written, by kind and ascending number."""
        for kind, number, body in self._database.execute("SELECT kind, number, body FROM record ORDER BY kind, number"):
            yield kind, number, json.loads(body)

    def write(self, records: Mapping[tuple[str, int], Mapping[str, Any]]) -> None:
        """Write records, all or none of them."""
        rows = [(kind, number, json.dumps(body)) for (kind, number), body in records.items()]
        self._database.execute("BEGIN IMMEDIATE")
        try:
            self._database.executemany("INSERT OR REPLACE INTO record VALUES (?, ?, ?)", rows)
        except BaseException:
            self._database.execute("ROLLBACK")
            raise
        self._database.execute("COMMIT")

    def close(self) -> None:
        """Close the file."""
        self._database.close()


def _not_usable(path: Path, problem: Exception) -> SettingError:
    return SettingError(f"{path} cannot be the state of a sandbox ({problem}); name another file")
