"""A history and everything that must be said with it: how it is read, what is taken from it, what is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from pathlib import Path
from typing import Any

from allocation.calibration.settings import Settings
from allocation.engine.errors import Problem, SettingError
from allocation.scenario.ranges import suggestion
from allocation.scenario.wording import listed, shown

PARTS: Mapping[str, str] = {
    "orders": "the number of orders",
    "arrivals": "when they arrive",
    "tiers": "the mix of tiers",
    "quantities": "the mix of quantities",
    "cancellation": "the shares that cancel",
    "timing": "when they cancel",
    "payment": "the share that never pays",
}
"""What can be taken from a history, in words."""
EXAMPLE = Path(__file__).with_name("sampled-from-console-realistic.csv")
"""A small history that is no real one: it was drawn from the shipped scenario that its name says."""
_EXAMPLE_CAVEAT = (
    "This history is an example: it was drawn from the scenario console-realistic, and nobody placed these orders."
)


@dataclass(frozen=True, slots=True)
class Source:
    """A history, as it is asked for.

    Attributes:
        file: CSV, or Parquet where it ends with ``.parquet``.
        settings: How it is read.
        take: What is taken from it, of `PARTS`; empty is everything that it shows.
        caveat: What must be known of it, such as how it was selected; it goes into the scenario.

    Raises:
        SettingError: Something that nobody knows is to be taken.
    """

    file: Path
    settings: Settings = field(default_factory=Settings)
    take: tuple[str, ...] = ()
    caveat: str = ""

    def __post_init__(self) -> None:
        problems = [
            Problem(("take",), f"unknown part {shown(part)}{suggestion(part, PARTS)}")
            for part in self.take
            if part not in PARTS
        ]
        if problems:
            raise SettingError(listed(problems), "what to take from the history")


def example_source() -> Source:
    """The history that is shipped as an example."""
    return Source(EXAMPLE, Settings(), caveat=_EXAMPLE_CAVEAT)


def source_of(asked: str | Mapping[str, Any], folder: Path) -> Source:
    """The source that a manifest asks for.

    Args:
        asked: The name of a file; or ``file`` with, optionally, the attributes of `Settings`, ``take`` and ``caveat``.
        folder: Where the file is.

    Raises:
        SettingError: It has a key that nobody knows, or a value that is none.
    """
    given: dict[str, Any] = {"file": asked} if isinstance(asked, str) else dict(asked)
    known = {one.name for one in fields(Settings)}
    problems = [
        Problem((key,), f"unknown key{suggestion(key, sorted(known | {'file', 'take', 'caveat'}))}")
        for key in given
        if key not in known | {"file", "take", "caveat"}
    ]
    problems += [Problem(("file",), "is missing")] if not isinstance(given.get("file"), str) else []
    problems += [_no_mapping(key, given[key]) for key in ("columns", "statuses", "tiers")
                 if not _is_words(given.get(key, {}))]  # fmt: skip
    if problems:
        raise SettingError(listed(problems), "history")
    settings = Settings(
        columns=given.get("columns", {}),
        statuses=given.get("statuses", {}),
        tiers=given.get("tiers", {}),
        timezone=given.get("timezone"),
        ends=read_instant("ends", given.get("ends")),
        due=read_instant("due", given.get("due")),
    )
    return Source(folder / given["file"], settings, tuple(given.get("take", ())), str(given.get("caveat", "")))


def read_instant(name: str, text: str | None) -> datetime | None:
    """An instant as it is written in a setting; None for none.

    Raises:
        SettingError: It is none.
    """
    if text is None:
        return None
    try:
        return datetime.fromisoformat(text)
    except (ValueError, TypeError):
        raise SettingError(f"{name} {shown(text)} is no instant; write one such as 2025-11-15T02:00:00-05:00") from None


def _is_words(value: object) -> bool:
    return isinstance(value, Mapping) and all(isinstance(word, str) for pair in value.items() for word in pair)


def _no_mapping(key: str, value: object) -> Problem:
    return Problem((key,), f"{shown(value)} must map words to words")


def listed_words(words: Sequence[str]) -> str:
    """Words in a sentence.

    >>> listed_words(["supply", "costs", "policy"])
    'supply, costs and policy'
    """
    return " and ".join([*filter(None, [", ".join(words[:-1])]), words[-1]]) if words else "nothing"
