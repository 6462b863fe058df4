"""Requests and replies, whatever carries them."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import parse_qs, urlsplit

BODY_MAX = 2 * 2**20
"""A larger request is answered 413 [DOC]."""
Sent = Literal["reply", "lost", "refused"]


@dataclass(frozen=True, slots=True)
class Request:
    """A request of HTTP.

    Attributes:
        method: ``GET`` or ``POST``.
        target: Path and query, such as ``/api/v4.1/event?count=10``.
        headers: In any spelling.
        body: As it was sent.
    """

    method: str
    target: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def path(self) -> str:
        """The target without its query."""
        return urlsplit(self.target).path

    @property
    def query(self) -> dict[str, str]:
        """The parameters of the target; the last of a name counts."""
        return {name: values[-1] for name, values in parse_qs(urlsplit(self.target).query).items()}

    def header(self, name: str) -> str:
        """A header, or an empty text."""
        return next((value for key, value in self.headers.items() if key.lower() == name.lower()), "")

    def content(self) -> bytes | None:
        """The body, decompressed; None where it is larger than `BODY_MAX`, empty where it is damaged."""
        if self.header("content-encoding").lower() != "gzip":
            return self.body if len(self.body) <= BODY_MAX else None
        unpack = zlib.decompressobj(wbits=31)
        try:
            content = unpack.decompress(self.body, BODY_MAX + 1)
        except zlib.error:
            return b""
        if len(content) > BODY_MAX:
            return None
        return content if unpack.eof else b""


@dataclass(frozen=True, slots=True)
class Reply:
    """What a client gets.

    Attributes:
        status: Of HTTP; 0 where nothing is sent.
        body: As it is sent.
        headers: Without those of the transport, such as the length.
        sent: ``reply``; ``lost``: the connection is closed without a word after the request was taken; or ``refused``:
            no connection came about. A transport turns the last two into its own errors.
    """

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    sent: Sent = "reply"

    def json(self) -> Any:
        """The body as a value."""
        return json.loads(self.body)


LOST = Reply(0, sent="lost")
REFUSED = Reply(0, sent="refused")


def reply_json(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Reply:
    """A reply of JSON."""
    body = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    return Reply(status, body, {"Content-Type": "application/json;charset=UTF-8", **(headers or {})})


def reply_error(status: int, error: str, description: str, headers: Mapping[str, str] | None = None) -> Reply:
    """A refusal, in the usual form of OAuth [INF]."""
    return reply_json({"error": error, "error_description": description}, status, headers)


def reply_of_gateway(status: int, headers: Mapping[str, str] | None = None) -> Reply:
    """What stands before the service answers for it: no JSON [INF]."""
    body = f"<html><body><h1>{status}</h1></body></html>".encode()
    return Reply(status, body, {"Content-Type": "text/html", **(headers or {})})
