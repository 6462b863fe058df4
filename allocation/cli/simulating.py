"""``allocation simulate``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from allocation.cli.output import print_json, warn_of_compiling
from allocation.cli.scenario_files import load
from allocation.cli.summaries import print_summary
from allocation.montecarlo.progress import progress_bar


def simulate_scenario(
    name: str, seed: int, replication: int, settings: Sequence[str], out: Path | None, *, as_json: bool
) -> None:
    """Simulate one replication, write its folder where asked, and print its summary."""
    scenario = load(name, settings)
    warn_of_compiling()
    from allocation.simulation import simulate
    from allocation.tape.folders import require_place

    if out is not None:
        require_place(out)
    with progress_bar(f"simulating {scenario.name}") as advance:
        run = simulate(scenario, seed, replication, advance=advance)
    if out is not None:
        run.save(out)
    if as_json:
        print_json(run.summary)
    else:
        print_summary(run.summary, scenario.title, scenario.currency)
