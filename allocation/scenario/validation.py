"""Plain data becomes sections of a scenario, or a list of everything that is wrong with it.

Pydantic reads each section by itself. What it refuses is reported, left out, and the section read again, so
that one misspelt key does not hide shares that sum to 0.9.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import MISSING, fields
from functools import cache
from typing import Any

from pydantic import TypeAdapter, ValidationError

from allocation.engine.errors import PolicyError, Problem
from allocation.engine.policy import Policy
from allocation.scenario.checks import section_problems
from allocation.scenario.paths import child, field_types, known_keys, literal_values, members, written_path
from allocation.scenario.ranges import Hints, Path, suggestion, tier_names
from allocation.scenario.schema import Scenario
from allocation.scenario.wording import PROBLEMS_MAX, shown

_EXPECTED = {
    "int_type": "is no whole number",
    "int_parsing": "is no whole number",
    "int_parsing_size": "is no whole number of a size that counts",
    "int_from_float": "is no whole number",
    "decimal_type": "is no number",
    "decimal_parsing": "is no number",
    "finite_number": "is no finite number",
    "string_type": "must be text; write it in quotes",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "dataclass_type": "must be a section of keys",
    "dict_type": "must be a mapping",
    "mapping_type": "must be a mapping",
    "tuple_type": "must be a list",
    "union_tag_not_found": "must be a section with a shape",
    "model_attributes_type": "must be a section of keys",
    "dataclass_exact_type": "must be a section of keys",
}


def read_scenario(data: object) -> tuple[Scenario | None, list[Problem]]:
    """Read a whole scenario: the scenario, or None and all problems, without places."""
    sections, problems, damaged = _read_sections(data)
    names = {_text(path) for path in damaged}
    if any(name[:2] == ("policy", "tiers") for name in names):
        # A tier with a bad score is still a tier.
        sections.pop("policy", None)
    problems += _independent(section_problems(sections), names)
    return (None, problems) if problems else (Scenario(**sections), [])


def read_policy(data: object) -> tuple[Policy | None, list[Problem]]:
    """Read a policy: the policy, or None and all problems, without places."""
    value, problems, damaged = read_section(Policy, data, ())
    if value is not None:
        problems += _independent(tier_names(("tiers",), value.tiers), {_text(path) for path in damaged})
    return (None, problems) if problems else (value, [])


def _read_sections(data: object) -> tuple[dict[str, Any], list[Problem], list[Path]]:
    if not isinstance(data, Mapping):
        return (
            {},
            [Problem((), "is no scenario: it must be a mapping of sections such as demand and supply")],
            [],
        )
    sections: dict[str, Any] = {}
    hints = field_types(Scenario)
    hint = Hints(hints)
    problems = [Problem((str(key),), f"unknown key{hint(key)}") for key in data if key not in hints]
    damaged: list[Path] = []
    for field in fields(Scenario):
        if field.name in data:
            path = (field.name,)
            value, found, lost = read_section(hints[field.name], data[field.name], path)
            problems += found
            damaged += lost
            if value is not None:
                sections[field.name] = value
        elif field.default_factory is not MISSING:
            sections[field.name] = field.default_factory()
        elif field.default is not MISSING:
            sections[field.name] = field.default
        else:
            problems.append(Problem((field.name,), f"is missing; a scenario needs {field.name}"))
    return sections, problems, damaged


def read_section(hint: object, data: object, prefix: Path = ()) -> tuple[Any, list[Problem], list[Path]]:
    """One section, the problems found in it, and the paths that were left out of it.

    Args:
        hint: Its type: a dataclass, or what its fields may be.
        data: Plain data.
        prefix: Where it stands.
    """
    problems: list[Problem] = []
    damaged: list[Path] = []
    for _ in range(3):
        try:
            value = _adapter(hint).validate_python(data)
            return value, problems, [(*prefix, *path) for path in damaged]
        except ValidationError as error:
            details = error.errors(include_url=False)
            found = [_problem(hint, detail, at < PROBLEMS_MAX) for at, detail in enumerate(details)]
            lost = [problem.path for problem in found]
            told = {_text(path) for path in damaged}
            problems += [_below(prefix, p) for p in found if _text(p.path) not in told]
        except PolicyError as error:
            told = {_text(path) for path in damaged}
            problems += [_below(prefix, p) for p in _independent(error.problems, told)]
            lost = [problem.path for problem in error.problems]
        data = _without(data, {_text(path) for path in lost})
        damaged += lost
    return None, problems, [(*prefix, *path) for path in damaged]


@cache
def _adapter(hint: Any) -> TypeAdapter[Any]:
    return TypeAdapter(hint)


def _without(data: Any, lost: set[tuple[str, ...]], at: tuple[str, ...] = ()) -> Any:
    """The data without the keys at these paths; list items stay, since leaving one out renumbers the rest."""
    if isinstance(data, list):
        return [_without(item, lost, (*at, str(index))) for index, item in enumerate(data)]
    if not isinstance(data, dict):
        return data
    below = {key: (*at, str(key)) for key in data}
    return {key: _without(item, lost, below[key]) for key, item in data.items() if below[key] not in lost}


def _problem(hint: object, detail: Mapping[str, Any], suggests: bool) -> Problem:
    """What pydantic found, at the path that the person wrote, in this project's words."""
    path, holder = written_path(hint, detail["loc"])
    kind, value = detail["type"], detail["input"]
    if kind in {"unexpected_keyword_argument", "invalid_key"}:
        return Problem(path, f"unknown key{suggestion(path[-1], known_keys(holder)) if suggests else ''}")
    if kind == "missing":
        return Problem(path, "is missing")
    if kind == "value_error":
        return Problem(path, str(detail["ctx"]["error"]))
    if kind in {"literal_error", "union_tag_invalid"}:
        return Problem(path, _not_one_of(path, holder, detail, suggests))
    if kind == "too_long":
        return Problem(path, f"has {detail['ctx']['actual_length']} entries; it takes {detail['ctx']['max_length']}")
    message = _EXPECTED.get(kind, detail["msg"])
    return Problem(path, f"{shown(value)} {message}" if kind in _EXPECTED else f"{shown(value)}: {message}")


def _not_one_of(path: Path, holder: object, detail: Mapping[str, Any], suggests: bool) -> str:
    annotation = child(holder, path[-1]) if path else holder
    allowed = literal_values(annotation) or tuple(members(annotation) or ())
    value = detail["ctx"]["tag"] if detail["type"] == "union_tag_invalid" else detail["input"]
    hint = suggestion(value, allowed) if suggests else ""
    return f"{shown(value)} is not one of {', '.join(allowed)}" + ("" if "known:" in hint else hint)


def _below(prefix: Path, problem: Problem) -> Problem:
    return Problem((*prefix, *problem.path), problem.message)


def _text(path: Path) -> tuple[str, ...]:
    return tuple(str(key) for key in path)


def _independent(problems: Iterable[Problem], damaged: set[tuple[str, ...]]) -> list[Problem]:
    """Without those that may be the consequence of what was left out: they are around it or below it."""
    around = {path[:depth] for path in damaged for depth in range(len(path) + 1)}

    def follows(path: tuple[str, ...]) -> bool:
        return path in around or any(path[:depth] in damaged for depth in range(len(path)))

    return [problem for problem in problems if not follows(_text(problem.path))]
