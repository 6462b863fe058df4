"""Documents: their cost, their page sizes, and that each asks for what paging needs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from allocation.oms.fluent import Mutation, Query, queries
from allocation.oms.fluent.documents import BATCH_MAX, COMPLEXITY_MAX, batch, complexity, page_size
from allocation.oms.fluent.queries import CREATE_ORDER, QUANTITIES, create_quantities, update_quantities

READS = {name: query for name, query in vars(queries).items() if isinstance(query, Query)}
WRITES = {name: mutation for name, mutation in vars(queries).items() if isinstance(mutation, Mutation)}
PAGED = {name: query for name, query in READS.items() if query.connection}
NESTED = """
query Nested($first: Int!, $after: String) {
  a(first: $first, after: $after) {
    edges { cursor node { ref b(first: 10) { edges { node { c { ref } } } } } }
    pageInfo { hasNextPage }
  }
}
"""


def test_the_limit_is_what_four_nested_connections_of_default_size_cost() -> None:
    text = "query Q { x { ref } }"
    for _ in range(4):
        inner = text.removeprefix("query Q ")
        text = f"query Q {{ a {{ edges {{ node {inner} }} }} }}"
    assert complexity(text, {}) == 1 + 10 + 100 + 1000 + 10_000 == COMPLEXITY_MAX


@pytest.mark.parametrize(
    ("text", "cost"),
    [
        ("query Q { me { ref } }", 1),
        ("query Q { me { ref home { ref } } }", 2),
        ("query Q { a(first: 50) { edges { node { ref } } } }", 1),
        ("query Q { a(last: 50) { edges { node { b { ref } } } } }", 51),
        ("query Q { a(first: $n) { edges { node { b { ref } } } } }", 8),
        ("query Q { a { edges { node { p { ... on X { b { ref } } ... on Y { c { ref } } } } } } }", 31),
        ("query Q { a { edges { cursor } } }", 1),
        (NESTED, 1 + 7 + 70),
    ],
)
def test_complexity(text: str, cost: int) -> None:
    assert complexity(text, {"n": 7, "first": 7}) == cost


@given(st.sampled_from(sorted(PAGED)), st.integers(1, 100_000))
def test_a_page_is_as_large_as_the_limit_allows_and_no_larger(name: str, size_max: int) -> None:
    size = page_size(PAGED[name], size_max)
    assert 1 <= size <= size_max
    assert complexity(PAGED[name].text, {"first": size}) <= COMPLEXITY_MAX
    if size < size_max:
        assert complexity(PAGED[name].text, {"first": size + 1}) > COMPLEXITY_MAX


def test_page_sizes() -> None:
    assert page_size(Query(NESTED, connection=("a",)), 5000) == 11_110 // 11
    assert page_size(QUANTITIES, 10_000) == 11_110 // 2
    wide = Query(NESTED.replace("first: 10", "first: 20000"), connection=("a",))
    assert page_size(wide, 5000) == 1


def test_every_document_is_found_by_its_name_and_fits_the_limit() -> None:
    assert READS
    assert WRITES
    assert len({one.name for one in (*READS.values(), *WRITES.values())}) == len(READS) + len(WRITES)
    for one in (*READS.values(), *WRITES.values(), create_quantities(BATCH_MAX), update_quantities(BATCH_MAX)):
        assert complexity(one.text, {"first": 1}) <= COMPLEXITY_MAX


def test_no_document_stops_at_a_first_page() -> None:
    for name, query in READS.items():
        # Two items of an order are enough to tell that it is not one of a release, which has one.
        connections = query.text.count("edges") - query.text.count("items(first: 2)")
        assert connections == (1 if query.connection else 0), name
        assert "first: $first, after: $after" in " ".join(query.text.split()) or not connections, name
    for mutation in WRITES.values():
        assert "edges" not in mutation.text


def test_a_batch_of_updates_answers_under_numbered_keys() -> None:
    two = update_quantities(2)
    assert two.keys == ("updateInventoryQuantity1", "updateInventoryQuantity2")
    assert "$input1: UpdateInventoryQuantityInput!, $input2: UpdateInventoryQuantityInput!" in two.text
    assert update_quantities(2) is two
    assert CREATE_ORDER.keys == ("createOrder",)


@pytest.mark.parametrize("count", [-1, 0, 21])
def test_a_batch_has_bounds(count: int) -> None:
    with pytest.raises(ValueError, match="not between 1 and 20"):
        batch("B", "m", "I", "id", count)


@pytest.mark.parametrize(
    ("text", "path", "message"),
    [
        (NESTED, ("b",), "has no b"),
        (NESTED.replace("first: $first,", ""), ("a",), "takes no first"),
        (NESTED.replace("first: $first,", "first: 10,"), ("a",), "takes no first"),
        (NESTED.replace("after: $after", "after: $other"), ("a",), "takes no after"),
        (NESTED.replace("cursor node", "node"), ("a",), "without cursor"),
        (NESTED.replace("hasNextPage", "hasPreviousPage"), ("a",), "without cursor"),
        (NESTED.replace("pageInfo { hasNextPage }", ""), ("a",), "without cursor"),
        ("query Q { a(first: $first, after: $after) { ref } }", ("a",), "without cursor"),
    ],
)
def test_a_document_that_cannot_be_paged_is_refused(text: str, path: tuple[str, ...], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Query(text, connection=path)
