"""The one place through which requests leave: token, pause, post, and what the answer proves."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

import httpx

from allocation.engine.errors import BadAnswer, LoginRefused, OmsError, OmsUnavailable, QueryRefused, ReadOnly
from allocation.oms.fluent.classification import RAISED_BY_HTTPX, Executed, Failure, executed_after
from allocation.oms.fluent.codes import NOT_AUTHENTICATED, RATE_LIMITED, retry_after_s
from allocation.oms.fluent.documents import Mutation, Query, writes
from allocation.oms.fluent.replies import Reply, read_reply
from allocation.oms.fluent.settings import FluentSettings, is_local
from allocation.oms.fluent.timing import PATIENCE_S, Attempts, Pause, Timing
from allocation.oms.fluent.timing import retry_after_s as header_retry_after_s
from allocation.oms.fluent.tokens import Token, Tokens

GRAPHQL_PATH = "/graphql"
BODY_BYTES_MAX = 2 * 1024 * 1024
"""Larger requests are answered 413 [DOC]."""
RATE_LIMIT_S = 60.0
"""Wait after a 429 that does not say how long [SDK]."""
IDLE_S_MAX = 5.0
"""A connection that was idle for longer is not used again: a server may be closing it at that very moment, and whether
a write was executed could not be told."""

_log = logging.getLogger(__name__)


class Gateway:
    """Sends documents to one account. Threads may share it.

    Args:
        settings: Where, and as whom.
        timing: Clock and chance.
        can_write: Whether mutations may leave; if not, none does, whoever calls.
        transport: What stands in for the network, in tests.
    """

    def __init__(
        self, settings: FluentSettings, timing: Timing, *, can_write: bool, transport: httpx.BaseTransport | None = None
    ) -> None:
        self._timing = timing
        self._can_write = can_write
        self._pause = Pause(timing)
        self._http = httpx.Client(
            base_url=settings.base_url,
            headers={
                "User-Agent": f"allocation/{version('allocation')}",
                "Accept": "application/json",
                "Accept-Encoding": "gzip",
            },
            timeout=httpx.Timeout(
                connect=settings.connect_timeout_s,
                read=settings.read_timeout_s,
                write=settings.write_timeout_s,
                pool=settings.pool_timeout_s,
            ),
            limits=httpx.Limits(
                max_connections=settings.connections_max,
                max_keepalive_connections=settings.connections_max,
                keepalive_expiry=IDLE_S_MAX,
            ),
            # A redirect would take the token along to an address that nobody has set.
            follow_redirects=False,
            # What runs on this machine is not behind its proxy.
            trust_env=not is_local(settings.base_url),
            transport=transport,
        )
        self._tokens = Tokens(self._http, settings, timing)

    def close(self) -> None:
        """Close all connections."""
        self._http.close()

    def read(self, query: Query, variables: Mapping[str, Any]) -> Reply:
        """Ask until there is an answer, within the bounds of `Attempts`; the answer may hold errors.

        Raises:
            OmsError: There is none; the class says why.
        """
        if writes(query.text):
            raise ReadOnly(f"{query.name} writes; what is asked may be asked again, so it must be a query")
        attempts = Attempts(self._timing)
        while True:
            answer, wait_s = self._send(query, variables), 0.0
            if isinstance(answer, Reply):
                if answer.retry_after_s is None:
                    return answer
                wait_s = answer.retry_after_s
                answer = Failure(Executed.NO, str(answer), OmsUnavailable, is_passing=True)
            if not answer.is_passing or not attempts.again(max(wait_s, self._pause.left_s)):
                raise answer.error(f"{query.name}: {answer.reason}, after {attempts}")

    def write(self, mutation: Mutation, variables: Mapping[str, Any]) -> Reply | Failure:
        """Send once; again, within the bounds of `Attempts`, only if it is proved that it was not executed."""
        attempts = Attempts(self._timing)
        while True:
            answer = self._send(mutation, variables)
            if isinstance(answer, Reply) or answer.executed is not Executed.NO or not answer.is_passing:
                return answer
            if not attempts.again(self._pause.left_s):
                return answer

    def _send(self, operation: Query | Mutation, variables: Mapping[str, Any]) -> Reply | Failure:
        # The text is what is sent, so it is the text that is judged, whatever the object claims to be.
        if not self._can_write and writes(operation.text):
            raise ReadOnly(f"{operation.name} writes, and this client only reads")
        body = _body(operation, variables)
        if len(body) > BODY_BYTES_MAX:
            size = f"a request of {len(body):,} bytes is more than the {BODY_BYTES_MAX:,} that are taken"
            return Failure(Executed.NO, size, QueryRefused, is_passing=False)
        if self._pause.left_s > PATIENCE_S:
            longer = f"the platform asks to send nothing for another {self._pause.left_s:.0f} s"
            return Failure(Executed.NO, longer, OmsUnavailable, is_passing=False)
        self._pause.keep()
        try:
            return self._send_as_somebody(operation, body)
        except OmsError as error:
            # The log-in has had its own attempts.
            return Failure(Executed.NO, str(error), type(error), is_passing=False)

    def _send_as_somebody(self, operation: Query | Mutation, body: bytes) -> Reply | Failure:
        """Send with a token; with another one, once, if the platform does not take the first."""
        for _ in range(2):
            token = self._tokens.get()
            response = self._post(operation, body, token)
            if isinstance(response, Failure):
                return response
            if response.status_code != httpx.codes.UNAUTHORIZED:
                return self._judged(response, token)
            self._tokens.discard(token)
        return Failure(
            Executed.NO, "status 401, with a new token too; check what the user may do", LoginRefused, is_passing=False
        )

    def _post(self, operation: Query | Mutation, body: bytes, token: Token) -> httpx.Response | Failure:
        headers = {"Authorization": f"Bearer {token.access}", "Content-Type": "application/json"}
        began, result, size = self._timing.now(), "no answer", 0
        try:
            response = self._http.post(GRAPHQL_PATH, content=body, headers=headers)
            result, size = str(response.status_code), len(response.content)
        except RAISED_BY_HTTPX as error:
            result = type(error).__name__
            # Words of the transport may repeat what was sent, a header that it did not like for one.
            said = str(error).replace(token.access, "***")
            return Failure(executed_after(error), f"{result}: {said}", OmsUnavailable, is_passing=True)
        else:
            return response
        finally:
            took_ms = 1000 * (self._timing.now() - began)
            _log.debug("fluent request operation=%s status=%s ms=%.0f bytes=%d", operation.name, result, took_ms, size)

    def _judged(self, response: httpx.Response, token: Token) -> Reply | Failure:
        status, wait_s = response.status_code, header_retry_after_s(response.headers)
        if status == httpx.codes.TOO_MANY_REQUESTS:
            wait_s = RATE_LIMIT_S if wait_s is None else wait_s
            self._pause.ask(wait_s)
            reason = f"status 429, too many requests; nothing is sent for {wait_s:.0f} s"
            return Failure(Executed.NO, reason, OmsUnavailable, is_passing=True)
        if response.is_server_error:
            if status == httpx.codes.SERVICE_UNAVAILABLE and wait_s is not None:
                self._pause.ask(wait_s)
            return Failure(Executed.PERHAPS, f"status {status}", OmsUnavailable, is_passing=True)
        reply = read_reply(response.content, token.access)
        if isinstance(reply, str):
            return _undecodable(response, reply)
        if not response.is_success and not reply.errors:
            return Failure(Executed.PERHAPS, f"status {status} without an error", BadAnswer, is_passing=False)
        self._heed(reply, token)
        return reply

    def _heed(self, reply: Reply, token: Token) -> None:
        """Do what an answer's errors ask for, apart from what its caller makes of them."""
        codes = [error.code for error in reply.errors]
        if RATE_LIMITED in codes:
            self._pause.ask(retry_after_s(RATE_LIMITED) or RATE_LIMIT_S)
        if NOT_AUTHENTICATED in codes:
            self._tokens.discard(token)
        if codes or reply.warnings:
            # Codes only: messages may name customers.
            remarks = [warning.code for warning in reply.warnings]
            _log.debug("fluent answer errors=%s warnings=%s", codes, remarks)


def _body(operation: Query | Mutation, variables: Mapping[str, Any]) -> bytes:
    document = {"query": operation.text, "variables": dict(variables), "operationName": operation.name}
    return json.dumps(document, allow_nan=False, ensure_ascii=False, separators=(",", ":")).encode()


def _undecodable(response: httpx.Response, reason: str) -> Failure:
    status = response.status_code
    if response.is_success:
        # Cut short on its way, as like as not.
        return Failure(Executed.PERHAPS, f"status {status}: {reason}", BadAnswer, is_passing=True)
    hint = "; check the base address" if response.is_redirect or status == httpx.codes.NOT_FOUND else ""
    return Failure(Executed.PERHAPS, f"status {status}: {reason}{hint}", QueryRefused, is_passing=False)
