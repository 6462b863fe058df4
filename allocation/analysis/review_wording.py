"""Sentences of a review: what a run came to, whether its record holds, and how far another policy's story goes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from allocation.analysis.counterfactual import Counterfactuals, change_of
from allocation.analysis.live_outcomes import OF_NO_PLANNED_ORDER, VERDICTS, WRONG, Night
from allocation.analysis.recorded import is_sampled
from allocation.analysis.review import releases_of
from allocation.engine.outcome import atp
from allocation.tape import Run, load_run

RECORDED_HONESTY = (
    "what another policy would have done assumes that everybody would have acted as they did: ordered, paid and "
    "cancelled at the same times, whatever they were promised"
)
SAMPLED_HONESTY = (
    "its customers were drawn with fixed times for everything that they would do, so that the same tape under another "
    "policy is exactly that policy's simulation"
)


def review_answer(run: Run, others: Counterfactuals, night: Night | None, currency: str) -> str:
    """What was given out, which promises were broken, and the policy that would have changed the most.

    Args:
        run: The run.
        others: What other policies would have done.
        night: Where it is the apply of a release.
        currency: Of the profit.
    """
    return f"{_subject(run)} {_given(run)}{_orders(night)}; {_other(others, currency)} ({_certainty(run)})."


def honesty_note(run: Run) -> str:
    """Which it is: an exact counterfactual, or one that assumes that nobody would have acted otherwise."""
    base = "Each policy differs from the one on record in one thing, and plays the same tape."
    if is_sampled(run.manifest) and run.policy.overbooking.is_one_rate:
        return f"{base} This is a simulated launch: {SAMPLED_HONESTY}."
    if is_sampled(run.manifest):
        return (
            f"{base} This is a simulated launch, whose customers were drawn with fixed times for everything that they "
            "would do. Rates that the policy's method set stay as they are on the tape, so that only the rate of 1.00 "
            "is exactly that policy's simulation."
        )
    kept = " What was promised before the tape begins stays promised." if _is_handed_over(run) else ""
    return f"{base} This is a recorded run: {RECORDED_HONESTY}.{kept}"


def alerts_of(run: Run, night: Night | None, folder: Path | None) -> pd.DataFrame:
    """What a person should look at: ``alert`` and ``what``; no rows where there is nothing.

    Args:
        run: The run.
        night: Where it is the apply of a release.
        folder: Its run folder, whose record is compared with what the rules come to now.
    """
    rows: list[dict[str, Any]] = []
    released, share = releases_of(run), float(run.policy.release.alert_broken_share)
    for one in released[released["alert"]].itertuples():
        what = f"{one.broken:,} of {one.promises:,} promises broken, more than {share:.0%}"
        rows.append({"alert": "broken promises", "what": f"release {one.ship_date} of {one.sku}: {what}"})
    for row in atp(run.engine):
        if row["atp"] < 0:
            what = f"{row['sku']} at {row['location']} on {row['ship_date']}: ATP {row['atp']:,}"
            rows.append({"alert": "more is promised than may be", "what": what})
    if folder is not None and not _comes_out(run, folder):
        what = (
            "the rules that are installed come to other decisions than those on record; see `allocation replay --check`"
        )
        rows.append({"alert": "the record does not come out again", "what": what})
    if night is not None:
        counts = night.rows["verdict"].value_counts()
        rows += [
            {"alert": f"orders {name}", "what": f"{counts[name]:,}: {VERDICTS[name]}"}
            for name in WRONG
            if counts.get(name, 0)
        ]
        rows += [{"alert": "warning of the plan", "what": str(text)} for text in night.plan["warnings"]]
    return pd.DataFrame(rows, columns=["alert", "what"])


def record_note(run: Run, folder: Path | None) -> str:
    """Whether the decisions on record come out again."""
    count = len(run.decisions)
    if folder is None:
        return f"{count:,} decisions of a simulation; nothing is on record."
    if _comes_out(run, folder):
        return f"The {count:,} decisions on record were made again from the tape: they are the same, byte for byte."
    return "The tape was played again, and does not come to the decisions on record: see the alerts."


def no_alert_note(alerts: pd.DataFrame) -> str:
    """How many alerts there are."""
    count = len(alerts)
    return f"{count} alert{'s' * (count != 1)}." if count else "There is nothing to look at: no alerts."


def night_note(night: Night | None) -> str:
    """Whether there was an apply, and how it went."""
    if night is None:
        return "This run was not applied to an order management system, so that no order can be compared with a plan."
    if night.wrong:
        return f"{night.wrong:,} orders need a person: see above, and `allocation live status`."
    return "No order is missing, unknown, foreign, duplicate or changed."


def _comes_out(run: Run, folder: Path) -> bool:
    digests = load_run(folder).manifest.get("digests")
    return isinstance(digests, dict) and digests.get("decisions.jsonl") == run.digest


def _subject(run: Run) -> str:
    known = run.manifest
    if is_sampled(known):
        return f"The simulated launch (seed {known['seed']}, replication {known['replication']})"
    if known.get("source") == "live":
        return f"The recorded {known['action']} of {known['launch']}"
    return "The recorded run"


def _given(run: Run) -> str:
    released = releases_of(run)
    if released.empty:
        open_ones = run.reservations["status"].isin(["RESERVED", "CONFIRMED", "QUEUED", "WAITLISTED"])
        return f"has no release: {int(open_ones.sum()):,} reservations are open"
    promises, broken = int(released["promises"].sum()), int(released["broken"].sum())
    alert = "an alert" if released["alert"].any() else "no alert"
    share = f" ({broken / promises:.1%}, {alert})" if promises else ""
    units, at = int(released["given_units"].sum()), released["at"].nunique()
    where = f"{at} release{'s' * (at != 1)}"
    return f"gave out {units:,} units at {where} and broke {broken:,} of {promises:,} promises{share}"


def _orders(night: Night | None) -> str:
    if night is None:
        return ""
    planned = ~night.rows["verdict"].isin(OF_NO_PLANNED_ORDER)
    matched = int((night.rows["verdict"] == "matched").sum())
    return f", {matched:,} of {int(planned.sum()):,} planned orders stand and {night.wrong:,} need a person"


def _other(others: Counterfactuals, currency: str) -> str:
    frame = others.measures
    moved = frame["gain"] + frame["lose"]
    if not moved.any():
        return f"none of {len(frame)} other policies would have given anybody more or less"
    row = frame.iloc[int(moved.to_numpy().argmax())]
    profit = float(row[change_of("profit", currency)])
    money = f"{currency} {abs(profit):,.0f} {'more' if profit > 0 else 'less'} profit" if profit else "the same profit"
    return (
        f"of {len(frame)} other policies on the same tape, {row['policy']} would have changed the most: "
        f"{row['gain']:,} reservations gain and {row['lose']:,} lose, for {money}"
    )


def _certainty(run: Run) -> str:
    if is_sampled(run.manifest):
        return "exact for this replication, without sampling error; other replications differ"
    return f"facts of one recorded run, without sampling error; {RECORDED_HONESTY}"


def _is_handed_over(run: Run) -> bool:
    return bool((run.decisions["step"] == "adopted").any())
