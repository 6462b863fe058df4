"""GraphQL documents that have been read before they are sent: what kind they are, what they cost, what they page over.

A `Query` cannot hold a mutation and a `Mutation` cannot hold a query, so a function that takes a `Query` cannot write.
Documents are read when their module is imported: one that is misspelt stops the program, not a release.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from graphql import GraphQLError, parse
from graphql.language import (
    FieldNode,
    InlineFragmentNode,
    IntValueNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    VariableNode,
)

from allocation.engine.errors import ReadOnly

COMPLEXITY_MAX = 11_111
"""The platform's limit on "the number of backend queries" of one request [DOC graphql-query-limits]."""
PAGE_SIZE_DEFAULT = 10
"""What a connection without ``first`` gives: it fits the limit, 1 + 10 + 100 + 1,000 + 10,000 [INF]."""
BATCH_MAX = 20
"""Mutations in one document, as many as the platform's own kit allows [SDK]."""


@dataclass(frozen=True, slots=True)
class Query:
    """A document that reads.

    Attributes:
        text: The document: one named query.
        connection: Keys that lead to the connection that it pages over, empty where it pages over none. There, the
            document takes ``first: $first, after: $after`` and asks for cursors and ``hasNextPage``.

    Raises:
        ReadOnly: The document is no query.
        ValueError: It is no document of this form.
    """

    text: str
    connection: tuple[str, ...] = ()
    name: str = field(init=False)

    def __post_init__(self) -> None:
        operation = _operation(self.text)
        if operation.operation is not OperationType.QUERY:
            raise ReadOnly(f"{_name(operation)} is a {operation.operation.value}, where only a query may stand")
        object.__setattr__(self, "name", _name(operation))
        if self.connection:
            _check_connection(operation, self.connection)


@dataclass(frozen=True, slots=True)
class Mutation:
    """A document that writes.

    Attributes:
        text: The document: one named mutation.
        keys: Under which its answer holds what each of its mutations gives, in their order.

    Raises:
        ValueError: The document is no mutation, or not of this form.
    """

    text: str
    name: str = field(init=False)
    keys: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        operation = _operation(self.text)
        if operation.operation is not OperationType.MUTATION:
            raise ValueError(f"{_name(operation)} is a {operation.operation.value}, where only a mutation may stand")
        object.__setattr__(self, "name", _name(operation))
        object.__setattr__(self, "keys", tuple(_key(node) for node in _fields(operation.selection_set)))


def batch(name: str, mutation: str, input_type: str, fields: str, count: int) -> Mutation:
    """One document of several mutations of a kind, which take ``$input1`` to ``$inputN``.

    They run in order, without a transaction around them [INF]; each answers under its own key, so that it can be told
    which of them were done.

    >>> batch("Two", "updateOrder", "UpdateOrderInput", "id", 2).keys
    ('updateOrder1', 'updateOrder2')

    Raises:
        ValueError: The count is not from 1 to `BATCH_MAX`.
    """
    if not 1 <= count <= BATCH_MAX:
        raise ValueError(f"a batch of {count} is not between 1 and {BATCH_MAX}")
    numbers = range(1, count + 1)
    variables = ", ".join(f"$input{number}: {input_type}!" for number in numbers)
    fields_of = "".join(f" {mutation}{n}: {mutation}(input: $input{n}) {{ {fields} }}" for n in numbers)
    return Mutation(f"mutation {name}({variables}) {{{fields_of} }}")


def writes(text: str) -> bool:
    """Whether a document does anything but read, judged from its text alone."""
    return _operation(text).operation is not OperationType.QUERY


def complexity(text: str, variables: Mapping[str, Any]) -> int:
    """Estimate of what a document costs the platform.

    Every connection and every object that is looked up counts 1, times the page sizes of the connections around it;
    edges, nodes and scalars count nothing. The facts give the limit and what it counts, not the formula [INF], so this
    errs upwards: attributes and the like are counted as look-ups too.

    >>> lookups = "query Due { inventoryQuantities(first: 1000) { edges { node { ref position { ref } } } } }"
    >>> complexity(lookups, {})
    1001
    """
    return _cost(_operation(text).selection_set, variables, 1)


