"""The two clients: one that can only read, for planning, and one that can also write, for applying a plan.

Neither is a kind of the other, so a function that takes a `FluentReader` cannot be handed what writes. What both can do
is `Reads`, for functions that do not mind.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType, TracebackType
from typing import Any, ClassVar, Self

import httpx

from allocation.engine.errors import BadAnswer, QueryRefused
from allocation.oms.fluent.documents import Mutation, Query, page_size
from allocation.oms.fluent.gateway import Gateway
from allocation.oms.fluent.outcomes import Outcome, outcomes
from allocation.oms.fluent.paging import Page, pages
from allocation.oms.fluent.replies import Reply
from allocation.oms.fluent.settings import FluentSettings
from allocation.oms.fluent.timing import Timing

_NOTHING: Mapping[str, Any] = MappingProxyType({})


class Reads:
    """Asks the platform. Threads may share it; it is closed by ``with``.

    Args:
        settings: Where, and as whom.
        timing: Clock and chance.
        transport: What stands in for the network, in tests.
    """

    _CAN_WRITE: ClassVar[bool] = False

    def __init__(
        self, settings: FluentSettings, timing: Timing, *, transport: httpx.BaseTransport | None = None
    ) -> None:
        self.settings = settings
        self._gateway = Gateway(settings, timing, can_write=self._CAN_WRITE, transport=transport)

    def ask(self, query: Query, variables: Mapping[str, Any] = _NOTHING) -> dict[str, Any]:
        """What a query asks for, all of it.

        Raises:
            QueryRefused: The answer holds errors, even if it holds data too.
            OmsError: There is no answer; the class says why.
        """
        reply = self.ask_partly(query, variables)
        if reply.is_partial:
            raise QueryRefused(f"{query.name}: {reply} (the rest of the data came)", reply.code)
        return reply.data or {}

    def ask_partly(self, query: Query, variables: Mapping[str, Any] = _NOTHING) -> Reply:
        """What there is of what a query asks for, and the errors that stand for the rest.

        Raises:
            QueryRefused: There is nothing.
            OmsError: There is no answer; the class says why.
        """
        reply = self._gateway.read(query, variables)
        if reply.errors and not reply.is_partial:
            raise QueryRefused(f"{query.name}: {reply}", reply.code)
        if reply.data is None:
            raise BadAnswer(f"{query.name}: an answer with neither data nor errors")
        return reply

    def pages(self, query: Query, variables: Mapping[str, Any] = _NOTHING) -> Iterator[Page]:
        """Every page of what a query pages over, as large as the complexity limit and the settings allow.

        Raises:
            NotFound: There is no entity around the connection.
            BadAnswer: The pages contradict themselves or do not end.
            OmsError: A page cannot be had; the class says why.
        """
        return pages(self.ask, query, variables, page_size(query, self.settings.page_size_max))

    def nodes(self, query: Query, variables: Mapping[str, Any] = _NOTHING) -> Iterator[dict[str, Any]]:
        """Everything on those pages."""
        for page in self.pages(query, variables):
            yield from page.nodes

    def close(self) -> None:
        """Close all connections."""
        self._gateway.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class FluentReader(Reads):
    """A client that cannot write: it has no method for it, and its gateway lets no mutation pass."""


class FluentClient(Reads):
    """A client that can also write."""

    _CAN_WRITE = True

    def execute(self, mutation: Mutation, variables: Mapping[str, Any]) -> Outcome:
        """Send one mutation and tell what became of it. Nothing that happens on the way is an exception.

        It is sent once; again only after what proves that it was not executed: no connection, 401, 429.

        Raises:
            ValueError: The document holds several mutations, which `execute_batch` sends.
        """
        if len(mutation.keys) != 1:
            raise ValueError(f"{mutation.name} holds {len(mutation.keys)} mutations; send it with execute_batch")
        return self.execute_batch(mutation, variables)[0]

    def execute_batch(self, mutation: Mutation, variables: Mapping[str, Any]) -> tuple[Outcome, ...]:
        """The same for a document of several mutations: what became of each, in their order.

        Some may be done and others not; what cannot be told apart is unknown.
        """
        return outcomes(mutation, self._gateway.write(mutation, variables))
