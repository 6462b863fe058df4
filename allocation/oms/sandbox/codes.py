"""What the API answers when it refuses: codes of a client's mistakes (C) and of the server's own trouble (S) [DOC]."""

from __future__ import annotations

from allocation.engine.errors import AllocationError

COMPLEXITY = "C0001E"
RATE_LIMIT = "C0011E"
BAD_DATE = "C0100E"
EMPTY_RANGE = "C0101E"
UNKNOWN_REFERENCE = "C0120E"
DUPLICATE_ORDER = "C0121E"
BAD_NUMBER = "C0122E"
DUPLICATE = "C0123E"
MISSING_VARIABLES = "C0140E"
TOO_LONG = "C0141E"
SERVER_ERROR = "S0020E"


class Rejected(AllocationError):
    """The API refuses a field of a GraphQL operation; HTTP says 200 all the same.

    Args:
        code: Such as ``C0121E``.
        message: What is wrong.
        field: The argument that is wrong, where one is. [SDKDOC]
    """

    def __init__(self, code: str, message: str, field: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        # graphql-core copies this into the error of the reply.
        self.extensions: dict[str, object] = {"code": code} if field is None else {"code": code, "field": field}


def unknown(what: str, ref: object, field: str) -> Rejected:
    """The answer where something is referred to that is not there."""
    return Rejected(UNKNOWN_REFERENCE, f"{what} {ref!s} was not found", field)
