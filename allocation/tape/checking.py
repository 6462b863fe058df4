"""The proof that a recorded run comes out the same."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import takewhile, zip_longest
from pathlib import Path

from allocation.engine.errors import Mismatch, NotFound
from allocation.engine.policy import Policy
from allocation.engine.validation import shown
from allocation.tape.decision_lines import decision_chunks
from allocation.tape.folders import DECISIONS, MANIFEST, POLICY, RunFolder, file_digest, is_plain_name, load_run
from allocation.tape.replaying import replay

SHOWN_MAX = 200
"""Characters of a decision that a message shows, with the first ones that differ among them."""


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
                pairs = zip(before or b"", now or b"", strict=False)
                same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
                raise Mismatch(
                    f"decision {number} differs ({path}:{number + 1})\n"
                    f"  recorded: {_shown(before, same)}\n  replayed: {_shown(now, same)}"
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
    except (ValueError, RecursionError):
        return False


def _shown(line: bytes | None, same: int) -> str:
    if line is None:
        return "nothing"
    line = line.strip()
    start = max(0, min(same - SHOWN_MAX // 2, len(line) - SHOWN_MAX))
    part = line[start : start + SHOWN_MAX].decode(errors="backslashreplace")
    text = "".join(x if x.isprintable() else x.encode("unicode_escape").decode() for x in part)
    return "..." * (start > 0) + text + "..." * (start + SHOWN_MAX < len(line)) or "a blank line"


def _check_files(run: RunFolder, *, own_policy: bool) -> None:
    """Whether the files are those that were saved: a change may leave the decisions as they are."""
    manifest, digests = run.folder / MANIFEST, run.manifest.get("digests")
    if not isinstance(digests, dict):
        raise Mismatch(f"{manifest}: digests: {shown(digests)} is no object with files and digests; save the run anew")
    for name, digest in digests.items():
        if not is_plain_name(name):
            raise Mismatch(f"{manifest}: digests: {shown(name)} is no name of a file in the folder; save the run anew")
        if name == POLICY and not own_policy:
            continue
        path = run.folder / name
        try:
            found = file_digest(path) if path.is_file() else ""
        except (OSError, ValueError):
            found = ""
        if not found:
            raise Mismatch(f"{manifest}: digests: the folder has no file {shown(name)} to read; save the run anew")
        if found != digest:
            raise Mismatch(f"{path} was changed after the run was saved; its decisions are the same")
