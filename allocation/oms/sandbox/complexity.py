"""The complexity of an operation: how many look-ups in the backend it may take."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    VariableNode,
    get_named_type,
)

from allocation.oms.sandbox.codes import COMPLEXITY, Rejected
from allocation.oms.sandbox.paging import FIRST_DEFAULT

COMPLEXITY_MAX = 11_111
"""[DOC]"""
COSTS: Final[Mapping[str, int]] = {"inventoryQuantityAggregate": 10, "inventoryPositionAggregate": 10}
"""Fields with a weight of their own: documented for ``quantitiesAggregate`` [DOC], taken for these [INF]."""


def complexity(
    schema: GraphQLSchema, document: DocumentNode, operation: OperationDefinitionNode, variables: Mapping[str, Any]
) -> int:
    """1 for every connection and every object that is looked up, times the page sizes above it [INF].

    What is part of a record (attributes, links, edges, page information) costs nothing.
    """
    fragments = {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)}
    defaults = {
        node.variable.name.value: int(node.default_value.value)
        for node in operation.variable_definitions or ()
        if isinstance(node.default_value, IntValueNode)
    }
    root = schema.mutation_type if operation.operation is OperationType.MUTATION else schema.query_type
    if root is None:
        return 0
    return _Walk(schema, fragments, {**defaults, **variables}).cost(operation.selection_set, root)


def require_bearable(cost: int) -> None:
    """Refuse an operation that is too complex.

    Raises:
        Rejected: C0001E. [DOC]
    """
    if cost > COMPLEXITY_MAX:
        raise Rejected(COMPLEXITY, f"the complexity of the query is {cost}, above the limit of {COMPLEXITY_MAX}")


class _Walk:
    def __init__(
        self, schema: GraphQLSchema, fragments: Mapping[str, FragmentDefinitionNode], variables: Mapping[str, Any]
    ) -> None:
        self._schema = schema
        self._fragments = fragments
        self._variables = variables

    def cost(self, selection: SelectionSetNode | None, kind: GraphQLNamedType) -> int:
        total = 0
        for node in selection.selections if selection else ():
            if isinstance(node, FieldNode):
                total += self._field(node, kind)
            elif isinstance(node, InlineFragmentNode):
                on = self._schema.get_type(node.type_condition.name.value) if node.type_condition else kind
                total += self.cost(node.selection_set, on or kind)
            elif isinstance(node, FragmentSpreadNode):
                fragment = self._fragments[node.name.value]
                on = self._schema.get_type(fragment.type_condition.name.value)
                total += self.cost(fragment.selection_set, on or kind)
        return total

    def _field(self, node: FieldNode, kind: GraphQLNamedType) -> int:
        if not isinstance(kind, GraphQLObjectType | GraphQLInterfaceType) or node.name.value not in kind.fields:
            return 0
        field = kind.fields[node.name.value]
        inner = self.cost(node.selection_set, get_named_type(field.type))
        if str(field.type).endswith("Connection"):
            return 1 + self._page(node) * inner
        return COSTS.get(node.name.value, int(_is_looked_up(node, field))) + inner

    def _page(self, node: FieldNode) -> int:
        sizes = [
            self._whole(argument.value) for argument in node.arguments or () if argument.name.value in {"first", "last"}
        ]
        known = [size for size in sizes if size is not None]
        return max(0, min(known)) if known else FIRST_DEFAULT

    def _whole(self, value: object) -> int | None:
        if isinstance(value, IntValueNode):
            return int(value.value)
        found = self._variables.get(value.name.value) if isinstance(value, VariableNode) else None
        return found if isinstance(found, int) else None


def _is_looked_up(node: FieldNode, field: GraphQLField) -> bool:
    kind = get_named_type(field.type)
    if node.name.value == "node":
        return False
    return isinstance(kind, GraphQLInterfaceType) or (isinstance(kind, GraphQLObjectType) and "id" in kind.fields)
