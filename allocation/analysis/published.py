"""Results that are known from elsewhere, beside what the simulation gives."""

from __future__ import annotations

import pandas as pd

from allocation.tape import Run

_COLUMNS = ["result", "published", "simulated", "difference", "note", "source"]


def published_table(frame: pd.DataFrame) -> pd.DataFrame:
    """`published_beside_simulated` for reading, without the notes: `contradictions` has them."""
    return frame.drop(columns="note")


def published_beside_simulated(run: Run) -> pd.DataFrame:
    """One row a published result, in the order of the scenario.

    Returns:
        ``result`` in the words of the source, ``published``, ``simulated`` (NA where the simulation has no such
        measure), ``difference`` (simulated less published), ``note`` and ``source``. No rows where nothing is
        published.
    """
    rows = [
        {
            "result": row["text"] or row["measure"],
            "published": row["published"],
            "simulated": row["simulated"],
            "note": row["note"],
            "source": row["source"],
        }
        for row in run.summary.get("published", [])
    ]
    frame = pd.DataFrame(rows, columns=[name for name in _COLUMNS if name != "difference"])
    published, simulated = (pd.to_numeric(frame[name]).convert_dtypes() for name in ("published", "simulated"))
    return frame.assign(published=published, simulated=simulated, difference=simulated - published)[_COLUMNS]
