"""YAML text as plain data with the line of every key, numbers exactly as written, and no surprises.

The text is read event by event: nothing is constructed from tags, aliases are refused (a few lines of them
can expand to gigabytes), depth and size are bounded, and a number keeps its digits: 1.15 is
``Decimal("1.15")``. Scalars follow the core schema of YAML 1.2; dates stay text, which the schema reads, and
so does ``true``, which the schema reads as a truth value only where one belongs (Python would take it for 1).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    CollectionEndEvent,
    CollectionStartEvent,
    DocumentStartEvent,
    Event,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
)

from allocation.engine.errors import InvalidInput, Problem, ScenarioError
from allocation.scenario.wording import escaped, listed, short, shown

CHARACTERS_MAX = 2**20
DEPTH_MAX = 24
DIGITS_MAX = 40
"""Longer numbers stay text: none of them is in range, and some take minutes to convert."""
OVERRIDDEN = 0
"""Line of what was set from outside the file."""

_WHOLE = re.compile(r"[-+]?[0-9]+")
_NUMBER = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]{1,3})?")
_NULL = {"": None, "~": None, "null": None, "Null": None, "NULL": None}
_TRUTH = {"True": "true", "TRUE": "true", "False": "false", "FALSE": "false"}


@dataclass(frozen=True, slots=True)
class Document:
    """Plain data and where it is written.

    Attributes:
        data: Mappings, lists, text, ``int``, ``Decimal`` and None.
        source: The file, as shown in messages.
        lines: Line of each key and list item, by its path as text; ``OVERRIDDEN`` if it is not from the file.
        problems: Keys written twice.
        label: Place shown for what was set from outside.
    """

    data: Any
    source: str
    lines: dict[tuple[str, ...], int] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    label: str = "override"

    def line(self, path: tuple[str | int, ...]) -> int | None:
        """Line of a path, or of the nearest thing around it that is written; None in data that has no lines."""
        keys = tuple(str(key) for key in path)
        return next((self.lines[keys[:n]] for n in range(len(keys), -1, -1) if keys[:n] in self.lines), None)

    def locate(self, problem: Problem) -> Problem:
        """The problem with its place filled in."""
        line = self.line(problem.path)
        place = self.source if line is None else self.label if line == OVERRIDDEN else f"{self.source}:{line}"
        return problem if problem.place else replace(problem, place=place)

    def report(self, problems: list[Problem]) -> list[Problem]:
        """Problems in the order of the file, each with its place; of many only the first."""
        ordered = sorted(problems, key=lambda problem: self.line(problem.path) or 0)
        return listed(map(self.locate, ordered), self.source)


def read_yaml(text: str, source: str, error: type[InvalidInput] = ScenarioError) -> Document:
    """Read one YAML document.

    Args:
        text: The document.
        source: What to call it in messages, usually the file's name.
        error: Raised when the text is no such document.

    Raises:
        InvalidInput: Of the class ``error``, with ``source:line``.
    """

    def fail(line: int, message: str) -> InvalidInput:
        return error(listed([Problem((), message, f"{source}:{line}")]), f"{source} cannot be read")

    source = escaped(source)
    if len(text) > CHARACTERS_MAX:
        raise fail(1, f"has more than {CHARACTERS_MAX} characters")
    reader = _Reader(source)
    try:
        for event in YAML(typ="safe", pure=True).parse(text):
            refusal = reader.take(event)
            if refusal:
                raise fail(event.start_mark.line + 1, refusal)
    except MarkedYAMLError as err:
        mark = err.problem_mark or err.context_mark
        reason = " ".join(str(part) for part in (err.problem, err.context) if part)
        if "\\t" in reason:
            reason += "; indent with spaces, not tabs"
        raise fail(mark.line + 1 if mark else 1, f"is not YAML: {reason}") from None
    except (YAMLError, ValueError, OverflowError, LookupError, AttributeError, AssertionError) as err:
        # What the reader raises for characters, escapes and directives that it does not take carries no line.
        raise fail(1, f"is not YAML: {' '.join(str(err).split())}") from None
    if not reader.documents or reader.root is None:
        raise fail(1, "is empty")
    return Document(reader.root, source, reader.lines, tuple(reader.problems))


def whole_characters(text: str) -> str | None:
    """The text with characters that are written in two halves (as JSON does) joined; None if a half is alone."""
    if text.isprintable():
        return text
    try:
        return text.encode("utf-16", "surrogatepass").decode("utf-16")
    except UnicodeDecodeError:
        return None


class _Reader:
    """Builds plain data from events, with a stack of its own: depth is bounded, and nothing recurses."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.root: Any = None
        self.documents = 0
        self.lines: dict[tuple[str, ...], int] = {}
        self.problems: list[Problem] = []
        self._stack: list[Any] = []
        self._path: list[str] = []
        self._keys: list[Any] = []

    def take(self, event: Event) -> str | None:
        """Take the next event; a text says why the document is refused."""
        if isinstance(event, DocumentStartEvent):
            self.documents += 1
            return "holds a second document; write one" if self.documents > 1 else None
        if isinstance(event, AliasEvent):
            return f"*{short(event.anchor)} repeats another part of the file; write it out"
        if isinstance(event, NodeEvent):
            return self._node(event)
        if isinstance(event, CollectionEndEvent):
            self._stack.pop()
            self._keys.pop()
            if self._path:
                self._path.pop()
        return None

    def _node(self, event: Any) -> str | None:
        tag = getattr(event, "tag", None)
        if tag is not None and not (isinstance(event, ScalarEvent) and str(tag) in {"!", "tag:yaml.org,2002:str"}):
            return f"the tag {short(tag)} is not taken; write plain values"
        if isinstance(event, ScalarEvent):
            whole = whole_characters(str(event.value))
            if whole is None:
                return f"{shown(event.value)} has half a character, which no text can hold"
            event.value = whole
        parent = self._stack[-1] if self._stack else None
        line = event.start_mark.line + 1
        if isinstance(parent, dict) and self._keys[-1] is _WAITING:
            if not isinstance(event, ScalarEvent):
                return "a key must be one word or number"
            self._key(parent, _scalar(event), str(event.value), line)
            return None
        value = _empty(event)
        if len(self._stack) >= DEPTH_MAX:
            return f"is nested more than {DEPTH_MAX} deep"
        self._place(parent, value, line)
        if isinstance(event, CollectionStartEvent):
            self._stack.append(value)
            self._keys.append(_WAITING)
        elif self._path and parent is not None:
            self._path.pop()
        return None

    def _key(self, parent: dict[Any, Any], key: Any, written: str, line: int) -> None:
        key = written if key is None else key
        path = (*self._path, str(key))
        if key in parent or path in self.lines:
            first = self.lines.get(path)
            where = f" (first on line {first})" if first else ""
            self.problems.append(Problem(path, f"is written twice{where}", f"{self.source}:{line}"))
            key = _Repeated()
        else:
            self.lines[path] = line
        self._keys[-1] = key

    def _place(self, parent: Any, value: Any, line: int) -> None:
        if parent is None:
            self.root = value
            self.lines[()] = line
        elif isinstance(parent, dict):
            key, self._keys[-1] = self._keys[-1], _WAITING
            self._path.append(str(key))
            if not isinstance(key, _Repeated):
                parent[key] = value
        else:
            self._path.append(str(len(parent)))
            self.lines[tuple(self._path)] = line
            parent.append(value)


class _Repeated:
    """Stands for a key that was there already; what follows it is dropped."""


_WAITING = _Repeated()


def _empty(event: Event) -> Any:
    if isinstance(event, ScalarEvent):
        return _scalar(event)
    return {} if isinstance(event, MappingStartEvent) else []


def _scalar(event: Any) -> Any:
    """A scalar in the core schema of YAML 1.2, with decimals exact and dates and truth values as text."""
    text = str(event.value)
    if not event.implicit[0] or event.style is not None:
        return text
    if text in _NULL:
        return None
    if len(text) <= DIGITS_MAX:
        if _WHOLE.fullmatch(text):
            return int(text)
        if _NUMBER.fullmatch(text):
            return Decimal(text)
    return _TRUTH.get(text, text)
