"""Questions, partial answers, and a client that cannot write."""

from __future__ import annotations

from decimal import Decimal

import httpx
import pytest

from allocation.engine.errors import BadAnswer, OmsError, QueryRefused, ReadOnly
from allocation.oms import fluent
from allocation.oms.fluent import FluentClient, FluentReader, GraphqlError, Mutation, Query, Reads
from allocation.oms.fluent.queries import CREATE_ORDER
from tests.oms.fluent.documents import WHO_AM_I
from tests.oms.fluent.scripted import ME, Platform, data, error, errors

PARTLY = errors(error("C0020E", "b"), data={"a": {"ref": "A"}, "b": None})


def test_the_public_names_are_exactly_these() -> None:
    assert set(fluent.__all__) == {
        "Confirmed",
        "FluentClient",
        "FluentReader",
        "FluentSettings",
        "GraphqlError",
        "Mutation",
        "NotSent",
        "Outcome",
        "Page",
        "Query",
        "Reads",
        "Rejected",
        "Reply",
        "Timing",
        "Unknown",
        "load_settings",
    }


def test_a_question_says_who_asks_and_what() -> None:
    platform = Platform(ME)
    with platform.reader() as reader:
        reader.ask(WHO_AM_I, {"x": 1})
    (request,) = platform.requests
    assert request.method == "POST"
    assert request.headers["user-agent"].startswith("allocation/0.")
    assert request.headers["accept-encoding"] == "gzip"
    assert request.headers["content-type"] == "application/json"
    assert platform.bodies == [{"query": WHO_AM_I.text, "variables": {"x": 1}, "operationName": "WhoAmI"}]


def test_every_wait_of_the_network_has_an_end() -> None:
    timeout = Platform(ME).reader(read_timeout_s=7)._gateway._http.timeout
    assert (timeout.connect, timeout.read, timeout.write, timeout.pool) == (5, 7, 30, 30)


def test_money_is_decimal() -> None:
    platform = Platform(httpx.Response(200, content=b'{"data": {"order": {"totalPrice": 19.99}}}'))
    assert platform.reader().ask(WHO_AM_I) == {"order": {"totalPrice": Decimal("19.99")}}


def test_partial_data_is_an_error_unless_asked_for() -> None:
    with pytest.raises(QueryRefused, match=r"b: C0020E: it went wrong \(the rest of the data came\)") as refused:
        Platform(PARTLY).reader().ask(WHO_AM_I)
    assert refused.value.code == "C0020E"
    reply = Platform(PARTLY).reader().ask_partly(WHO_AM_I)
    assert reply.is_partial
    assert reply.data == {"a": {"ref": "A"}, "b": None}
    assert reply.errors == (GraphqlError("it went wrong", "C0020E", ("b",)),)


@pytest.mark.parametrize("answer", [errors(error("C0020E")), errors(error("C0020E"), data={"me": None})])
def test_errors_without_data_are_never_partial(answer: httpx.Response) -> None:
    for ask in (Platform(answer).reader().ask, Platform(answer).reader().ask_partly):
        with pytest.raises(QueryRefused) as refused:
            ask(WHO_AM_I)
        assert "rest of the data" not in str(refused.value)


def test_neither_data_nor_errors_is_a_bad_answer() -> None:
    with pytest.raises(BadAnswer, match="neither data nor errors"):
        Platform(httpx.Response(200, json={"data": None, "errors": []})).reader().ask(WHO_AM_I)


def test_a_warning_does_not_stop_a_read() -> None:
    platform = Platform(errors(error("C0001W"), data={"me": {"ref": "robot"}}))
    assert platform.reader().ask(WHO_AM_I) == {"me": {"ref": "robot"}}


def test_a_reader_has_nothing_to_write_with() -> None:
    assert not issubclass(FluentReader, FluentClient)
    assert not issubclass(FluentClient, FluentReader)
    assert {name for name in dir(FluentReader) if not name.startswith("_")} == {
        "ask",
        "ask_partly",
        "close",
        "nodes",
        "pages",
    }
    assert issubclass(FluentClient, Reads)


@pytest.mark.parametrize(
    "text",
    [
        "mutation M { createOrder { id } }",
        "subscription S { orders { id } }",
        "# query\nmutation query { query: createOrder { id } }",
        "\ufeffmutation M { createOrder { id } }",
    ],
)
def test_a_query_cannot_hold_a_mutation(text: str) -> None:
    with pytest.raises(ReadOnly, match="where only a query may stand"):
        Query(text)


def disguised() -> Query:
    """A mutation that claims to be a query."""
    query = Query("query Q { me { ref } }")
    object.__setattr__(query, "text", CREATE_ORDER.text)
    return query


def test_a_reader_sends_no_mutation_by_whatever_way_it_comes() -> None:
    platform = Platform(data(createOrder={"id": "1"}))
    reader = platform.reader()
    for operation in (disguised(), CREATE_ORDER):
        for ask in (reader.ask, reader.ask_partly, reader._gateway.read, reader._gateway.write, reader._gateway._send):
            with pytest.raises(ReadOnly):
                ask(operation, {})  # type: ignore[operator]
    with pytest.raises(ReadOnly):
        FluentClient.execute_batch(reader, CREATE_ORDER, {})  # type: ignore[arg-type]
    assert platform.requests == platform.forms == []


def test_a_client_that_writes_does_not_ask_with_a_mutation_either_since_questions_are_repeated() -> None:
    platform = Platform(httpx.Response(503))
    for operation in (disguised(), CREATE_ORDER):
        with pytest.raises(ReadOnly, match="must be a query"):
            platform.client().ask(operation)  # type: ignore[arg-type]
    assert platform.requests == []


@pytest.mark.parametrize(
    "text",
    [
        "query Q { a } mutation M { b }",
        "query { a }",
        "{ a }",
        "fragment F on X { a }",
        "query Q { ...F } fragment F on X { a }",
        "type T { a: Int }",
        "query Q {",
        "",
    ],
)
def test_a_document_is_one_named_operation(text: str) -> None:
    for kind in (Query, Mutation):
        with pytest.raises((ValueError, OmsError)):
            kind(text)


def test_a_mutation_cannot_hold_a_query() -> None:
    with pytest.raises(ValueError, match="where only a mutation may stand"):
        Mutation("query Q { me { ref } }")
