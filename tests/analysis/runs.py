"""Runs for tests of frames: random tapes that reach every rule, and a small launch."""

from __future__ import annotations

from allocation.scenario import parse_scenario
from allocation.tape import Run, replay
from tests.policies import policy_of
from tests.tapes import random_case

SEEDS = range(40)

SMALL = """
version: 1
name: small-launch
title: A small launch
orders: {opens: 2025-03-01T10:00:00-05:00, closes: 2025-03-03T10:00:00-05:00}
supply:
  - sku: A
    location: DC
    expected: [{date: 2025-03-15, quantity: 60, ref: PO-1}, {date: 2025-03-22, quantity: 20, ref: PO-2}]
demand:
  counts: {PLATINUM: 10, VIP: 30, STANDARD: 80}
  ship_dates: {2025-03-15: 1}
  quantities: {1: 0.7, 2: 0.3}
  arrivals: {shape: uniform}
behaviour:
  cancel_waiting: {share: 0.1, timing: {shape: constant}}
  cancel_confirmed: {share: 0.05, timing: {shape: constant}}
economics: {margin: 10, denied_cost: {PLATINUM: 9, VIP: 8, STANDARD: 5}, unsold_cost: 1}
policy:
  timezone: America/New_York
  tiers: {PLATINUM: 150, VIP: 100, STANDARD: 50}
  hold: provisional
  queue: {enabled: true, max_depth: 70, admission: priority}
  waves: {assignment: earliest, move_up: true}
schedule:
  confirm: [{at: 2025-03-12T12:00:00-04:00, ship_dates: [2025-03-15, 2025-03-22]}]
  release:
    - {at: 2025-03-15T02:00:00-04:00, ship_date: 2025-03-15}
    - {at: 2025-03-22T02:00:00-04:00, ship_date: 2025-03-22}
published:
  - {measure: orders, value: 120, source: A book, text: 120 orders}
  - {measure: confirmed_at_cutoff_units, value: 90, source: A book, text: 90 confirmed}
"""


def small_scenario(**overrides):
    return parse_scenario(SMALL, "small", overrides)


def random_run(seed) -> Run:
    policy, tape = random_case(seed)
    return replay(tape, policy_of(policy))
