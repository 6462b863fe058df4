"""Run folders: everything that is needed to look at a run later, and to prove that it comes out the same.

======================  ================================================================================
``tape.jsonl``          the commands that were played
``policy.json``         the policy, decimals exactly as text
``decisions.jsonl``     the decisions; the recorded truth, compared by `allocation.tape.checking.check`
``decisions.parquet``   the same for analysis
``reservations.parquet``  the reservations at the end
``summary.json``        the measures
``manifest.json``       versions and digests; a folder that has it is a run folder
======================  ================================================================================
"""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, fields, is_dataclass
from decimal import Decimal, InvalidOperation
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, get_args, get_type_hints

import numba
import numpy as np

from allocation.engine.errors import NotFound, PolicyError, Problem, SettingError
from allocation.engine.policy import DEFAULT_POLICY, Policy
from allocation.tape.decision_lines import decision_chunks
from allocation.tape.frames import decisions_frame, reservations_frame
from allocation.tape.spelling import plain
from allocation.tape.writing import write_tape

if TYPE_CHECKING:
    from allocation.tape.run import Run

SCHEMA_VERSION = 1
FORMAT = "allocation-run"
TAPE, POLICY, DECISIONS = "tape.jsonl", "policy.json", "decisions.jsonl"
SUMMARY, MANIFEST = "summary.json", "manifest.json"
DECISIONS_TABLE, RESERVATIONS_TABLE = "decisions.parquet", "reservations.parquet"
_OWN = (TAPE, POLICY, DECISIONS, SUMMARY, MANIFEST, DECISIONS_TABLE, RESERVATIONS_TABLE)


# ----- writing


def save_run(run: Run, folder: Path) -> Path:
    """Write a run folder, whole or not at all.

    It is written beside its place and moved there when it is whole. A run folder that is there already is replaced,
    with everything in it.

    Returns:
        The folder.

    Raises:
        SettingError: Something else is in the place, or a file of the run has a name that the folder needs itself.
    """
    for name in run.files:
        if name in {"", "..", *_OWN} or Path(name).name != name:
            raise SettingError(f"the file {name!r} of the run cannot go into its folder; give it another name")
    with _replaced_folder(folder) as part:
        write_tape(part / TAPE, run.tape())
        _write_json(part / POLICY, run.policy.as_dict())
        with (part / DECISIONS).open("xb") as file:
            file.writelines(decision_chunks(run.engine))
        # Frames of its own: whoever looked at those of the run may have changed them.
        decisions_frame(run.engine).to_parquet(part / DECISIONS_TABLE, index=False)
        reservations_frame(run.engine).to_parquet(part / RESERVATIONS_TABLE, index=False)
        _write_json(part / SUMMARY, run.summary)
        for name, text in run.files.items():
            (part / name).write_text(text, encoding="utf-8", newline="\n")
        _write_json(part / MANIFEST, _manifest(run, part))
    return folder


def _manifest(run: Run, folder: Path) -> dict[str, Any]:
    return {
        **run.manifest,
        "format": FORMAT,
        "schema_version": SCHEMA_VERSION,
        "commands": run.engine.register.commands,
        "decisions": len(run.engine.book.used("log")),
        "versions": {
            "allocation": version("allocation"),
            "python": platform.python_version(),
            "numpy": np.__version__,
            "numba": numba.__version__,
        },
        "digests": {name: file_digest(folder / name) for name in (TAPE, POLICY, DECISIONS)},
    }


def file_digest(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _write_json(path: Path, value: Mapping[str, Any]) -> None:
    text = json.dumps(plain(value), indent=2, ensure_ascii=False, allow_nan=False)
    path.write_text(text + "\n", encoding="utf-8", newline="\n")


@contextmanager
def _replaced_folder(folder: Path) -> Iterator[Path]:
    """A new folder that takes the place of `folder` when the block ends without an error."""
    place = folder.resolve()
    _check_place(place, folder)
    place.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=place.parent, prefix=".saving-") as beside:
        part, old = Path(beside) / "new", Path(beside) / "old"
        part.mkdir()
        yield part
        if not place.exists():
            part.rename(place)
            return
        # Between these two the place is empty; what was there is not lost if the second one fails.
        place.rename(old)
        try:
            part.rename(place)
        except OSError:
            old.rename(place)
            raise


