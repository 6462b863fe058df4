"""The token that every request carries: got once, renewed before it ends, shared by all threads."""

from __future__ import annotations

import json
import logging
import re
import threading
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

import httpx

from allocation.engine.errors import BadAnswer, LoginRefused, OmsError, OmsUnavailable
from allocation.oms.fluent.classification import RAISED_BY_HTTPX
from allocation.oms.fluent.settings import FluentSettings
from allocation.oms.fluent.timing import PATIENCE_S, Attempts, Timing, retry_after_s

TOKEN_PATH = "/oauth/token"  # noqa: S105 - an address
MARGIN_S = 60.0
"""A token is renewed so long before its end, as the platform's own kit does [SDK]; half its life where that is less."""
LIFE_S_DEFAULT = 3600.0
"""Of a token whose answer does not tell [SDK]."""
_TOKEN = re.compile(r"[\x21-\x7e]{1,8192}")
_NUMBER = re.compile(r"\d{1,9}", re.ASCII)
_TOLD_CHARACTERS = 200
_OK, _TOO_MANY, _SERVER_ERROR = 200, 429, 500

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class Token:
    """A token and the instant from which it is not used any more.

    Attributes:
        access: Goes into the header of every request.
        refresh: Gets the next one, once; empty where the platform gave none.
        ends: On the clock of `Timing.now`.
    """

    access: str = field(repr=False)
    refresh: str = field(repr=False)
    ends: float


class Tokens:
    """Gets tokens, one log-in at a time: whoever needs one meanwhile waits for it, and shares its failure too.

    Args:
        http: Whose base address is that of the account.
        settings: Credentials.
        timing: Clock and chance.
    """

    def __init__(self, http: httpx.Client, settings: FluentSettings, timing: Timing) -> None:
        self._http = http
        self._settings = settings
        self._timing = timing
        self._lock = threading.Lock()
        self._token: Token | None = None
        self._pending: Future[Token] | None = None

    def get(self) -> Token:
        """A token that is good for a while.

        Raises:
            LoginRefused: The platform does not take the credentials.
            OmsUnavailable: It does not answer.
            BadAnswer: Its answer holds no token.
        """
        with self._lock:
            token, pending = self._token, self._pending
            if token is not None and self._timing.now() < token.ends:
                return token
            own: Future[Token] = Future()
            if pending is None:
                self._pending = own
        return pending.result() if pending is not None else self._fill(own, token)

    def discard(self, token: Token) -> None:
        """Do not use this token again: the platform does not take it. One that has replaced it stays.

        Its refresh token goes with it; what revoked the one may have revoked the other, and a log-in is certain.
        """
        with self._lock:
            if self._token is token:
                self._token = None

    def _fill(self, own: Future[Token], expired: Token | None) -> Token:
        try:
            token = self._obtain(expired)
        except BaseException as error:
            with self._lock:
                # What is used once is used once, even if it failed.
                self._token, self._pending = None, None
            # Others that wait are not interrupted by what interrupts this thread.
            own.set_exception(error if isinstance(error, OmsError) else OmsUnavailable("the log-in was interrupted"))
            raise
        with self._lock:
            self._token, self._pending = token, None
        own.set_result(token)
        return token

    def _obtain(self, expired: Token | None) -> Token:
        if expired is not None and expired.refresh:
            token = self._refresh(expired)
            if token is not None:
                return token
        return self._log_in()

    def _refresh(self, expired: Token) -> Token | None:
        """One attempt, since a refresh token is good for one [DOC]; None where a log-in is needed."""
        form = self._client_fields() | {"grant_type": "refresh_token", "refresh_token": expired.refresh}
        sent = self._timing.now()
        try:
            response = self._post(form)
        except RAISED_BY_HTTPX:
            return None
        return _read_token(response, sent) if response.status_code == _OK else None

    def _log_in(self) -> Token:
        """The password grant; nothing is changed by it, so it is tried as often as a read."""
        settings, attempts = self._settings, Attempts(self._timing)
        while True:
            sent, wait_s = self._timing.now(), 0.0
            form = self._client_fields() | {
                "grant_type": "password",
                "username": settings.username,
                "password": settings.password.get_secret_value(),
                "scope": "api",
            }
            try:
                response = self._post(form)
            except RAISED_BY_HTTPX as error:
                reason = f"{type(error).__name__}: {self._without_secrets(str(error))}"
            else:
                status = response.status_code
                if status == _OK:
                    token = _read_token(response, sent)
                    if token is None:
                        raise BadAnswer(f"{settings.base_url}{TOKEN_PATH} answered without an access_token")
                    return token
                if status != _TOO_MANY and status < _SERVER_ERROR:
                    raise LoginRefused(self._refusal(response))
                reason = f"status {status}"
                wait_s = retry_after_s(response.headers) or 0.0
            if not attempts.again(wait_s):
                longer = f", and asks to wait {wait_s:.0f} s" if wait_s > PATIENCE_S else ""
                raise OmsUnavailable(f"log-in at {settings.base_url}: {reason}{longer}, after {attempts}")

    def _client_fields(self) -> dict[str, str]:
        settings = self._settings
        return {"client_id": settings.client_id, "client_secret": settings.client_secret.get_secret_value()}

    def _post(self, form: Mapping[str, str]) -> httpx.Response:
        """Send a form body: in a query string, credentials would stand in every log on the way."""
        began, result = self._timing.now(), "no answer"
        try:
            response = self._http.post(TOKEN_PATH, data=form)
            result = str(response.status_code)
            return response
        finally:
            took_ms = 1000 * (self._timing.now() - began)
            _log.debug("fluent log-in grant=%s status=%s ms=%.0f", form["grant_type"], result, took_ms)

    def _refusal(self, response: httpx.Response) -> str:
        """Why a log-in was refused, and what to look at. The usual form of an OAuth error is assumed [INF]."""
        where = f"{self._settings.base_url}{TOKEN_PATH}"
        body = _object(response)
        told = " ".join(str(body[key]) for key in ("error", "error_description") if key in body)
        said = f" ({self._without_secrets(told)})" if told else ""
        hint = "check client id, client secret, user name and password"
        if response.status_code == httpx.codes.NOT_FOUND or response.is_redirect:
            hint = "check the base address; it is that of the account's API"
        return f"log-in at {where} as {self._settings.username}: status {response.status_code}{said}; {hint}"

    def _without_secrets(self, text: str) -> str:
        """What the platform says, without what it repeats of what it was told."""
        for secret in (self._settings.client_secret, self._settings.password):
            text = text.replace(secret.get_secret_value(), "***")
        return "".join(one if one.isprintable() else " " for one in text)[:_TOLD_CHARACTERS]


def _object(response: httpx.Response) -> dict[str, Any]:
    try:
        body = json.loads(response.content)
    except (ValueError, RecursionError):
        return {}
    return body if isinstance(body, dict) else {}


def _read_token(response: httpx.Response, sent: float) -> Token | None:
    """The token of an answer; its life is counted from when it was asked for, which is not after it began."""
    body = _object(response)
    access, refresh = body.get("access_token"), body.get("refresh_token")
    if not isinstance(access, str) or not _TOKEN.fullmatch(access):
        return None
    told = str(body.get("expires_in", ""))
    life_s = float(told) if _NUMBER.fullmatch(told) else LIFE_S_DEFAULT
    return Token(access, refresh if isinstance(refresh, str) else "", sent + life_s - min(MARGIN_S, life_s / 2))
