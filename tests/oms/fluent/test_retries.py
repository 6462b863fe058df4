"""Reads are asked again, within bounds; writes only where it is proved that they were not executed."""

from __future__ import annotations

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from allocation.engine.errors import BadAnswer, OmsError, OmsUnavailable, QueryRefused
from allocation.oms.fluent import Confirmed, Mutation, NotSent, Rejected, Timing, Unknown
from allocation.oms.fluent.gateway import BODY_BYTES_MAX
from allocation.oms.fluent.queries import CREATE_ORDER
from allocation.oms.fluent.timing import ATTEMPTS_MAX, PATIENCE_S, Attempts, Pause, retry_after_s
from tests.oms.fluent.documents import WHO_AM_I
from tests.oms.fluent.scripted import ME, Answer, Platform, VirtualClock, data, error, errors

AWAY = httpx.Response(503)
BUSY = httpx.Response(429, headers={"retry-after": "7"})
DONE = data(createOrder={"id": "1"})
TRUNCATED = httpx.Response(200, content=b'{"data": {"me": {"re')


@pytest.mark.parametrize("failure", [AWAY, httpx.Response(500), httpx.ReadTimeout("slow"), TRUNCATED])
def test_a_read_is_asked_again_with_growing_waits(failure: Answer) -> None:
    platform = Platform(failure, failure, failure, ME)
    assert platform.reader().ask(WHO_AM_I) == {"me": {"ref": "robot"}}
    assert platform.clock.sleeps == [1, 2, 4]


def test_jitter_takes_up_to_half_off_a_wait() -> None:
    platform = Platform(AWAY, AWAY, ME, jitter=0.5)
    platform.reader().ask(WHO_AM_I)
    assert platform.clock.sleeps == [0.75, 1.5]


@pytest.mark.parametrize(
    ("failure", "kind"),
    [(AWAY, OmsUnavailable), (httpx.ConnectTimeout("slow"), OmsUnavailable), (TRUNCATED, BadAnswer)],
)
def test_a_read_is_given_up_after_its_attempts(failure: Answer, kind: type[OmsError]) -> None:
    platform = Platform(failure)
    with pytest.raises(kind, match=r"^WhoAmI: .*, after 5 attempts in 15 s$"):
        platform.reader().ask(WHO_AM_I)
    assert len(platform.requests) == ATTEMPTS_MAX == 5


@pytest.mark.parametrize("status", [302, 400, 403, 404, 413])
def test_other_statuses_are_not_asked_again(status: int) -> None:
    platform = Platform(httpx.Response(status))
    with pytest.raises(QueryRefused, match=f"status {status}"):
        platform.reader().ask(WHO_AM_I)
    assert len(platform.requests) == 1


def test_errors_that_will_not_go_away_are_not_asked_again() -> None:
    platform = Platform(errors(error("C0020E"), error("S0020E")))
    with pytest.raises(QueryRefused) as refused:
        platform.reader().ask(WHO_AM_I)
    assert refused.value.code == "C0020E"
    assert len(platform.requests) == 1


@pytest.mark.parametrize(
    ("code", "wait_s"),
    [("C0003E", 60), ("C0011E", 60), ("S0002E", 30), ("S0020E", 30), ("S0040E", 10), ("T0815E", 30)],
)
def test_errors_that_pass_are_asked_again_after_their_wait(code: str, wait_s: float) -> None:
    platform = Platform(errors(error(code)), ME)
    platform.reader().ask(WHO_AM_I)
    assert platform.clock.sleeps == [wait_s]
    assert len(platform.forms) == (2 if code == "S0040E" else 1)


def test_a_rate_limit_that_stays_is_unavailable_and_patience_has_an_end() -> None:
    platform = Platform(errors(error("C0011E")))
    with pytest.raises(OmsUnavailable, match="C0011E"):
        platform.reader().ask(WHO_AM_I)
    assert platform.clock.time <= PATIENCE_S


