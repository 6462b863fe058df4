"""What an answer proves about a write, alone or among others in one document."""

from __future__ import annotations

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from allocation.oms.fluent import Confirmed, NotSent, Outcome, Rejected, Unknown
from allocation.oms.fluent.codes import REJECTIONS, code_of
from allocation.oms.fluent.outcomes import outcomes
from allocation.oms.fluent.queries import CREATE_ORDER, update_quantities
from allocation.oms.fluent.replies import GraphqlError, Reply, read_reply
from tests.oms.fluent.scripted import Platform, error, errors

MADE = {"id": "1", "ref": "R"}
KEY = "createOrder"
KEYS = tuple(f"updateInventoryQuantity{n}" for n in (1, 2, 3))


def outcome_of(response: httpx.Response) -> Outcome:
    return Platform(response).client().execute(CREATE_ORDER, {"input": {}})


def answer(data: object = None, *all_errors: dict[str, object], status: int = 200) -> httpx.Response:
    return errors(*all_errors, data=data, status=status) if all_errors else httpx.Response(200, json={"data": data})


@pytest.mark.parametrize("code", sorted(REJECTIONS))
@pytest.mark.parametrize("data", [None, {KEY: None}])
def test_every_listed_code_rejects(code: str, data: object) -> None:
    assert outcome_of(answer(data, error(code, KEY))) == Rejected(code, "it went wrong")
    assert outcome_of(answer(data, error(code))) == Rejected(code, "it went wrong")
    assert outcome_of(answer(data, error(message=f"{code}: no"))) == Rejected(code, f"{code}: no")
    assert outcome_of(answer(data, error(code), status=400)) == Rejected(code, "it went wrong")


@pytest.mark.parametrize("code", ["", "C0011E", "C0003E", "C9999E", "S0002E", "S0020E", "S0040E", "T0001E", "C0121W"])
def test_no_other_code_does(code: str) -> None:
    assert isinstance(outcome_of(answer(None, error(code, KEY))), Unknown)


def test_one_error_that_proves_nothing_is_enough() -> None:
    outcome = outcome_of(answer(None, error("C0121E", KEY), error("S0020E", KEY)))
    assert isinstance(outcome, Unknown)
    assert outcome.code == "C0121E"


def test_an_entity_that_may_be_made_and_only_not_be_shown_is_unknown() -> None:
    # A field that must not be null takes its entity with it; the order may well exist.
    assert isinstance(outcome_of(answer({KEY: None}, error("C0020E", KEY, "status"))), Unknown)


def test_an_entity_is_confirmed_though_a_field_of_it_failed() -> None:
    assert outcome_of(answer({KEY: MADE}, error("C0020E", KEY, "status"))) == Confirmed(MADE)


@pytest.mark.parametrize("path", [(), (KEY,), ("elsewhere",)])
def test_an_entity_beside_an_error_about_it_is_unknown(path: tuple[str, ...]) -> None:
    assert isinstance(outcome_of(answer({KEY: MADE}, error("C0121E", *path))), Unknown)


def test_a_warning_beside_the_entity_takes_nothing_away() -> None:
    assert outcome_of(answer({KEY: MADE}, error("S0001W", KEY))) == Confirmed(MADE)
    assert isinstance(outcome_of(answer({KEY: None}, error("S0001W", KEY))), Unknown)


@pytest.mark.parametrize("data", [None, {}, {KEY: None}, {KEY: []}, {KEY: "1"}, {"other": MADE}])
def test_data_missing_without_a_word_is_unknown(data: object) -> None:
    assert isinstance(outcome_of(answer(data)), Unknown)


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"null", b"{}", b'{"data": 3}', b'{"errors": {}}', b"\xff\xfe", b"<html>", b"[" * 100_000],
)
@pytest.mark.parametrize("status", [200, 201, 400, 302])
def test_an_answer_that_cannot_be_read_is_unknown(body: bytes, status: int) -> None:
    assert isinstance(outcome_of(httpx.Response(status, content=body)), Unknown)


def test_a_broken_compression_is_unknown() -> None:
    broken = httpx.Response(200, headers={"content-encoding": "gzip"}, stream=httpx.ByteStream(b"no gzip"))
    outcome = Platform(lambda request: broken).client().execute(CREATE_ORDER, {"input": {}})
    assert isinstance(outcome, Unknown)
    assert outcome.reason.startswith("DecodingError")


