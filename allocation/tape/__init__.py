"""Tapes and runs: recorded commands, the decisions that they lead to, and the proof that they still do.

``run = replay("night.jsonl", policy)`` plays a tape; ``run.save("out/night")`` writes its run folder, and
``check("out/night")`` proves later that the same decisions come out.
"""

from __future__ import annotations

from allocation.tape.checking import check
from allocation.tape.decision_lines import decisions_digest
from allocation.tape.folders import load_run
from allocation.tape.reading import read_tape
from allocation.tape.replaying import replay
from allocation.tape.run import Run
from allocation.tape.writing import command_lines, write_tape

__all__ = [
    "Run",
    "check",
    "command_lines",
    "decisions_digest",
    "load_run",
    "read_tape",
    "replay",
    "write_tape",
]
