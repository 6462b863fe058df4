"""Fluent Commerce: a client that reads, and one that also writes and can tell what became of it.

``with FluentReader(load_settings(os.environ), timing) as oms: list(oms.nodes(QUANTITIES, {...}))``
"""

from __future__ import annotations

from allocation.oms.fluent.client import FluentClient, FluentReader, Reads
from allocation.oms.fluent.documents import Mutation, Query
from allocation.oms.fluent.outcomes import Confirmed, NotSent, Outcome, Rejected, Unknown
from allocation.oms.fluent.paging import Page
from allocation.oms.fluent.replies import GraphqlError, Reply
from allocation.oms.fluent.settings import FluentSettings, load_settings
from allocation.oms.fluent.timing import Timing

__all__ = [
    "Confirmed",
    "FluentClient",
    "FluentReader",
    "FluentSettings",
    "GraphqlError",
    "Mutation",
    "NotSent",
    "Outcome",
    "Page",
    "Query",
    "Reads",
    "Rejected",
    "Reply",
    "Timing",
    "Unknown",
    "load_settings",
]
