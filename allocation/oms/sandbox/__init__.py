"""A faithful local Fluent Commerce to develop and test against, written from published facts alone.

``Sandbox(settings, now=clock, sleep=wait).handle(request)`` answers in process, on any clock; ``Server(sandbox)``
serves it on this machine. What goes wrong on purpose is a `Faults`, and the ``ledger`` tells what really happened.
"""

from __future__ import annotations

from allocation.oms.sandbox.faults import Fault, Faults, RateLimit, parse_faults
from allocation.oms.sandbox.ledger import Commit, Handled, Ledger
from allocation.oms.sandbox.loading import Arrival, SupplyRow
from allocation.oms.sandbox.requests import Reply, Request
from allocation.oms.sandbox.sandbox import Sandbox
from allocation.oms.sandbox.server import Server
from allocation.oms.sandbox.settings import Credentials, Settings

__all__ = [
    "Arrival",
    "Commit",
    "Credentials",
    "Fault",
    "Faults",
    "Handled",
    "Ledger",
    "RateLimit",
    "Reply",
    "Request",
    "Sandbox",
    "Server",
    "Settings",
    "SupplyRow",
    "parse_faults",
]
