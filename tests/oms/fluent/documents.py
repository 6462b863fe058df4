"""Documents that the release never sends, for tests that ask and write beside it."""

from __future__ import annotations

from allocation.oms.fluent.documents import Mutation, Query

WHO_AM_I = Query("query WhoAmI { me { ref username primaryRetailer { id ref } } }")
"""Whether we are let in, and as whom."""

CUSTOMER = Query("query Customer($ref: String!) { customer(ref: $ref) { id ref status username primaryEmail } }")
"""The customer of that ref, which is the user name, or null. Orders name customers by id."""

CREATE_QUANTITY = Mutation(
    """
    mutation CreateQuantity($input: CreateInventoryQuantityInput) {
      createInventoryQuantity(input: $input) { id ref type status quantity expectedOn }
    }
    """
)
"""A new quantity, which starts as CREATED: the input has no status."""

UPDATE_QUANTITY = Mutation(
    """
    mutation UpdateQuantity($input: UpdateInventoryQuantityInput) {
      updateInventoryQuantity(input: $input) { id ref type status quantity }
    }
    """
)
"""Another status, quantity or attribute of a quantity."""
