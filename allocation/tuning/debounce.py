"""Acting once when somebody has stopped turning a knob, and not at every notch on the way."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

DELAY_S = 0.08


class Debounced:
    """Calls a function once, a moment after it was last asked for.

    In a notebook the kernel's event loop keeps the time. Where no loop runs there is nobody to wait for, and the
    function is called at once.

    Args:
        function: What is called.
        delay_s: How long nobody must ask for it, seconds.
    """

    def __init__(self, function: Callable[[], None], delay_s: float = DELAY_S) -> None:
        self.function = function
        self.delay_s = delay_s
        self._due: asyncio.TimerHandle | None = None

    def ask(self) -> None:
        """Ask for the function."""
        self.forget()
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            self.function()
            return
        self._due = loop.call_later(self.delay_s, self._act)

    def forget(self) -> bool:
        """Call it no more; whether it was still to be called."""
        due, self._due = self._due, None
        if due is not None:
            due.cancel()
        return due is not None

    def at_once(self) -> None:
        """Call it now, if it was asked for and has not been called."""
        if self.forget():
            self.function()

    def _act(self) -> None:
        self._due = None
        self.function()
