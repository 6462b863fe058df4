"""Answers of the GraphQL endpoint as values: data, errors, and which of the data is missing."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from allocation.oms.fluent.codes import code_of, is_warning, retry_after_s

_MESSAGE_CHARACTERS = 500


@dataclass(frozen=True, slots=True)
class GraphqlError:
    """One error of an answer.

    Attributes:
        message: What the platform says; it may name customers, so it is shown to people and not logged.
        code: The platform's code, empty where it gives none.
        path: Keys that lead to what is missing, empty where it concerns the whole request.
    """

    message: str
    code: str
    path: tuple[str | int, ...]

    def __str__(self) -> str:
        place = ".".join(str(key) for key in self.path)
        code = "" if self.code in self.message else self.code
        return ": ".join(part for part in (place, code, self.message) if part)


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer that is GraphQL. Errors come with HTTP status 200 [SDK], and data may stand beside them.

    Attributes:
        data: What was asked for, None where there is none.
        errors: What went wrong.
        warnings: What the platform remarks without having failed.
    """

    data: dict[str, Any] | None
    errors: tuple[GraphqlError, ...] = ()
    warnings: tuple[GraphqlError, ...] = ()

    @property
    def is_partial(self) -> bool:
        """Whether some of the data is there and some is missing."""
        return bool(self.errors) and any(value is not None for value in (self.data or {}).values())

    @property
    def code(self) -> str:
        """The first code among the errors, empty where they have none."""
        return next((error.code for error in self.errors if error.code), "")

    @property
    def retry_after_s(self) -> float | None:
        """Seconds after which the same read may succeed, None where one of the errors will not go away."""
        waits = [retry_after_s(error.code) for error in self.errors]
        known = [wait for wait in waits if wait is not None]
        return max(known) if known and len(known) == len(waits) else None

    def __str__(self) -> str:
        return "; ".join(str(error) for error in self.errors) or "no errors"


def read_reply(content: bytes, token: str) -> Reply | str:
    """An answer from the bytes of its body, or why it is none.

    Numbers with a fraction become Decimals, as money must. Messages that repeat the token are shown without it.
    """
    try:
        body = json.loads(content, parse_float=Decimal)
    except (ValueError, RecursionError):
        return "the answer is no JSON"
    if not isinstance(body, dict) or ("data" not in body and "errors" not in body):
        return "the answer is no GraphQL: it has neither data nor errors"
    data, errors = body.get("data"), body.get("errors")
    if data is not None and not isinstance(data, dict):
        return "the answer's data is no object"
    if errors is not None and not isinstance(errors, list):
        return "the answer's errors are no list"
    read = [_error(error, token) for error in errors or ()]
    return Reply(
        data,
        tuple(error for error in read if not is_warning(error.code)),
        tuple(error for error in read if is_warning(error.code)),
    )


def _error(error: object, token: str) -> GraphqlError:
    """An error, whatever its form: one that cannot be read must still count as one."""
    fields: Mapping[str, Any] = error if isinstance(error, dict) else {"message": error}
    message = str(fields.get("message") or "no message").replace(token, "***")[:_MESSAGE_CHARACTERS]
    extensions, path = fields.get("extensions"), fields.get("path")
    return GraphqlError(
        message,
        code_of(message, extensions if isinstance(extensions, dict) else {}),
        tuple(key for key in path if isinstance(key, str | int)) if isinstance(path, list) else (),
    )
