"""Every exception class of httpx is classified, by what it proves."""

from __future__ import annotations

import httpx
import pytest

from allocation.oms.fluent import NotSent, Unknown
from allocation.oms.fluent.classification import EXCEPTIONS, RAISED_BY_HTTPX, Executed, executed_after
from allocation.oms.fluent.queries import CREATE_ORDER
from tests.oms.fluent.scripted import Platform

IN_HTTPX = sorted(
    {
        found
        for module in (httpx, httpx._exceptions)
        for found in vars(module).values()
        if isinstance(found, type) and issubclass(found, Exception) and found.__module__.startswith("httpx")
    },
    key=lambda found: found.__name__,
)
NOT_SENT = {
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.InvalidURL,
    httpx.UnsupportedProtocol,
}


def made(kind: type[Exception]) -> Exception:
    if kind is httpx.HTTPStatusError:
        return httpx.HTTPStatusError("status", request=httpx.Request("POST", "/"), response=httpx.Response(500))
    if kind in (httpx.StreamConsumed, httpx.StreamClosed, httpx.ResponseNotRead, httpx.RequestNotRead):
        return kind()
    return kind("went wrong")


def test_there_is_something_to_classify() -> None:
    assert len(IN_HTTPX) >= 28
    assert {httpx.ConnectError, httpx.ReadTimeout, httpx.StreamClosed, httpx.CookieConflict} <= set(IN_HTTPX)


@pytest.mark.parametrize("kind", IN_HTTPX, ids=lambda kind: kind.__name__)
def test_every_exception_of_httpx_is_classified_and_caught(kind: type[Exception]) -> None:
    assert kind in EXCEPTIONS, f"what does {kind.__name__} prove? Read where it is raised, then list it"
    assert issubclass(kind, RAISED_BY_HTTPX)


def test_nothing_is_classified_that_httpx_does_not_have() -> None:
    assert set(EXCEPTIONS) == set(IN_HTTPX)


def test_only_what_never_had_a_connection_was_not_sent() -> None:
    assert {kind for kind, executed in EXCEPTIONS.items() if executed is Executed.NO} == NOT_SENT


def test_what_nobody_has_seen_before_proves_nothing() -> None:
    class NewerTimeout(httpx.ConnectTimeout):
        pass

    assert executed_after(NewerTimeout("new")) is Executed.PERHAPS
    assert executed_after(OSError()) is Executed.PERHAPS


@pytest.mark.parametrize("kind", IN_HTTPX, ids=lambda kind: kind.__name__)
def test_the_outcome_of_a_write_follows_the_table(kind: type[Exception]) -> None:
    platform = Platform(made(kind))
    outcome = platform.client().execute(CREATE_ORDER, {"input": {}})
    assert isinstance(outcome, NotSent if kind in NOT_SENT else Unknown)
    assert kind.__name__ in outcome.reason
    assert len(platform.requests) == (5 if kind in NOT_SENT else 1)
