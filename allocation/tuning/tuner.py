"""Moves of somebody who tunes a launch: settings in, results out, a pinned one beside them, and saving. No widgets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from allocation.engine.errors import EngineFault, Problem, SettingError
from allocation.montecarlo import Replays, Sweep, side_by_side
from allocation.montecarlo.progress import Advance
from allocation.scenario import dump_scenario, list_scenarios, load_scenario, parse_scenario, with_overrides
from allocation.scenario.ranges import suggestion
from allocation.scenario.schema import Scenario
from allocation.tuning.knobs import Knob, knobs_of

REPLICATIONS = 40
"""How many a move: enough to see what matters, and a fraction of a second for fifty thousand orders."""
AS_IT_IS = "as in the scenario"


@dataclass(frozen=True, slots=True)
class Move:
    """One setting and what it came to.

    Attributes:
        overrides: The values, by dotted key, that differ from those of the scenario.
        words: The same in words.
        swept: The replications under this one setting.
    """

    overrides: Mapping[str, Any]
    words: str
    swept: Sweep

    @property
    def scenario(self) -> Scenario:
        """The launch with the setting."""
        return self.swept.settings[0].scenario

    @property
    def was_played(self) -> bool:
        """Whether anything was played for it; else it was known from before, or only its prices are others."""
        return self.swept.timing["orders_per_s"] > 0


class Tuner:
    """A launch that is tuned.

    Args:
        scenario: The launch as it is.
        replications: How many a move, at least 2; every move plays the same ones.
        seed: Of the draws.
        workers: Threads; None is one a core.

    Raises:
        SettingError: A number is out of its range.
    """

    def __init__(
        self, scenario: Scenario, replications: int = REPLICATIONS, seed: int = 0, *, workers: int | None = None
    ) -> None:
        self.scenario = scenario
        self.knobs: tuple[Knob, ...] = knobs_of(scenario)
        self.replays = Replays(scenario, replications, seed, workers=workers)
        self.pinned: Move | None = None

    @classmethod
    def of(
        cls,
        scenario: str | Path | Scenario,
        replications: int = REPLICATIONS,
        seed: int = 0,
        *,
        workers: int | None = None,
    ) -> Tuner:
        """A tuner of a shipped scenario by its name, of a file, or of a scenario.

        Raises:
            ScenarioError: There is no such scenario, or it is not valid.
            SettingError: A number is out of its range, or there is nothing that could be a scenario.
        """
        if isinstance(scenario, str | Path):
            scenario = load_scenario(scenario)
        if not isinstance(scenario, Scenario):
            raise SettingError(f"{type(scenario).__name__} is no scenario; give a name, a file or a Scenario")
        return cls(scenario, replications, seed, workers=workers)

    def move(self, values: Mapping[str, Any], advance: Advance | None = None) -> Move:
        """Play the launch under a setting.

        Args:
            values: By the key of a knob; a knob that is not named stands as in the scenario.
            advance: Told (done, in all) while replications are played.

        Raises:
            SettingError: There is no such knob, or a value is out of its range.
            ScenarioError: The values contradict each other.
        """
        overrides = self._overrides(values)
        changed = with_overrides(self.scenario, overrides, label="")
        return Move(MappingProxyType(overrides), self._words(overrides), self.replays.play(changed, advance))

    def pin(self, move: Move | None) -> None:
        """Keep a move to compare later ones with; None forgets it."""
        self.pinned = move

    def compared(self, move: Move) -> Sweep | None:
        """The pinned setting (0) and this one (1) as one sweep; None where nothing is pinned."""
        return None if self.pinned is None else side_by_side(self.pinned.swept, move.swept)

    def save(self, move: Move, name: str, folder: str | Path = ".") -> Path:
        """Write the launch with a setting as a scenario of its own.

        Args:
            move: The setting.
            name: Of the scenario and, with ``.yaml``, of the file.
            folder: Where it is written; it must be there.

        Returns:
            The file, which `load_scenario` reads.

        Raises:
            ScenarioError: The name is none that a scenario can have.
            SettingError: There is such a file or a shipped scenario of that name already, or it cannot be written.
        """
        named = with_overrides(move.scenario, {"name": name.strip()}, label="")
        text = dump_scenario(named)
        if parse_scenario(text) != named:
            raise EngineFault(f"scenario {named.name} does not read back as it was written")
        if named.name in list_scenarios():
            raise SettingError(f"a shipped scenario is called {named.name} already; choose another name")
        path = Path(folder) / f"{named.name}.yaml"
        try:
            with path.open("x", encoding="utf-8") as file:
                file.write(text)
        except FileExistsError as error:
            raise SettingError(f"{path} is there already and is not overwritten; choose another name") from error
        except OSError as error:
            raise SettingError(f"{path} cannot be written: {error.strerror}") from error
        return path.resolve()

    def _overrides(self, values: Mapping[str, Any]) -> dict[str, Any]:
        by_key = {knob.key: knob for knob in self.knobs}
        read: dict[str, Any] = {}
        problems: list[Problem] = []
        for key, value in values.items():
            if key not in by_key:
                problems.append(Problem((), f"no knob is called {key!r}{suggestion(key, list(by_key))}"))
                continue
            try:
                read[key] = by_key[key].read(value)
            except SettingError as error:
                problems += error.problems
        if problems:
            raise SettingError(problems)
        return {knob.key: read[knob.key] for knob in self.knobs if read.get(knob.key, knob.start) != knob.start}

    def _words(self, overrides: Mapping[str, Any]) -> str:
        by_key = {knob.key: knob for knob in self.knobs}
        told = [f"{by_key[key].words} {by_key[key].text(value)}" for key, value in overrides.items()]
        return "; ".join(told) or AS_IT_IS
