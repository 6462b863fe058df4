"""How values, names and problems are shown: short, in one line, and never so that a terminal obeys them."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import replace

from allocation.engine.errors import Problem

PROBLEMS_MAX = 50
"""Problems that are listed; of the rest only the number is told."""
_SHOWN = 60
_MESSAGE = 600
_JOINERS = "\u200c\u200d"
"""Hold some scripts and emoji together."""


def is_printable(text: str) -> bool:
    """Whether a text holds nothing but characters to be read: no control characters, no halves of characters."""
    return text.isprintable() or all(
        one.isprintable() or one in _JOINERS or unicodedata.category(one) == "Zs" for one in text
    )


def escaped(text: str) -> str:
    """The text with everything written out that does not print."""
    if text.isprintable():
        return text
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode("ascii") for one in text)


def short(text: object, longest: int = _SHOWN) -> str:
    """A name or text for a message, without quotes."""
    whole = escaped(str(text)[: longest + 1])
    return whole if len(whole) <= longest else whole[:longest] + "..."


def shown(value: object) -> str:
    """A value for a message: short, and without the text of what is below it."""
    if isinstance(value, Mapping):
        return "a mapping"
    if isinstance(value, list | tuple):
        return "a list"
    if isinstance(value, str):
        return repr(value) if len(value) <= _SHOWN else repr(value[:_SHOWN]) + "..."
    return "nothing" if value is None else short(value)


def listed(problems: Iterable[Problem], source: str = "") -> list[Problem]:
    """The first problems, fit to be shown, and how many more there are; what is said twice is said once."""
    unique = list(dict.fromkeys(problems))
    shown_ones = [_readable(problem) for problem in unique[:PROBLEMS_MAX]]
    if len(unique) > PROBLEMS_MAX:
        shown_ones.append(Problem((), f"... and {len(unique) - PROBLEMS_MAX} more", source))
    return shown_ones


def _readable(problem: Problem) -> Problem:
    path = tuple(key if isinstance(key, int) else short(key) for key in problem.path)
    return replace(problem, path=path, message=short(problem.message, _MESSAGE))
