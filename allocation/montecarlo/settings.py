"""Settings: a scenario with other values at one or two of its keys."""

from __future__ import annotations

import itertools
import numbers
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from allocation.engine.errors import InvalidInput, Problem, SettingError
from allocation.scenario import with_overrides
from allocation.scenario.schema import Scenario

SETTINGS_MAX = 1000
"""More settings than this are a slip of the pen."""
_DECIMALS = 9


@dataclass(frozen=True, slots=True)
class Setting:
    """One combination of values.

    Attributes:
        chosen: The value of each parameter.
        scenario: The launch with them.
    """

    chosen: tuple[Any, ...]
    scenario: Scenario

    @property
    def label(self) -> str:
        """The values as text."""
        return ", ".join(str(value) for value in self.chosen)


def settings_of(scenario: Scenario, parameters: Sequence[str], values: Sequence[Sequence[Any]]) -> tuple[Setting, ...]:
    """Every combination of values, the last parameter's changing first; all are validated before anything runs.

    Args:
        scenario: The launch.
        parameters: Dotted keys, such as ``policy.overbooking.rate``.
        values: For each of them, what it is to be. Binary fractions count as the decimal number that they stand for.

    Raises:
        SettingError: There are no values, too many or the same twice; a key leads nowhere; or a value makes the
            scenario invalid. All that is wrong at once, each with its setting.
    """
    columns = [[_exact(value) for value in of_one] for of_one in values]
    problems = _count_problems(parameters, columns)
    if problems:
        raise SettingError(problems, "settings")
    settings = []
    for combination in itertools.product(*columns):
        overrides = dict(zip(parameters, combination, strict=True))
        label = ", ".join(f"{key}={value}" for key, value in overrides.items())
        try:
            changed = with_overrides(scenario, overrides, label=label)
        except SettingError as error:
            # A key leads nowhere, whatever its value.
            problems += [replace(p, place="") for p in error.problems if replace(p, place="") not in problems]
        except InvalidInput as error:
            # What a value contradicts may stand at another key, which nobody has named.
            problems += [replace(p, place=label) for p in error.problems]
        else:
            settings.append(Setting(tuple(_plain(value) for value in combination), changed))
    if problems:
        raise SettingError(problems, "settings")
    return tuple(settings)


def _count_problems(parameters: Sequence[str], columns: Sequence[Sequence[Any]]) -> list[Problem]:
    problems = []
    if len(parameters) != len(columns):
        problems.append(Problem((), f"{len(parameters)} parameters have {len(columns)} lists of values; give one each"))
    if len(set(parameters)) < len(parameters):
        problems.append(Problem((), f"{', '.join(parameters)}: a parameter is named twice"))
    for parameter, column in zip(parameters, columns, strict=False):
        if not column:
            problems.append(Problem((parameter,), "has no values; give at least one"))
        twice = [value for i, value in enumerate(column) if value in column[:i]]
        if twice:
            problems.append(
                Problem((parameter,), f"{twice[0]} is given twice; each setting is compared with the others")
            )
    count = 1
    for column in columns:
        count *= len(column)
    if count > SETTINGS_MAX:
        problems.append(Problem((), f"{count:,} settings are more than {SETTINGS_MAX:,}; take larger steps"))
    return problems


def _exact(value: Any) -> Any:
    """A float as the short decimal number that it stands for: a range of floats carries noise in its last digits."""
    if isinstance(value, numbers.Real) and not isinstance(value, numbers.Integral | Decimal | bool):
        return Decimal(repr(round(float(value), _DECIMALS)))
    return value


def _plain(value: Any) -> Any:
    """A value as it stands in tables: a number, or text."""
    if isinstance(value, bool | str) or value is None:
        return value
    if isinstance(value, numbers.Integral):
        return int(value)
    return float(value) if isinstance(value, Decimal) else str(value)
