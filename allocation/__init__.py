"""A workbench that simulates, analyses and runs the allocation of pre-orders at product launches.

>>> import allocation
>>> scenario = allocation.load_scenario("iphone-15-pro", overrides={"policy.overbooking.rate": 1.05})
>>> allocation.simulate(scenario).summary["confirmed_at_cutoff_units"]
8925
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from allocation.engine.allocation_engine import AllocationEngine
    from allocation.engine.errors import AllocationError
    from allocation.engine.policy import Policy
    from allocation.montecarlo import recommend, replicate, sweep
    from allocation.sampling import sample_tape
    from allocation.scenario import Scenario, list_scenarios, load_policy, load_scenario
    from allocation.simulation import simulate
    from allocation.tape import Run, check, load_run, read_tape, replay, write_tape
    from allocation.tuning import tune

__all__ = [
    "AllocationEngine",
    "AllocationError",
    "Policy",
    "Run",
    "Scenario",
    "check",
    "list_scenarios",
    "load_policy",
    "load_run",
    "load_scenario",
    "read_tape",
    "recommend",
    "replay",
    "replicate",
    "sample_tape",
    "simulate",
    "sweep",
    "tune",
    "write_tape",
]

# Imported when they are first asked for: the command line must answer before pandas and Numba are loaded.
_HOMES = {
    "AllocationEngine": "allocation.engine.allocation_engine",
    "AllocationError": "allocation.engine.errors",
    "Policy": "allocation.engine.policy",
    "Run": "allocation.tape",
    "Scenario": "allocation.scenario",
    "check": "allocation.tape",
    "list_scenarios": "allocation.scenario",
    "load_policy": "allocation.scenario",
    "load_run": "allocation.tape",
    "load_scenario": "allocation.scenario",
    "read_tape": "allocation.tape",
    "recommend": "allocation.montecarlo",
    "replay": "allocation.tape",
    "replicate": "allocation.montecarlo",
    "sample_tape": "allocation.sampling",
    "simulate": "allocation.simulation",
    "sweep": "allocation.montecarlo",
    "tune": "allocation.tuning",
    "write_tape": "allocation.tape",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
