"""Tokens: one log-in for all, renewed in time, replaced once when it is not taken."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from allocation.engine.errors import BadAnswer, LoginRefused, OmsUnavailable
from allocation.oms.fluent import NotSent
from allocation.oms.fluent.queries import CREATE_ORDER
from tests.oms.fluent.documents import WHO_AM_I
from tests.oms.fluent.scripted import CLIENT_SECRET, ME, PASSWORD, Platform, data, token

UNAUTHORIZED = httpx.Response(401)
WAIT_S_MAX = 60
"""A machine that is slow and busy is no reason to fail."""


def test_the_password_grant_goes_in_the_form_body() -> None:
    platform = Platform(ME)
    platform.reader().ask(WHO_AM_I)
    assert platform.forms == [
        {
            "grant_type": "password",
            "client_id": "ACCT",
            "client_secret": CLIENT_SECRET,
            "username": "robot",
            "password": PASSWORD,
            "scope": "api",
        }
    ]
    assert platform.requests[0].headers["authorization"] == "Bearer access-token-1"


def test_many_threads_share_one_log_in() -> None:
    entered, open_gate = threading.Event(), threading.Event()

    def slow(request: httpx.Request) -> httpx.Response:
        entered.set()
        assert open_gate.wait(WAIT_S_MAX)
        return token()

    platform = Platform(ME, logins=(slow,))
    reader = platform.reader()
    with ThreadPoolExecutor(16) as pool:
        asked = [pool.submit(reader.ask, WHO_AM_I) for _ in range(64)]
        assert entered.wait(WAIT_S_MAX)
        open_gate.set()
        assert all(one.result() == {"me": {"ref": "robot"}} for one in asked)
    assert len(platform.forms) == 1


def test_threads_that_wait_for_a_log_in_share_its_failure() -> None:
    entered, open_gate = threading.Event(), threading.Event()

    def slow(request: httpx.Request) -> httpx.Response:
        entered.set()
        assert open_gate.wait(WAIT_S_MAX)
        return httpx.Response(400, json={"error": "invalid_grant"})

    platform = Platform(ME, logins=(slow,))
    reader = platform.reader()
    tokens = reader._gateway._tokens
    with ThreadPoolExecutor(8) as pool:
        first = pool.submit(tokens.get)
        assert entered.wait(WAIT_S_MAX)
        pending = tokens._pending
        assert pending is not None
        others = [pool.submit(tokens.get) for _ in range(7)]
        while len(pending._condition._waiters) < 7:
            time.sleep(0.001)
        open_gate.set()
        assert all(isinstance(one.exception(WAIT_S_MAX), LoginRefused) for one in (first, *others))
    assert len(platform.forms) == 1


def test_an_interrupted_log_in_frees_those_who_wait() -> None:
    entered, open_gate = threading.Event(), threading.Event()

    def interrupt(request: httpx.Request) -> httpx.Response:
        entered.set()
        assert open_gate.wait(WAIT_S_MAX)
        raise KeyboardInterrupt

    platform = Platform(ME, logins=(interrupt,))
    reader = platform.reader()
    tokens = reader._gateway._tokens
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(tokens.get)
        assert entered.wait(WAIT_S_MAX)
        pending = tokens._pending
        assert pending is not None
        other = pool.submit(tokens.get)
        while not pending._condition._waiters:
            time.sleep(0.001)
        open_gate.set()
        assert isinstance(first.exception(WAIT_S_MAX), KeyboardInterrupt)
        assert isinstance(other.exception(WAIT_S_MAX), OmsUnavailable)
    assert reader.ask(WHO_AM_I) == {"me": {"ref": "robot"}}


def test_a_token_is_renewed_a_margin_before_its_end_with_its_refresh_token_once() -> None:
    platform = Platform(ME, logins=(token(1, expires_in=1000), token(2, expires_in=1000)))
    reader = platform.reader()
    for instant, grants in ((0, 1), (939, 1), (940, 2), (1879, 2), (1881, 3)):
        platform.clock.time = instant
        reader.ask(WHO_AM_I)
        assert len(platform.grants) == grants, instant
    assert platform.grants == ["password", "refresh_token", "refresh_token"]
    assert platform.forms[1] == {
        "grant_type": "refresh_token",
        "client_id": "ACCT",
        "client_secret": CLIENT_SECRET,
        "refresh_token": "refresh-token-1",
    }
    assert platform.forms[2]["refresh_token"] == "refresh-token-2"


def test_a_token_that_lives_less_than_the_margin_is_used_for_half_its_life() -> None:
    platform = Platform(ME, logins=(token(expires_in=30),))
    reader = platform.reader()
    for instant, logins in ((0, 1), (14, 1), (15, 2)):
        platform.clock.time = instant
        reader.ask(WHO_AM_I)
        assert len(platform.forms) == logins


@pytest.mark.parametrize("told", ["", '"expires_in": "soon",', '"expires_in": -5,', '"expires_in": 1e400,'])
def test_a_token_that_does_not_tell_its_life_lives_an_hour(told: str) -> None:
    answer = httpx.Response(200, content=f'{{{told} "access_token": "a", "refresh_token": "b"}}')
    platform = Platform(ME, logins=(answer,))
    reader = platform.reader()
    for instant, logins in ((0, 1), (3539, 1), (3541, 2)):
        platform.clock.time = instant
        reader.ask(WHO_AM_I)
        assert len(platform.forms) == logins


@pytest.mark.parametrize("failure", [httpx.Response(400), httpx.Response(503), httpx.ReadTimeout("slow")])
def test_a_refresh_that_fails_is_not_tried_again_but_followed_by_a_log_in(failure: httpx.Response | Exception) -> None:
    platform = Platform(ME, logins=(token(1, expires_in=100), failure, token(3)))
    reader = platform.reader()
    reader.ask(WHO_AM_I)
    platform.clock.time = 100
    reader.ask(WHO_AM_I)
    assert platform.grants == ["password", "refresh_token", "password"]
    assert platform.requests[-1].headers["authorization"] == "Bearer access-token-3"


def test_without_a_refresh_token_there_is_a_log_in() -> None:
    platform = Platform(ME, logins=(token(expires_in=100, refresh_token=None),))
    reader = platform.reader()
    reader.ask(WHO_AM_I)
    platform.clock.time = 100
    reader.ask(WHO_AM_I)
    assert platform.grants == ["password", "password"]


def test_a_refresh_token_is_used_up_even_if_nothing_came_of_it() -> None:
    refused = httpx.Response(401)
    platform = Platform(ME, logins=(token(1, expires_in=100), httpx.ReadTimeout("lost"), refused))
    reader = platform.reader()
    reader.ask(WHO_AM_I)
    platform.clock.time = 100
    with pytest.raises(LoginRefused):
        reader.ask(WHO_AM_I)
    reader.ask(WHO_AM_I)
    assert platform.grants == ["password", "refresh_token", "password", "password"]


def test_after_401_there_is_one_log_in_and_the_request_goes_on() -> None:
    platform = Platform(UNAUTHORIZED, ME)
    assert platform.reader().ask(WHO_AM_I) == {"me": {"ref": "robot"}}
    assert platform.grants == ["password", "password"]
    assert [r.headers["authorization"][-1] for r in platform.requests] == ["1", "2"]
    assert platform.clock.sleeps == []


def test_a_second_401_is_an_error() -> None:
    platform = Platform(UNAUTHORIZED)
    with pytest.raises(LoginRefused, match="401, with a new token too"):
        platform.reader().ask(WHO_AM_I)
    assert len(platform.requests) == len(platform.forms) == 2


def test_a_write_goes_on_after_401_too_since_it_was_not_executed() -> None:
    platform = Platform(UNAUTHORIZED, data(createOrder={"id": "1"}))
    assert platform.client().execute(CREATE_ORDER, {"input": {}}).data == {"id": "1"}  # type: ignore[union-attr]
    twice = Platform(UNAUTHORIZED)
    assert isinstance(twice.client().execute(CREATE_ORDER, {"input": {}}), NotSent)
    assert len(twice.requests) == 2


def test_threads_whose_token_is_not_taken_share_the_next_one() -> None:
    barrier = threading.Barrier(8)

    def answer(request: httpx.Request) -> httpx.Response:
        if request.headers["authorization"] == "Bearer access-token-1":
            barrier.wait(WAIT_S_MAX)
            return UNAUTHORIZED
        return ME

    platform = Platform(answer)
    reader = platform.reader()
    with ThreadPoolExecutor(8) as pool:
        for asked in [pool.submit(reader.ask, WHO_AM_I) for _ in range(8)]:
            asked.result(WAIT_S_MAX)
    assert len(platform.forms) == 2


@pytest.mark.parametrize("status", [400, 401, 403])
def test_refused_credentials_are_told_at_once_with_what_to_do(status: int) -> None:
    said = httpx.Response(status, json={"error": "invalid_grant", "error_description": f"not {PASSWORD}"})
    platform = Platform(ME, logins=(said,))
    with pytest.raises(LoginRefused, match=rf"status {status} \(invalid_grant not \*\*\*\); check client id"):
        platform.reader().ask(WHO_AM_I)
    assert len(platform.forms) == 1
    assert platform.requests == []


@pytest.mark.parametrize("status", [302, 404])
def test_a_wrong_address_is_told_as_such(status: int) -> None:
    with pytest.raises(LoginRefused, match="check the base address"):
        Platform(ME, logins=(httpx.Response(status, headers={"location": "/"}),)).reader().ask(WHO_AM_I)


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(200, text="<html>"),
        httpx.Response(200, json=[]),
        httpx.Response(200, json={}),
        httpx.Response(200, json={"access_token": 7}),
        token(access_token="two\nlines"),
    ],
)
def test_an_answer_without_a_token_is_bad(answer: httpx.Response) -> None:
    with pytest.raises(BadAnswer, match="without an access_token"):
        Platform(ME, logins=(answer,)).reader().ask(WHO_AM_I)


def test_a_log_in_is_tried_again_where_the_platform_is_away_and_waits_as_it_asks() -> None:
    away = (httpx.ConnectError("refused"), httpx.Response(503, headers={"retry-after": "20"}), httpx.Response(500))
    platform = Platform(ME, logins=away)
    platform.reader().ask(WHO_AM_I)
    assert platform.clock.sleeps == [1, 20, 4]


def test_a_log_in_that_stays_away_is_unavailable_and_a_write_not_sent() -> None:
    platform = Platform(ME, logins=(httpx.ConnectError("refused"),) * 10)
    with pytest.raises(OmsUnavailable, match="ConnectError: refused, after 5 attempts in 15 s"):
        platform.reader().ask(WHO_AM_I)
    outcome = platform.client().execute(CREATE_ORDER, {"input": {}})
    assert isinstance(outcome, NotSent)
    assert "log-in" in outcome.reason
    assert len(platform.forms) == 10
