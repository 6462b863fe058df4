"""A local Fluent without its transport: requests in, replies out, on any clock."""

from __future__ import annotations

import math
import re
import threading
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from allocation.oms.sandbox import loading, operations, rest
from allocation.oms.sandbox.arriving import GRAPHQL_PATH, TOKEN_PATH, Arrived, digest_of, is_possible, read_operation
from allocation.oms.sandbox.codes import RATE_LIMIT, SERVER_ERROR, Rejected
from allocation.oms.sandbox.context import Context
from allocation.oms.sandbox.faults import Draws, Faults, plan
from allocation.oms.sandbox.instants import text_of
from allocation.oms.sandbox.ledger import Handled, Ledger
from allocation.oms.sandbox.limiting import Allowance
from allocation.oms.sandbox.requests import LOST, REFUSED, Reply, Request, reply_error, reply_json, reply_of_gateway
from allocation.oms.sandbox.settings import Settings
from allocation.oms.sandbox.state import Record, State
from allocation.oms.sandbox.storage import Storage
from allocation.oms.sandbox.tokens import Tokens
from allocation.oms.sandbox.waiting import Waiting

_HALF: Final = 0.5
_CODE: Final = re.compile(r"\b[CST]\d{4}[EW]\b")
_GATEWAY: Final = frozenset({502, 503, 504})


