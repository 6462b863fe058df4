"""Scenario and policy files: found, read, overridden, validated."""

from __future__ import annotations

import errno
import stat
from collections.abc import Mapping
from pathlib import Path

from allocation.engine.errors import InvalidInput, PolicyError, Problem, ScenarioError
from allocation.engine.policy import Policy
from allocation.scenario.overrides import apply_overrides, to_plain
from allocation.scenario.ranges import suggestion
from allocation.scenario.schema import Scenario
from allocation.scenario.validation import read_policy, read_scenario
from allocation.scenario.wording import escaped, shown
from allocation.scenario.yaml_text import CHARACTERS_MAX, Document, read_yaml

_PACKAGE = Path(__file__).resolve().parent.parent
_SUFFIXES = (".yaml", ".yml", ".json")


def scenario_folder() -> Path:
    """The folder of the shipped scenarios: inside an installed package, at the top level of a checkout."""
    shipped = _PACKAGE / "_shipped" / "scenarios"
    return shipped if shipped.is_dir() else _PACKAGE.parent / "scenarios"


def list_scenarios() -> list[str]:
    """Names of the shipped scenarios, sorted."""
    return sorted(path.stem for path in scenario_folder().glob("*.yaml"))


def load_scenario(
    name_or_path: str | Path, overrides: Mapping[str, object] | None = None, *, label: str = "override"
) -> Scenario:
    """Load a scenario by the name of a shipped one, or from a file.

    Args:
        name_or_path: Such as ``console-waves`` or ``my/launch.yaml``.
        overrides: Values by dotted key that replace those of the file: ``{"policy.overbooking.rate": 1.05}``.
        label: What problems with the overrides are placed at; the command line says ``--set``.

    Raises:
        ScenarioError: With every problem of the file and its line; or if there is no such scenario.
        SettingError: For an override whose key leads nowhere.
    """
    path = find_scenario(name_or_path)
    return parse_scenario(read_text(path, ScenarioError), shown_path(path), overrides, label=label)


def parse_scenario(
    text: str,
    source: str = "scenario",
    overrides: Mapping[str, object] | None = None,
    *,
    label: str = "override",
) -> Scenario:
    """Read a scenario from YAML text; ``source`` is what messages call it. Raises as ``load_scenario``."""
    document = read_yaml(text, source)
    document = apply_overrides(document, overrides or {}, Scenario, label)
    scenario, problems = read_scenario(document.data)
    problems += document.problems
    if scenario is None or problems:
        raise ScenarioError(document.report(problems), f"{document.source} is not valid")
    return scenario


def with_overrides(scenario: Scenario, overrides: Mapping[str, object], *, label: str = "override") -> Scenario:
    """A scenario with other values at dotted keys, validated as a whole.

    Args:
        scenario: It is not changed.
        overrides: Values by dotted key, as for ``load_scenario``.
        label: What problems with the overrides are placed at.

    Raises:
        ScenarioError: With every problem of the scenario that they give.
        SettingError: For an override whose key leads nowhere.
    """
    if not overrides:
        return scenario
    document = Document(to_plain(scenario), escaped(scenario.name))
    document = apply_overrides(document, overrides, Scenario, label)
    changed, problems = read_scenario(document.data)
    if changed is None or problems:
        raise ScenarioError(document.report(problems), f"{document.source} is not valid")
    return changed


def load_policy(path: str | Path, overrides: Mapping[str, object] | None = None, *, label: str = "override") -> Policy:
    """Load a policy from a YAML or JSON file with the keys of RULES.md section 10.

    Args:
        path: The file.
        overrides: Values by dotted key; ``overbooking.rate`` and ``policy.overbooking.rate`` are the same.
        label: What problems with the overrides are placed at.

    Raises:
        PolicyError: With every problem of the file and its line.
        SettingError: For an override whose key leads nowhere.
    """
    path = Path(path)
    text = read_text(path, PolicyError)
    if path.suffix == ".json":
        # JSON allows tabs between values and nowhere else; YAML does not.
        text = text.replace("\t", " ")
    document = read_yaml(text, shown_path(path), PolicyError)
    return _policy(document, overrides or {}, label)


