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
from typing import TYPE_CHECKING, Any, get_args, get_origin, get_type_hints

import numba
import numpy as np

from allocation.engine.errors import NotFound, PolicyError, Problem, SettingError
from allocation.engine.policy import Policy
from allocation.engine.validation import shown
from allocation.tape.decision_lines import decision_chunks
from allocation.tape.frames import decisions_frame, reservations_frame
from allocation.tape.reading import DEPTH_MAX, NotUsable, is_deep, unique_keys
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
        SettingError: The place is none for a run folder (`require_place`), or a file of the run has a name that the
            folder needs itself.
    """
    for name in run.files:
        if name in _OWN or not is_plain_name(name):
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


def is_plain_name(name: str) -> bool:
    """Whether it can only be the name of a file in the folder itself."""
    return name not in {"", ".."} and "\0" not in name and Path(name).name == name


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
    require_place(folder)
    place = folder.resolve()
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


def require_place(folder: Path) -> None:
    """Whether a run folder can be written there; nothing is left behind.

    Raises:
        SettingError: It cannot be written, or something else is there.
    """
    if not folder.parts:
        raise SettingError(f"'{folder}' has no name of its own; name a folder to write, such as runs/first")
    try:
        place = folder.resolve()
        for part in (place, *place.parents):
            if part.is_symlink():
                # It leads to itself, and that is an error here.
                part.stat()
        _check_place(place, folder)
        above = next(parent for parent in place.parents if parent.exists())
        with TemporaryDirectory(dir=above, prefix=".saving-"):
            pass
    except (OSError, RuntimeError, ValueError) as problem:
        # Some versions of Python have errors of their own for links that lead to themselves.
        why = problem.strerror if isinstance(problem, OSError) else problem
        raise SettingError(f"{folder} cannot be written ({why}); name a folder where you may write") from problem


def _check_place(place: Path, folder: Path) -> None:
    if not place.exists():
        return
    if not place.is_dir():
        raise SettingError(f"{folder} is a file; name a folder")
    if any(place.iterdir()) and not _is_run_folder(place):
        raise SettingError(f"{folder} has other things in it and is no run folder; name another, or an empty one")


def _is_run_folder(folder: Path) -> bool:
    try:
        _read_manifest(folder)
    except NotFound:
        return False
    return True


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
        NotFound: It is no run folder, is damaged, or is of a later version of this package.
        PolicyError: Its policy is none.
    """
    folder = Path(folder)
    manifest = _read_manifest(folder)
    if manifest.get("schema_version") != SCHEMA_VERSION:
        found = manifest.get("schema_version")
        raise NotFound(f"{folder} has schema_version {shown(found)}; this version of allocation reads {SCHEMA_VERSION}")
    return RunFolder(
        folder=folder,
        manifest=manifest,
        policy=_read_policy(folder / POLICY),
        summary=_read_json(folder / SUMMARY),
        tape=folder / TAPE,
        decisions=folder / DECISIONS,
    )


def _read_manifest(folder: Path) -> dict[str, Any]:
    manifest = _read_json(folder / MANIFEST)
    # Other programs write a manifest.json, too.
    if manifest.get("format") != FORMAT:
        raise NotFound(f"{folder} is no run folder: its {MANIFEST} is not that of a run; name one that `save` wrote")
    return manifest


def _read_policy(path: Path) -> Policy:
    data = _read_json(path, PolicyError)
    try:
        return policy_from_plain(data)
    except PolicyError as error:
        raise PolicyError(error.problems, str(path)) from error


def _read_json(path: Path, damaged: type[NotFound | PolicyError] = NotFound) -> dict[str, Any]:
    try:
        content = path.read_bytes()
    except (FileNotFoundError, NotADirectoryError) as problem:
        raise NotFound(
            f"{path.parent} is no run folder: it has no {path.name}; name a folder that `save` wrote"
        ) from problem
    except OSError as problem:
        raise NotFound(f"{path} cannot be read ({problem.strerror}); name a folder that you may read") from problem
    try:
        value = json.loads(content, object_pairs_hook=unique_keys)
    except json.JSONDecodeError as problem:
        wrong = f"it is not JSON at line {problem.lineno}, column {problem.colno}" if content.strip() else "it is empty"
    except UnicodeDecodeError as problem:
        wrong = f"it is not UTF-8 at byte {problem.start + 1}"
    except RecursionError:
        wrong = f"it is nested deeper than {DEPTH_MAX} levels"
    except NotUsable as problem:
        wrong = str(problem)
    except ValueError:
        wrong = "a number in it has thousands of digits"
    else:
        if isinstance(value, dict) and not is_deep(value):
            return value
        wrong = f"it is no JSON object of at most {DEPTH_MAX} levels"
    raise damaged(f"{path} is damaged: {wrong}; save the run anew")


# ----- policies


def policy_from_plain(data: Mapping[str, Any]) -> Policy:
    """The policy that `Policy.as_dict` wrote, exactly.

    Raises:
        PolicyError: A key is unknown, or a value cannot be read or is out of range.
    """
    problems: list[Problem] = []
    values = _values(data, Policy, (), problems)
    if problems:
        raise PolicyError(problems, "policy")
    return Policy(**values)


def _values(data: Mapping[str, Any], kind: Any, path: tuple[str, ...], problems: list[Problem]) -> dict[str, Any]:
    """The fields of a dataclass that plain data gives."""
    hints = get_type_hints(kind)
    return {
        name: _value(value, hints[name], (*path, name), problems) for name, value in _known(data, kind, path, problems)
    }


def _known(data: Mapping[str, Any], kind: Any, path: tuple[str, ...], problems: list[Problem]) -> list[tuple[str, Any]]:
    names = {field.name for field in fields(kind)}
    problems += [Problem((*path, key), "is no part of a policy; take it out") for key in data if key not in names]
    return [(key, value) for key, value in data.items() if key in names]


def _value(value: Any, hint: Any, path: tuple[str, ...], problems: list[Problem]) -> Any:
    """What JSON spells differently is read here; the policy itself checks whole numbers, choices and ranges."""
    if is_dataclass(hint) or get_origin(hint) is Mapping:
        if not isinstance(value, dict):
            problems.append(Problem(path, f"{shown(value)} is no object with keys and values"))
            return {}
        if is_dataclass(hint):
            found = _values(value, hint, path, problems)
            return found if problems else hint(**found)  # type: ignore[operator]
        inner = get_args(hint)[1]
        return {key: _value(item, inner, (*path, key), problems) for key, item in value.items()}
    kinds = get_args(hint) or (hint,)
    if value is None:
        if type(None) not in kinds:
            problems.append(Problem(path, "null is no value here; write one, or take the key out"))
    elif Decimal in kinds:
        try:
            # Not exact from a float itself: its decimals are those that are written.
            return Decimal(str(value) if type(value) in {str, int, float, Decimal} else "")
        except InvalidOperation:
            problems.append(Problem(path, f"{shown(value)} is no number"))
    elif hint is str and not isinstance(value, str):
        problems.append(Problem(path, f"{shown(value)} is no text"))
    return value
