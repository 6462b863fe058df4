"""From a scenario to a finished run."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter
from typing import Any

from allocation.engine.allocation_engine import AllocationEngine
from allocation.engine.errors import SettingError
from allocation.engine.instants import milliseconds
from allocation.engine.measures import measures
from allocation.overbooking.rates import rates_of
from allocation.sampling import sample_tape
from allocation.scenario import dump_scenario
from allocation.scenario.schema import Scenario
from allocation.simulation.economics import priced_units
from allocation.simulation.launch import play_launch
from allocation.simulation.published import published_rows
from allocation.simulation.rated import rated_tape
from allocation.tape import Run, command_lines

SCHEMA_VERSION = 1
SEED_MAX = 2**63 - 1


def simulate(
    scenario: Scenario,
    seed: int = 0,
    replication: int = 0,
    *,
    advance: Callable[[int, int], None] | None = None,
) -> Run:
    """Simulate one replication of a launch.

    The same scenario, seed and replication give the same decisions on any machine.

    Args:
        scenario: The launch and its policy.
        seed: Seed of the whole experiment, from 0.
        replication: Number of the replication, from 0.
        advance: Called with (commands played, commands in all), now and then.

    Raises:
        SettingError: The seed or the replication is no whole number from 0, or the policy's way of overbooking finds
            no rate.
    """
    require_number("seed", seed)
    require_number("replication", replication)
    start = perf_counter()
    rates = rates_of(scenario)
    rated = rated_tape(sample_tape(scenario, seed, replication), rates, milliseconds(scenario.orders.opens))
    tape = rated.columns
    drawn = perf_counter()
    engine = play_launch(rated, scenario.policy, None if advance is None else lambda played: advance(played, len(tape)))
    played = perf_counter()
    timing = {
        "draw_s": round(drawn - start, 6),
        "run_s": round(played - drawn, 6),
        "orders_per_s": round(len(tape.orders) / max(played - drawn, 1e-9)),
    }
    head = {"schema_version": SCHEMA_VERSION, "scenario": scenario.name, "seed": seed, "replication": replication}
    return Run(
        engine=engine,
        summary=head | summarise(engine, scenario) | {"timing": timing},
        tape=lambda: command_lines(tape),
        manifest={name: head[name] for name in ("scenario", "seed", "replication")},
        files={"scenario.yaml": dump_scenario(scenario)},
    )


def require_number(name: str, number: object) -> None:
    """Refuse what is no seed, and no number of a replication."""
    if isinstance(number, bool) or not isinstance(number, int) or not 0 <= number <= SEED_MAX:
        raise SettingError(f"{name} {number!r} must be a whole number from 0 to {SEED_MAX}")


def launch_measures(engine: AllocationEngine, scenario: Scenario) -> dict[str, Any]:
    """The measures of a played launch, with its profit."""
    found = measures(engine)
    alert, by_tier, waves = (found.pop(name) for name in ("alert", "by_tier", "waves"))
    found["profit"] = float(priced_units(engine, found["unsold_units"]).profit(scenario.economics))
    return found | {"by_tier": by_tier, "waves": waves, "alert": alert}


def summarise(engine: AllocationEngine, scenario: Scenario) -> dict[str, Any]:
    """The measures of a played launch, with published results beside them."""
    summary = launch_measures(engine, scenario)
    alert = summary.pop("alert")
    return summary | {"published": published_rows(scenario, summary), "alert": alert}
