"""Rows of the tables, as the rules reach them.

Compiled rules get one `HEADER` row with the address and the length of every table: a call then passes one pointer
instead of seven words for each table, which makes the rules several times faster to compile and to call. In plain
Python they get the tables themselves. Either way ``rows.date(t, d)`` is a live view of row `d`, and what is written to
it is written to the table.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias, cast

import numba
import numpy as np
from numba.core import types
from numba.extending import intrinsic

from allocation.engine import tables
from allocation.engine.compiled import checks_bounds, is_interpreted, rule
from allocation.engine.tables import DTYPES, Records

Tables: TypeAlias = Any
"""All tables of a book: a `HEADER` row in compiled rules, a `tables.Tables` in plain Python."""
Row: TypeAlias = Any
"""A live view of one row."""
Links: TypeAlias = Any
"""One of the three tables of heap links."""

UNCOMPILED = is_interpreted()

HEADER = np.dtype((np.record, [(name, "i8") for name in DTYPES] + [(f"count_{name}", "i8") for name in DTYPES]))
"""Address and number of rows of every table."""
_OFFSETS = {name: offset for name, (_, offset, *_) in (HEADER.fields or {}).items()}


def header_of(book: tables.Tables) -> Records:
    """The header row of these tables; it is valid as long as they are the ones in use."""
    header = np.zeros(1, HEADER)
    for name, table in book._asdict().items():
        if table.dtype != DTYPES[name] or not (table.flags.c_contiguous and table.flags.writeable):
            raise TypeError(f"the table {name} has rows of another type, or is not contiguous and writeable")
        header[name] = table.ctypes.data
        header[f"count_{name}"] = len(table)
    return header


def _compiled_row(name: str) -> Callable[[Tables, int], Row]:
    record = numba.from_dtype(DTYPES[name])
    size = DTYPES[name].itemsize

    @intrinsic
    def row(_context: Any, t: Any, i: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            i64 = context.get_value_type(types.int64)
            index = context.cast(builder, arguments[1], signature.args[1], types.int64)
            if checks_bounds():
                length = _header_field(context, builder, signature.args[0], arguments[0], f"count_{name}")
                # As unsigned numbers, so that NOBODY is outside too.
                with builder.if_then(builder.icmp_unsigned(">=", index, length)):
                    context.call_conv.return_user_exc(builder, IndexError, (f"a row of {name}",))
            start = _header_field(context, builder, signature.args[0], arguments[0], name)
            address = builder.add(start, builder.mul(index, i64(size)))
            return builder.inttoptr(address, context.get_value_type(record))

        return record(t, i), generate

    compiled: Callable[[Tables, int], Row] = cast("Any", row)
    return compiled


def _header_field(context: Any, builder: Any, array: Any, value: Any, field: str) -> Any:
    """The value of a field of the header, whose array is given."""
    data = context.make_array(array)(context, builder, value).data
    offset = _OFFSETS[field]
    i64 = context.get_value_type(types.int64)
    base = builder.ptrtoint(data, i64)
    return builder.load(builder.inttoptr(builder.add(base, i64(offset)), i64.as_pointer()))


def _python_row(name: str) -> Callable[[Tables, int], Row]:
    def row(t: Tables, i: int) -> Row:
        if i < 0:
            raise IndexError(f"row {i} of {name}")
        return getattr(t, name)[i]

    return row


def _row(name: str) -> Callable[[Tables, int], Row]:
    return _python_row(name) if UNCOMPILED else _compiled_row(name)


def _count(name: str) -> Callable[[Tables], int]:
    field = f"count_{name}"
    if UNCOMPILED:
        return lambda t: len(getattr(t, name))

    @rule
    def count(t: Tables) -> int:
        return t[0][field]  # type: ignore[no-any-return]

    return count


def _links(name: str) -> Callable[[Tables], Links]:
    if UNCOMPILED:
        return lambda t: getattr(t, name)

    @rule
    def links(t: Tables) -> Links:
        return t[0][name]

    return links


def _link() -> Callable[[Links, int], Row]:
    if UNCOMPILED:
        return lambda links, i: links[i]
    record = numba.from_dtype(DTYPES["by_rank"])
    size = DTYPES["by_rank"].itemsize

    @intrinsic
    def link_row(_context: Any, links: Any, i: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            i64 = context.get_value_type(types.int64)
            index = context.cast(builder, arguments[1], signature.args[1], types.int64)
            address = builder.add(arguments[0], builder.mul(index, i64(size)))
            return builder.inttoptr(address, context.get_value_type(record))

        return record(links, i), generate

    compiled: Callable[[Links, int], Row] = cast("Any", link_row)
    return compiled


policy = _row("policy")
state = _row("state")
tier = _row("tiers")
calendar = _row("calendar")
command = _row("commands")
local_day = _row("local_days")
line = _row("lines")
adoption = _row("adoptions")
pool = _row("pools")
date = _row("dates")
waiting_line = _row("waiting_lines")
reservation = _row("reservations")
order = _row("orders")
log = _row("log")
operation = _row("operations")
tally = _row("tally")
by_rank, by_weakness, agenda = _links("by_rank"), _links("by_weakness"), _links("agenda")
link = _link()
count_calendar = _count("calendar")
count_pools = _count("pools")
count_reservations = _count("reservations")
count_dates = _count("dates")
count_log = _count("log")
count_operations = _count("operations")
