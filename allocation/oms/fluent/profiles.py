"""Profiles of the platform's command line, so that nobody types credentials twice.

A profile is a folder [SDK]: ``profile.json`` (address, client, whose user), ``user.<name>.json`` (user name, password)
and ``retailer.<REF>.json`` (the retailer's id, and its own user if it has one, who wins over the profile's).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from allocation.engine.errors import Problem

_NAME = re.compile(r"[^./\\][^/\\]{0,199}")
_BYTES_MAX = 100_000


@dataclass(frozen=True, slots=True)
class Found:
    """A setting as it was found.

    Attributes:
        content: Its value, which may be a secret.
        path: Keys that lead to it.
        place: The file, empty for the environment.
    """

    content: Any = field(repr=False)
    path: tuple[str, ...]
    place: str = ""


class _Unreadable(Exception):
    """A file of a profile cannot be read."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem


def read_profile(name: str, folder: Path, retailer: str | None) -> tuple[dict[str, Found], list[Problem]]:
    """Settings that a profile holds, and what is wrong with it.

    Args:
        name: Of the profile.
        folder: Of all profiles.
        retailer: Ref of the retailer, where the profile has several.
    """
    home = folder / name
    if not _NAME.fullmatch(name) or not home.is_dir():
        known = ", ".join(_profiles(folder)) or "none"
        return {}, [Problem(("profile",), f"there is no profile {name!r}; known: {known}", str(folder))]
    found: dict[str, Found] = {}
    problems: list[Problem] = []
    user: object = None
    try:
        keys = {"baseUrl": "base_url", "id": "client_id", "clientSecret": "client_secret"}
        profile = _read(home / "profile.json", keys, found, problems)
        user = profile.get("user")
    except _Unreadable as error:
        problems.append(error.problem)
    try:
        chosen = _retailer(home, retailer)
        user = _read(chosen, {"id": "retailer_id"}, found, problems).get("user") or user
    except _Unreadable as error:
        problems.append(error.problem)
    try:
        _read(_user(home, user), {"username": "username", "password": "password"}, found, problems)
    except _Unreadable as error:
        problems.append(error.problem)
    return found, problems


def _profiles(folder: Path) -> list[str]:
    """Names of all profiles; folders that start with a dot are none."""
    if not folder.is_dir():
        return []
    return sorted(one.name for one in folder.iterdir() if one.is_dir() and not one.name.startswith("."))


def _retailer(home: Path, ref: str | None) -> Path:
    files = sorted(home.glob("retailer.*.json"))
    refs = [file.name.removeprefix("retailer.").removesuffix(".json") for file in files]
    if ref is not None and ref in refs:
        return files[refs.index(ref)]
    known = ", ".join(refs) or "none"
    if ref is not None:
        raise _Unreadable(Problem(("retailer",), f"the profile has no retailer {ref!r}; known: {known}", str(home)))
    if len(files) != 1:
        message = f"the profile has {len(files)} retailers ({known}); name one of them, by its ref"
        raise _Unreadable(Problem(("retailer",), message, str(home)))
    return files[0]


def _user(home: Path, name: object) -> Path:
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        message = "neither the profile nor its retailer names a user; log in with the Fluent command line once"
        raise _Unreadable(Problem(("user",), message, str(home)))
    return home / f"user.{name}.json"


def _read(file: Path, keys: Mapping[str, str], found: dict[str, Found], problems: list[Problem]) -> Mapping[str, Any]:
    """Take keys of a file over as settings. No message repeats what stands in it."""
    body = _object(file)
    for key, setting in keys.items():
        content = body.get(key)
        if isinstance(content, int) and not isinstance(content, bool):
            content = str(content)
        if not content:
            problems.append(Problem((key,), "is missing", str(file)))
        else:
            found[setting] = Found(content, (key,), str(file))
    return body


def _object(file: Path) -> Mapping[str, Any]:
    try:
        with file.open("rb") as opened:
            content = opened.read(_BYTES_MAX + 1)
    except OSError as error:
        raise _Unreadable(Problem((), f"cannot be read: {error.strerror}", str(file))) from None
    try:
        body = json.loads(content[:_BYTES_MAX])
    except (ValueError, RecursionError):
        # Its own message is not passed on: a decoder's error holds the whole text.
        raise _Unreadable(Problem((), "is no JSON", str(file))) from None
    if not isinstance(body, dict):
        raise _Unreadable(Problem((), "must be an object of keys", str(file)))
    return body
