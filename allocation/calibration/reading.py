"""A CSV or Parquet of past reservations as columns of text, each row with its place in the file."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from allocation.calibration.settings import NEEDED, ROLES, Settings
from allocation.engine.errors import HistoryError, Problem
from allocation.scenario.ranges import suggestion
from allocation.scenario.wording import escaped, short, shown

_DELIMITERS = ",;\t|"
_BYTES_MAX = 2**31
PARQUET = ".parquet"


@dataclass(frozen=True, slots=True)
class Texts:
    """The rows of a file.

    Attributes:
        source: The file's name.
        columns: The text of every row by role, without spaces around it.
        places: Where each row is, such as ``past.csv:17``.
        problems: Rows that have more or fewer fields than the file has columns; they are in no column.
    """

    source: str
    columns: Mapping[str, Sequence[str]]
    places: Sequence[str]
    problems: tuple[Problem, ...]


def read_texts(path: Path, settings: Settings) -> Texts:
    """Read the columns that have a role.

    Raises:
        HistoryError: The file cannot be read, is empty, or has no column of a name that was given.
    """
    try:
        if path.stat().st_size > _BYTES_MAX:
            raise HistoryError(f"{name_of(path)} is larger than {_BYTES_MAX // 2**30} GB; split it")
        if path.suffix == PARQUET:
            return _read_parquet(path, settings)
        return _read_csv(path, path.read_bytes(), settings)
    except OSError as error:
        raise HistoryError(f"{path} cannot be read: {error.strerror or error}") from error


def name_of(path: Path) -> str:
    """The file's name, fit to be shown."""
    return escaped(path.name)


def _read_csv(path: Path, content: bytes, settings: Settings) -> Texts:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise HistoryError(f"{name_of(path)}:{line}: is not UTF-8: byte {content[error.start]:#04x}") from None
    rows = _csv_rows(path, text)
    names = [name.strip() for name in next(rows, (0, []))[1]]
    places = _places_of(names, name_of(path), settings)
    kept: dict[str, list[str]] = {role: [] for role in places}
    where, problems = [], []
    for line, fields in rows:
        if not fields:
            continue
        place = f"{name_of(path)}:{line}"
        if len(fields) != len(names):
            message = f"has {len(fields)} fields where the first line has {len(names)}"
            problems.append(Problem((), message, place))
            continue
        where.append(place)
        for role, at in places.items():
            kept[role].append(fields[at].strip())
    return Texts(name_of(path), kept, where, tuple(problems))


def _csv_rows(path: Path, text: str) -> Iterator[tuple[int, list[str]]]:
    """The rows of a CSV, each with the line on which it begins; the delimiter is the one of the first line."""
    head = text.partition("\n")[0]
    delimiter = max(_DELIMITERS, key=head.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    line = 1
    try:
        for fields in reader:
            yield line, fields
            line = reader.line_num + 1
    except csv.Error as error:
        raise HistoryError(f"{name_of(path)}:{line}: is no CSV: {error}") from None


def _read_parquet(path: Path, settings: Settings) -> Texts:
    try:
        file = pq.ParquetFile(path)
        places = _places_of(file.schema_arrow.names, name_of(path), settings)
        table = file.read(columns=[file.schema_arrow.names[at] for at in places.values()])
        kept = {role: _texts(table.column(i).to_pylist()) for i, role in enumerate(places)}
    except pa.ArrowException as error:
        raise HistoryError(f"{name_of(path)} is no Parquet: {' '.join(str(error).split())}") from None
    return Texts(name_of(path), kept, [f"{name_of(path)}: row {i}" for i in range(1, table.num_rows + 1)], ())


def _texts(values: Sequence[object]) -> list[str]:
    """Values as a CSV would have them, so that one reader reads both; a column of midnights without a zone is dates."""
    instants = [value for value in values if isinstance(value, datetime)]
    if instants and all(at.tzinfo is None and at.time() == time() for at in instants):
        values = [value.date() if isinstance(value, datetime) else value for value in values]
    return [_text(value) for value in values]


def _text(value: object) -> str:
    if value is None:
        return ""
    return value.isoformat() if isinstance(value, date) else str(value).strip()


def _places_of(names: Sequence[str], source: str, settings: Settings) -> dict[str, int]:
    """The place among a file's columns of each role that it has."""
    if not any(names):
        raise HistoryError(f"{source} is empty; its first line must name its columns")
    wanted = {role: settings.columns.get(role, role) for role in ROLES}
    asked = {role: name for role, name in wanted.items() if role in NEEDED or role in settings.columns}
    problems = [
        Problem((role,), f"{source} has no column {shown(name)}{suggestion(name, names)}")
        for role, name in asked.items()
        if name not in names
    ]
    problems += [
        Problem((role,), f"{source} has {names.count(name)} columns called {short(name)}")
        for role, name in asked.items()
        if names.count(name) > 1
    ]
    if problems:
        advice = "say which columns they are, such as --columns placed=ORDERED,status=STATE,status_at=CHANGED"
        raise HistoryError(problems, f"columns of the history ({advice})")
    return {role: names.index(name) for role, name in wanted.items() if name in names}
