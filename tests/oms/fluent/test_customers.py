"""Orders of customers whom the platform does not know: made with the address on their hold, which goes nowhere else."""

from __future__ import annotations

import logging

import pytest

from allocation.oms import port
from allocation.oms.fluent.holds import hold_ref
from allocation.oms.fluent.queries import UPDATE_QUANTITY
from allocation.oms.port import Confirmed, PoolSupply, Rejected, Taken, Uniqueness
from tests.oms.conformance import hold, order
from tests.oms.fluent.test_conformance import FluentSystem

ADDRESS = "carla.jones@example.org"


@pytest.fixture
def system() -> FluentSystem:
    made = FluentSystem(Uniqueness.ENFORCED)
    made.set_supply(PoolSupply("PHONE", "DC", 5))
    made.adapter().write_holds([hold(1, customer="carla"), hold(2, customer="carla"), hold(3, customer="dora")])
    address = {"name": "customer_email", "type": "STRING", "value": ADDRESS}
    for number in (1, 2):
        given = {"ref": hold_ref(f"RES-O-{number}-1"), "catalogue": {"ref": "DEFAULT:1"}, "attributes": [address]}
        made.client().execute(UPDATE_QUANTITY, {"input": given})
    return made


def test_the_customer_is_made_with_the_order(system: FluentSystem, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    adapter = system.adapter()
    assert adapter.known_customers(["carla"]) == []
    outcome = adapter.submit(order(1, customer="carla"))
    assert isinstance(outcome, Confirmed)
    (found,) = adapter.orders([order(1).key])
    assert found.order == order(1, customer="carla")
    (made,) = [one for one in system.sandbox.records("Customer") if one["ref"] == "carla"]
    assert made["primaryEmail"] == ADDRESS
    # The next order is one of a customer who is known.
    assert isinstance(adapter.submit(order(2, customer="carla")), Confirmed)
    assert len([one for one in system.sandbox.records("Customer") if one["ref"] == "carla"]) == 1
    assert ADDRESS not in caplog.text
    assert ADDRESS not in repr(outcome) + repr(found) + repr(list(adapter.holds()))


def test_who_was_made_meanwhile_is_looked_up_again(system: FluentSystem, monkeypatch: pytest.MonkeyPatch) -> None:
    adapter = system.adapter()
    look = adapter._customer_id
    answers = [None]
    monkeypatch.setattr(adapter, "_customer_id", lambda name: answers.pop() if answers else look(name))
    system.sandbox.load([], ["carla"])
    assert isinstance(adapter.submit(order(1, customer="carla")), Confirmed)
    assert isinstance(adapter.submit(order(1, customer="carla")), Taken)


def test_without_an_address_nothing_is_sent(system: FluentSystem) -> None:
    before = len(system.sandbox.ledger.commits)
    for customer in ("dora", ""):
        outcome = system.adapter().submit(order(3, customer=customer))
        assert isinstance(outcome, Rejected)
        assert outcome.code == "UNKNOWN_CUSTOMER"
    assert len(system.sandbox.ledger.commits) == before


def test_holds_that_are_there_are_written_by_one_request_for_twenty(system: FluentSystem) -> None:
    holds = [hold(number) for number in range(1, 41)]
    system.adapter().write_holds(holds)
    adapter = system.adapter()
    list(adapter.supply())
    before = len(system.sandbox.ledger.requests)
    adapter.write_holds(holds)
    assert len(system.sandbox.ledger.requests) - before == 2
    assert port.HOLDS_MAX == 20


def test_an_order_of_a_customer_who_is_known_takes_one_request(system: FluentSystem) -> None:
    adapter = system.adapter()
    adapter.known_customers(["alice"])
    before = len(system.sandbox.ledger.requests)
    adapter.submit(order(1))
    assert len(system.sandbox.ledger.requests) - before == 1
