"""Threads that need the rules at the same time: one of them compiles, the others wait."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from allocation.engine import compiled
from allocation.engine.compiled import Entry

THREADS = 4


def test_the_rules_are_compiled_once_however_many_threads_ask(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []

    def slow(entry: Entry, _: Any) -> Any:
        time.sleep(0.05)
        made.append(entry.function.__name__)
        return entry.function

    monkeypatch.setattr(compiled, "_ENTRIES", [])
    monkeypatch.setattr(compiled, "is_interpreted", lambda: False)
    monkeypatch.setattr(compiled, "is_compiled", lambda: False)
    monkeypatch.setattr(Entry, "_compile", slow)

    def add(_tables: Any, first: int, second: int) -> int:
        return first + second

    def multiply(_tables: Any, first: int, second: int) -> int:
        return first * second

    entries = [Entry(add), Entry(multiply)]
    with ThreadPoolExecutor(THREADS) as pool:
        asked = [pool.submit(entry, None, 3, 4) for entry in entries * THREADS]
        assert [one.result() for one in asked] == [7, 12] * THREADS
    assert sorted(made) == ["add", "multiply"]
