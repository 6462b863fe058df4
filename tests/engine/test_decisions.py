"""Decisions as they are read: numbers, instants, causes, the arithmetic of promises, and a view that is lazy."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from allocation.engine.allocation_engine import AllocationEngine
from allocation.engine.codes import Kind, Status, Step
from allocation.engine.decisions import Arithmetic, Explainer
from tests.engine.comparing import check_log, statuses_of
from tests.engine.launch import D15, D22, PLACE, SKU, Launch
from tests.policies import policy_of
from tests.tapes import random_case


def test_a_promise_has_its_arithmetic_as_it_stood_just_before() -> None:
    launch = Launch()
    launch.supply(500, [(D15, 1_000)])
    launch.place(1_234)
    launch.place(341)
    first, second = launch.engine.decisions
    assert first.arithmetic == Arithmetic(supply_by=1_500, limit=1_575, promised=0, atp=1_575)
    assert second.arithmetic == Arithmetic(supply_by=1_500, limit=1_575, promised=1_234, atp=341)


def test_what_is_no_promise_has_no_arithmetic() -> None:
    launch = Launch({"overbooking": {"rate": 1}})
    launch.supply(1)
    launch.place(1)
    launch.place(1)
    launch.confirm()
    launch.engine.cancel(launch.now, order_id="O2")
    launch.engine.cancel(launch.now, order_id="O9")
    found = [(d.step, d.arithmetic is not None) for d in launch.engine.decisions]
    expected = [("placed", True), ("placed", False), ("confirmed", False), ("cancelled", False), ("refused", False)]
    assert found == expected


def test_a_decision_says_what_when_why_and_by_which_command() -> None:
    launch = Launch({"overbooking": {"rate": 1}})
    launch.supply(1)
    launch.place(1)
    launch.place(1, tier="VIP")
    launch.now = "2025-10-02T09:30:00.125+02:00"
    cancelled, promoted = launch.engine.cancel(launch.now, order_id="O1")
    assert (cancelled.sequence, cancelled.line, cancelled.cause) == (2, 4, "cancel")
    assert cancelled.at == datetime(2025, 10, 2, 7, 30, 0, 125_000, tzinfo=UTC)
    assert (cancelled.step, cancelled.reservation_id) == ("cancelled", "RES-O1-1")
    assert (cancelled.before, cancelled.after, cancelled.reason) == ("RESERVED", "CANCELLED", "customer")
    assert (promoted.sequence, promoted.line, promoted.cause) == (3, 4, "cancel")
    assert (promoted.step, promoted.reservation_id) == ("promoted", "RES-O2-1")
    assert (promoted.before, promoted.after, promoted.reason) == ("QUEUED", "RESERVED", None)
    assert promoted.ship_date == date(2025, 11, 15)
    assert promoted.refused == ()


def test_a_new_reservation_was_nothing_before() -> None:
    launch = Launch()
    launch.supply(1)
    launch.place(1)
    (decision,) = launch.engine.decisions
    assert (decision.before, decision.after) == (None, "RESERVED")


def test_the_date_is_where_it_is_held_else_what_it_requests() -> None:
    launch = Launch({"overbooking": {"rate": 1}, "waves": {"assignment": "earliest"}})
    launch.supply(0, [(D15, 0), (D22, 1)])
    launch.place(1)
    launch.place(1)
    assert [d.ship_date for d in launch.engine.decisions] == [date(2025, 11, 22), date(2025, 11, 15)]


def test_a_refused_command_is_one_decision_with_its_line_and_every_reason() -> None:
    launch = Launch()
    launch.supply(1)
    lines = [{"sku": "PAD", "location": PLACE, "quantity": 1}]
    decisions = launch.engine.place(launch.now, "X", "C", "2030-01-01", lines)
    assert decisions.refused
    (decision,) = decisions
    assert (decision.step, decision.line, decision.cause) == ("refused", 2, "place")
    assert (decision.reservation_id, decision.before, decision.after) == (None, None, None)
    assert decision.refused == decisions.reasons
    assert len(decision.refused) == 2
    assert "refused" in repr(decisions)


def test_a_command_that_decides_nothing_gives_no_decisions_and_is_not_refused() -> None:
    launch = Launch()
    decisions = launch.supply(1)
    assert (len(decisions), decisions.refused, decisions.reasons, list(decisions)) == (0, False, (), [])


def test_a_refusal_is_one_of_the_last_command_only() -> None:
    launch = Launch()
    launch.supply(1)
    assert launch.engine.pay(launch.now, order_id="X").refused
    assert not launch.supply(1).refused
    assert not launch.engine.expire(launch.now).refused


def test_the_view_is_a_sequence() -> None:
    launch = Launch()
    launch.supply(3)
    launch.fill(3)
    view = launch.engine.decisions
    assert [d.sequence for d in view] == [0, 1, 2]
    assert view[-1] == view[2]
    assert view[1:] == [view[1], view[2]]
    assert view[::-1] == list(reversed(view))
    for outside in (3, -4):
        with pytest.raises(IndexError):
            view[outside]


def test_the_view_makes_objects_only_when_it_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    made = []
    decision = Explainer.decision

    def counted(self, sequence, row):
        made.append(sequence)
        return decision(self, sequence, row)

    monkeypatch.setattr(Explainer, "decision", counted)
    launch = Launch()
    launch.supply(10)
    launch.fill(10)
    view = launch.engine.decisions
    assert (len(view), len(view.rows), made) == (10, 10, [])
    assert view[3].sequence == 3
    assert made == [3]


def test_views_stay_what_they_were_while_the_engine_goes_on() -> None:
    launch = Launch()
    launch.supply(3_000)
    view = launch.engine.decisions
    first = launch.engine.place(launch.now, "A", "C", D15, [{"sku": SKU, "location": PLACE, "quantity": 1}])
    seen = list(first)
    launch.fill(300)
    assert (len(view), len(first), list(first)) == (0, 1, seen)
    assert len(launch.engine.decisions) == 301


@pytest.mark.parametrize("seed", range(12))
def test_decisions_of_all_commands_are_the_decisions_of_the_engine(seed: int) -> None:
    given, tape = random_case(seed)
    engine = AllocationEngine(policy_of(given))
    collected = []
    for line, command in enumerate(tape, start=1):
        before = statuses_of(engine)
        decisions = engine.apply(command)
        check_log(engine, decisions.rows, before)
        assert {d.line for d in decisions} <= {line}
        assert engine.played == line
        collected += list(decisions)
    assert collected == list(engine.decisions)
    assert [d.sequence for d in collected] == list(range(len(collected)))
    words = {
        "step": {step.name.lower() for step in Step},
        "cause": {kind.name.lower() for kind in Kind},
        "after": {status.name for status in Status} | {None},
    }
    for field, known in words.items():
        assert {getattr(d, field) for d in collected} <= known
    assert all(d.at == datetime.fromisoformat(tape[d.line - 1]["at"]) for d in collected)
    assert all(d.cause == tape[d.line - 1]["type"] for d in collected)
    assert all(d.refused for d in collected if d.step == "refused")
