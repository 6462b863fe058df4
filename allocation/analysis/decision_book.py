"""Every decision, findable by order: in the page where they are few enough, and in files beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import pandas as pd
import pyarrow as pa
from pyarrow.csv import write_csv

from allocation.analysis.review import broken_promises, decisions_by_order
from allocation.analysis.tables import shown
from allocation.tape import Run

ORDERS_MAX = 1500
"""More orders than this are not put into a page: it would take a phone too long to open."""
CHOSEN = 12
_GROUP = 100
CSV, PARQUET = "decisions.zip", "decisions.parquet"


@dataclass(frozen=True)
class DecisionBook:
    """The decisions of a run by order.

    It shows as a list that folds out, order by order, without a script: a browser's own search finds an order in it.

    Attributes:
        decisions: As `decisions_by_order` gives them, of the orders that are shown.
        caption: What is shown, and where the rest is.
        links: Files with every decision, as seen from the page.
        zone: Of the instants.
    """

    decisions: pd.DataFrame
    caption: str
    links: Sequence[str]
    zone: str

    def __repr__(self) -> str:
        return (
            f"{self.caption}\n{len(self.decisions):,} decisions about {self.decisions['order_id'].nunique():,} orders"
        )

    def _repr_html_(self) -> str:
        orders = [(str(name), own) for name, own in self.decisions.groupby("order_id", sort=False)]
        groups = [orders[first : first + _GROUP] for first in range(0, len(orders), _GROUP)]
        body = "".join(map(_order, orders)) if len(groups) <= 1 else "".join(map(_group, groups))
        files = "".join(f'<li><a href="{escape(link)}">{escape(link)}</a></li>' for link in self.links)
        listed = f"<ul>{files}</ul>" if files else ""
        return f'<p class="caption">{escape(self.caption)}</p>\n{listed}\n<div class="orders">{body}</div>'


def decision_book(run: Run, out: Path | None = None, orders_max: int = ORDERS_MAX) -> DecisionBook:
    """The decisions of a run, order by order.

    Up to so many orders are all in it. Of more, those are whose promises were not kept, and those about whom most was
    decided; the rest is in the files.

    Args:
        run: Of which run.
        out: A folder for the files: a CSV in a ZIP, to be opened by a double click, and a Parquet table.
        orders_max: How many orders are shown.
    """
    frame = decisions_by_order(run)
    links = []
    if out is not None:
        _write(frame, out)
        links = [f"{out.name}/{name}" for name in (CSV, PARQUET)]
    count, zone = frame["order_id"].nunique(), run.policy.timezone
    found = (
        "Fold out the group of an order id, or search the page for it"
        if count <= orders_max
        else "Look an order up in the files"
    )
    every = f"All {len(frame):,} decisions about {count:,} orders"
    where = f" {every} are in the files, sorted by order: a CSV in a ZIP, and a Parquet table." if links else ""
    if count <= orders_max:
        return DecisionBook(frame, f"{every}; times are in {zone}. {found}.{where}", links, zone)
    chosen = _chosen(run, frame)
    caption = (
        f"{len(chosen)} of {count:,} orders: those with the largest promises that were not kept, and those about whom "
        f"most was decided; times are in {zone}.{where} {found}, or ask analysis.decisions_of(run, order)."
    )
    part = frame[frame["order_id"].isin(chosen)]
    places = {name: place for place, name in enumerate(chosen)}
    part = part.sort_values("order_id", key=lambda ids: ids.map(places), kind="stable")
    return DecisionBook(part, caption, links, zone)


def _chosen(run: Run, frame: pd.DataFrame) -> list[str]:
    broken = broken_promises(run)["order_id"].drop_duplicates().head(CHOSEN)
    counts = frame.groupby("order_id").size().rename("decisions").reset_index()
    busiest = counts.sort_values(["decisions", "order_id"], ascending=[False, True]).head(CHOSEN)
    return list(dict.fromkeys([*broken, *busiest["order_id"]]))


def _write(frame: pd.DataFrame, out: Path) -> None:
    frame.to_parquet(out / PARQUET, index=False)
    table = pa.Table.from_pandas(frame, preserve_index=False)
    place = table.schema.get_field_index("ship_date")
    table = table.set_column(place, "ship_date", table["ship_date"].cast(pa.date32()))
    text = BytesIO()
    # Ten times as fast as pandas.
    write_csv(table, text)
    with ZipFile(out / CSV, "w", ZIP_DEFLATED) as packed:
        # An entry of its own, so that it has no time of writing: the same decisions give the same file.
        entry = ZipInfo("decisions.csv")
        entry.compress_type = ZIP_DEFLATED
        packed.writestr(entry, text.getvalue())


def _group(orders: Sequence[tuple[str, pd.DataFrame]]) -> str:
    first, last = orders[0][0], orders[-1][0]
    inside = "".join(map(_order, orders))
    title = f"{escape(first)} to {escape(last)} ({len(orders)} orders)"
    return f"<details><summary>{title}</summary>{inside}</details>"


def _order(order: tuple[str, pd.DataFrame]) -> str:
    name, own = order
    last = own.drop_duplicates("reservation_id", keep="last")
    states = ", ".join(dict.fromkeys(str(status) for status in last["after"]))
    units = int(last["quantity"].sum())
    title = f"{escape(name)} · {escape(str(own['tier'].iloc[0]))} · {units} unit{'s' * (units != 1)} · {states}"
    several = len(last) > 1
    rows = [dict(zip(own.columns, row, strict=True)) for row in own.itertuples(index=False)]
    items = "".join(f"<li>{escape(_sentence(row, several=several))}</li>" for row in rows)
    return f"<details><summary>{title}</summary><ol>{items}</ol></details>"


def _sentence(row: Mapping[str, Any], *, several: bool) -> str:
    """One decision told: when, by which step, from what to what, and the arithmetic of a promise."""
    at = shown(row["at"]).rsplit(" ", 1)[0]
    who = f"{row['reservation_id']} " if several else ""
    step = str(row["step"]).replace("_", " ")
    before = f"{row['before']} → " if isinstance(row["before"], str) else ""
    why = f" ({str(row['reason']).replace('_', ' ')})" if isinstance(row["reason"], str) else ""
    day = row["ship_date"]
    dated = f" for {day:%Y-%m-%d}" if pd.notna(day) else ""
    told = f"{at} {who}{step}: {before}{row['after']}{dated}{why}"
    if pd.isna(row["limit"]):
        return told
    numbers = ", ".join(f"{name.replace('_', ' ')} {row[name]:,}" for name in ("supply_by", "limit", "promised", "atp"))
    return f"{told}; {numbers}"
