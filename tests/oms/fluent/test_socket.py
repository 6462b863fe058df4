"""Over a real socket: log-in, compression, many requests on one connection, and what a dead server proves."""

from __future__ import annotations

import contextlib
import gzip
import json
import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar
from urllib.parse import parse_qs

import pytest

from allocation.oms.fluent import Confirmed, FluentClient, NotSent, Timing, Unknown, load_settings
from allocation.oms.fluent.queries import CREATE_ORDER, QUANTITIES
from allocation.oms.fluent.settings import PREFIX
from tests.oms.fluent.documents import WHO_AM_I

NODES = 1234


class Stub(BaseHTTPRequestHandler):
    """The little of the platform that a client needs, after its documentation."""

    protocol_version = "HTTP/1.1"
    connections: ClassVar[set[tuple[str, int]]] = set()
    paths: ClassVar[list[str]] = []
    encodings: ClassVar[list[str | None]] = []
    given_up: ClassVar[threading.Event] = threading.Event()

    def do_POST(self) -> None:
        self.connections.add(self.client_address)
        self.paths.append(self.path)
        body = self.rfile.read(int(self.headers["content-length"])).decode()
        if self.path == "/oauth/token":
            form = {key: value for key, (value,) in parse_qs(body).items()}
            good = (form["username"], form["password"], form["grant_type"]) == ("robot", "pa ss&wörd", "password")
            self.answer(*((200, {"access_token": "t-1", "expires_in": 99}) if good else (401, {"error": "no"})))
        elif self.headers["authorization"] != "Bearer t-1":
            self.answer(401, {})
        else:
            self.graphql(json.loads(body))

    def graphql(self, body: dict[str, Any]) -> None:
        variables = body["variables"]
        if body["operationName"] == "WhoAmI":
            self.answer(200, {"data": {"me": {"ref": "robot"}}})
        elif body["operationName"] == "Quantities":
            begin = int(variables.get("after", -1)) + 1
            end = min(begin + variables["first"], NODES)
            edges = [{"cursor": str(n), "node": {"ref": str(n)}} for n in range(begin, end)]
            connection = {"edges": edges, "pageInfo": {"hasNextPage": end < NODES}}
            self.answer(200, {"data": {"inventoryQuantities": connection}})
        elif variables["input"]["ref"] == "HANG UP":
            self.close_connection = True
        elif variables["input"]["ref"] == "SLOW":
            self.given_up.wait(60)
            self.answer(200, {"data": {"createOrder": {"id": "2"}}})
        else:
            self.answer(200, {"data": {"createOrder": {"id": "1"}}})

    def answer(self, status: int, value: object) -> None:
        content = gzip.compress(json.dumps(value).encode())
        self.encodings.append(self.headers["accept-encoding"])
        self.send_response(status)
        for name, text in (("Content-Encoding", "gzip"), ("Content-Length", str(len(content)))):
            self.send_header(name, text)
        # Whoever asked may have gone.
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self.end_headers()
            self.wfile.write(content)

    def log_message(self, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def address() -> Iterator[str]:
    for kept in (Stub.connections, Stub.paths, Stub.encodings):
        kept.clear()
    with ThreadingHTTPServer(("127.0.0.1", 0), Stub) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def client_of(address: str, **changes: str) -> FluentClient:
    values = {
        "BASE_URL": address,
        "CLIENT_ID": "ACCT",
        "CLIENT_SECRET": "sec+ret=1",
        "USERNAME": "robot",
        "PASSWORD": "pa ss&wörd",
        "RETAILER_ID": "1",
    } | changes
    timing = Timing(now=time.monotonic, sleep=lambda wait_s: None, jitter=lambda: 0)
    return FluentClient(load_settings({PREFIX + name: value for name, value in values.items()}), timing)


def test_log_in_pages_and_writes_on_one_connection(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # What runs on this machine is not asked for through a proxy.
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    with client_of(address, PAGE_SIZE_MAX="100") as client:
        assert client.ask(WHO_AM_I) == {"me": {"ref": "robot"}}
        assert [node["ref"] for node in client.nodes(QUANTITIES)] == [str(number) for number in range(NODES)]
        assert client.execute(CREATE_ORDER, {"input": {"ref": "É"}}) == Confirmed({"id": "1"})
    assert Stub.paths == ["/oauth/token"] + ["/graphql"] * 15
    assert set(Stub.encodings) == {"gzip"}
    assert len(Stub.connections) == 1


def test_a_connection_that_breaks_leaves_a_write_unknown_and_the_next_one_works(address: str) -> None:
    with client_of(address) as client:
        outcome = client.execute(CREATE_ORDER, {"input": {"ref": "HANG UP"}})
        assert isinstance(outcome, Unknown)
        assert outcome.reason.startswith("RemoteProtocolError")
        assert client.execute(CREATE_ORDER, {"input": {"ref": "R"}}) == Confirmed({"id": "1"})
    assert Stub.paths.count("/graphql") == 2


def test_a_write_that_takes_too_long_is_unknown(address: str) -> None:
    Stub.given_up.clear()
    # Enough for the log-in, also where the machine is slow.
    with client_of(address, READ_TIMEOUT_S="1") as client:
        try:
            outcome = client.execute(CREATE_ORDER, {"input": {"ref": "SLOW"}})
        finally:
            Stub.given_up.set()
    assert isinstance(outcome, Unknown)
    assert outcome.reason.startswith("ReadTimeout")
    assert Stub.paths.count("/graphql") == 1


def test_where_nobody_listens_nothing_was_sent() -> None:
    with socket.socket() as taken:
        # Bound and not listening: nobody else can have this port meanwhile.
        taken.bind(("127.0.0.1", 0))
        with client_of(f"http://127.0.0.1:{taken.getsockname()[1]}") as client:
            outcome = client.execute(CREATE_ORDER, {"input": {"ref": "R"}})
    assert isinstance(outcome, NotSent)
    assert "ConnectError" in outcome.reason