def policy_from_dict(
    data: Mapping[str, object],
    source: str = "policy",
    overrides: Mapping[str, object] | None = None,
    *,
    label: str = "override",
) -> Policy:
    """A policy from plain data in the form of RULES.md section 10, such as the policy of a tape.

    Args:
        data: The policy.
        source: What messages call it.
        overrides: As for ``load_policy``.
        label: What problems with the overrides are placed at.

    Raises:
        PolicyError: With every problem and its path.
        SettingError: For an override whose key leads nowhere.
    """
    return _policy(Document(to_plain(data), escaped(source)), overrides or {}, label)


def find_scenario(name_or_path: str | Path) -> Path:
    """The file of a scenario: a shipped one by its name, or a path.

    Raises:
        ScenarioError: If there is none; it says which there are.
    """
    names = list_scenarios()
    if str(name_or_path) in names:
        return scenario_folder() / f"{name_or_path}.yaml"
    path = Path(name_or_path)
    is_path = isinstance(name_or_path, Path) or path.suffix in _SUFFIXES or len(path.parts) > 1
    if is_path or (str(name_or_path) and _is_there(path)):
        return path
    hint = suggestion(name_or_path, names)
    shipped = "" if "known:" in hint else f"; known: {', '.join(names)}"
    raise ScenarioError(f"no scenario is called {shown(str(name_or_path))}{hint}{shipped}; or give the path of a file")


def _policy(document: Document, overrides: Mapping[str, object], label: str) -> Policy:
    document = apply_overrides(document, _bare(overrides), Policy, label)
    policy, problems = read_policy(document.data)
    problems += document.problems
    if policy is None or problems:
        raise PolicyError(document.report(problems), f"{document.source} is not valid")
    return policy


def _bare(overrides: Mapping[str, object]) -> dict[str, object]:
    return {key.removeprefix("policy."): value for key, value in overrides.items()}


def _is_there(path: Path) -> bool:
    try:
        path.lstat()
    except (OSError, ValueError):
        # A name too long for the file system, or one with a null character.
        return False
    return True


def _no_file(path: Path) -> str | None:
    """Why a path leads to no file that can be read."""
    try:
        mode = path.stat().st_mode
    except ValueError:
        return "is no file that is there"
    except OSError as err:
        missing = err.errno in {errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG}
        return "is no file that is there" if missing else f"cannot be opened: {err.strerror}"
    if stat.S_ISDIR(mode):
        return "is a folder; give a file"
    return None if stat.S_ISREG(mode) else "is no regular file"


def read_text(path: Path, error: type[InvalidInput]) -> str:
    """The text of a file, which must be a regular file of bounded size in UTF-8; else an `error` that says why."""
    shown = shown_path(path)

    def fail(message: str, line: int | None = None) -> InvalidInput:
        return error([Problem((), message, shown if line is None else f"{shown}:{line}")], f"{shown} cannot be read")

    refusal = _no_file(path)
    if refusal:
        raise fail(refusal)
    try:
        with path.open("rb") as stream:
            content = stream.read(CHARACTERS_MAX + 1)
    except OSError as err:
        raise fail(f"cannot be opened: {err.strerror}") from None
    if len(content) > CHARACTERS_MAX:
        raise fail(f"is larger than {CHARACTERS_MAX} bytes")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as err:
        line = content.count(b"\n", 0, err.start) + 1
        raise fail(f"is not UTF-8: byte {content[err.start]:#04x}", line) from None


def shown_path(path: Path) -> str:
    """The path as a person would write it: relative to the working folder where it is below."""
    try:
        return escaped(str(path.resolve().relative_to(Path.cwd())))
    except (OSError, ValueError, RuntimeError):
        # Before Python 3.13, links that lead in a circle are a RuntimeError.
        return escaped(str(path))
