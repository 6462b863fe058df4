"""Scenario files: one launch in YAML, validated as a whole, with every problem at its line.

``load_scenario("console-waves", overrides={"policy.overbooking.rate": 1.04})`` gives a frozen ``Scenario``;
what it is made of is in ``allocation.scenario.schema``.
"""

from __future__ import annotations

from allocation.scenario.checks import scenario_warnings
from allocation.scenario.dumping import dump_policy, dump_scenario
from allocation.scenario.json_schema import SCHEMA_FILE, scenario_json_schema
from allocation.scenario.loading import (
    find_scenario,
    list_scenarios,
    load_policy,
    load_scenario,
    parse_scenario,
    policy_from_dict,
    scenario_folder,
    with_overrides,
)
from allocation.scenario.overrides import parse_setting
from allocation.scenario.schema import Scenario

__all__ = [
    "SCHEMA_FILE",
    "Scenario",
    "dump_policy",
    "dump_scenario",
    "find_scenario",
    "list_scenarios",
    "load_policy",
    "load_scenario",
    "parse_scenario",
    "parse_setting",
    "policy_from_dict",
    "scenario_folder",
    "scenario_json_schema",
    "scenario_warnings",
    "with_overrides",
]
