"""Holds that another writer made, as the published example writes them, are planned and released like own ones."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from allocation.engine.codes import Status
from allocation.engine.errors import BadAnswer, SettingError
from allocation.engine.policy import Policy
from allocation.live.applying import Applier
from allocation.live.brakes import Around, Brakes
from allocation.live.journal import Journal
from allocation.live.planning import make_plan
from allocation.oms.fluent import FluentReader
from allocation.oms.fluent.adapter import FluentReads
from allocation.oms.fluent.mapping import load_mapping
from allocation.oms.port import PoolSupply, Rejected, Uniqueness
from tests.oms.conformance import hold
from tests.oms.fluent.documents import CREATE_QUANTITY, UPDATE_QUANTITY
from tests.oms.fluent.test_conformance import FluentSystem

DUE = date(2025, 9, 22)
MAPPING = """
type: RESERVED
statuses: {RESERVED: RESERVED, CONFIRMED: CONFIRMED}
written: {ALLOCATED: FULFILLED}
ended: {SHIPPED: ALLOCATED}
attributes: {order_id: orderId, customer: customerId, customer_email: customerEmail, tier: customerTier, paid: paid}
defaults: {paid: true}
"""


def write(system: FluentSystem, ref: str, quantity: int, status: str = "RESERVED", **attributes: str) -> None:
    catalogue = {"ref": "DEFAULT:1"}
    texts = [{"name": name, "type": "STRING", "value": value} for name, value in attributes.items()]
    given = {"ref": ref, "catalogue": catalogue, "quantity": quantity, "attributes": texts}
    position = {"ref": "PHONE:DC:DEFAULT", "catalogue": catalogue}
    expected = "2025-09-22T00:00:00.000Z"
    new = given | {"type": "RESERVED", "position": position, "expectedOn": expected}
    system.client().execute(CREATE_QUANTITY, {"input": new})
    system.client().execute(UPDATE_QUANTITY, {"input": {"ref": ref, "catalogue": catalogue, "status": status}})
    system.clock.sleep(1)


@pytest.fixture
def system(tmp_path: Path) -> FluentSystem:
    made = FluentSystem(Uniqueness.ENFORCED)
    (tmp_path / "holds.yaml").write_text(MAPPING, encoding="utf-8")
    made.settings = made.settings.model_copy(update={"hold_mapping": tmp_path / "holds.yaml"})
    made.set_supply(PoolSupply("PHONE", "DC", 3))
    write(made, "RES-A-1726999", 2, orderId="A", customerId="alice", customerTier="STANDARD", customerEmail="a@x.org")
    write(
        made,
        "RES-B-1727000",
        2,
        "CONFIRMED",
        orderId="B",
        customerId="carla",
        customerTier="VIP",
        customerEmail="c@x.org",
    )
    write(made, "RES-C-1727001", 1, orderId="C", customerId="alice")
    write(made, "RES-D-1727002", 1, orderId="D", customerId="alice", paid="False")
    write(made, "RES-E-1726000", 1, "FULFILLED", orderId="E", customerId="alice")
    return made


def test_they_are_read_as_holds(system: FluentSystem) -> None:
    reads = FluentReads(system.client(FluentReader))
    found = sorted(reads.holds(), key=lambda one: one.arrival)
    assert [(one.reservation_id, one.order_id, one.tier, one.quantity, one.paid) for one in found] == [
        ("RES-A-1726999", "A", "STANDARD", 2, True),
        ("RES-B-1727000", "B", "VIP", 2, True),
        ("RES-C-1727001", "C", "STANDARD", 1, True),
        ("RES-D-1727002", "D", "STANDARD", 1, False),
    ]
    assert {(one.requested, one.assigned) for one in found} == {(DUE, DUE)}
    assert found[1].status is Status.CONFIRMED
    (ended,) = reads.holds_named(["RES-E-1726000"])
    assert ended is not None
    assert ended.status is Status.ALLOCATED
    assert list(reads.holds()) == list(FluentReads(system.client(FluentReader)).holds())


def test_ends_of_their_own_are_ends_and_no_reason_to_read_nothing(system: FluentSystem) -> None:
    write(system, "RES-F-1726000", 1, "SHIPPED", orderId="F", customerId="alice")
    write(system, "RES-G-1726000", 1, "VOID", orderId="G", customerId="alice")
    found = FluentReads(system.client(FluentReader)).holds_named(["RES-F-1726000", "RES-G-1726000", "RES-A-1726999"])
    statuses = {one.reservation_id: one.status for one in found}
    assert statuses == {
        "RES-A-1726999": Status.RESERVED,
        "RES-F-1726000": Status.ALLOCATED,
        "RES-G-1726000": Status.CANCELLED,
    }


def test_a_release_writes_their_statuses_and_leaves_their_attributes(system: FluentSystem) -> None:
    oms = system.adapter()
    at = system.clock()
    plan = make_plan(oms, "phone", Policy(), at, "release", DUE)
    journal = Journal(":memory:", oms.account, "phone")
    with journal.locked("anna", "desk", 1, at, "digest"):
        around = Around(system.clock, system.clock.sleep)
        applied = Applier(oms, journal, plan, "digest", around, Brakes(concurrency=1)).run()
    journal.close()
    assert applied.counts["matched"] == 2
    records: dict[str, Any] = {one["ref"]: one for one in system.sandbox.records("InventoryQuantity")}
    statuses = {ref: one["status"] for ref, one in records.items() if ref.startswith("RES-")}
    assert statuses == {
        "RES-A-1726999": "CANCELLED",
        "RES-B-1727000": "FULFILLED",
        "RES-C-1727001": "FULFILLED",
        "RES-D-1727002": "EXPIRED",
        "RES-E-1726000": "FULFILLED",
    }
    assert {one["name"] for one in records["RES-B-1727000"]["attributes"]} == {
        *("orderId", "customerId", "customerTier", "customerEmail"),
    }
    # Nobody knew carla; her address is that of the hold.
    (carla,) = [one for one in system.sandbox.records("Customer") if one["ref"] == "carla"]
    assert carla["primaryEmail"] == "c@x.org"


def test_they_are_never_created(system: FluentSystem) -> None:
    (outcome,) = system.adapter().write_holds([hold(1)])
    assert isinstance(outcome, Rejected)


@pytest.mark.parametrize(
    "attributes", [{}, {"orderId": "X", "paid": "perhaps"}, {"orderId": "X", "customerTier": "VIP", "paid": ""}]
)
def test_what_does_not_fit_is_named_by_its_ref(system: FluentSystem, attributes: dict[str, str]) -> None:
    write(system, "RES-ODD", 1, **attributes)
    with pytest.raises(BadAnswer, match="RES-ODD"):
        list(system.adapter().holds())


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "valid dictionary"),
        ("{", "no YAML"),
        ("type: RESERVED\nstatuses: {ACTIVE: RESERVED}\nattributes: {order_id: o}", "taken from the units on hand"),
        ("type: X\nstatuses: {A: RESERVED}\nattributes: {tier: t}", "order_id is missing"),
        ("type: X\nstatuses: {A: GONE}\nattributes: {order_id: o}", "statuses.A"),
        ("type: X\nstatuses: {A: RESERVED}\nattributes: {order_id: o}\nmore: 1", "more"),
    ],
)
def test_a_mapping_that_cannot_be_is_refused(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "mapping.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SettingError, match=words):
        load_mapping(path)
    with pytest.raises(SettingError, match=r"none\.yaml"):
        load_mapping(tmp_path / "none.yaml")