@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_in_seconds_is_waited_for(status: int) -> None:
    platform = Platform(httpx.Response(status, headers={"retry-after": "7"}), ME, jitter=0.25)
    platform.reader().ask(WHO_AM_I)
    assert platform.clock.sleeps == [7.25]


def test_retry_after_as_a_date_is_compared_with_the_platforms_own_date() -> None:
    headers = {"retry-after": "Fri, 31 Dec 1999 23:59:59 GMT", "date": "Fri, 31 Dec 1999 23:59:29 GMT"}
    platform = Platform(httpx.Response(429, headers=headers), ME)
    platform.reader().ask(WHO_AM_I)
    assert platform.clock.sleeps == [30]


def test_429_without_a_time_is_waited_for_a_minute() -> None:
    platform = Platform(httpx.Response(429), ME)
    platform.reader().ask(WHO_AM_I)
    assert platform.clock.sleeps == [60]


def test_a_wait_beyond_patience_is_not_begun_and_nothing_is_sent_until_then() -> None:
    platform = Platform(httpx.Response(429, headers={"retry-after": "86400"}))
    client = platform.client()
    with pytest.raises(OmsUnavailable, match="86400 s, after 1 attempt "):
        client.ask(WHO_AM_I)
    with pytest.raises(OmsUnavailable, match="send nothing for another 86400 s"):
        client.ask(WHO_AM_I)
    assert isinstance(client.execute(CREATE_ORDER, {"input": {}}), NotSent)
    assert platform.clock.sleeps == []
    assert len(platform.requests) == 1
    platform.clock.time = 86400
    platform.answers = [ME]
    assert client.ask(WHO_AM_I)


def test_a_pause_that_a_read_was_asked_for_is_kept_by_a_write() -> None:
    platform = Platform(BUSY, DONE)
    client = platform.client()
    with pytest.raises(OmsUnavailable):
        _first_of_busy(client)
    assert client.execute(CREATE_ORDER, {"input": {}}) == Confirmed({"id": "1"})
    assert platform.clock.sleeps == [7]


def _first_of_busy(client: object) -> None:
    """What another thread would see of a 429: the pause, and no attempt of its own."""
    answer = client._gateway._send(WHO_AM_I, {})  # type: ignore[attr-defined]
    raise answer.error(answer.reason)


@pytest.mark.parametrize(
    "failure",
    [
        AWAY,
        httpx.Response(500),
        httpx.Response(502),
        httpx.Response(408),
        httpx.Response(302),
        httpx.Response(403),
        TRUNCATED,
        httpx.ReadTimeout("slow"),
        httpx.WriteTimeout("slow"),
        httpx.RemoteProtocolError("disconnected"),
        errors(error("C0011E")),
        errors(error("S0020E")),
        errors(error("")),
        data(createOrder=None),
    ],
)
def test_a_write_whose_fate_is_unknown_is_sent_once(failure: Answer) -> None:
    platform = Platform(failure)
    assert isinstance(platform.client().execute(CREATE_ORDER, {"input": {}}), Unknown)
    assert len(platform.requests) == 1
    assert platform.clock.sleeps == []


def test_a_rejected_write_is_sent_once() -> None:
    platform = Platform(errors(error("C0121E", "createOrder", message="ref exists"), data={"createOrder": None}))
    assert platform.client().execute(CREATE_ORDER, {"input": {}}) == Rejected("C0121E", "ref exists")
    assert len(platform.requests) == 1


@pytest.mark.parametrize("failure", [httpx.ConnectError("refused"), httpx.PoolTimeout("none free"), BUSY])
def test_a_write_that_was_not_executed_is_sent_again_within_bounds(failure: Answer) -> None:
    platform = Platform(failure, failure, DONE)
    assert platform.client().execute(CREATE_ORDER, {"input": {}}) == Confirmed({"id": "1"})
    assert len(platform.requests) == 3
    stays = Platform(failure)
    assert isinstance(stays.client().execute(CREATE_ORDER, {"input": {}}), NotSent)
    assert len(stays.requests) == ATTEMPTS_MAX