@pytest.mark.parametrize("status", [201, 202, 302, 400, 403, 404, 408, 409, 413, 422, 500, 502, 503, 504, 599])
def test_a_status_alone_proves_nothing(status: int) -> None:
    assert isinstance(outcome_of(httpx.Response(status)), Unknown)


@pytest.mark.parametrize("status", [400, 404])
def test_a_refusing_status_beside_an_entity_is_unknown(status: int) -> None:
    assert isinstance(outcome_of(httpx.Response(status, json={"data": {KEY: MADE}})), Unknown)


@pytest.mark.parametrize("status", [500, 503])
def test_a_server_error_is_unknown_whatever_code_it_carries(status: int) -> None:
    assert isinstance(outcome_of(answer(None, error("C0121E", KEY), status=status)), Unknown)


def test_in_a_batch_each_mutation_has_its_own_outcome() -> None:
    data = {KEYS[0]: MADE, KEYS[1]: None, KEYS[2]: None}
    response = answer(data, error("C0120E", KEYS[1]), error("S0020E", KEYS[2]))
    assert Platform(response).client().execute_batch(update_quantities(3), {}) == (
        Confirmed(MADE),
        Rejected("C0120E", "it went wrong"),
        Unknown(f"{KEYS[2]}: S0020E: it went wrong", "S0020E"),
    )


def test_in_a_batch_an_error_without_a_path_may_be_anybodys() -> None:
    response = answer({KEYS[0]: MADE, KEYS[1]: None}, error("C0120E"))
    got = Platform(response).client().execute_batch(update_quantities(3), {})
    assert [type(one) for one in got] == [Unknown, Unknown, Unknown]


def test_a_batch_that_was_not_sent_was_not_sent_as_a_whole() -> None:
    got = Platform(httpx.ConnectError("refused")).client().execute_batch(update_quantities(3), {})
    assert got == (NotSent("ConnectError: refused"),) * 3


paths = st.lists(st.sampled_from([*KEYS, "status", 0]), max_size=3).map(tuple)
codes = st.sampled_from([*REJECTIONS, "", "C0011E", "S0020E"])
an_error = st.builds(GraphqlError, message=st.text(max_size=5), code=codes, path=paths)
some_data = st.none() | st.dictionaries(st.sampled_from(KEYS), st.none() | st.just(MADE))


@given(some_data, st.lists(an_error, max_size=4))
def test_nothing_is_confirmed_without_its_entity_nor_rejected_beside_it(
    data: object, found: list[GraphqlError]
) -> None:
    reply = Reply(data, tuple(found))  # type: ignore[arg-type]
    for key, outcome in zip(KEYS, outcomes(update_quantities(3), reply), strict=True):
        entity = (reply.data or {}).get(key)
        assert not isinstance(outcome, NotSent)
        assert not isinstance(outcome, Confirmed) or entity == MADE
        if isinstance(outcome, Rejected):
            assert entity is None
            assert all(one.code in REJECTIONS for one in found if one.path[:1] == (key,))


@pytest.mark.parametrize(
    ("message", "extensions", "code"),
    [
        ("", {"code": "C0121E"}, "C0121E"),
        ("", {"errorCode": "S0020E", "code": 500}, "S0020E"),
        ("", {"classification": "DataFetchingException", "anything": "T0001W"}, "T0001W"),
        ("C0001E too complex", {"code": "INTERNAL"}, "C0001E"),
        ("at C0001E: C0002E", {"code": "C0003E"}, "C0003E"),
        ("C0001E2 C00011E AC0001E c0001e C0001X", {}, ""),
        ("", {"code": "C0121E "}, ""),
        ("C\u0660\u0661\u0662\u0661E", {}, ""),
    ],
)
def test_where_a_code_is_found(message: str, extensions: dict[str, object], code: str) -> None:
    assert code_of(message, extensions) == code


@pytest.mark.parametrize("odd", ["text", None, 7, [], {"message": None}, {"extensions": 3, "path": "x"}])
def test_an_error_of_any_form_counts_as_one(odd: object) -> None:
    reply = read_reply(httpx.Response(200, json={"data": {"me": {}}, "errors": [odd]}).content, "token")
    assert isinstance(reply, Reply)
    assert len(reply.errors) == 1
    assert reply.is_partial
