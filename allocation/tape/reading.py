"""Reading tapes: JSON Lines, plain or compressed by gzip, one command after the other."""

from __future__ import annotations

import codecs
import gzip
import json
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import IO, Any, NoReturn, TypeAlias

from allocation.engine.errors import Problem, TapeError
from allocation.engine.validation import shown

LINE_BYTES_MAX = 8 * 2**20
"""No command is longer; a longer line is a file of another kind."""
DEPTH_MAX = 50
"""No command is nested deeper than a few levels; endless nesting would exhaust the stack of whoever reads it."""
_DIGITS_MAX = 4000
"""Whole numbers with more digits stay decimal numbers: Python refuses to convert them, and no field allows them."""
_GZIP = b"\x1f\x8b"

Stream: TypeAlias = IO[bytes] | gzip.GzipFile


def read_tape(path: str | Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Read the commands of a tape, one line at a time.

    The file is opened at once, its lines are read when they are asked for. Numbers with decimals are exact
    (`Decimal`). Whether a command is one that the engine knows is not looked at here.

    Args:
        path: JSON Lines in UTF-8; compressed by gzip if its content says so, whatever its name.

    Returns:
        The line number, from 1, and the command of each line.

    Raises:
        TapeError: The file cannot be read, or (from the iterator) a line is no JSON object; with ``file:line``.
    """
    commands = _commands(Path(path))
    # Up to its first stop the generator only opens the file; from there on it closes the file whenever it ends.
    next(commands)
    return commands


def _commands(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    with _opened(path) as stream:
        yield 0, {}
        blank = number = 0
        for number, line in _lines(stream, path):
            if not line.strip():
                blank = blank or number
                continue
            if blank:
                _fail(path, blank, "the line is blank; every line is a command, so take it out")
            yield number, _command(line, path, number)
        if number == 0 or blank == 1:
            _fail(path, 1, "the tape is empty; it needs at least one command, such as a supply")


@contextmanager
def _opened(path: Path) -> Iterator[Stream]:
    try:
        file = path.open("rb")
    except OSError as problem:
        raise TapeError([Problem((), _why_not(path, problem), str(path))]) from problem
    with file:
        try:
            start = file.peek(len(_GZIP))
        except OSError as problem:
            message = f"the file cannot be read ({problem.strerror}); give the path of a tape"
            raise TapeError([Problem((), message, str(path))]) from problem
        if start.startswith(_GZIP):
            with gzip.GzipFile(fileobj=file) as unpacked:
                yield unpacked
        else:
            yield file


def _why_not(path: Path, problem: OSError) -> str:
    if isinstance(problem, FileNotFoundError):
        return "there is no such file; give the path of a tape"
    if path.is_dir():
        return "this is a folder; give the path of a tape, such as the tape.jsonl in it"
    return f"the file cannot be opened ({problem.strerror}); give the path of a tape that you may read"


def _lines(stream: Stream, path: Path) -> Iterator[tuple[int, bytes]]:
    number = 0
    while True:
        try:
            line = stream.readline(LINE_BYTES_MAX + 1)
        except EOFError:
            _fail(path, number + 1, "the gzip data stop in the middle; copy or record the tape again")
        except (OSError, zlib.error) as problem:
            _fail(path, number + 1, f"the file cannot be read on ({problem}); copy or record the tape again")
        if not line:
            return
        number += 1
        if len(line) > LINE_BYTES_MAX and not line.endswith(b"\n"):
            if _CR_ONLY in line:
                _fail(path, number, _NOT_LF)
            _fail(path, number, f"the line is longer than {LINE_BYTES_MAX >> 20} MiB; write one command a line")
        yield number, line.removeprefix(codecs.BOM_UTF8) if number == 1 else line


def _command(line: bytes, path: Path, number: int) -> dict[str, Any]:
    try:
        command = _parsed(line.decode())
    except (UnicodeDecodeError, json.JSONDecodeError) as problem:
        if _CR_ONLY in line:
            _fail(path, number, _NOT_LF)
        if not line.endswith(b"\n"):
            _fail(path, number, "the last line is torn: it stops in the middle of a command; take it out")
        _fail(path, number, _what_is_wrong(problem))
    except NotUsable as problem:
        _fail(path, number, str(problem))
    except RecursionError:
        _fail(path, number, _TOO_DEEP)
    if not isinstance(command, dict):
        _fail(path, number, f"the line is no object; write a command such as {_EXAMPLE}")
    if line.count(b"{") + line.count(b"[") > DEPTH_MAX and is_deep(command):
        _fail(path, number, _TOO_DEEP)
    return command


_EXAMPLE = '{"type":"expire","at":"2025-01-31T18:00:00Z"}'
_CR_ONLY = b"}\r{"
_NOT_LF = "the line ends are CR, not LF, so that commands run together; save the tape with LF line ends"
_TOO_DEEP = f"the line is nested deeper than {DEPTH_MAX} levels; a command has three"


def _what_is_wrong(problem: UnicodeDecodeError | json.JSONDecodeError) -> str:
    if isinstance(problem, UnicodeDecodeError):
        return f"the line is not UTF-8 (byte {problem.start + 1}); save the tape as UTF-8"
    return f"the line is not JSON ({problem.msg}, column {problem.colno}); write one command a line, such as {_EXAMPLE}"


def _fail(path: Path, number: int, message: str) -> NoReturn:
    raise TapeError([Problem((), message, f"{path}:{number}")]) from None


# ----- JSON


class NotUsable(Exception):
    """JSON that is not a command; the text says why."""


def unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object of JSON, for ``object_pairs_hook``; `NotUsable` if a key stands twice in it."""
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for i, name in enumerate(names) if name in names[:i])
        raise NotUsable(f"the key {shown(twice)} stands twice in one object; keep one of them")
    return found


def _no_constant(name: str) -> NoReturn:
    raise NotUsable(f"{name} is no number in JSON; write a number, or leave the field out")


def _any_whole(digits: str) -> int | Decimal:
    return int(digits) if len(digits) <= _DIGITS_MAX else _any_decimal(digits)


def _any_decimal(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        # Its exponent has a score of digits. Not a number for any field: the engine says so, with the field's name.
        return Decimal("NaN")


_DECODER = json.JSONDecoder(object_pairs_hook=unique_keys, parse_float=Decimal, parse_constant=_no_constant)
_PATIENT = json.JSONDecoder(
    object_pairs_hook=unique_keys, parse_float=_any_decimal, parse_int=_any_whole, parse_constant=_no_constant
)


def _parsed(text: str) -> Any:
    """The value of a JSON text; numbers of any size, none of which is rounded."""
    try:
        return _DECODER.decode(text)
    except json.JSONDecodeError:
        raise
    except (InvalidOperation, ValueError):
        return _PATIENT.decode(text)


def is_deep(command: dict[str, Any]) -> bool:
    """Whether it is nested deeper than `DEPTH_MAX` levels."""
    level: list[Any] = [command]
    for _ in range(DEPTH_MAX):
        level = [
            inner
            for outer in level
            for inner in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(inner, dict | list)
        ]
    return bool(level)