def test_a_write_sent_again_stops_at_the_first_doubt() -> None:
    platform = Platform(httpx.ConnectError("refused"), httpx.ReadTimeout("slow"), DONE)
    assert platform.client().execute(CREATE_ORDER, {"input": {}}) == Unknown("ReadTimeout: slow")
    assert len(platform.requests) == 2


def test_a_request_that_would_be_too_large_is_not_sent() -> None:
    platform = Platform(DONE)
    outcome = platform.client().execute(CREATE_ORDER, {"input": {"ref": "x" * BODY_BYTES_MAX}})
    assert isinstance(outcome, NotSent)
    assert "2,097,152" in outcome.reason
    assert platform.requests == platform.forms == []


def test_several_mutations_go_through_execute_batch() -> None:
    two = Mutation("mutation Two { a: createOrder { id } b: createOrder { id } }")
    with pytest.raises(ValueError, match="execute_batch"):
        Platform(DONE).client().execute(two, {})


@given(
    st.lists(st.sampled_from([AWAY, BUSY, TRUNCATED, httpx.ReadError("broken"), errors(error("S0002E")), ME])),
    st.floats(0, 1),
)
@settings(max_examples=50)
def test_reads_are_bounded_in_number_and_time_whatever_comes(answers: list[Answer], jitter: float) -> None:
    platform = Platform(*answers, ME, jitter=jitter)
    try:
        platform.reader().ask(WHO_AM_I)
    except OmsError:
        assert ME not in answers[: len(platform.requests)]
    assert len(platform.requests) <= ATTEMPTS_MAX
    assert platform.clock.time <= PATIENCE_S + 1


@given(st.floats(0, 1), st.floats(0, 1000))
def test_attempts_end_within_patience(jitter: float, wait_s: float) -> None:
    clock = VirtualClock(jitter)
    attempts = Attempts(clock.timing)
    while attempts.again(wait_s):
        assert clock.sleeps[-1] >= wait_s
    assert attempts.made <= ATTEMPTS_MAX
    assert clock.time <= PATIENCE_S


def test_a_longer_pause_stays_and_whoever_wakes_early_waits_again() -> None:
    clock = VirtualClock()
    lazy = Timing(now=lambda: clock.time, sleep=lambda wait_s: clock.sleep(min(wait_s, 4)), jitter=lambda: 0)
    pause = Pause(lazy)
    pause.ask(10)
    pause.ask(3)
    pause.keep()
    assert clock.sleeps == [4, 4, 2]


@pytest.mark.parametrize(
    ("headers", "wait_s"),
    [
        ({}, None),
        ({"retry-after": "0"}, 0),
        ({"retry-after": " 12 "}, 12),
        ({"retry-after": "-1"}, None),
        ({"retry-after": "1.5"}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "9" * 40}, None),
        ({"retry-after": "\u0663"}, None),
        # A date alone cannot be understood without the wall clock.
        ({"retry-after": "Wed, 21 Oct 2026 07:28:30 GMT"}, None),
        ({"retry-after": "Wed, 21 Oct 2026 07:28:30 GMT", "date": "nonsense"}, None),
        ({"retry-after": "Wed, 21 Oct 2026 07:28:00 GMT", "date": "Wed, 21 Oct 2026 07:28:30 GMT"}, 0),
        ({"retry-after": "Wed, 21 Oct 2026 07:28:30 -0000", "date": "Wed, 21 Oct 2026 07:28:00 GMT"}, 30),
        ({"retry-after": "Wed, 21 Oct 99999 07:28:30 GMT", "date": "Wed, 21 Oct 2026 07:28:00 GMT"}, None),
    ],
)
def test_forms_of_retry_after(headers: dict[str, str], wait_s: float | None) -> None:
    assert retry_after_s(headers) == wait_s


@given(st.text(), st.text())
def test_no_header_is_too_odd(after: str, sent: str) -> None:
    wait_s = retry_after_s({"retry-after": after, "date": sent})
    assert wait_s is None or wait_s >= 0
