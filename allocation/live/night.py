"""What is kept of a release: a run folder, with the plan and what became of every order beside the tape."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from allocation.live.applied import Applied
from allocation.live.plan import Plan
from allocation.tape import replay

PLAN, OUTCOMES = "plan.json", "outcomes.jsonl"


def save_night(plan: Plan, applied: Applied, folder: Path) -> Path:
    """Write the run folder of a release: `allocation replay` plays it again, under another policy too.

    Args:
        plan: What was applied; its tape holds no e-mail.
        applied: What it came to.
        folder: A run folder that is there is replaced.

    Raises:
        SettingError: It is no place for a run folder.
    """
    run = replay(list(plan.tape), plan.policy)
    run.manifest.update({"launch": plan.launch, "account": plan.account, "action": plan.action, "source": "live"})
    plain = plan.as_plain()
    run.files[PLAN] = json.dumps(plain, indent=1, ensure_ascii=False, default=str) + "\n"
    outcomes = [row.as_plain() for row in applied.rows]
    beside = {"hold not written": applied.holds_left, "contradiction": applied.crossed}
    outcomes += [
        {"key": "", "reservation_id": name, "verdict": verdict, "references": [], "reason": reason}
        for verdict, reasons in beside.items()
        for name, reason in reasons.items()
    ]
    run.files[OUTCOMES] = _lines(outcomes)
    return run.save(folder)


def _lines(rows: Iterable[dict[str, object]]) -> str:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
