"""A run looked at afterwards: every decision by order, releases with their arithmetic, promises that were not kept."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

from allocation.analysis.changes import local
from allocation.engine.allocation_engine import AllocationEngine
from allocation.engine.codes import Kind
from allocation.engine.errors import NotFound
from allocation.engine.instants import from_milliseconds
from allocation.engine.outcome import atp
from allocation.engine.policy import MICRO
from allocation.tape import Run

_TOLD = ["cause", "step", "before", "after", "reason", "ship_date", "supply_by", "limit", "promised", "atp"]
_HELD = ("RESERVED", "CONFIRMED")
_ATP = ["at", "moment", "sku", "location", "ship_date", "supply_by", "rate", "limit", "promised", "atp"]


def decisions_by_order(run: Run) -> pd.DataFrame:
    """Every decision about an order, order by order.

    Returns:
        One row a decision, sorted by ``order_id``, ``reservation_id`` and ``sequence``: these, ``tier`` and
        ``quantity``, ``at`` (in the policy's time zone), ``line`` of the tape, ``cause``, ``step``, ``before``,
        ``after``, ``reason``, ``ship_date``, and the ATP arithmetic of a promise: ``supply_by``, ``limit``,
        ``promised`` and ``atp``. Customers do not appear.
    """
    own = run.decisions[run.decisions["reservation_id"].notna()]
    reservations = run.reservations[["reservation_id", "order_id", "tier", "quantity"]]
    frame = own.merge(reservations, on="reservation_id", how="left")
    frame["at"] = local(run, frame["at"])
    frame = frame.sort_values(["order_id", "reservation_id", "sequence"], kind="stable", ignore_index=True)
    return frame[["order_id", "reservation_id", "tier", "quantity", "at", "sequence", "line", *_TOLD]]


def decisions_of(run: Run, order: str) -> pd.DataFrame:
    """Every decision about one order, in order.

    Args:
        run: Of which run.
        order: An order id, or a reservation id.

    Returns:
        Rows of `decisions_by_order`.

    Raises:
        NotFound: There is no such order or reservation.
    """
    reservations = run.reservations
    own = reservations.loc[
        (reservations["order_id"] == order) | (reservations["reservation_id"] == order), "reservation_id"
    ]
    if own.empty:
        some = ", ".join(reservations["order_id"].head(3)) or "none"
        raise NotFound(f"no order or reservation {order!r} in this run; orders are called such as {some}")
    decided = run.decisions[run.decisions["reservation_id"].isin(own)]
    frame = decided.merge(reservations[["reservation_id", "order_id", "tier", "quantity"]], on="reservation_id")
    frame["at"] = local(run, frame["at"])
    return frame[["order_id", "reservation_id", "tier", "quantity", "at", "sequence", "line", *_TOLD]]


def releases_of(run: Run) -> pd.DataFrame:
    """What each release did in each pool.

    Returns:
        One row a release and pool: ``at``, ``sku``, ``location``, ``ship_date``, ``on_hand_units`` before,
        ``given_units``, ``left_units``; ``promises`` (reservations that were held and due), ``broken`` (those of them
        that got no unit), ``share_broken``, and ``alert``: whether the release, over all its pools, broke more than the
        policy's alert share.
    """
    operations = run.engine.book.used("operations")
    operations = operations[operations["kind"] == Kind.RELEASE]
    commands = run.engine.book.tables.commands
    frame = pd.DataFrame(
        {
            "command": operations["command"].astype(np.int64),
            "at": [from_milliseconds(int(at)) for at in commands["at"][operations["command"]]],
            "sku": [run.engine.pools[pool][0] for pool in operations["pool"].tolist()],
            "location": [run.engine.pools[pool][1] for pool in operations["pool"].tolist()],
            "ship_date": [date.fromordinal(int(day)) for day in operations["day"]],
            "on_hand_units": operations["on_hand"] + operations["allocated_units"],
            "given_units": operations["allocated_units"],
            "left_units": operations["on_hand"],
            "promises": (operations["allocated"] + operations["broken"]).astype(np.int64),
            "broken": operations["broken"].astype(np.int64),
        }
    )
    if frame.empty:
        return frame.assign(share_broken=[], alert=[]).drop(columns="command")
    frame["at"] = local(run, pd.Series(pd.DatetimeIndex(frame["at"])))
    frame["share_broken"] = frame["broken"] / frame["promises"].where(frame["promises"] > 0)
    sums = frame.groupby("command")[["broken", "promises"]].transform("sum")
    share = int(run.engine.book.tables.policy["alert_share"][0])
    frame["alert"] = sums["broken"] * MICRO > share * sums["promises"]
    return frame.drop(columns="command").reset_index(drop=True)


def atp_at_releases(run: Run) -> pd.DataFrame:
    """The ATP arithmetic of every pool just before each release and after it.

    Returns:
        One row for each release, ``moment`` (``before``, ``after``), pool and planning date: ``at``, ``sku``,
        ``location``, ``ship_date``, ``supply_by``, ``rate``, ``limit`` (supply_by x rate, rounded down), ``promised``
        (units held up to that date) and ``atp``: the smallest headroom, limit less promised, of that date and every
        later planning date.
    """
    columns = run.engine.columns()
    again = AllocationEngine.on(columns, run.policy)
    operations = run.engine.book.used("operations")
    rows = []
    for command in np.unique(operations["command"][operations["kind"] == Kind.RELEASE]).tolist():
        again.play_until(command)
        at = from_milliseconds(int(columns.commands["at"][command]))
        rows += [{"at": at, "moment": "before"} | row for row in _arithmetic(again)]
        again.play_until(command + 1)
        rows += [{"at": at, "moment": "after"} | row for row in _arithmetic(again)]
    frame = pd.DataFrame(rows, columns=_ATP)
    if len(frame):
        frame["at"] = local(run, pd.Series(pd.DatetimeIndex(frame["at"])))
    return frame


def broken_promises(run: Run) -> pd.DataFrame:
    """Promises that a release did not keep, the largest surprises first.

    A firm promise comes before another one, more units before fewer, then who came first.

    Returns:
        One row a promise: ``order_id``, ``reservation_id``, ``tier``, ``quantity``, ``at``, ``was`` (RESERVED or
        CONFIRMED), ``becomes``, ``reason`` and ``ship_date`` where it stands now. One that a customer did not pay is
        none.
    """
    decisions = run.decisions
    stopped = (
        (decisions["cause"] == "release")
        & decisions["before"].isin(_HELD)
        & (decisions["step"].isin(["released", "rolled_over"]))
        & ~decisions["after"].isin(["ALLOCATED", "EXPIRED"])
    )
    # What became of it at the end of that command, for who is rolled over and then promoted.
    own = decisions[stopped].drop_duplicates(["line", "reservation_id"])
    last = decisions.drop_duplicates(["line", "reservation_id"], keep="last")
    columns = ["line", "reservation_id", "after", "reason", "ship_date"]
    frame = own[["line", "at", "reservation_id", "before"]].merge(last[columns], on=["line", "reservation_id"])
    told = ["reservation_id", "order_id", "tier", "quantity", "arrival"]
    frame = frame.merge(run.reservations[told], on="reservation_id")
    frame["at"] = local(run, frame["at"])
    frame["reason"] = frame["reason"].astype("str").fillna("rolled_over")
    frame = frame.assign(_firm=frame["before"] != "CONFIRMED", _units=-frame["quantity"])
    frame = frame.sort_values(["_firm", "_units", "arrival"], kind="stable", ignore_index=True)
    frame = frame.rename(columns={"before": "was", "after": "becomes"})
    frame[["was", "becomes"]] = frame[["was", "becomes"]].astype("str")
    return frame[["order_id", "reservation_id", "tier", "quantity", "at", "was", "becomes", "reason", "ship_date"]]


def refusals_of(run: Run) -> pd.DataFrame:
    """Why commands were refused: ``cause``, ``refused`` (the reasons) and ``commands``, the most frequent first."""
    refused = run.decisions[run.decisions["refused"].notna()]
    counted = refused.groupby(["cause", "refused"], observed=True).size().rename("commands")
    return counted.reset_index().sort_values("commands", ascending=False, kind="stable", ignore_index=True)


def _arithmetic(engine: AllocationEngine) -> list[dict[str, object]]:
    rates = dict(zip(engine.pools, (engine.book.tables.pools["rate"] / MICRO).tolist(), strict=False))
    return [
        row | {"rate": rates[row["sku"], row["location"]], "ship_date": date.fromisoformat(row["ship_date"])}
        for row in atp(engine)
    ]
