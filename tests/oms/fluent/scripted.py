"""A platform that answers as it is told, on a clock that only sleeping moves."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs

import httpx

from allocation.oms.fluent import FluentClient, FluentReader, FluentSettings, Timing

CLIENT_SECRET = "client-secret-9137"
PASSWORD = "pass-word-5521"
SETTINGS = FluentSettings(
    base_url="https://acct.api.example.com",
    client_id="ACCT",
    client_secret=CLIENT_SECRET,
    username="robot",
    password=PASSWORD,
    retailer_id="1",
)


class VirtualClock:
    """Time passes when somebody sleeps."""

    def __init__(self, jitter: float = 0.0) -> None:
        self.time = 0.0
        self.sleeps: list[float] = []
        self._lock = threading.Lock()
        self.timing = Timing(now=lambda: self.time, sleep=self.sleep, jitter=lambda: jitter)

    def sleep(self, wait_s: float) -> None:
        with self._lock:
            self.sleeps.append(wait_s)
            self.time += wait_s


Answer = httpx.Response | Exception | Callable[[httpx.Request], httpx.Response]


class Platform:
    """Answers GraphQL from a list, and the token endpoint from another, which is refilled with good tokens.

    Attributes:
        answers: What the next requests get; the last one stays.
        logins: What the next log-ins get; after them, good tokens.
        requests: GraphQL requests that came.
        forms: Fields of the log-ins that came.
    """

    def __init__(self, *answers: Answer, logins: tuple[Answer, ...] = (), jitter: float = 0.0) -> None:
        self.answers = list(answers)
        self.logins = list(logins)
        self.requests: list[httpx.Request] = []
        self.forms: list[dict[str, str]] = []
        self.clock = VirtualClock(jitter)
        self._lock = threading.Lock()
        self.transport = httpx.MockTransport(self.handle)

    def handle(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == "/oauth/token":
            return self._log_in(request)
        assert request.url.path == "/graphql"
        with self._lock:
            self.requests.append(request)
            answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return given(answer, request)

    def _log_in(self, request: httpx.Request) -> httpx.Response:
        assert not request.url.query
        assert request.headers["content-type"] == "application/x-www-form-urlencoded"
        with self._lock:
            self.forms.append({key: value for key, (value,) in parse_qs(request.content.decode()).items()})
            answer = self.logins.pop(0) if self.logins else token(len(self.forms))
        return given(answer, request)

    @property
    def bodies(self) -> list[dict[str, Any]]:
        return [json.loads(request.content) for request in self.requests]

    @property
    def grants(self) -> list[str]:
        return [form["grant_type"] for form in self.forms]

    def reader(self, **changes: Any) -> FluentReader:
        return FluentReader(SETTINGS.model_copy(update=changes), self.clock.timing, transport=self.transport)

    def client(self, **changes: Any) -> FluentClient:
        return FluentClient(SETTINGS.model_copy(update=changes), self.clock.timing, transport=self.transport)


def given(answer: Answer, request: httpx.Request) -> httpx.Response:
    if isinstance(answer, Exception):
        raise answer
    if isinstance(answer, httpx.Response):
        # A response can be read once; a list's last one is given again and again.
        return httpx.Response(answer.status_code, headers=answer.headers, content=answer.content)
    return answer(request)


def token(number: int = 1, **changes: Any) -> httpx.Response:
    body = {
        "access_token": f"access-token-{number}",
        "token_type": "bearer",
        "expires_in": 86386,
        "refresh_token": f"refresh-token-{number}",
        "scope": "api",
        "Retailer_id": 1,
    }
    return httpx.Response(200, json={key: value for key, value in (body | changes).items() if value is not None})


def data(**fields: Any) -> httpx.Response:
    return httpx.Response(200, json={"data": fields})


def errors(*all_errors: dict[str, Any], status: int = 200, **body: Any) -> httpx.Response:
    return httpx.Response(status, json={"errors": list(all_errors)} | body)


def error(code: str = "", *path: str | int, message: str = "it went wrong") -> dict[str, Any]:
    extensions = {"extensions": {"code": code}} if code else {}
    return {"message": message} | extensions | ({"path": list(path)} if path else {})


ME = data(me={"ref": "robot"})
