"""Pages, and what an operation may cost."""

from __future__ import annotations

from bisect import bisect_left
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from allocation.oms.sandbox import Settings
from allocation.oms.sandbox.codes import Rejected
from allocation.oms.sandbox.complexity import complexity
from allocation.oms.sandbox.paging import connection, cursor_of
from allocation.oms.sandbox.schema import checked, operation_of, schema
from tests.oms.sandbox.clients import CREATE, Client, quantity_input
from tests.oms.sandbox.operations import VALID

NUMBERS = st.lists(st.integers(1, 60), unique=True).map(sorted)


def page(numbers: list[int], hidden: set[int], **arguments: Any) -> tuple[list[int], bool, bool]:
    found = connection(numbers, lambda number: None if number in hidden else {"id": number}, arguments)
    info = found["pageInfo"]
    return [edge["node"]["id"] for edge in found["edges"]], info["hasPreviousPage"], info["hasNextPage"]


@given(NUMBERS, st.sets(st.integers(1, 60)), st.integers(1, 20))
def test_pages_forward_are_everything_once(numbers: list[int], hidden: set[int], size: int) -> None:
    seen: list[int] = []
    after, more = "", True
    while more:
        found, before, more = page(numbers, hidden, first=size, after=after)
        assert before == bool(seen)
        assert len(found) == size or not more
        seen += found
        after = cursor_of(found[-1]) if found else after
    assert seen == [number for number in numbers if number not in hidden]


@given(NUMBERS, st.sets(st.integers(1, 60)), st.integers(1, 20))
def test_pages_backward_are_everything_once(numbers: list[int], hidden: set[int], size: int) -> None:
    seen: list[int] = []
    before, more = "", True
    while more:
        found, more, later = page(numbers, hidden, last=size, before=before)
        assert later == bool(seen)
        seen = found + seen
        before = cursor_of(found[0]) if found else before
    assert seen == [number for number in numbers if number not in hidden]


@given(NUMBERS, st.integers(0, 70), st.integers(0, 9), st.integers(0, 9))
def test_a_cursor_stays_good_when_its_record_is_no_longer_found(
    numbers: list[int], at: int, first: int, last: int
) -> None:
    found, _, _ = page(numbers, {at}, first=first, last=last, after=cursor_of(at))
    after = [number for number in numbers if number > at][:first]
    assert found == after[max(0, len(after) - last) :]
    found, _, _ = page(numbers, {at}, first=first, before=cursor_of(at))
    assert found == numbers[: bisect_left(numbers, at)][:first]


def test_ten_are_given_where_nothing_is_asked() -> None:
    assert page(list(range(1, 31)), set()) == (list(range(1, 11)), False, True)


@pytest.mark.parametrize(
    "arguments", [{"first": -1}, {"last": -1}, {"after": "5"}, {"before": "bm9uZQ"}, {"after": "é"}]
)
def test_bad_pages_are_refused(arguments: dict[str, Any]) -> None:
    with pytest.raises(Rejected):
        page([1, 2, 3], set(), **arguments)


def test_pages_over_the_api_go_on_while_records_are_added() -> None:
    client = Client(Settings(mode="created"))
    text = """query P($first: Int!, $after: String) {
        inventoryQuantities(type: "PREORDER", first: $first, after: $after) {
          edges { cursor node { ref } } pageInfo { hasNextPage hasPreviousPage } } }"""
    for i in range(7):
        client.data(CREATE, input=quantity_input(f"q{i}"))
    seen: list[str] = []
    after = None
    while True:
        found = client.data(text, first=3, after=after)["inventoryQuantities"]
        seen += [edge["node"]["ref"] for edge in found["edges"]]
        if len(seen) == 3:
            client.data(CREATE, input=quantity_input("q7"))
        if not found["pageInfo"]["hasNextPage"]:
            break
        after = found["edges"][-1]["cursor"]
        assert not after.isdigit()
    assert seen == [f"q{i}" for i in range(8)]
    assert client.data(text, first=3)["inventoryQuantities"]["edges"][0]["node"]["ref"] == "q0"


def test_a_connection_within_another_has_pages_of_its_own() -> None:
    client = Client(Settings(mode="created"))
    for i in range(3):
        client.data(CREATE, input=quantity_input(f"q{i}"))
    text = """{ inventoryCatalogue(ref: "DEFAULT:1") { inventoryPositions(productRef: "SKU-1") { edges { node {
        quantities(type: "PREORDER", last: 2) { edges { node { ref } } pageInfo { hasNextPage hasPreviousPage } }
        } } } } }"""
    (edge,) = client.data(text)["inventoryCatalogue"]["inventoryPositions"]["edges"]
    assert edge["node"]["quantities"] == {
        "edges": [{"node": {"ref": "q1"}}, {"node": {"ref": "q2"}}],
        "pageInfo": {"hasNextPage": False, "hasPreviousPage": True},
    }


# ----- complexity


NODE = "{ edges { node {"


def cost(text: str, **variables: Any) -> int:
    document, problems = checked(text)
    assert document is not None
    assert not problems
    return complexity(schema(), document, operation_of(document, None), variables)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"{{ orders {NODE} fulfilments {NODE} items {NODE} orderItem {{ id }} {'} ' * 10}", 1 + 10 + 100 + 1000),
        ("{ me { ref } }", 1),
        ("{ me { primaryRetailer { id } } }", 2),
        ("{ a: me { ref } b: me { ref } }", 2),
        ("{ orders { edges { node { id attributes { name } customerLink { ref } } } pageInfo { hasNextPage } } }", 1),
        ("{ orders { edges { node { customer { id } } } } }", 11),
        ("{ orders(first: 1000) { edges { node { customer { id } } } } }", 1001),
        ("{ orders(last: 7) { edges { node { customer { id } retailer { id } } } } }", 15),
        ("query($n: Int = 5) { orders(first: $n) { edges { node { customer { id } } } } }", 6),
        ("{ ...Q } fragment Q on Query { orders { edges { node { ...O } } } } fragment O on Order { customer { id } }", 11),  # noqa: E501
        ('{ inventoryQuantityAggregate(position: {ref: "p", catalogue: {ref: "c"}}) { sum } }', 10),
    ],
)  # fmt: skip
def test_look_ups_are_counted_times_the_pages_above_them(text: str, expected: int) -> None:
    assert cost(text) == expected


def test_variables_give_the_page_size() -> None:
    assert cost(VALID["due reservations"], first=500) == 501
    assert cost(VALID["due reservations"]) == 11


def test_what_costs_too_much_is_refused() -> None:
    client = Client()
    text = "query($n: Int) { orders(first: $n) { edges { node { customer { id } } } } }"
    client.data(text, n=11_110)
    assert client.code(text, n=11_111) == "C0001E"
