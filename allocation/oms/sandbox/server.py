"""A sandbox behind sockets: HTTP/1.1 with connections that are kept, on this machine only."""

from __future__ import annotations

import gzip
import socket
import struct
import threading
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Final, Self

from allocation.engine.errors import SettingError
from allocation.oms.sandbox.requests import BODY_MAX, Reply, Request, reply_error
from allocation.oms.sandbox.sandbox import Sandbox

HOST: Final = "127.0.0.1"
_READ_MAX: Final = 64 * 2**20
"""A body is read to its end, so that the refusal of a large one arrives; beyond this the connection is closed."""
_GZIP_MIN: Final = 1400
"""Smaller replies fit into one packet."""
_IDLE_S: Final = 60


class Server:
    """Serves a sandbox, from a thread of its own with `start`, or in the caller's with `run`.

    Args:
        sandbox: What answers.
        port: 0 takes a free one.

    Attributes:
        url: Where it listens.

    Raises:
        SettingError: Somebody else has the port.
    """

    def __init__(self, sandbox: Sandbox, port: int = 0) -> None:
        handler = type("Handler", (_Handler,), {"sandbox": sandbox})
        try:
            self._http = _Listener((HOST, port), handler)
        except OSError as problem:
            raise SettingError(
                f"port {port} cannot be had ({problem.strerror}); name another, or 0 for a free one"
            ) from problem
        self.port: int = self._http.server_address[1]
        self.url = f"http://{HOST}:{self.port}"
        self._thread: threading.Thread | None = None

    def run(self) -> None:
        """Serve until `close`, or until the process is interrupted."""
        self._http.serve_forever(poll_interval=0.1)

    def start(self) -> Self:
        """Serve from a thread."""
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()
        return self

    def close(self) -> None:
        """Stop, and close every connection."""
        if self._thread is not None:
            self._http.shutdown()
            self._thread.join()
            self._thread = None
        self._http.server_close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class _Listener(ThreadingHTTPServer):
    """Threads end with the process; a client that goes away is nobody's defect."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler]) -> None:
        self._open: dict[int, socket.socket] = {}
        super().__init__(address, handler)

    def process_request_thread(self, request: socket.socket, client_address: tuple[str, int]) -> None:  # type: ignore[override]
        self._open[id(request)] = request
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._open.pop(id(request), None)

    def server_close(self) -> None:
        super().server_close()
        for connection in list(self._open.values()):
            _shut(connection)

    def handle_error(self, request: object, client_address: object) -> None:
        """Connections break; what is wrong in the sandbox is answered with 500 (see `_Handler`)."""


class _Handler(BaseHTTPRequestHandler):
    sandbox: Sandbox
    protocol_version = "HTTP/1.1"
    timeout = _IDLE_S
    disable_nagle_algorithm = True

    def _handle(self) -> None:
        body = self._body()
        if body is None:
            self.close_connection = True
            return
        request = Request(self.command, self.path, dict(self.headers.items()), body)
        try:
            reply = self.sandbox.handle(request)
        except Exception as error:  # noqa: BLE001 - a defect must not end as a lost reply, which is a fault of its own
            reply = reply_error(500, "defect", f"{type(error).__name__}: {error}")
        if reply.sent == "reply":
            self._send(reply)
        else:
            self._break(reset=reply.sent == "refused")

    # The names that the standard library calls.
    do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = _handle  # noqa: N815

    def _body(self) -> bytes | None:
        """The body, its beginning where it is too large anyway, or None where it cannot be read."""
        text = self.headers.get("Content-Length", "0")
        if self.headers.get("Transfer-Encoding") or not text.isdigit() or int(text) > _READ_MAX:
            self._send(reply_error(411, "length_required", "send a body with its length"))
            return None
        length = int(text)
        body = self.rfile.read(min(length, BODY_MAX + 1))
        left = length - len(body)
        while left > 0 and (chunk := self.rfile.read(min(left, 2**16))):
            left -= len(chunk)
        return body if left == 0 else None

    def _send(self, reply: Reply) -> None:
        body, headers = reply.body, dict(reply.headers)
        if len(body) >= _GZIP_MIN and "gzip" in self.headers.get("Accept-Encoding", ""):
            body = gzip.compress(body, compresslevel=1)
            headers["Content-Encoding"] = "gzip"
        headers["Content-Length"] = str(len(body))
        if self.close_connection:
            headers["Connection"] = "close"
        lines = [
            f"HTTP/1.1 {reply.status} {HTTPStatus(reply.status).phrase}",
            *(f"{k}: {v}" for k, v in headers.items()),
        ]
        # In one piece: two writes would wait for each other.
        self.wfile.write("\r\n".join((*lines, "", "")).encode() + body)

    def _break(self, *, reset: bool) -> None:
        """Close the connection without an answer.

        A connection that was made cannot be refused any more: it is reset, so a client over sockets must take a refusal
        for an unknown outcome, which is the harder case.
        """
        self.close_connection = True
        if reset:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
        else:
            _shut(self.connection)

    def log_message(self, *_arguments: object) -> None:
        """Nothing: the ledger has it."""


def _shut(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        # It is closed already.
        return
