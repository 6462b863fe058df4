"""Connections, read to their very end or not at all."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from allocation.engine.errors import BadAnswer, NotFound, QueryRefused
from allocation.oms.fluent.codes import TOO_COMPLEX
from allocation.oms.fluent.documents import Query

PAGES_MAX = 10_000
"""More pages than this are taken for pages that never end: 100,000 nodes at 10 a page, the least that is expected."""


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a connection.

    Attributes:
        data: The whole answer, the entity around a nested connection included.
        nodes: What the page holds, in the platform's order.
    """

    data: dict[str, Any]
    nodes: tuple[dict[str, Any], ...]


def pages(
    ask: Callable[[Query, Mapping[str, Any]], dict[str, Any]], query: Query, variables: Mapping[str, Any], size: int
) -> Iterator[Page]:
    """Every page of a query's connection. What is missing is never passed over: a hold that is not seen is sold again.

    The next page is asked for with the cursor of the last edge; there is no ``endCursor`` [R22]. Where the platform
    finds a page too complex after all, it is asked for half as much from there on.

    Args:
        ask: Asks one query.
        query: Which pages over a connection.
        variables: Without ``first`` and ``after``.
        size: Nodes a page.

    Raises:
        NotFound: There is no entity around the connection.
        BadAnswer: A cursor comes again or is missing, a page is empty and not the last, an edge or node is missing, or
            the pages do not end.
    """
    if not query.connection:
        raise ValueError(f"{query.name} pages over nothing")
    after: str | None = None
    seen: set[str] = set()
    for _ in range(PAGES_MAX):
        given = {**variables, "first": size} | ({} if after is None else {"after": after})
        try:
            data = ask(query, given)
        except QueryRefused as error:
            if error.code != TOO_COMPLEX or size == 1:
                raise
            size = max(1, size // 2)
            continue
        page, after = _page(query, data)
        yield page
        if after is None:
            return
        if after in seen:
            raise BadAnswer(f"{query.name}: the cursor {after!r} comes again; its pages go round in circles")
        seen.add(after)
    raise BadAnswer(f"{query.name}: more than {PAGES_MAX:,} pages")


def _page(query: Query, data: dict[str, Any]) -> tuple[Page, str | None]:
    """A page and the cursor of the next, None after the last."""
    connection = _connection(query, data)
    edges, info = connection.get("edges"), connection.get("pageInfo")
    more = info.get("hasNextPage") if isinstance(info, dict) else None
    if not isinstance(edges, list) or not isinstance(more, bool):
        raise BadAnswer(f"{query.name}: a page without edges or hasNextPage")
    if not all(isinstance(edge, dict) and isinstance(edge.get("node"), dict) for edge in edges):
        raise BadAnswer(f"{query.name}: a page with an edge that has no node")
    page = Page(data, tuple(edge["node"] for edge in edges))
    if not more:
        return page, None
    if not edges:
        raise BadAnswer(f"{query.name}: an empty page, which is not the last")
    cursor = edges[-1].get("cursor")
    if not isinstance(cursor, str) or not cursor:
        raise BadAnswer(f"{query.name}: a page that is not the last ends without a cursor")
    return page, cursor


def _connection(query: Query, data: dict[str, Any]) -> dict[str, Any]:
    value: Any = data
    for key in query.connection[:-1]:
        value = value.get(key)
        if value is None:
            raise NotFound(f"{query.name}: there is no such {key}")
        if not isinstance(value, dict):
            raise BadAnswer(f"{query.name}: {key} is no object")
    connection = value.get(query.connection[-1])
    if not isinstance(connection, dict):
        raise BadAnswer(f"{query.name}: {query.connection[-1]} is missing from the answer")
    return connection