def _check_place(place: Path, folder: Path) -> None:
    if not place.exists():
        return
    if not place.is_dir():
        raise SettingError(f"{folder} is a file; name a folder")
    if any(place.iterdir()) and not _is_run_folder(place):
        raise SettingError(f"{folder} has other things in it and is no run folder; name another, or an empty one")


def _is_run_folder(folder: Path) -> bool:
    # Other programs write a manifest.json, too.
    try:
        return bool(_read_json(folder / MANIFEST).get("format") == FORMAT)
    except NotFound:
        return False


# ----- reading


@dataclass(frozen=True, slots=True)
class RunFolder:
    """What a run folder has in it; ``replay(found.tape, found.policy)`` plays it again.

    Attributes:
        folder: Where it is.
        manifest: Versions, digests and what else is known of the run.
        policy: The policy, exactly.
        summary: The measures as they were saved.
        tape: Path of the tape.
        decisions: Path of the recorded decisions.
    """

    folder: Path
    manifest: Mapping[str, Any]
    policy: Policy
    summary: Mapping[str, Any]
    tape: Path
    decisions: Path


def load_run(folder: str | Path) -> RunFolder:
    """Read a run folder; its tape and decisions are left on disk.

    Raises:
        NotFound: It is no run folder, or is of a later version of this package.
        PolicyError: Its policy is none.
    """
    folder = Path(folder)
    if not _is_run_folder(folder):
        raise NotFound(f"{folder} is no run folder: it has no {MANIFEST} of a run; name a folder that `save` wrote")
    manifest = _read_json(folder / MANIFEST)
    if manifest.get("schema_version") != SCHEMA_VERSION:
        found = manifest.get("schema_version")
        raise NotFound(f"{folder} has schema_version {found!r}; this version of allocation reads {SCHEMA_VERSION}")
    return RunFolder(
        folder=folder,
        manifest=manifest,
        policy=policy_from_plain(_read_json(folder / POLICY)),
        summary=_read_json(folder / SUMMARY),
        tape=folder / TAPE,
        decisions=folder / DECISIONS,
    )


def _read_json(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(path.read_bytes())
    except (OSError, ValueError) as problem:
        raise NotFound(f"{path} cannot be read: {problem}") from problem
    if not isinstance(value, dict):
        raise NotFound(f"{path} is no JSON object")
    return value


def policy_from_plain(data: Mapping[str, Any]) -> Policy:
    """The policy that `Policy.as_dict` wrote, exactly.

    Raises:
        PolicyError: A key is unknown, or a value is out of range.
    """
    known = {field.name for field in fields(Policy)}
    problems = [Problem((name,), "is no part of a policy; take it out") for name in data if name not in known]
    values: dict[str, Any] = {}
    for name in sorted(known & data.keys()):
        try:
            values[name] = _section(name, data[name])
        except (TypeError, AttributeError, InvalidOperation) as problem:
            problems.append(Problem((name,), f"{data[name]!r} cannot be read: {problem}"))
    if problems:
        raise PolicyError(problems, "policy")
    return Policy(**values)


def _section(name: str, value: Any) -> Any:
    default = getattr(DEFAULT_POLICY, name)
    if name == "tiers":
        return {tier: Decimal(score) for tier, score in value.items()}
    if not is_dataclass(default):
        return value
    kind: Any = type(default)
    hints = get_type_hints(kind)
    exact = {key for key, hint in hints.items() if Decimal in (hint, *get_args(hint))}
    return kind(**{key: Decimal(x) if key in exact and x is not None else x for key, x in value.items()})