def page_size(query: Query, size_max: int) -> int:
    """How many nodes a page of a query may have within the complexity limit, at most ``size_max``, at least 1.

    The cost grows with the page size in a straight line, since ``$first`` stands at one connection.
    """
    fixed = complexity(query.text, {"first": 0})
    each = complexity(query.text, {"first": 1}) - fixed
    if not each:
        return size_max
    return max(1, min(size_max, (COMPLEXITY_MAX - fixed) // each))


@cache
def _operation(text: str) -> OperationDefinitionNode:
    try:
        definitions = parse(text, no_location=True).definitions
    except GraphQLError as error:
        raise ValueError(f"no GraphQL document: {error.message}") from error
    first = definitions[0]
    # One operation a document: with two, what is sent would depend on a name beside it.
    if len(definitions) != 1 or not isinstance(first, OperationDefinitionNode) or first.name is None:
        raise ValueError("a document holds exactly one operation, which has a name")
    return first


def _name(operation: OperationDefinitionNode) -> str:
    return operation.name.value if operation.name else ""


def _key(node: FieldNode) -> str:
    return node.alias.value if node.alias else node.name.value


def _fields(selections: SelectionSetNode | None) -> list[FieldNode]:
    """The fields of a selection, those of inline fragments included."""
    found: list[FieldNode] = []
    for node in selections.selections if selections else ():
        if isinstance(node, FieldNode):
            found.append(node)
        elif isinstance(node, InlineFragmentNode):
            found += _fields(node.selection_set)
    return found


def _child(selections: SelectionSetNode | None, key: str) -> FieldNode | None:
    return next((node for node in _fields(selections) if _key(node) == key), None)


def _cost(selections: SelectionSetNode | None, variables: Mapping[str, Any], times: int) -> int:
    total = 0
    for node in _fields(selections):
        if node.selection_set is None:
            continue
        total += times
        edges = _child(node.selection_set, "edges")
        if edges is None:
            total += _cost(node.selection_set, variables, times)
        else:
            inner = _child(edges.selection_set, "node")
            if inner is not None:
                total += _cost(inner.selection_set, variables, times * _first(node, variables))
    return total


def _first(connection: FieldNode, variables: Mapping[str, Any]) -> int:
    """The page size of a connection."""
    for argument in connection.arguments or ():
        if argument.name.value in ("first", "last"):
            if isinstance(argument.value, IntValueNode):
                return int(argument.value.value)
            if isinstance(argument.value, VariableNode):
                return int(variables.get(argument.value.name.value, PAGE_SIZE_DEFAULT))
    return PAGE_SIZE_DEFAULT


def _check_connection(operation: OperationDefinitionNode, path: tuple[str, ...]) -> None:
    """A page that is asked for without its cursor, or without the size that was computed, would lose what follows."""
    selections: SelectionSetNode | None = operation.selection_set
    node: FieldNode | None = None
    for key in path:
        node = _child(selections, key)
        if node is None:
            raise ValueError(f"{_name(operation)} has no {key}, which it should page over")
        selections = node.selection_set
    arguments = {a.name.value: a.value for a in (node.arguments or () if node else ())}
    for name in ("first", "after"):
        value = arguments.get(name)
        if not isinstance(value, VariableNode) or value.name.value != name:
            raise ValueError(f"{_name(operation)} pages over {path[-1]}, which takes no {name}: ${name}")
    edges, info = _child(selections, "edges"), _child(selections, "pageInfo")
    asked = [
        _child(edges.selection_set if edges else None, "cursor"),
        _child(edges.selection_set if edges else None, "node"),
        _child(info.selection_set if info else None, "hasNextPage"),
    ]
    if None in asked:
        raise ValueError(f"{_name(operation)} pages over {path[-1]} without cursor, node or hasNextPage")
