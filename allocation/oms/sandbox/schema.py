"""The schema of the API, and operations checked against it."""

from __future__ import annotations

from functools import cache, lru_cache
from importlib.resources import files

from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    assert_scalar_type,
    build_schema,
    parse,
    validate,
)

from allocation.oms.sandbox import instants


@cache
def schema() -> GraphQLSchema:
    """The schema of ``schema.graphql``; whoever resolves its fields puts the resolvers into it."""
    built = build_schema(files("allocation.oms.sandbox").joinpath("schema.graphql").read_text(encoding="utf-8"))
    assert_scalar_type(built.type_map["DateTime"]).coerce_input_value = instants.parsed
    return built


@lru_cache(maxsize=512)
def checked(text: str) -> tuple[DocumentNode | None, tuple[GraphQLError, ...]]:
    """A document and what is wrong with it; remembered, because clients send the same texts again and again."""
    try:
        document = parse(text, allow_empty_selection_sets=False)
    except GraphQLError as error:
        return None, (error,)
    return document, tuple(validate(schema(), document, hide_suggestions=True))


def operation_of(document: DocumentNode, name: str | None) -> OperationDefinitionNode:
    """The operation that is asked for.

    Raises:
        GraphQLError: It has no such operation, or several and no name says which.
    """
    found = [
        node
        for node in document.definitions
        if isinstance(node, OperationDefinitionNode) and (name is None or (node.name and node.name.value == name))
    ]
    if len(found) != 1:
        raise GraphQLError(f"Unknown operation named {name!r}." if name else "Must provide operation name.")
    return found[0]
