"""A run looked at afterwards: decisions by order, releases, ATP arithmetic, broken promises, the book of decisions."""

from __future__ import annotations

from html import unescape
from io import BytesIO
from zipfile import ZipFile

import pandas as pd
import pytest

from allocation import simulate
from allocation.analysis import (
    atp_at_releases,
    broken_promises,
    decision_book,
    decisions_by_order,
    decisions_of,
    refusals_of,
    releases_of,
)
from allocation.analysis.decision_book import CSV, PARQUET
from allocation.engine.errors import NotFound
from tests.analysis.runs import SEEDS, random_run, small_scenario


@pytest.fixture(scope="module")
def run():
    return simulate(small_scenario(), 8)


def test_the_decisions_of_an_order_are_those_of_the_engine(run):
    for order in run.reservations["order_id"].iloc[::17]:
        names = set(run.reservations.loc[run.reservations["order_id"] == order, "reservation_id"])
        expected = [decision for decision in run.engine.decisions if decision.reservation_id in names]
        found = decisions_of(run, order)
        assert len(found) == len(expected) >= 2
        for row, decision in zip(found.to_dict("records"), expected, strict=True):
            assert (row["sequence"], row["line"], row["step"]) == (decision.sequence, decision.line, decision.step)
            assert row["at"] == decision.at
            assert row["after"] == decision.after
            assert row["ship_date"].date() == decision.ship_date
            if decision.arithmetic is None:
                assert pd.isna(row["atp"])
            else:
                numbers = decision.arithmetic
                assert (row["supply_by"], row["limit"]) == (numbers.supply_by, numbers.limit)
                assert (row["promised"], row["atp"]) == (numbers.promised, numbers.atp)
        one = decisions_of(run, min(names))
        assert set(one["reservation_id"]) == {min(names)}


def test_an_order_that_does_not_exist_is_named(run):
    with pytest.raises(
        NotFound, match=r"no order or reservation 'O-X' in this run; orders are called such as O-0000001"
    ):
        decisions_of(run, "O-X")


@pytest.mark.parametrize("seed", SEEDS[::3])
def test_every_decision_is_there_once_order_by_order(seed):
    run = random_run(seed)
    frame = decisions_by_order(run)
    about = run.decisions[run.decisions["reservation_id"].notna()]
    assert sorted(frame["sequence"]) == about["sequence"].tolist()
    assert frame["order_id"].is_monotonic_increasing
    for order, own in frame.groupby("order_id"):
        pd.testing.assert_frame_equal(
            own.sort_values("sequence").reset_index(drop=True), decisions_of(run, order), check_dtype=False
        )
    # A tape has e-mail addresses, and nothing that is looked at has.
    assert not frame.astype(str).apply(lambda column: column.str.contains("@example")).to_numpy().any()
    assert refusals_of(run)["commands"].sum() == run.summary["refused"]


@pytest.mark.parametrize("seed", SEEDS[::2])
def test_releases_are_those_of_the_outcome(seed):
    run = random_run(seed)
    frame = releases_of(run)
    expected = run.outcome()["releases"]
    if not expected:
        assert frame.empty
        assert atp_at_releases(run).empty
        assert broken_promises(run).empty
        return
    for (_, own), release in zip(frame.groupby(["at", "ship_date"], sort=False), expected, strict=True):
        assert own["given_units"].sum() == release["allocated_units"]
        assert own["broken"].sum() == release["broken"]
        assert len(own) == release["pools"]
        assert set(own["alert"]) == {release["alert"]}
        assert str(own["ship_date"].iloc[0]) == release["ship_date"]
        assert (own["on_hand_units"] - own["given_units"] == own["left_units"]).all()
    assert len(broken_promises(run)) == frame["broken"].sum()


@pytest.mark.parametrize("seed", SEEDS[::2])
def test_the_arithmetic_is_that_of_the_rules(seed):
    frame = atp_at_releases(random_run(seed))
    for _, group in frame.groupby(["at", "moment", "sku", "location"], sort=False):
        own = group.sort_values("ship_date")
        micro = (own["rate"] * 1_000_000).round().astype(int)
        assert (own["limit"] == own["supply_by"] * micro // 1_000_000).all()
        headroom = (own["limit"] - own["promised"]).tolist()
        # The smallest headroom of a date and every later planning date.
        assert own["atp"].tolist() == [min(headroom[i:]) for i in range(len(headroom))]


def test_the_largest_surprises_come_first():
    found = pd.concat([broken_promises(random_run(seed)).assign(seed=seed) for seed in SEEDS])
    assert set(found["was"]) == {"CONFIRMED", "RESERVED"}
    assert set(found["reason"]) == {"oversold", "rolled_over"}
    for _, own in found.groupby("seed"):
        assert own["was"].is_monotonic_increasing
        for _, alike in own.groupby("was"):
            assert alike["quantity"].is_monotonic_decreasing


def test_a_small_book_has_every_order_in_the_page(run, tmp_path):
    book = decision_book(run, tmp_path)
    page = book._repr_html_()
    for order in run.reservations["order_id"]:
        assert f"<summary>{order} ·" in page
    assert page.count("<li>") == len(decisions_by_order(run)) + 2
    assert "<script" not in page
    first = unescape(page.split("<ol><li>")[1].split("</li>")[0])
    # Times are local, and a promise has its arithmetic.
    assert "placed: RESERVED for 2025-03-15; supply by 60, limit 63, promised 0, atp 63" in first
    assert "America/New_York" in book.caption
    assert str(len(decisions_by_order(run))) in repr(book)
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / PARQUET), decisions_by_order(run), check_dtype=False)
    with ZipFile(tmp_path / CSV) as packed:
        read = pd.read_csv(BytesIO(packed.read("decisions.csv")))
    assert read["sequence"].tolist() == decisions_by_order(run)["sequence"].tolist()
    assert {f"{tmp_path.name}/{CSV}", f"{tmp_path.name}/{PARQUET}"} == set(book.links)


def test_a_large_book_shows_the_surprises_and_points_to_the_files(run, tmp_path):
    book = decision_book(run, tmp_path, orders_max=50)
    shown = book.decisions["order_id"].unique()
    assert 0 < len(shown) <= 24
    broken = broken_promises(run)["order_id"].drop_duplicates()
    assert list(shown[: len(broken[:12])]) == broken.head(12).tolist()
    assert "of 120 orders" in book.caption
    assert "decisions_of(run, order)" in book.caption
    assert f'href="{tmp_path.name}/{CSV}"' in book._repr_html_()
    assert decision_book(run, orders_max=50).links == []
    for name in shown:
        expected = decisions_of(run, name)["sequence"].tolist()
        assert book.decisions.loc[book.decisions["order_id"] == name, "sequence"].tolist() == expected


def test_the_same_decisions_give_the_same_files(run, tmp_path):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        decision_book(run, tmp_path / name)
    for name in (CSV, PARQUET):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
