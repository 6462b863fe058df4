"""What validates against the API, and what it rejects, from its published facts alone."""

from __future__ import annotations

import pytest
from graphql import GraphQLObjectType

from allocation.oms.sandbox.schema import checked, schema
from tests.oms.sandbox.operations import BAD_INPUT, INVALID, NO_SUCH_FIELD, VALID


def problems(text: str) -> str:
    return "\n".join(error.message for error in checked(text)[1])


@pytest.mark.parametrize("text", VALID.values(), ids=VALID)
def test_operations_of_a_live_account_are_valid(text: str) -> None:
    assert problems(text) == ""


@pytest.mark.parametrize(("text", "why"), INVALID.values(), ids=INVALID)
def test_operations_of_the_published_example_are_rejected(text: str, why: str) -> None:
    assert why in problems(text)


def test_the_published_search_for_expired_ones_is_valid_though_unpaged() -> None:
    text = """query Expired { inventoryQuantities(status: "RESERVED", first: 1000) {
        edges { node { id ref attributes { name value } } } } }"""
    assert problems(text) == ""


@pytest.mark.parametrize("text", NO_SUCH_FIELD.values(), ids=NO_SUCH_FIELD)
def test_fields_that_guides_name_do_not_exist(text: str) -> None:
    assert "Cannot query field" in problems(text)


@pytest.mark.parametrize("text", BAD_INPUT.values(), ids=BAD_INPUT)
def test_inputs_are_checked(text: str) -> None:
    assert problems(f"mutation {{ {text} }}")


def test_a_literal_text_is_taken_for_a_list_and_a_variable_is_not() -> None:
    assert problems('{ orders(ref: "a") { pageInfo { hasNextPage } } }') == ""
    assert problems("query($r: String) { orders(ref: $r) { pageInfo { hasNextPage } } }")


def test_a_selection_of_nothing_is_no_operation() -> None:
    assert problems("{ me {} }")
    assert problems("{ me }")


def test_every_connection_takes_the_four_arguments_of_paging() -> None:
    found = 0
    for kind in schema().type_map.values():
        if not isinstance(kind, GraphQLObjectType):
            continue
        for name, field in kind.fields.items():
            if str(field.type).endswith("Connection") and name != "searchVirtualInventory":
                assert {"first", "last", "before", "after"} <= set(field.args), (kind.name, name)
                found += 1
    assert found == 15


def test_every_mutation_takes_one_nullable_input() -> None:
    mutation = schema().mutation_type
    assert mutation is not None
    for name, field in mutation.fields.items():
        assert not str(field.args["input"].type).endswith("!"), name
