"""The plan of a night beside what came of its orders."""

from __future__ import annotations

import json

import pytest

from allocation.analysis import night_of, not_matched, plan_beside_outcome, verdict_counts
from allocation.analysis.live_outcomes import VERDICTS, WRONG
from allocation.analysis.review_wording import night_note
from allocation.engine.errors import NotFound
from allocation.live.reconciling import WRONG as WRONG_TO_LIVE
from allocation.live.reconciling import Verdict


def effect(number, tier, status, *, order=True):
    return {
        "reservation_id": f"RES-{number}",
        "hold": {"tier": tier, "quantity": 2, "status": status, "customer": "jane@example.com"},
        "order": {"key": f"K{number}", "customer": "jane@example.com"} if order else None,
    }


@pytest.fixture
def folder(tmp_path):
    plan = {
        "effects": [
            effect(1, "STANDARD", "ALLOCATED"),
            effect(2, "VIP", "ALLOCATED"),
            effect(3, "VIP", "ALLOCATED"),
            effect(4, "VIP", "ALLOCATED"),
            effect(5, "STANDARD", "CANCELLED", order=False),
        ],
        "policy": {"tiers": {"VIP": "100", "STANDARD": "50"}},
        "warnings": [],
    }
    verdicts = [
        (1, "matched"),
        (2, "matched"),
        (3, "unknown"),
        (4, "duplicate"),
        (9, "foreign"),
        (5, "hold not written"),
        (1, "contradiction"),
    ]
    lines = [
        {"key": f"K{n}", "reservation_id": f"RES-{n}", "verdict": verdict, "references": ["7", "8"], "reason": "so"}
        for n, verdict in verdicts
    ]
    (tmp_path / "plan.json").write_text(json.dumps(plan))
    (tmp_path / "outcomes.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return tmp_path


def test_verdicts_are_counted_and_the_wrong_ones_always_told(folder):
    counts = verdict_counts(night_of(folder)).set_index("verdict")["orders"]
    assert counts.to_dict() == {
        "matched": 2, "missing": 0, "unknown": 1, "foreign": 1, "duplicate": 1, "changed": 0, "rejected": 0,
        "hold not written": 1, "contradiction": 1,
    }  # fmt: skip
    assert night_of(folder).wrong == 4
    assert night_note(night_of(folder)).startswith("4 orders need a person")


def test_the_plan_beside_what_came_of_it(folder):
    rows = plan_beside_outcome(night_of(folder)).to_dict("records")
    assert [(row["tier"], row["planned"]) for row in rows] == [
        ("VIP", "ALLOCATED"),
        ("STANDARD", "ALLOCATED"),
        ("STANDARD", "CANCELLED"),
    ]
    assert [(row["orders_planned"], row["orders_matched"], row["orders_not_matched"]) for row in rows] == [
        (3, 1, 2),
        (1, 1, 0),
        (0, 0, 0),
    ]
    assert [row["units"] for row in rows] == [6, 2, 2]


def test_what_needs_a_person_comes_first_and_nobody_is_named(folder):
    frame = not_matched(night_of(folder))
    assert frame["verdict"].tolist() == ["unknown", "foreign", "duplicate", "contradiction", "hold not written"]
    assert frame["reservation_id"].tolist() == ["RES-3", "RES-9", "RES-4", "RES-1", "RES-5"]
    assert len(not_matched(night_of(folder), most=1)) == 1
    night = night_of(folder)
    for told in (verdict_counts(night), plan_beside_outcome(night), frame, night.rows):
        assert "@" not in told.to_string()


def test_without_an_apply_there_is_nothing(tmp_path):
    for night in (night_of(None), night_of(tmp_path)):
        assert night is None
        for frame in (verdict_counts(night), plan_beside_outcome(night), not_matched(night)):
            assert frame.empty
    assert "was not applied" in night_note(None)


def test_a_damaged_file_is_named(folder):
    (folder / "outcomes.jsonl").write_text("{")
    with pytest.raises(NotFound, match=r"outcomes\.jsonl is damaged"):
        night_of(folder)


def test_every_verdict_of_the_apply_is_known():
    assert {verdict.value for verdict in Verdict} == set(VERDICTS) - {"hold not written", "contradiction"}
    # An unknown outcome, too, must be looked into.
    assert {verdict.value for verdict in WRONG_TO_LIVE} | {"unknown", "contradiction"} == set(WRONG)
