"""Writing tapes, and spelling out the columns of a sampled one."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Any

from allocation.engine.codes import EVERYWHERE, NOBODY, UNLIMITED, Kind, Only, Status
from allocation.engine.columns import Columns
from allocation.engine.identity import reservation_name
from allocation.engine.outcome import day_text
from allocation.tape.spelling import instant_texts, json_text, millionths

_CHUNK = 65_536
"""Commands that are looked at together: enough for speed, few enough for memory."""

# ----- files


def write_tape(path: str | Path, commands: Iterable[Mapping[str, Any]]) -> None:
    """Write a tape, whole or not at all.

    The same commands give the same bytes. The file appears, in place of one of that name, when the last command is
    written; until then, and after an error, nothing has changed.

    Args:
        path: The file, in a folder that exists; a name that ends in ``.gz`` is compressed.
        commands: The commands, in order.

    Raises:
        TypeError: A command is no mapping, or holds something that JSON has no spelling for.
        ValueError: A command holds a number that is not finite.
    """
    path = Path(path)
    with replaced(path) as file:
        if path.suffix == ".gz":
            # No name and no time: the bytes tell of the commands alone.
            with gzip.GzipFile(filename="", mode="wb", fileobj=file, mtime=0) as packed:
                _write(packed, commands)
        else:
            _write(file, commands)


def _write(file: IO[bytes] | gzip.GzipFile, commands: Iterable[Mapping[str, Any]]) -> None:
    for command in commands:
        if not isinstance(command, Mapping):
            raise TypeError(f"{command!r} is no command; a tape has mappings")
        file.write(json_text(command).encode() + b"\n")


@contextmanager
def replaced(path: Path) -> Iterator[IO[bytes]]:
    """A new file that takes the place of `path` when the block ends without an error."""
    # In a folder of its own, so that the file gets the rights that any new file gets.
    with TemporaryDirectory(dir=path.parent, prefix=".writing-") as folder:
        part = Path(folder) / path.name
        with part.open("xb") as file:
            yield file
        part.replace(path)


# ----- columns


def command_lines(columns: Columns) -> Iterator[dict[str, Any]]:
    """Spell out a tape in columns as commands (RULES.md section 4).

    Played by `AllocationEngine.apply`, they give the decisions that the columns give. Fields that have their default
    are left out.

    Args:
        columns: The tape. Its commands name orders, not reservations: which reservations there are depends on a policy.

    Raises:
        ValueError: A command names a reservation, an unknown pool or an unknown order by its row.
    """
    for start in range(0, len(columns), _CHUNK):
        rows = columns.commands[start : start + _CHUNK]
        instants = instant_texts(rows["at"]).to_pylist()
        for number, (row, at) in enumerate(zip(_records(rows), instants, strict=True), start + 1):
            yield _command(columns, row, at, number)


def _records(rows: Any) -> Iterator[dict[str, int]]:
    names = rows.dtype.names
    for values in zip(*(rows[name].tolist() for name in names), strict=True):
        yield dict(zip(names, values, strict=True))


def _command(columns: Columns, row: dict[str, int], at: str, number: int) -> dict[str, Any]:
    kind = Kind(row["kind"])
    try:
        fields = _FIELDS[kind](columns, row)
    except (KeyError, IndexError, ValueError) as problem:
        raise ValueError(f"command {number} ({kind.name}) of the columns cannot be written: {problem}") from problem
    return {"type": kind.name.lower(), "at": at, **fields}


def _pool(columns: Columns, pool: int) -> dict[str, str]:
    if not 1 <= pool <= len(columns.pools):
        raise ValueError(f"there is no pool {pool}")
    sku, location = columns.pools[pool - 1]
    return {"sku": sku, "location": location}


def _pool_or_every(columns: Columns, pool: int) -> dict[str, str]:
    return {} if pool == EVERYWHERE else _pool(columns, pool)


def _order(columns: Columns, row: dict[str, int]) -> dict[str, str]:
    if row["target"] != NOBODY or row["order"] == NOBODY:
        raise ValueError("it does not name an order")
    return {"order_id": columns.orders.name(row["order"])}


def _tier(columns: Columns, row: dict[str, int]) -> str:
    if row["tier"] < 0:
        raise ValueError(f"there is no tier {row['tier']}")
    return columns.tiers[row["tier"]]


def _lines(columns: Columns, row: dict[str, int]) -> list[tuple[int, int, int]]:
    first = row["first_line"]
    lines: list[tuple[int, int, int]] = columns.lines[first : first + row["lines"]].tolist()
    return lines


# A launch has few dates, each of which is written many times.
_day = lru_cache(maxsize=4096)(day_text)


def _supply(columns: Columns, row: dict[str, int]) -> dict[str, Any]:
    fields: dict[str, Any] = _pool(columns, row["pool"])
    if row["number"] >= 0:
        fields["on_hand"] = row["number"]
    if row["received"]:
        fields["received"] = row["received"]
    if row["option"]:
        fields["expected"] = [
            {"date": _day(day), "quantity": quantity, "ref": f"DELIVERY-{number}"}
            for number, (_, day, quantity) in enumerate(_lines(columns, row), 1)
        ]
    return fields


def _overbooking(columns: Columns, row: dict[str, int]) -> dict[str, Any]:
    source = {"source": "policy"} if row["option"] else {}
    return {**_pool(columns, row["pool"]), "rate": millionths(row["number"]), **source}


def _inputs(row: dict[str, int]) -> dict[str, int]:
    values = {
        "previous_purchases": row["purchases"],
        "cart_value": row["hundreds"] * 100,
        "membership_years": row["years"],
    }
    return {name: value for name, value in values.items() if value}


def _place(columns: Columns, row: dict[str, int]) -> dict[str, Any]:
    order = columns.orders.name(row["order"])
    return {
        "order_id": order,
        "customer_id": f"C-{row['order'] + 1:07d}",
        "tier": _tier(columns, row),
        "ship_date": _day(row["day"]),
        "lines": [{**_pool(columns, pool), "quantity": quantity} for pool, _, quantity in _lines(columns, row)],
        **({} if row["paid"] else {"payment": "PENDING"}),
        **_inputs(row),
    }


def _cancel(columns: Columns, row: dict[str, int]) -> dict[str, Any]:
    only = Only(row["only"])
    return {**_order(columns, row), **({} if only is Only.OPEN else {"only": only.name.lower()})}


def _retier(columns: Columns, row: dict[str, int]) -> dict[str, Any]:
    return {**_order(columns, row), "tier": _tier(columns, row)}


def _operation(columns: Columns, row: dict[str, int]) -> dict[str, Any]:
    return {"ship_date": _day(row["day"]), **_pool_or_every(columns, row["pool"])}


def _dates(columns: Columns, row: dict[str, int]) -> dict[str, Any]:
    fields: dict[str, Any] = _pool_or_every(columns, row["pool"])
    fields["confirmed"] = [_day(day) for _, day, _ in _lines(columns, row)]
    if row["day"]:
        fields["released_until"] = _day(row["day"])
    return fields


def _adopt(columns: Columns, row: dict[str, int]) -> dict[str, Any]:
    adoption = columns.adoptions[row["number"]]
    order, expires = columns.orders.name(row["order"]), int(adoption["expires_at"])
    return {
        **_pool(columns, row["pool"]),
        "reservation_id": reservation_name(order, int(adoption["line"])),
        "order_id": order,
        "quantity": int(adoption["quantity"]),
        "tier": _tier(columns, row),
        "arrival": int(adoption["arrival"]),
        "requested": _day(int(adoption["requested"])),
        "assigned": _day(int(adoption["assigned"])) if adoption["assigned"] else None,
        "status": Status(int(adoption["status"])).name,
        "paid": bool(row["paid"]),
        "expires_at": None if expires == UNLIMITED else instant_texts(adoption["expires_at"].reshape(1))[0].as_py(),
        **_inputs(row),
    }


_FIELDS: dict[Kind, Callable[[Columns, dict[str, int]], dict[str, Any]]] = {
    Kind.SUPPLY: _supply,
    Kind.OVERBOOKING: _overbooking,
    Kind.ADOPT: _adopt,
    Kind.DATES: _dates,
    Kind.CONFIRM: _operation,
    Kind.RELEASE: _operation,
    Kind.EXPIRE: lambda _columns, _row: {},
    Kind.PLACE: _place,
    Kind.PAY: _order,
    Kind.TIER: _retier,
    Kind.CANCEL: _cancel,
}
"""What each kind of command says beyond its type and time."""
