"""Exit codes, and how errors end a command."""

from __future__ import annotations

import os
import signal
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress
from enum import IntEnum

from allocation.engine.errors import (
    AllocationError,
    CheckFailed,
    InvalidInput,
    LockHeld,
    Mismatch,
    NotFound,
    OmsUnavailable,
    StalePlan,
)


class Exit(IntEnum):
    """What the command line answers to the shell."""

    DONE = 0
    UNEXPECTED = 1
    USAGE = 2
    INVALID = 3
    LOCKED = 5
    STALE = 6
    UNKNOWN = 7
    UNAVAILABLE = 8
    MISMATCH = 9
    ALERT = 10
    INTERRUPTED = 130


_TOLD = (signal.SIGTERM, signal.SIGHUP)
_CODES = (
    (Mismatch, Exit.MISMATCH),
    (InvalidInput, Exit.INVALID),
    (NotFound, Exit.INVALID),
    (OmsUnavailable, Exit.UNAVAILABLE),
    (LockHeld, Exit.LOCKED),
    (StalePlan, Exit.STALE),
    (CheckFailed, Exit.MISMATCH),
)


def end_when_told() -> None:
    """From now on a signal to end is an exception, so that what is half written is taken away.

    One that is ignored stays so: ``nohup`` has a command outlive its terminal.
    """
    for number in _TOLD:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _end)


def _end(number: int, _frame: object) -> None:
    # The first one is enough. A terminal or a service manager may send several, which would end the tidying up, too.
    for other in _TOLD:
        signal.signal(other, lambda *_: None)
    raise SystemExit(128 + number)


def guarded(run: Callable[[], object]) -> int:
    """Run a command; the exit code of whatever it ends with, after one message on stderr."""
    try:
        run()
    except KeyboardInterrupt:
        return _say("interrupted", Exit.INTERRUPTED)
    except BrokenPipeError:
        # Whoever read the output has seen enough; nothing more can be written, at exit neither.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.DONE
    except AllocationError as error:
        code = next((code for kind, code in _CODES if isinstance(error, kind)), Exit.UNEXPECTED)
        return _say(str(error), code)
    except OSError as error:
        if error.filename is None:
            return _say(f"output: {error.strerror or error}", Exit.UNEXPECTED)
        return _say(f"{error.filename}: {error.strerror or error}", Exit.INVALID)
    except Exception as error:  # noqa: BLE001 - the last resort: say what happened and where to find more
        if os.environ.get("ALLOCATION_DEBUG"):
            traceback.print_exc()
        return _say(
            f"unexpected {type(error).__name__}: {error} (this is a defect; ALLOCATION_DEBUG=1 shows where)",
            Exit.UNEXPECTED,
        )
    return Exit.DONE


def _say(text: str, code: Exit) -> int:
    # Where nobody can be told, the exit code says it.
    with suppress(OSError):
        print(f"allocation: {text}", file=sys.stderr)
    return code