class Sandbox:
    """A faithful local Fluent Commerce. Safe for threads.

    Args:
        settings: How it behaves.
        now: The clock; gives instants with an offset.
        sleep: Waits for so many seconds; on virtual time it moves the clock.
        faults: What goes wrong on purpose; may be changed at any time.
        state: A SQLite file to go on from, which keeps everything that was answered; in memory by default.

    Attributes:
        ledger: Every request, and every mutation that took effect.

    Raises:
        SettingError: The file is no state of a sandbox.
    """

    def __init__(
        self,
        settings: Settings | None = None,
        *,
        now: Callable[[], datetime],
        sleep: Callable[[float], None],
        faults: Faults | None = None,
        state: Path | None = None,
    ) -> None:
        self.settings = settings or Settings()
        self.faults = faults or Faults()
        self.ledger = Ledger()
        self._now = now
        self._sleep = sleep
        self._lock = threading.RLock()
        self._state = State(Storage(state) if state else None)
        self._tokens = Tokens(self._state, self.settings)
        self._draws = Draws(self.settings.seed)
        self._allowance = Allowance()
        self._waiting = Waiting()
        self._arrived = 0
        loading.found(self._context(0, now()))
        for batch in self._state.all("Batch"):
            if batch["status"] == "PENDING":
                self._waiting.add(now(), self._batch(0, batch))
        self._state.save()

    # ----- for whoever runs it

    def load(self, rows: Iterable[loading.SupplyRow], customers: Iterable[str] = ()) -> None:
        """Put in supply (products, locations, positions and quantities), and customers by their refs."""
        with self._lock:
            context = self._context(0, self._now())
            loading.load(context, rows)
            loading.load_customers(context, customers)
            self._state.save()

    def records(self, kind: str) -> list[Record]:
        """Every record of a kind, such as ``Order``, as it is now; not to be changed."""
        with self._lock:
            self._settle()
            return self._state.all(kind)

    def settle(self) -> int:
        """Execute what is late and due by now; how many are still to come."""
        with self._lock:
            self._settle()
            return len(self._waiting)

    def close(self) -> None:
        """Let go of the file. What is late then never happens, as when a server is killed."""
        with self._lock:
            self._state.close()

    def _settle(self) -> None:
        self._waiting.run(self._now())
        self._state.save()

    # ----- requests

    def handle(self, request: Request) -> Reply:
        """Answer a request, or do not: see `Reply`."""
        with self._lock:
            arrived = self._arrive(request)
            if arrived.plan.kind == "refused":
                self._note(arrived, REFUSED, (), 0)
                return REFUSED
        self._wait(arrived.latency_s / 2)
        with self._lock:
            self._settle()
            before = len(self.ledger.commits)
            reply, codes = self._answer(arrived, self._now())
            # Before anybody is told of it.
            self._state.save()
            self._note(arrived, reply, codes, len(self.ledger.commits) - before)
        self._wait(arrived.latency_s / 2)
        return reply

    def _arrive(self, request: Request) -> Arrived:
        self._arrived += 1
        operation = read_operation(request)
        draw = self._draws.occurrence(digest_of(request))
        low, high = self.settings.latency_ms
        return Arrived(
            number=self._arrived,
            at=text_of(self._now()),
            request=request,
            operation=operation,
            plan=plan(self.faults, draw, lambda kind: is_possible(kind, request, operation)),
            latency_s=(low + draw("latency") * (high - low)) / 1000,
        )

    def _wait(self, seconds: float) -> None:
        if seconds > 0:
            self._sleep(seconds)

    def _note(self, arrived: Arrived, reply: Reply, codes: Sequence[str], commits: int) -> None:
        self.ledger.requests.append(
            Handled(
                number=arrived.number,
                at=arrived.at,
                method=arrived.request.method,
                path=arrived.request.path,
                operation=arrived.label,
                fault=arrived.plan.label,
                sent=reply.sent,
                status=reply.status,
                codes=tuple(codes),
                commits=commits,
            )
        )

    # ----- answers

    def _answer(self, arrived: Arrived, now: datetime) -> tuple[Reply, Sequence[str]]:
        """The reply after every fault, and the codes of its errors."""
        refusal = self._refusal(arrived, now)
        if refusal is not None:
            return refusal
        if arrived.plan.kind == "late-commit" and arrived.operation is not None:
            return self._later(arrived, now), ()
        reply, codes = self._executed(arrived, now)
        kind = arrived.plan.kind
        if kind == "5xx-after":
            return self._server_error(arrived), ()
        if kind == "reply-lost":
            return LOST, ()
        if kind == "malformed":
            return Reply(reply.status, reply.body[: len(reply.body) // 2], reply.headers), codes
        return reply, codes

    def _refusal(self, arrived: Arrived, now: datetime) -> tuple[Reply, Sequence[str]] | None:
        """The reply to a request that is not executed."""
        kind, request = arrived.plan.kind, arrived.request
        if request.content() is None:
            return reply_error(413, "payload_too_large", "the request is larger than 2 MB"), ()
        limit = self.faults.rate_limit
        wait_s = self._allowance.wait_s(limit, now) if limit else 0.0
        if wait_s and limit and limit.answer == RATE_LIMIT and request.path == GRAPHQL_PATH:
            rejected = Rejected(RATE_LIMIT, "the rate limit is exceeded")
            return reply_json({"errors": [operations.shown(rejected, self.settings.code_in)]}), (RATE_LIMIT,)
        if wait_s or kind == "429":
            return self._too_many(wait_s or arrived.plan.seconds), ()
        if kind == "5xx-before":
            return self._server_error(arrived), ()
        if request.path == TOKEN_PATH:
            return None
        if kind == "401":
            self._tokens.revoke(request)
        if not self._tokens.is_good(request, now):
            return reply_error(401, "invalid_token", "the access token is unknown or has expired"), ()
        return None

    def _too_many(self, wait_s: float) -> Reply:
        return reply_error(429, "too_many_requests", "slow down", {"Retry-After": str(math.ceil(wait_s))})

    def _server_error(self, arrived: Arrived) -> Reply:
        status, wait = arrived.plan.status, {"Retry-After": "1"}
        if status in _GATEWAY:
            return reply_of_gateway(status, wait if status == 503 and arrived.plan.coin < _HALF else None)  # noqa: PLR2004
        return reply_error(status, "server_error", "an internal server error occurred")

    def _later(self, arrived: Arrived, now: datetime) -> Reply:
        """Execute a mutation later, and say nothing of use now."""
        self._waiting.add(now + timedelta(seconds=arrived.plan.seconds), lambda due: self._execute_late(arrived, due))
        return LOST if arrived.plan.coin < _HALF else reply_of_gateway(504)

    def _executed(self, arrived: Arrived, now: datetime) -> tuple[Reply, Sequence[str]]:
        request = arrived.request
        if request.path == TOKEN_PATH:
            expires_s = self.faults.token_expires_s or self.settings.expires_in_s
            return self._tokens.answer(request, now, expires_s), ()
        if arrived.operation is not None:
            reply = self._execute(arrived, now)
            if arrived.plan.twice:
                second = self._execute(arrived, now)
                reply = second if arrived.plan.coin < _HALF else reply
            return reply_json(reply), _codes(reply)
        if request.path == GRAPHQL_PATH:
            return reply_error(400, "bad_request", "POST an object of JSON with a query"), ()
        if request.path.startswith(rest.PREFIX):
            return self._rest(arrived, now), ()
        return reply_error(404, "not_found", "there is no such resource"), ()

    def _rest(self, arrived: Arrived, now: datetime) -> Reply:
        context = self._context(arrived.number, now)
        batches = len(self._state.all("Batch"))
        reply = rest.answer(arrived.request, context)
        self.ledger.commits += context.commits
        for batch in self._state.all("Batch")[batches:]:
            self._waiting.add(now + timedelta(seconds=rest.BATCH_S), self._batch(arrived.number, batch))
        return reply

    def _batch(self, number: int, batch: Record) -> Callable[[datetime], None]:
        def work(due: datetime) -> None:
            context = self._context(number, due)
            rest.work(context, batch)
            self.ledger.commits += context.commits

        return work

    def _execute_late(self, arrived: Arrived, due: datetime) -> None:
        self._execute(arrived, due)

    def _execute(self, arrived: Arrived, now: datetime) -> dict[str, Any]:
        """Execute an operation; partly, where that is its fault."""
        operation, fault = arrived.operation, arrived.plan
        assert operation is not None  # noqa: S101 - whoever calls has looked
        context = self._context(arrived.number, now)
        if fault.lag_s:
            context.lag_until = text_of(now + timedelta(seconds=fault.lag_s))
        field = ""
        if fault.kind == "partial":
            keys = operation.response_keys()
            field = keys[int(fault.coin * len(keys))]
            # Half of the mutations are executed although their data are missing.
            context.fails = field if operation.is_mutation() and fault.coin * 1000 % 1 < _HALF else ""
        reply = operations.execute(operation, context)
        self.ledger.commits += context.commits
        if field and not context.fails:
            _take_out(reply, field, self._internal_error())
        return reply

    def _internal_error(self) -> dict[str, Any]:
        return operations.shown(Rejected(SERVER_ERROR, "an internal server error occurred"), self.settings.code_in)

    def _context(self, number: int, now: datetime) -> Context:
        return Context(self._state, self.settings, text_of(now), number)


def _take_out(reply: dict[str, Any], field: str, error: dict[str, Any]) -> None:
    """Replace a root field of a reply by an error."""
    data = reply.get("data")
    if data and data.get(field) is not None:
        reply["data"] = {**data, field: None}
        reply["errors"] = [*reply.get("errors", ()), {**error, "path": [field]}]


def _codes(reply: dict[str, Any]) -> list[str]:
    found = (
        (error.get("extensions") or {}).get("code") or _CODE.search(error["message"])
        for error in reply.get("errors", ())
    )
    return [code if isinstance(code, str) else code[0] for code in found if code]
