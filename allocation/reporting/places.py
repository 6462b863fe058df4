"""Where reports are written: beside their place first, and into it in one step; what killed runs left is taken away.

Everything happens in one folder, ``out``. A run of a night writes below ``.part-<night>-...``, and holds the lock of
its file ``.alive`` as long as it lives; the system lets go of it, however the run ends. So what is left of a dead run
can be told from what a living one needs.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from tempfile import mkdtemp

from allocation.engine.errors import LockHeld, SettingError

_PART, _ALIVE, _LOCK = ".part-", ".alive", ".lock"
_NEW, _OLD = "new", "old"
SPARE = "spare"
_DATE_LENGTH = 10
_AT_FDCWD, _RENAME_EXCHANGE = -100, 2


def nights_of(out: Path) -> list[str]:
    """The nights in a folder of reports, oldest first: folders, and no links, whose name is a date."""
    return sorted(folder.name for folder in out.iterdir() if is_night(folder)) if out.is_dir() else []


def is_night(folder: Path) -> bool:
    """Whether a folder is that of a night."""
    try:
        day = date.fromisoformat(folder.name)
    except ValueError:
        return False
    return day.isoformat() == folder.name and folder.is_dir() and not folder.is_symlink()


@contextmanager
def locked(out: Path) -> Iterator[None]:
    """Nobody else changes what is in place meanwhile; for moments only."""
    with (out / _LOCK).open("ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@contextmanager
def night_part(out: Path, day: date) -> Iterator[Path]:
    """A folder for one run of a night, which is removed at its end.

    Raises:
        LockHeld: Another run of this night is at work.
        SettingError: The folder cannot be written to.
    """
    prefix = f"{_PART}{day.isoformat()}-"
    try:
        out.mkdir(parents=True, exist_ok=True)
        with locked(out):
            _clean(out)
            if any(out.glob(f"{prefix}*")):
                raise LockHeld(f"another run of the night of {day} is at work in {out}; wait for it, or end it")
            part = Path(mkdtemp(prefix=prefix, dir=out))
            alive = (part / _ALIVE).open("ab")
            fcntl.flock(alive, fcntl.LOCK_EX)
    except OSError as error:
        raise SettingError(f"reports cannot be written to {out}: {error.strerror or error}") from error
    with alive:
        try:
            yield part
        finally:
            shutil.rmtree(part, ignore_errors=True)


def put_in_place(staged: Path, folder: Path, report: str, spare: Path) -> None:
    """Put a whole report among those of its launch, in one step.

    A new folder of the launch is made of what is there and of the report, and the two folders are exchanged: whoever
    reads finds all of the old report or all of the new one, and so does the next run after a crash at any point.

    Args:
        staged: Has the report: its page, its notebook and its folder of numbers.
        folder: Of the launch.
        report: Its name.
        spare: A folder of this run that is not there yet, named after the launch and in one that is named `SPARE`.
    """
    new = spare / _NEW
    spare.mkdir(parents=True)
    if folder.is_dir():
        shutil.copytree(folder, new, copy_function=_link, symlinks=True)
    else:
        folder.parent.mkdir(exist_ok=True)
        new.mkdir()
    for name in files_of(report):
        _remove(new / name)
        (staged / name).rename(new / name)
    _exchange(new, folder, spare / _OLD)
    shutil.rmtree(spare, ignore_errors=True)


def files_of(report: str) -> tuple[str, str, str]:
    """What a report consists of: its folder of numbers, its notebook and its page."""
    return report, f"{report}.ipynb", f"{report}.html"


def write_whole(path: Path, content: str | bytes) -> None:
    """Write a file in one step: whoever reads finds the old one or the new one."""
    part = path.with_name(f".{path.name}")
    part.write_bytes(content.encode() if isinstance(content, str) else content)
    part.replace(path)


def _link(source: str, target: str) -> None:
    """The same file under another name, or a copy where the file system has only one for each."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _exchange(new: Path, place: Path, old: Path) -> None:
    if not place.is_dir():
        new.rename(place)
        return
    if _swapped(new, place):
        return
    # Between these two the place is empty, and `_clean` completes what was begun.
    place.rename(old)
    new.rename(place)


def _swapped(one: Path, other: Path) -> bool:
    """Exchange two folders in one step, where the system can (Linux, since 2014)."""
    rename = getattr(ctypes.CDLL(None), "renameat2", None)
    if rename is None:
        return False
    done: int = rename(_AT_FDCWD, os.fsencode(one), _AT_FDCWD, os.fsencode(other), _RENAME_EXCHANGE)
    return done == 0


def _clean(out: Path) -> None:
    """Take away what dead runs have left."""
    for part in sorted(out.glob(f"{_PART}*")):
        if part.is_dir() and not part.is_symlink() and not _is_alive(part):
            _complete(part, out)
            shutil.rmtree(part, ignore_errors=True)


def _is_alive(part: Path) -> bool:
    try:
        with (part / _ALIVE).open("ab") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    return False


def _complete(part: Path, out: Path) -> None:
    """Where a run died with a launch's place empty, what it had ready goes there."""
    night = part.name.removeprefix(_PART)[:_DATE_LENGTH]
    for old in part.glob(f"*/{SPARE}/*/{_OLD}"):
        place = out / night / old.parent.name
        if not place.exists() and (old.parent / _NEW).is_dir():
            (old.parent / _NEW).rename(place)
