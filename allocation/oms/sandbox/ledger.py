"""What was asked of a sandbox and what became of it, for tests to compare with what a client believes."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Commit:
    """A mutation that took effect.

    Attributes:
        request: Number of the request that caused it.
        at: When.
        mutation: Such as ``createOrder``.
        kind: What was written, such as ``Order``.
        ref: Its ref.
        number: Its id.
    """

    request: int
    at: str
    mutation: str
    kind: str
    ref: str
    number: str


@dataclass(frozen=True, slots=True)
class Handled:
    """A request and what was done with it.

    Attributes:
        number: From 1, in the order in which requests came.
        at: When it came.
        method: Of HTTP.
        path: Without the query.
        operation: Name of the GraphQL operation, else its root fields, such as ``createOrder``; else empty.
        fault: What was done to it on purpose, such as ``reply-lost``, joined by ``+``; else empty.
        sent: ``reply``, ``lost`` or ``refused``: what the client got.
        status: Of HTTP; 0 where nothing was sent.
        codes: Codes of the GraphQL errors that were sent.
        commits: Mutations that took effect before the client was answered.
    """

    number: int
    at: str
    method: str
    path: str
    operation: str
    fault: str
    sent: str
    status: int
    codes: tuple[str, ...]
    commits: int


@dataclass(slots=True)
class Ledger:
    """Every request, and every mutation that took effect, in order. Late commits are among the commits only."""

    requests: list[Handled] = field(default_factory=list)
    commits: list[Commit] = field(default_factory=list)

    def committed(self, mutation: str, ref: str | None = None) -> list[Commit]:
        """Commits of a mutation, of one ref or of all."""
        return [found for found in self.commits if found.mutation == mutation and ref in {None, found.ref}]

    def faults(self) -> dict[str, int]:
        """How many requests had which fault."""
        counts: dict[str, int] = {}
        for request in self.requests:
            for fault in filter(None, request.fault.split("+")):
                counts[fault] = counts.get(fault, 0) + 1
        return counts
