"""What is executed later than it was asked for."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from datetime import datetime

Task = Callable[[datetime], None]


class Waiting:
    """Tasks by the instant at which they are due; tasks of one instant in the order in which they came."""

    def __init__(self) -> None:
        self._tasks: list[tuple[datetime, int, Task]] = []
        self._count = 0

    def __len__(self) -> int:
        return len(self._tasks)

    def add(self, due: datetime, task: Task) -> None:
        """Do something later; it is told the instant at which it was due."""
        self._count += 1
        heapq.heappush(self._tasks, (due, self._count, task))

    def run(self, now: datetime) -> None:
        """Do what is due."""
        while self._tasks and self._tasks[0][0] <= now:
            due, _, task = heapq.heappop(self._tasks)
            task(due)
