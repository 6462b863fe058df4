"""Decisions as they are recorded: canonical JSON Lines, the same bytes wherever a tape is played.

A line has what `allocation.engine.decisions.Decision` has, in its order; what a decision does not have is left out:

.. code-block:: json

    {"sequence":0,"at":"2025-09-01T14:00:00Z","line":2,"cause":"place","step":"placed","reservation_id":"RES-O-1-1",
     "after":"RESERVED","ship_date":"2025-09-22","supply_by":100,"limit":105,"promised":0,"atp":105}
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from allocation.engine.allocation_engine import AllocationEngine
from allocation.engine.codes import Kind, Reason, Status, Step
from allocation.engine.outcome import day_text
from allocation.engine.tables import Records
from allocation.tape.log_columns import is_promise, refusals, reservation_names
from allocation.tape.spelling import instant_texts, json_text

if TYPE_CHECKING:
    from allocation.tape.run import Run

_CHUNK = 65_536
"""Decisions that are spelled out together."""


def decisions_digest(run: Run) -> str:
    """The SHA-256 of a run's recorded decisions, in hexadecimal: of the bytes of its ``decisions.jsonl``."""
    digest = hashlib.sha256()
    for chunk in decision_chunks(run.engine):
        digest.update(chunk)
    return digest.hexdigest()


def decision_chunks(engine: AllocationEngine) -> Iterator[bytes]:
    """Every decision as a line of JSON; many whole lines at a time.

    The lines are put together column by column: a decision is never an object of Python.
    """
    writer = _Writer(engine)
    for start in range(0, len(engine.book.used("log")), _CHUNK):
        yield writer.lines(start)


class _Writer:
    """Pieces of lines, by what they tell of; a piece is empty where a decision has nothing to tell."""

    def __init__(self, engine: AllocationEngine) -> None:
        self._engine = engine
        self._log = engine.book.used("log")
        self._refusals = refusals(engine)
        self._reservation = _pieces("reservation_id", _quoted(reservation_names(engine)))
        self._step = _enum_pieces("step", [step.name.lower() for step in Step])
        self._before = _enum_pieces("before", [status.name for status in Status])
        self._after = _enum_pieces("after", [status.name for status in Status])
        self._reason = _enum_pieces("reason", [reason.name.lower() for reason in Reason])
        self._refused = pa.array(
            [*(f',"refused":{json_text(reasons)}' for reasons in self._refusals.reasons), ""], pa.string()
        )

    def lines(self, start: int) -> bytes:
        log = self._log[start : start + _CHUNK]
        end = start + len(log)
        lines = pc.binary_join_element_wise(
            *('{"sequence":', pa.array(np.arange(start, end)).cast(pa.string())),
            self._commands(log),
            _take(self._step, log["step"]),
            _take(self._reservation, log["reservation"]),
            _take(self._before, log["before"]),
            _take(self._after, log["after"]),
            _take(self._reason, log["reason"]),
            _days(log["day"]),
            _arithmetic(log),
            _take(self._refused, self._refusals.codes[start:end]),
            *("}\n", ""),
        )
        return "".join(lines.to_pylist()).encode()

    def _commands(self, log: Records) -> pa.Array:
        """When, which line and what type of command."""
        numbers, where = np.unique(log["command"], return_inverse=True)
        commands = self._engine.book.tables.commands[numbers]
        kinds = pa.array([kind.name.lower() for kind in Kind]).take(pa.array(commands["kind"]))
        pieces = pc.binary_join_element_wise(
            *(',"at":"', instant_texts(commands["at"])),
            *('","line":', pa.array(numbers + 1).cast(pa.string())),
            *(',"cause":"', kinds, '"', ""),
        )
        return pieces.take(pa.array(where))


def _take(pieces: pa.Array, codes: NDArray[Any]) -> pa.Array:
    """Pieces by code; -1 is the last one, which is empty."""
    return pieces.take(pa.array(np.where(codes < 0, len(pieces) - 1, codes)))


def _pieces(name: str, values: pa.Array) -> pa.Array:
    """A piece for each JSON text, and an empty one."""
    pieces = pc.binary_join_element_wise(f',"{name}":', values, "").cast(pa.string())
    return pa.concat_arrays([pieces, pa.array([""], pa.string())])


def _enum_pieces(name: str, words: Sequence[str]) -> pa.Array:
    """A piece for each code but 0, which says nothing."""
    return pa.array(["", *(f',"{name}":"{word}"' for word in words[1:])], pa.string())


def _quoted(names: pa.Array) -> pa.Array:
    """Texts as JSON; nearly all of them need nothing but quotes."""
    if pc.any(pc.match_substring_regex(names, r'[^ -~]|["\\]')).as_py():
        return pa.array(map(json_text, names.to_pylist()), pa.string())
    return pc.binary_join_element_wise('"', names, '"', "")


def _days(days: NDArray[Any]) -> pa.Array:
    known, where = np.unique(days, return_inverse=True)
    texts = [f',"ship_date":"{day_text(day)}"' if day else "" for day in known.tolist()]
    return pa.array(texts, pa.string()).take(pa.array(where))


def _arithmetic(log: Records) -> pa.Array:
    """The four numbers of a promise."""
    promise = is_promise(log)
    named = []
    for name in ("supply_by", "limit", "promised", "atp"):
        named += [f',"{name}":', pa.array(np.ascontiguousarray(log[name][promise])).cast(pa.string())]
    pieces = pc.binary_join_element_wise(*named, "").cast(pa.string())
    where = np.where(promise, np.cumsum(promise) - 1, len(pieces))
    return pa.concat_arrays([pieces, pa.array([""], pa.string())]).take(pa.array(where))
