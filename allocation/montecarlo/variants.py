"""Variants of a launch side by side: any scenarios, not only those that differ in one key."""

from __future__ import annotations

from collections.abc import Mapping

from allocation.montecarlo.experiment import Experiment, require_replications
from allocation.montecarlo.playing import More, Plan
from allocation.montecarlo.settings import Setting
from allocation.montecarlo.sweep import Sweep, sweep_of
from allocation.scenario.schema import Scenario
from allocation.simulation.simulate import require_number

VARIANT = "variant"
"""The one parameter of such a sweep: its values are the names of the variants."""


def sweep_variants(
    variants: Mapping[str, Scenario], replications: int = 100, seed: int = 0, *, more: More | None = None
) -> Sweep:
    """Play replications of several variants of a launch, with common random numbers.

    Draws come from named streams: variants that differ in their supply meet the same customers, those that differ in
    their policy meet the same supply, too.

    Args:
        variants: Scenarios by name; the first one is the launch itself.
        replications: How many of each.
        seed: Of the draws.
        more: Gives further measures of a played launch, on top of those of its summary.

    Returns:
        A sweep whose one parameter is `VARIANT`.

    Raises:
        SettingError: A number is out of its range.
    """
    require_number("seed", seed)
    asked = require_replications(replications)
    settings = tuple(Setting((name,), scenario) for name, scenario in variants.items())
    scenarios = [setting.scenario for setting in settings]
    experiment = Experiment(Plan.of(scenarios, seed, more=more))
    experiment.run(0, asked)
    return sweep_of(scenarios[0], (VARIANT,), settings, experiment, "asked")
