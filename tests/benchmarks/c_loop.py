"""The sneaker launch as a C program: compiles sneakers.c, and plays a sampled tape with it."""

from __future__ import annotations

import ctypes
import functools
import shutil
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray

from allocation.engine.codes import Kind, Status
from allocation.engine.columns import Columns
from tests.benchmarks.launch_commands import launch_commands

SOURCE = Path(__file__).with_name("sneakers.c")
OPTIONS = ("-O3", "-march=native", "-shared", "-fPIC")
NO_COMPILER = "no C compiler: neither cc nor gcc is on the PATH"
LINK = np.dtype([("key", "u8"), ("child", "i4"), ("next", "i4")])


def compiler() -> str | None:
    """The C compiler of this machine, or None."""
    return shutil.which("cc") or shutil.which("gcc")


@functools.cache
def compiled_play() -> Any:
    """The function `play` of sneakers.c, compiled once a process into a folder that does not outlive this call."""
    command = compiler()
    assert command is not None, NO_COMPILER
    codes = [f"-D{type(code).__name__.upper()}_{code.name}={int(code)}" for code in (*Kind, *Status)]
    with TemporaryDirectory() as folder:
        library = Path(folder) / "sneakers.so"
        done = subprocess.run(
            [command, *OPTIONS, *codes, str(SOURCE), "-o", str(library)], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        play = ctypes.CDLL(str(library)).play
    number = ctypes.c_int64
    octets, ints, links = (
        np.ctypeslib.ndpointer(dtype, ndim=1, flags="C_CONTIGUOUS") for dtype in (np.uint8, np.int32, LINK)
    )
    play.restype = number
    play.argtypes = [number, number, octets, ints, ints, number, number, number, number, octets, links]
    return play


class CLoop:
    """A tape made ready for the C loop: all that is left to `play` is the loop.

    Args:
        tape: A sampled tape of the sneaker launch.
        limit: Units that may be held.
        depth: Orders that may be held or queued.
        units: Units on hand at the release.
    """

    def __init__(self, tape: Columns, limit: int, depth: int, units: int) -> None:
        commands = launch_commands(tape)
        self._play = compiled_play()
        self._statuses = np.zeros(commands.orders, np.uint8)
        self._arguments = (
            len(commands.kind),
            commands.kind,
            commands.order,
            commands.score,
            commands.orders,
            limit,
            depth,
            units,
            self._statuses,
            np.zeros(commands.orders, LINK),
        )

    def play(self, times: int = 1) -> tuple[NDArray[np.uint8], int]:
        """Play the tape from its beginning, `times` times in a row.

        Returns:
            The final status code of each order, which the next call overwrites, and the longest wait-list.
        """
        waitlist_peak = self._play(times, *self._arguments)
        return self._statuses, waitlist_peak
