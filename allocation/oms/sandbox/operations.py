"""GraphQL operations: checked, weighed and executed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from graphql import (
    DocumentNode,
    ExecutionResult,
    FieldNode,
    GraphQLError,
    GraphQLResolveInfo,
    GraphQLSchema,
    NonNullTypeNode,
    OperationDefinitionNode,
    OperationType,
    assert_object_type,
    execute_sync,
    get_named_type,
)

from allocation.oms.sandbox import customers, fulfilments, inventory, orders
from allocation.oms.sandbox.codes import MISSING_VARIABLES, SERVER_ERROR, Rejected
from allocation.oms.sandbox.complexity import complexity, require_bearable
from allocation.oms.sandbox.context import Context
from allocation.oms.sandbox.ledger import Commit
from allocation.oms.sandbox.lengths import require_lengths
from allocation.oms.sandbox.objects import OBJECTS, Resolve
from allocation.oms.sandbox.queries import QUERIES
from allocation.oms.sandbox.schema import checked, operation_of, schema
from allocation.oms.sandbox.settings import CodeIn
from allocation.oms.sandbox.state import Record

MUTATIONS: Final[Mapping[str, Callable[[Context, Mapping[str, Any]], Record]]] = {
    "createInventoryCatalogue": inventory.create_catalogue,
    "createInventoryPosition": inventory.create_position,
    "updateInventoryPosition": inventory.update_position,
    "createInventoryQuantity": inventory.create_quantity,
    "updateInventoryQuantity": inventory.update_quantity,
    "createOrder": orders.create_order,
    "createOrderAndCustomer": orders.create_order_and_customer,
    "updateOrder": orders.update_order,
    "createFulfilment": fulfilments.create_fulfilment,
    "updateFulfilment": fulfilments.update_fulfilment,
    "createFulfilmentChoice": orders.create_choice,
    "createFulfilmentOption": fulfilments.create_option,
    "createCustomer": customers.create_customer,
    "createVirtualPosition": inventory.create_virtual_position,
    "updateVirtualPosition": inventory.update_virtual_position,
}


@dataclass(frozen=True, slots=True)
class Operation:
    """What a client posted to ``/graphql``.

    Attributes:
        text: The document.
        variables: By name.
        name: Which operation of the document; None where there is one only.
    """

    text: str
    variables: Mapping[str, Any]
    name: str | None

    def node(self) -> OperationDefinitionNode | None:
        """The operation, or None where there is no valid one."""
        document, problems = checked(self.text)
        if document is None or problems:
            return None
        try:
            return operation_of(document, self.name)
        except GraphQLError:
            return None

    def is_mutation(self) -> bool:
        """Whether it is valid, and may change something."""
        node = self.node()
        return node is not None and node.operation is OperationType.MUTATION

    def label(self) -> str:
        """Its root fields, such as ``createOrder``; empty where it is not valid."""
        return " ".join(field.name.value for field in self._fields())

    def response_keys(self) -> list[str]:
        """Under which its root fields answer."""
        return [(field.alias or field.name).value for field in self._fields()]

    def _fields(self) -> list[FieldNode]:
        node = self.node()
        selections = node.selection_set.selections if node else ()
        return [field for field in selections if isinstance(field, FieldNode)]


def execute(operation: Operation, context: Context) -> dict[str, Any]:
    """The reply to an operation: data, errors, or both. Root fields of a mutation run in order; none undoes another."""
    code_in = context.settings.code_in
    document, problems = checked(operation.text)
    if document is None or problems:
        return {"errors": [shown(error, code_in) for error in problems]}
    try:
        node = operation_of(document, operation.name)
        _require_variables(node, operation.variables)
        require_bearable(complexity(schema(), document, node, operation.variables))
    except (GraphQLError, Rejected) as error:
        return {"errors": [shown(error, code_in)]}
    if node.operation is OperationType.QUERY:
        context.lag()
    result = _executed(document, operation, context)
    reply: dict[str, Any] = {}
    # Without data where the variables were refused, before anything was executed.
    if result.data is not None or not result.errors or any(error.path for error in result.errors):
        reply["data"] = result.data
    if result.errors:
        reply["errors"] = [shown(error, code_in) for error in result.errors]
    return reply


def _executed(document: DocumentNode, operation: Operation, context: Context) -> ExecutionResult:
    return execute_sync(
        _executable(),
        document,
        context_value=context,
        variable_values=dict(operation.variables),
        operation_name=operation.name,
        hide_suggestions=True,
    )


def _require_variables(node: OperationDefinitionNode, variables: Mapping[str, Any]) -> None:
    missing = [
        definition.variable.name.value
        for definition in node.variable_definitions or ()
        if isinstance(definition.type, NonNullTypeNode)
        and definition.default_value is None
        and variables.get(definition.variable.name.value) is None
    ]
    if missing:
        raise Rejected(MISSING_VARIABLES, f"missing variables: {', '.join(missing)}")


def shown(error: GraphQLError | Rejected, code_in: CodeIn) -> dict[str, Any]:
    """An error as the reply has it. In which place a live account has the code is not known: both are common [SDK]."""
    if isinstance(error, Rejected):
        error = GraphQLError(str(error), extensions=error.extensions)
    found: dict[str, Any] = dict(error.formatted)
    cause = error.original_error
    if cause is not None and not isinstance(cause, Rejected | GraphQLError):
        # A defect of the sandbox looks like one of the server, and the message tells which.
        found["message"] = f"{type(cause).__name__}: {cause}"
        found["extensions"] = {"code": SERVER_ERROR}
    code = (found.get("extensions") or {}).get("code")
    if code and code_in == "message":
        del found["extensions"]
        found["message"] = f"{code}: {found['message']}"
    return found


@cache
def _executable() -> GraphQLSchema:
    """The schema, with resolvers in it."""
    built = schema()
    for name, resolve in QUERIES.items():
        assert_object_type(built.type_map["Query"]).fields[name].resolve = resolve
    for kind, fields in OBJECTS.items():
        for name, resolve in fields.items():
            assert_object_type(built.type_map[kind]).fields[name].resolve = resolve
    for name, run in MUTATIONS.items():
        field = assert_object_type(built.type_map["Mutation"]).fields[name]
        field.resolve = _mutating(name, str(get_named_type(field.type)), run)
    return built


def _mutating(name: str, kind: str, run: Callable[[Context, Mapping[str, Any]], Record]) -> Resolve:
    def resolve(_source: object, info: GraphQLResolveInfo[Context], **arguments: Any) -> Record:
        context = info.context
        given = arguments.get("input")
        if given is None:
            # The schema lets it be null; nothing can be done with that. [INF]
            raise Rejected(MISSING_VARIABLES, f"{name} needs an input", "input")
        require_lengths(name, given)
        context.may_run(str(info.path.key))
        record = run(context, given)
        context.commits.append(Commit(context.request, context.at, name, kind, record.get("ref") or "", record["id"]))
        return record

    return resolve
