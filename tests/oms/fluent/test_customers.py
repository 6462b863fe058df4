"""Orders of customers whom the platform does not know: made with the address on their hold, which goes nowhere else."""

from __future__ import annotations

import json
import logging

import pytest

from allocation.oms import port
from allocation.oms.fluent.holds import hold_ref
from allocation.oms.port import Confirmed, NotSent, PoolSupply, Rejected, Taken, Uniqueness, Unknown
from allocation.oms.sandbox import Reply, Request, parse_faults
from tests.oms.conformance import hold, order
from tests.oms.fluent.documents import UPDATE_QUANTITY
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


@pytest.mark.parametrize("code", ["C0120E", "S0010E", ""])
def test_a_refusal_that_repeats_the_address_is_told_without_it(
    system: FluentSystem, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, code: str
) -> None:
    caplog.set_level(logging.DEBUG)
    handle = system.sandbox.handle
    answers = []

    def refuse(request: Request) -> Reply:
        if b"createOrderAndCustomer" not in request.body:
            return handle(request)
        assert ADDRESS.encode() in request.body
        error = {"message": f"no {ADDRESS.upper()}", "path": ["createOrderAndCustomer"], "extensions": {"code": code}}
        body = {"data": {"createOrderAndCustomer": None}, "errors": [error]}
        answers.append(Reply(200, json.dumps(body).encode(), {"Content-Type": "application/json"}))
        return answers[-1]

    monkeypatch.setattr(system.sandbox, "handle", refuse)
    outcome = system.adapter().submit(order(1, customer="carla"))
    assert len(answers) == 1
    assert isinstance(outcome, Rejected if code == "C0120E" else Unknown)
    assert "carla.jones" not in (repr(outcome) + caplog.text).lower()


def test_nothing_is_sent_where_the_customer_cannot_be_looked_up(system: FluentSystem) -> None:
    adapter = system.adapter()
    system.sandbox.faults = parse_faults("5xx-before=1")
    outcome = adapter.submit(order(1, customer="carla"))
    system.sandbox.faults = parse_faults("")
    assert isinstance(outcome, NotSent)
    assert not system.sandbox.ledger.committed("createOrder")
    assert list(adapter.orders([order(1).key])) == []


def test_a_hold_that_is_made_and_then_not_found_is_unknown(
    system: FluentSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    adapter = system.adapter()
    monkeypatch.setattr(adapter, "_update", lambda holds: [Rejected("C0120E", "not found") for _ in holds])
    outcomes = adapter.write_holds([hold(1), hold(9), hold(10, sku="NO-SUCH-SKU")])
    # The first is there already.
    assert [type(outcome) for outcome in outcomes] == [Unknown, Unknown, Rejected]


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
