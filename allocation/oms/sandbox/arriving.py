"""A request as it comes in: what it asks for, and what can go wrong with it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Final

from allocation.oms.sandbox.faults import Plan
from allocation.oms.sandbox.operations import Operation
from allocation.oms.sandbox.requests import Request

TOKEN_PATH: Final = "/oauth/token"  # noqa: S105 - where tokens are asked for
GRAPHQL_PATH: Final = "/graphql"
_ANYWHERE: Final = frozenset({"refused", "429", "5xx-before", "5xx-after", "reply-lost", "malformed"})
_MUTATIONS_ONLY: Final = frozenset({"late-commit", "duplicate", "slow-read"})


@dataclass(frozen=True, slots=True)
class Arrived:
    """A request, and what is done with it.

    Attributes:
        number: From 1, in the order in which requests came.
        at: When it came.
        request: As it was sent.
        operation: What it asks of GraphQL; None where it is no request for that, or none that can be read.
        plan: What goes wrong.
        latency_s: What it takes.
    """

    number: int
    at: str
    request: Request
    operation: Operation | None
    plan: Plan
    latency_s: float

    @property
    def label(self) -> str:
        """The operation's name, or its root fields."""
        return (self.operation.name or self.operation.label()) if self.operation else ""


def read_operation(request: Request) -> Operation | None:
    """What a request asks of GraphQL."""
    if (request.method, request.path) != ("POST", GRAPHQL_PATH):
        return None
    try:
        body = json.loads(request.content() or b"")
    except ValueError:
        return None
    if not isinstance(body, dict):
        return None
    text, variables, name = body.get("query"), body.get("variables") or {}, body.get("operationName")
    if not isinstance(text, str) or not isinstance(variables, dict) or not isinstance(name, str | None):
        return None
    return Operation(text, variables, name)


def digest_of(request: Request) -> bytes:
    """What tells requests apart, whoever sends them: everything but the headers."""
    text = b"\n".join((request.method.encode(), request.target.encode(), request.body))
    return hashlib.blake2b(text, digest_size=16).digest()


def is_possible(kind: str, request: Request, operation: Operation | None) -> bool:
    """Whether a kind of fault can happen to a request."""
    if kind in _ANYWHERE:
        return True
    if kind in _MUTATIONS_ONLY:
        return operation is not None and operation.is_mutation()
    if kind == "partial":
        return operation is not None and bool(operation.response_keys())
    # A 401 at the token endpoint would say that the credentials are wrong.
    return request.path != TOKEN_PATH
