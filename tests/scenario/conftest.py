import pytest

from allocation.engine.errors import InvalidInput
from allocation.scenario import parse_scenario

LAUNCH = """\
version: 1
name: small-launch
title: A small launch
orders: {opens: 2025-09-01T10:00:00-04:00, closes: 2025-09-03T10:00:00-04:00}
supply:
  - sku: PHONE
    location: EAST
    expected:
      - {date: 2025-09-22, quantity: 100, ref: PO-1}
      - {date: 2025-09-29, quantity: 50, ref: PO-2}
demand:
  counts: {VIP: 10, STANDARD: 190}
  ship_dates: {2025-09-22: 0.75, 2025-09-29: 0.25}
  items:
    - {sku: PHONE, location: EAST, share: 1}
  quantities: {1: 0.9, 2: 0.1}
  arrivals: {shape: launch, burst_share: 0.5, burst_minutes: 30, half_life_hours: 6}
behaviour:
  cancel_held:
    share: {VIP: 0.01, STANDARD: {uniform: [0.02, 0.06]}}
    timing: {shape: early_regret, weight: 0.5, half_life_hours: 12}
economics:
  margin: 90
  denied_cost: {VIP: 100, STANDARD: 50}
  unsold_cost: 12.5
policy:
  timezone: America/New_York
  tiers: {VIP: 100, STANDARD: 50}
  overbooking:
    rate: 1.03
schedule:
  confirm:
    - {at: 2025-09-20T12:00:00-04:00, ship_dates: [2025-09-22, 2025-09-29]}
  release:
    - {at: 2025-09-22T02:00:00-04:00, ship_date: 2025-09-22}
    - {at: 2025-09-29T02:00:00-04:00, ship_date: 2025-09-29}
published:
  - {measure: by_tier.VIP.allocated, value: 10, source: here}
"""


@pytest.fixture
def launch() -> str:
    """A valid scenario that the tests damage."""
    return LAUNCH


@pytest.fixture
def problems():
    """Every problem of a text, as it is shown."""

    def read(text, overrides=None, **options):
        with pytest.raises(InvalidInput) as caught:
            parse_scenario(text, "x.yaml", overrides, **options)
        return [str(problem) for problem in caught.value.problems]

    return read
