"""What became of a write.

=========  ==============================================================================================
Outcome    Proof
=========  ==============================================================================================
Confirmed  the answer holds the entity
Rejected   the answer names this very write, and one of the codes that say that it was refused
NotSent    no connection was made; or 401 or 429, which are answered before anything is executed
Unknown    all else: time ran out, the connection broke, 5xx, an answer that cannot be read, other codes,
           data missing without a word, an error below the entity (it may be made, and only not be shown)
=========  ==============================================================================================

An unknown write is never sent again blind: its key is looked up first.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

from allocation.oms.fluent.classification import Executed, Failure
from allocation.oms.fluent.codes import REJECTIONS
from allocation.oms.fluent.documents import Mutation
from allocation.oms.fluent.replies import GraphqlError, Reply


@dataclass(frozen=True, slots=True)
class Confirmed:
    """It was done.

    Attributes:
        data: The entity, as far as the document asked for it.
    """

    data: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Rejected:
    """It was refused, and will be the next time.

    Attributes:
        code: The code of the order management system.
        message: What it says; it may name customers.
    """

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class NotSent:
    """It was not executed, and may be sent again.

    Attributes:
        reason: Why.
    """

    reason: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """It may have been done.

    Attributes:
        reason: Why nobody can tell.
        code: The code of the order management system, where it gave one.
    """

    reason: str
    code: str = ""


Outcome: TypeAlias = Confirmed | Rejected | NotSent | Unknown


def outcomes(mutation: Mutation, answer: Reply | Failure) -> tuple[Outcome, ...]:
    """What became of each mutation of a document, in their order."""
    if isinstance(answer, Reply):
        return tuple(_outcome(answer, key, mutation.keys) for key in mutation.keys)
    outcome = NotSent(answer.reason) if answer.executed is Executed.NO else Unknown(answer.reason)
    return (outcome,) * len(mutation.keys)


def _outcome(reply: Reply, key: str, keys: tuple[str, ...]) -> Outcome:
    entity = (reply.data or {}).get(key)
    own = [error for error in reply.errors if error.path[:1] == (key,)]
    # Those that name none of the mutations may concern any of them.
    general = [error for error in reply.errors if not error.path or error.path[0] not in keys]
    if isinstance(entity, dict):
        # An error about a field of the entity leaves the entity standing; one about the entity itself contradicts it.
        doubts = general + [error for error in own if len(error.path) == 1]
        return _unknown(doubts, "the answer holds both the entity and an error") if doubts else Confirmed(entity)
    if entity is not None:
        return Unknown("the answer holds something else in place of the entity")
    errors = own + general
    if errors and all(_refuses(error, key, alone=len(keys) == 1) for error in errors):
        return Rejected(errors[0].code, errors[0].message)
    return _unknown(errors, "the answer holds neither the entity nor an error")


def _refuses(error: GraphqlError, key: str, *, alone: bool) -> bool:
    """Whether an error says that this very mutation was refused.

    A path below the entity does not: a field that must not be null takes the whole entity with it, which exists. No
    path does where the request holds no other mutation.
    """
    return error.code in REJECTIONS and (error.path == (key,) or (alone and not error.path))


def _unknown(errors: list[GraphqlError], otherwise: str) -> Unknown:
    if not errors:
        return Unknown(otherwise)
    return Unknown("; ".join(str(error) for error in errors), next((e.code for e in errors if e.code), ""))
