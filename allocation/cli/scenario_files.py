"""``allocation scenario ...``."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from typing import Any

import typer

from allocation.cli.exits import Exit
from allocation.cli.output import print_json, print_table
from allocation.engine.errors import InvalidInput
from allocation.scenario import (
    dump_scenario,
    load_scenario,
    parse_setting,
    scenario_json_schema,
    scenario_warnings,
)
from allocation.scenario import list_scenarios as names_of_scenarios
from allocation.scenario.schema import Scenario, mean_of

SCHEMA_VERSION = 1


def load(name: str, settings: Sequence[str]) -> Scenario:
    """A scenario with the overrides of the command line."""
    return load_scenario(name, overrides(settings), label="--set")


def overrides(settings: Sequence[str]) -> dict[str, object]:
    """``KEY=VALUE`` texts as a mapping; the last one of a key counts."""
    return dict(parse_setting(setting) for setting in settings)


def show_list(*, names: bool, as_json: bool) -> None:
    """The shipped scenarios."""
    known = names_of_scenarios()
    if names:
        print("\n".join(known))
        return
    rows = [_head(load_scenario(name)) for name in known]
    if as_json:
        print_json({"schema_version": SCHEMA_VERSION, "scenarios": rows})
        return
    print_table(
        "Shipped scenarios",
        ("name", "title", "orders", "supply units", "rate"),
        [tuple(row[key] for key in ("name", "title", "orders", "supply_units", "rate")) for row in rows],
    )


def _head(scenario: Scenario) -> dict[str, Any]:
    demand = scenario.demand
    orders = sum(demand.counts.values()) if demand.counts else round(mean_of(demand.total or 0))  # type: ignore[arg-type]
    supply = sum(pool.on_hand + sum(delivery.quantity for delivery in pool.expected) for pool in scenario.supply)
    return {
        "name": scenario.name,
        "title": scenario.title,
        "orders": orders,
        "supply_units": supply,
        "rate": str(scenario.policy.overbooking.rate),
    }


def show(name: str, settings: Sequence[str], *, as_json: bool) -> None:
    """A scenario with its defaults."""
    scenario = load(name, settings)
    text = dump_scenario(scenario)
    if not as_json:
        print(text, end="")
        return
    from ruamel.yaml import YAML

    print_json({"schema_version": SCHEMA_VERSION, "scenario": _plain(YAML(typ="safe").load(text))})


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list) else value


def validate(files: Sequence[str], settings: Sequence[str], *, as_json: bool) -> None:
    """Every problem of some scenarios; ends with INVALID if there is one."""
    results: list[tuple[str, list[str], list[str]]] = []
    for name in files:
        try:
            scenario = load(name, settings)
        except InvalidInput as error:
            results.append((name, [str(problem) for problem in error.problems], []))
        else:
            results.append((name, [], [str(warning) for warning in scenario_warnings(scenario)]))
    if as_json:
        rows = [{"scenario": name, "problems": bad, "warnings": warnings} for name, bad, warnings in results]
        print_json({"schema_version": SCHEMA_VERSION, "results": rows})
    else:
        for name, problems, warnings in results:
            _say(name, problems, warnings)
    if any(problems for _, problems, _ in results):
        raise typer.Exit(Exit.INVALID)


def _say(name: str, problems: Sequence[str], warnings: Sequence[str]) -> None:
    if problems:
        print(f"{name}: {len(problems)} problem{'s' * (len(problems) != 1)}", file=sys.stderr)
        print("\n".join(f"  {problem}" for problem in problems), file=sys.stderr)
    else:
        print(f"{name}: valid")
    for warning in warnings:
        print(f"  warning: {warning}", file=sys.stderr)


def show_schema() -> None:
    """The JSON Schema of scenario files."""
    print(json.dumps(scenario_json_schema(), indent=2))
