"""An order of a workflow takes its units from what is on hand, until somebody cancels it."""

from __future__ import annotations

import pytest

from allocation.oms.port import Confirmed, PoolSupply, Uniqueness
from allocation.oms.sandbox.settings import Settings
from tests.oms.conformance import order
from tests.oms.fluent.test_conformance import FluentSystem


@pytest.fixture
def system() -> FluentSystem:
    made = FluentSystem(Uniqueness.ENFORCED)
    for location, units in (("DC", 5), ("OTHER", 50)):
        made.set_supply(PoolSupply("PHONE", location, units))
    return made


def on_hand(system: FluentSystem) -> dict[str, int]:
    return {pool.location: pool.on_hand for pool in system.adapter().supply()}


def test_an_order_takes_its_units_where_it_says_and_gives_them_back_when_it_is_cancelled(system: FluentSystem) -> None:
    made = system.adapter().submit(order(1, quantity=2))
    assert isinstance(made, Confirmed)
    assert on_hand(system) == {"DC": 3, "OTHER": 50}
    for _ in range(2):
        system.cancel(made.reference)
        assert on_hand(system) == {"DC": 5, "OTHER": 50}


def test_an_order_that_names_no_location_is_sourced_from_where_most_is(system: FluentSystem) -> None:
    system.adapter().submit(order(1, location="", quantity=2))
    assert on_hand(system) == {"DC": 5, "OTHER": 48}


def test_an_order_without_a_workflow_takes_nothing(system: FluentSystem) -> None:
    system.settings = system.settings.model_copy(update={"order_type": "PROBE"})
    system.adapter().submit(order(1))
    assert on_hand(system) == {"DC": 5, "OTHER": 50}
    system.sandbox.settings = Settings(mode="created")
    system.settings = system.settings.model_copy(update={"order_type": "HD"})
    system.adapter().submit(order(2))
    assert on_hand(system) == {"DC": 5, "OTHER": 50}
