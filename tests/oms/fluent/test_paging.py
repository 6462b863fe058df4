"""Connections are read to their end, or not at all."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from allocation.engine.errors import AllocationError, BadAnswer, NotFound, QueryRefused
from allocation.oms.fluent import Query, paging
from allocation.oms.fluent.queries import POSITION_QUANTITIES, QUANTITIES
from tests.oms.fluent.documents import WHO_AM_I
from tests.oms.fluent.scripted import Platform, data, error, errors


def connection(refs: list[str], more: bool) -> dict[str, Any]:
    edges = [{"cursor": f"after {ref}", "node": {"ref": ref}} for ref in refs]
    return {"edges": edges, "pageInfo": {"hasNextPage": more, "hasPreviousPage": False}}


def around(query: Query, value: object) -> httpx.Response:
    """An answer with this as what the query pages over."""
    for key in reversed(query.connection):
        value = {key: value}
    return httpx.Response(200, json={"data": value})


@pytest.mark.parametrize("query", [QUANTITIES, POSITION_QUANTITIES], ids=["top level", "nested"])
@given(sizes=st.lists(st.integers(1, 4), max_size=8), last=st.integers(0, 4))
def test_all_pages_of_any_sizes_come_in_order(query: Query, sizes: list[int], last: int) -> None:
    parts, count = [], 0
    for size in [*sizes, last]:
        parts.append([str(number) for number in range(count, count + size)])
        count += size
    answers = [around(query, connection(part, more=at < len(sizes))) for at, part in enumerate(parts)]
    platform = Platform(*answers)
    assert [node["ref"] for node in platform.reader().nodes(query, {"x": 1})] == [str(n) for n in range(count)]
    variables = [body["variables"] for body in platform.bodies]
    assert variables[0] == {"x": 1, "first": 500}
    assert [one.get("after") for one in variables[1:]] == [f"after {part[-1]}" for part in parts[:-1]]


@given(
    st.lists(
        st.tuples(st.lists(st.sampled_from("abcde"), max_size=3), st.sampled_from([True, True, True, False, None])),
        min_size=1,
        max_size=8,
    )
)
def test_whatever_comes_pages_end_in_the_last_or_in_an_error(script: list[tuple[list[str], bool | None]]) -> None:
    answers = [around(QUANTITIES, connection(refs, more)) for refs, more in script]  # type: ignore[arg-type]
    platform = Platform(*answers)
    try:
        nodes = [node["ref"] for node in platform.reader().nodes(QUANTITIES)]
    except BadAnswer:
        return
    read = script[: len(platform.requests)]
    assert [more for _, more in read] == [True] * (len(read) - 1) + [False]
    assert nodes == [ref for refs, _ in read for ref in refs]


def test_a_page_holds_the_entity_around_it() -> None:
    answer = data(inventoryPosition={"onHand": 7, "quantities": connection(["a"], more=False)})
    (page,) = Platform(answer).reader().pages(POSITION_QUANTITIES)
    assert page.data["inventoryPosition"]["onHand"] == 7
    assert page.nodes == ({"ref": "a"},)


def test_nothing_is_asked_for_before_somebody_wants_it() -> None:
    platform = Platform(*(around(QUANTITIES, connection([ref], more=True)) for ref in "abc"))
    pages = platform.reader().pages(QUANTITIES)
    assert platform.requests == []
    next(pages)
    assert len(platform.requests) == 1


@pytest.mark.parametrize("refs", ["aa", "aba", "abcb"])
def test_a_cursor_that_comes_again_is_an_error(refs: str) -> None:
    platform = Platform(*(around(QUANTITIES, connection([ref], more=True)) for ref in refs))
    with pytest.raises(BadAnswer, match="comes again"):
        list(platform.reader().nodes(QUANTITIES))
    assert len(platform.requests) == len(refs)


def test_an_empty_page_that_is_not_the_last_is_an_error() -> None:
    platform = Platform(around(QUANTITIES, connection(["a"], more=True)), around(QUANTITIES, connection([], more=True)))
    with pytest.raises(BadAnswer, match="empty page"):
        list(platform.reader().nodes(QUANTITIES))


def test_pages_have_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paging, "PAGES_MAX", 20)
    platform = Platform(*(around(QUANTITIES, connection([str(n)], more=True)) for n in range(30)))
    with pytest.raises(BadAnswer, match="more than 20 pages"):
        list(platform.reader().nodes(QUANTITIES))
    assert len(platform.requests) == 20


NODE = {"node": {"ref": "a"}}


@pytest.mark.parametrize(
    "damaged",
    [
        None,
        [],
        {},
        {"edges": None, "pageInfo": {"hasNextPage": False}},
        {"edges": [], "pageInfo": None},
        {"edges": [], "pageInfo": {}},
        {"edges": [], "pageInfo": {"hasNextPage": "false"}},
        {"edges": [], "pageInfo": {"hasNextPage": None}},
        {"edges": [None], "pageInfo": {"hasNextPage": False}},
        {"edges": [{"node": None}], "pageInfo": {"hasNextPage": False}},
        {"edges": [NODE], "pageInfo": {"hasNextPage": True}},
        {"edges": [NODE | {"cursor": ""}], "pageInfo": {"hasNextPage": True}},
        {"edges": [NODE | {"cursor": 7}], "pageInfo": {"hasNextPage": True}},
    ],
    ids=str,
)
@pytest.mark.parametrize("query", [QUANTITIES, POSITION_QUANTITIES], ids=["top level", "nested"])
def test_a_damaged_page_is_an_error(query: Query, damaged: object) -> None:
    with pytest.raises(BadAnswer):
        list(Platform(around(query, damaged)).reader().nodes(query))


def test_a_position_that_is_not_there_is_not_found() -> None:
    with pytest.raises(NotFound, match="no such inventoryPosition"):
        list(Platform(data(inventoryPosition=None)).reader().nodes(POSITION_QUANTITIES))
    with pytest.raises(BadAnswer, match="no object"):
        list(Platform(data(inventoryPosition=3)).reader().nodes(POSITION_QUANTITIES))


def test_an_error_on_any_page_stops_the_reading() -> None:
    partly = errors(error("C0020E", "x"), data={"inventoryQuantities": connection(["b"], more=False)})
    with pytest.raises(QueryRefused):
        list(Platform(around(QUANTITIES, connection(["a"], more=True)), partly).reader().nodes(QUANTITIES))


def test_a_page_that_is_too_complex_is_asked_for_in_halves_from_where_it_was() -> None:
    refs = [str(number) for number in range(300)]

    def answer(request: httpx.Request) -> httpx.Response:
        asked = json.loads(request.content)["variables"]
        first, begin = asked["first"], int(asked.get("after", "after -1").split()[1]) + 1
        # The limit is lower after the first page, as if the estimate had been wrong there.
        if first > (130 if begin else 250):
            return errors(error("C0001E"))
        return around(QUANTITIES, connection(refs[begin : begin + first], more=begin + first < len(refs)))

    platform = Platform(answer)
    assert [node["ref"] for node in platform.reader().nodes(QUANTITIES)] == refs
    assert [(b["variables"]["first"], b["variables"].get("after")) for b in platform.bodies] == [
        (500, None),
        (250, None),
        (250, "after 249"),
        (125, "after 249"),
    ]


def test_what_is_too_complex_at_one_node_is_refused() -> None:
    platform = Platform(errors(error("C0001E")))
    with pytest.raises(QueryRefused, match="C0001E"):
        list(platform.reader().nodes(QUANTITIES))
    assert [body["variables"]["first"] for body in platform.bodies] == [500, 250, 125, 62, 31, 15, 7, 3, 1]


def test_a_query_that_pages_over_nothing_has_no_pages() -> None:
    with pytest.raises(ValueError, match="pages over nothing"):
        list(Platform(data()).reader().pages(WHO_AM_I))
    assert not issubclass(ValueError, AllocationError)
