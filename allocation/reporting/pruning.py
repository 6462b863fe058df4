"""Taking away the reports of old nights; their numbers stay in the history."""

from __future__ import annotations

import shutil
from datetime import date, timedelta
from pathlib import Path

from allocation.engine.errors import SettingError
from allocation.reporting.history import write_history
from allocation.reporting.index import write_index
from allocation.reporting.manifest import is_ours
from allocation.reporting.places import locked, nights_of


def prune_reports(out: str | Path, keep_days: int, today: date) -> tuple[str, ...]:
    """Remove nights that are older than so many days, except the newest one.

    Only folders go whose name is a date and that have a manifest of reports; links are not followed, and nothing else
    in the folder is touched.

    Args:
        out: The folder of all nights.
        keep_days: How many days before today stay.
        today: Where this machine is.

    Returns:
        The nights that were removed, oldest first.

    Raises:
        SettingError: The number is below 1, or there is no such folder.
    """
    out = Path(out)
    if keep_days < 1:
        raise SettingError(f"--keep {keep_days} must be at least 1 day")
    if not out.is_dir():
        raise SettingError(f"{out} is no folder of reports")
    oldest = (today - timedelta(days=keep_days)).isoformat()
    with locked(out):
        # What they tell is kept first.
        write_history(out)
        old = [night for night in nights_of(out)[:-1] if night < oldest and is_ours(out / night)]
        for night in old:
            # Out of the way in one step, so that a killed run leaves no half night.
            gone = out / f".part-{night}-pruned"
            (out / night).rename(gone)
            shutil.rmtree(gone)
        write_index(out)
    return tuple(old)
