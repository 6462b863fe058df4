"""A sandbox behind sockets."""

from __future__ import annotations

import gzip
import http.client
import json
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any, Self
from urllib.parse import urlencode

import pytest

from allocation.engine.errors import SettingError
from allocation.oms.sandbox import Faults, Sandbox, Server, Settings, parse_faults
from tests.oms.sandbox.clients import CREATE, PASSWORD, READ, ROWS, quantity_input


@pytest.fixture
def sandbox() -> Sandbox:
    sandbox = Sandbox(Settings(), now=lambda: datetime.now(UTC), sleep=time.sleep)
    sandbox.load(ROWS)
    return sandbox


@pytest.fixture
def server(sandbox: Sandbox) -> Iterator[Server]:
    with Server(sandbox) as server:
        yield server


class Wire:
    """One connection that is kept."""

    def __init__(self, server: Server) -> None:
        self.http = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
        self.headers = {"Content-Type": "application/json"}
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        status, body, _ = self.send("POST", "/oauth/token", urlencode(PASSWORD).encode(), **form)
        assert status == 200
        self.headers["Authorization"] = f"Bearer {json.loads(body)['access_token']}"

    def send(self, method: str, target: str, body: bytes = b"", **headers: str) -> tuple[int, bytes, Any]:
        self.http.request(method, target, body, {**self.headers, **headers})
        reply = self.http.getresponse()
        return reply.status, reply.read(), reply.headers

    def ask(self, text: str, **variables: Any) -> Any:
        status, body, _ = self.send("POST", "/graphql", json.dumps({"query": text, "variables": variables}).encode())
        assert status == 200
        return json.loads(body)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.http.close()


@pytest.fixture
def wire(server: Server) -> Iterator[Wire]:
    with Wire(server) as wire:
        yield wire


def test_a_connection_is_kept(wire: Wire) -> None:
    assert wire.http.sock is not None
    port = wire.http.sock.getsockname()
    for i in range(5):
        assert "errors" not in wire.ask(CREATE, input=quantity_input(f"q{i}"))
    assert wire.http.sock.getsockname() == port
    assert wire.ask(READ, ref="q4")["data"]["inventoryQuantity"]["ref"] == "q4"


def test_replies_are_json_of_a_known_length(wire: Wire) -> None:
    status, body, headers = wire.send("POST", "/graphql", b'{"query": "{ me { ref } }"}')
    assert (status, json.loads(body)) == (200, {"data": {"me": {"ref": "release-manager"}}})
    assert headers["Content-Type"].startswith("application/json")
    assert int(headers["Content-Length"]) == len(body)


def test_gzip_is_taken_and_given(wire: Wire) -> None:
    query = json.dumps({"query": "{ __schema { types { name fields { name } } } }"}).encode()
    zipped = {"Content-Encoding": "gzip", "Accept-Encoding": "gzip, deflate"}
    status, body, headers = wire.send("POST", "/graphql", gzip.compress(query), **zipped)
    assert (status, headers["Content-Encoding"]) == (200, "gzip")
    assert "data" in json.loads(gzip.decompress(body))
    assert wire.send("POST", "/graphql", b"no gzip", **zipped)[0] == 400
    assert wire.send("POST", "/graphql", gzip.compress(b"x" * 3_000_000), **zipped)[0] == 413


@pytest.mark.parametrize(
    ("method", "target", "body", "status"),
    [
        ("POST", "/graphql", b"{", 400),
        ("POST", "/graphql", b"[]", 400),
        ("POST", "/graphql", b'{"query": 5}', 400),
        ("POST", "/graphql", b'{"query": "{ me }", "variables": []}', 200),
        ("POST", "/graphql", b'{"query": "{ me }", "variables": "x"}', 400),
        ("GET", "/graphql?query=x", b"", 400),
        ("POST", "/graphql", b"x" * 2_100_000, 413),
        ("GET", "/", b"", 404),
        ("GET", "/oauth/token", b"", 405),
        ("PUT", "/api/v4.1/job/1", b"{}", 404),
    ],
)
def test_what_cannot_be_answered_has_a_status(wire: Wire, method: str, target: str, body: bytes, status: int) -> None:
    assert wire.send(method, target, body)[0] == status
    assert wire.send("POST", "/graphql", b'{"query": "{ me { ref } }"}')[0] == 200


def test_a_lost_reply_closes_the_connection_after_the_commit(sandbox: Sandbox, server: Server, wire: Wire) -> None:
    sandbox.faults = parse_faults("reply-lost=1")
    with pytest.raises(http.client.RemoteDisconnected):
        wire.ask(CREATE, input=quantity_input("q"))
    sandbox.faults = Faults()
    assert len(sandbox.ledger.committed("createInventoryQuantity", "q")) == 1
    with Wire(server) as other:
        assert other.ask(READ, ref="q")["data"]["inventoryQuantity"]["ref"] == "q"


def test_a_refusal_resets_the_connection_before_anything_is_done(sandbox: Sandbox, wire: Wire) -> None:
    sandbox.faults = parse_faults("refused=1")
    with pytest.raises(ConnectionError):
        wire.ask(CREATE, input=quantity_input("q"))
    assert not sandbox.ledger.committed("createInventoryQuantity", "q")


def test_many_clients_at_once(sandbox: Sandbox, server: Server) -> None:
    def work(i: int) -> int:
        with Wire(server) as wire:
            return sum("errors" not in wire.ask(CREATE, input=quantity_input(f"q{i}-{j}")) for j in range(10))

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(work, range(8))) == [10] * 8
    assert len(sandbox.ledger.committed("createInventoryQuantity")) == 80
    numbers = [request.number for request in sandbox.ledger.requests]
    assert sorted(numbers) == list(range(1, len(numbers) + 1))


def test_it_listens_on_this_machine_only_and_lets_go_of_its_port(sandbox: Sandbox) -> None:
    with Server(sandbox) as server, Wire(server) as wire:
        assert server.url == f"http://127.0.0.1:{server.port}"
        with pytest.raises(SettingError, match="cannot be had"):
            Server(sandbox, server.port)
        port = server.port
        server.close()
        with pytest.raises((ConnectionError, http.client.HTTPException)):
            wire.ask("{ me { ref } }")
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port), timeout=60)


def test_a_client_that_goes_away_leaves_the_others(server: Server, wire: Wire) -> None:
    for text in (
        b"",
        b"POST /graphql HTTP/1.1\r\nContent-Length: 100\r\n\r\nabc",
        b"nonsense\r\n\r\n",
        b"\x16\x03\x01",
    ):
        with socket.create_connection(("127.0.0.1", server.port), timeout=60) as connection:
            connection.sendall(text)
    assert wire.ask("{ me { ref } }")["data"]


def test_a_body_without_a_length_is_refused(server: Server) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as connection:
        connection.sendall(b"POST /graphql HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n")
        assert connection.recv(100).startswith(b"HTTP/1.1 411")
