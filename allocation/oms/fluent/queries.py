"""What is asked of the platform, and told to it: every document that is ever sent.

Types, arguments and fields are those of the 2022 introspection [R22], where not noted otherwise. What that schema makes
of them: filters are lists, a mutation returns the entity itself, connections have no ``endCursor``, an inventory
quantity has no SKU or location of its own (they are its position's), and it is addressed by ref and catalogue.
"""

from __future__ import annotations

from functools import cache

from allocation.oms.fluent.documents import Mutation, Query, batch

_HOLD = "ref type status quantity expectedOn createdOn updatedOn attributes { name type value }"
_ORDER = "id ref type status createdOn attributes { name type value }"
_ITEM = "id ref quantity product { ... on VariantProduct { ref } ... on StandardProduct { ref } }"

CATALOGUE = Query("query Catalogue($ref: String!) { inventoryCatalogue(ref: $ref) { ref type status retailerRefs } }")
"""The inventory catalogue of that ref, or null."""

CUSTOMERS = Query(
    """
    query Customers($refs: [String], $first: Int!, $after: String) {
      customers(ref: $refs, first: $first, after: $after) {
        edges { cursor node { id ref } }
        pageInfo { hasNextPage }
      }
    }
    """,
    connection=("customers",),
)
"""The customers of these refs."""

POSITIONS = Query(
    """
    query Positions($catalogue: InventoryCatalogueKey, $skus: [String!], $locations: [String],
                    $first: Int!, $after: String) {
      inventoryPositions(catalogue: $catalogue, productRef: $skus, locationRef: $locations,
                         first: $first, after: $after) {
        edges { cursor node { ref productRef locationRef onHand status } }
        pageInfo { hasNextPage }
      }
    }
    """,
    connection=("inventoryPositions",),
)
"""Positions by SKU and location."""

POSITION_QUANTITIES = Query(
    f"""
    query PositionQuantities($ref: String!, $catalogue: InventoryCatalogueKey!, $types: [String!],
                             $statuses: [String], $window: DateRange, $first: Int!, $after: String) {{
      inventoryPosition(ref: $ref, catalogue: $catalogue) {{
        ref productRef locationRef onHand status
        quantities(type: $types, status: $statuses, expectedOn: $window, first: $first, after: $after) {{
          edges {{ cursor node {{ {_HOLD} }} }}
          pageInfo {{ hasNextPage }}
        }}
      }}
    }}
    """,
    connection=("inventoryPosition", "quantities"),
)
"""A position and what stands at it: its count, its arrivals, its holds."""

QUANTITIES = Query(
    f"""
    query Quantities($catalogue: InventoryCatalogueKey, $refs: [String!], $types: [String!], $statuses: [String],
                     $window: DateRange, $first: Int!, $after: String) {{
      inventoryQuantities(catalogue: $catalogue, ref: $refs, type: $types, status: $statuses, expectedOn: $window,
                          first: $first, after: $after) {{
        edges {{ cursor node {{ {_HOLD} position {{ ref productRef locationRef }} }} }}
        pageInfo {{ hasNextPage }}
      }}
    }}
    """,
    connection=("inventoryQuantities",),
)
"""Quantities of a catalogue by ref, type, status and expected date; a window's both ends are inclusive."""

QUANTITY = Query(
    f"""
    query Quantity($ref: String!, $catalogue: InventoryCatalogueKey!) {{
      inventoryQuantity(ref: $ref, catalogue: $catalogue) {{ id {_HOLD} position {{ ref productRef locationRef }} }}
    }}
    """
)
"""The quantity of that ref, or null."""

ORDERS = Query(
    f"""
    query Orders($refs: [String], $created: DateRange, $first: Int!, $after: String) {{
      orders(ref: $refs, createdOn: $created, first: $first, after: $after) {{
        edges {{ cursor node {{ {_ORDER} items(first: 2) {{ edges {{ node {{ {_ITEM} }} }} }} }} }}
        pageInfo {{ hasNextPage }}
      }}
    }}
    """,
    connection=("orders",),
)
"""Every order of these refs: where refs are not unique, more than one a ref.

With its first two items: an order of a release has one, and a second one tells that it is none.
"""

CREATE_ORDER = Mutation(
    "mutation CreateOrder($input: CreateOrderInput) { createOrder(input: $input) { id ref type status } }"
)
"""An order of a customer that the platform knows.

It asks back for scalars only: an item that may not be read would hide whether the order was made.
"""

CREATE_ORDER_AND_CUSTOMER = Mutation(
    """
    mutation CreateOrderAndCustomer($input: CreateOrderAndCustomerInput) {
      createOrderAndCustomer(input: $input) { id ref type status }
    }
    """
)
"""An order of a customer whom the platform gets to know by it."""


@cache
def create_quantities(count: int) -> Mutation:
    """Several new quantities in one request, from ``$input1`` on."""
    fields = "id ref type status quantity expectedOn"
    return batch("CreateQuantities", "createInventoryQuantity", "CreateInventoryQuantityInput", fields, count)


@cache
def update_quantities(count: int) -> Mutation:
    """Several changed quantities in one request, from ``$input1`` on."""
    fields = "id ref type status quantity"
    return batch("UpdateQuantities", "updateInventoryQuantity", "UpdateInventoryQuantityInput", fields, count)
