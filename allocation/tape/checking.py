"""The proof that a recorded run comes out the same."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path

from allocation.engine.errors import Mismatch, NotFound
from allocation.engine.policy import Policy
from allocation.tape.decision_lines import decision_chunks
from allocation.tape.folders import DECISIONS, MANIFEST, POLICY, RunFolder, file_digest, load_run
from allocation.tape.replaying import replay


def check(folder_or_tape: str | Path, policy: Policy | None = None) -> int:
    """Replay a recorded run and compare its decisions with those on record, one by one.

    Args:
        folder_or_tape: A run folder, or a tape with its ``decisions.jsonl`` beside it.
        policy: To be played under; None takes the recorded one.

    Returns:
        How many decisions were compared.

    Raises:
        Mismatch: With the first decision that differs; or, with no such decision, with the file of the run folder that
            is not as it was saved.
        NotFound: There are no recorded decisions, or there is no policy.
        TapeError: The tape cannot be played.
    """
    given = Path(folder_or_tape)
    folder = given if given.is_dir() else given.parent
    recorded = load_run(folder) if given.is_dir() or (folder / MANIFEST).exists() else None
    decisions = folder / DECISIONS
    if not decisions.is_file():
        raise NotFound(f"there are no recorded decisions {decisions}; save a run first, or name its folder")
    chosen = policy or (recorded.policy if recorded else None)
    if chosen is None:
        raise NotFound(f"{given} is in no run folder, so its policy is not on record; give one")
    tape = recorded.tape if recorded and given.is_dir() else given
    count = _compare(decisions, decision_chunks(replay(tape, chosen).engine))
    if recorded and tape.name == recorded.tape.name:
        _check_files(recorded, own_policy=policy is None)
    return count


def _compare(path: Path, chunks: Iterator[bytes]) -> int:
    count = 0
    with path.open("rb") as recorded:
        replayed = (line for chunk in chunks for line in chunk.splitlines())
        for number, (before, now) in enumerate(zip_longest(recorded, replayed)):
            if not _is_same(before, now):
                raise Mismatch(
                    f"decision {number} differs ({path}:{number + 1})\n"
                    f"  recorded: {_shown(before)}\n  replayed: {_shown(now)}"
                )
            count = number + 1
    return count


def _is_same(recorded: bytes | None, replayed: bytes | None) -> bool:
    if recorded is None or replayed is None:
        return False
    if recorded.rstrip(b"\r\n") == replayed:
        return True
    try:
        # Spaces and the order of keys decide nothing.
        return bool(json.loads(recorded) == json.loads(replayed))
    except ValueError:
        return False


def _shown(line: bytes | None) -> str:
    return "nothing" if line is None else line.decode(errors="replace").strip() or "a blank line"


def _check_files(run: RunFolder, *, own_policy: bool) -> None:
    """Whether the files are those that were saved: a change may leave the decisions as they are."""
    for name, digest in run.manifest.get("digests", {}).items():
        if name == POLICY and not own_policy:
            continue
        if file_digest(run.folder / name) != digest:
            raise Mismatch(f"{run.folder / name} was changed after the run was saved; its decisions are the same")
