"""What an exception of httpx, or a status, proves about whether a request was executed.

=============================================  ==============
What happened                                  Executed
=============================================  ==============
no connection, or none free, or no address     no
401, 429                                       no
time ran out while writing or reading          perhaps
the connection broke, or the protocol          perhaps
an answer that cannot be decoded, 5xx, others  perhaps
=============================================  ==============

"No" is said only where the request cannot have reached anything that executes it. Everything else, known or new, is
"perhaps": an order that is sent again by mistake ships a unit twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType

import httpx

from allocation.engine.errors import OmsError


class Executed(Enum):
    """Whether what was sent has been done."""

    NO = "no"
    PERHAPS = "perhaps"


EXCEPTIONS: Mapping[type[Exception], Executed] = MappingProxyType(
    {
        # No connection was made, so nothing was written to one.
        httpx.ConnectError: Executed.NO,
        httpx.ConnectTimeout: Executed.NO,
        httpx.PoolTimeout: Executed.NO,
        # Raised while a tunnel is set up, before the request goes through it.
        httpx.ProxyError: Executed.NO,
        # Raised when the address is read.
        httpx.InvalidURL: Executed.NO,
        httpx.UnsupportedProtocol: Executed.NO,
        # The request may have arrived whole: a connection can break after its last byte.
        httpx.WriteTimeout: Executed.PERHAPS,
        httpx.WriteError: Executed.PERHAPS,
        httpx.ReadTimeout: Executed.PERHAPS,
        httpx.ReadError: Executed.PERHAPS,
        httpx.CloseError: Executed.PERHAPS,
        httpx.LocalProtocolError: Executed.PERHAPS,
        httpx.RemoteProtocolError: Executed.PERHAPS,
        # There was an answer, which cannot be read or followed.
        httpx.DecodingError: Executed.PERHAPS,
        httpx.TooManyRedirects: Executed.PERHAPS,
        httpx.HTTPStatusError: Executed.PERHAPS,
        httpx.CookieConflict: Executed.PERHAPS,
        httpx.StreamConsumed: Executed.PERHAPS,
        httpx.StreamClosed: Executed.PERHAPS,
        httpx.ResponseNotRead: Executed.PERHAPS,
        httpx.RequestNotRead: Executed.PERHAPS,
        # Bases: what a later version derives from them is unknown until somebody has read it.
        httpx.HTTPError: Executed.PERHAPS,
        httpx.RequestError: Executed.PERHAPS,
        httpx.TransportError: Executed.PERHAPS,
        httpx.TimeoutException: Executed.PERHAPS,
        httpx.NetworkError: Executed.PERHAPS,
        httpx.ProtocolError: Executed.PERHAPS,
        httpx.StreamError: Executed.PERHAPS,
    }
)
"""Every exception class of httpx."""

RAISED_BY_HTTPX = (httpx.HTTPError, httpx.InvalidURL, httpx.CookieConflict, httpx.StreamError)
"""What to catch in order to catch all of them."""


def executed_after(error: Exception) -> Executed:
    """Whether a request that ended in this exception was executed; a class that is not listed proves nothing."""
    return EXCEPTIONS.get(type(error), Executed.PERHAPS)


@dataclass(frozen=True, slots=True)
class Failure:
    """A request that got no answer to go by.

    Attributes:
        executed: What that proves.
        reason: What happened.
        error: What a read ends in if it stays so.
        is_passing: Whether it may be better the next time.
    """

    executed: Executed
    reason: str
    error: type[OmsError]
    is_passing: bool
