"""Proving whether an account refuses a second order of one key, which nothing that is published promises."""

from __future__ import annotations

from datetime import date

from allocation.engine.errors import OmsError
from allocation.live.loading import reason_of
from allocation.oms.port import Confirmed, ReleaseOrder, Taken, Uniqueness, Writer, order_key

UNIQUENESS = "uniqueness"
"""Name of the launch that test orders are of, so that no release has their key."""
_DAY = date(1970, 1, 1)


def probe_order(account: str, customer: str, sku: str) -> ReleaseOrder:
    """The order that is sent twice; the same whenever an account is tried."""
    key = order_key(account, UNIQUENESS, UNIQUENESS, _DAY, "probe")
    return ReleaseOrder(key, UNIQUENESS, customer, sku, "", 1, "", _DAY)


def prove_uniqueness(oms: Writer, order: ReleaseOrder) -> tuple[Uniqueness, str]:
    """Send an order twice and see whether the second one is refused; what is proved, and by what.

    Where nothing is refused, two orders of that key are there afterwards, for a person to cancel.

    Raises:
        OmsError: An answer is missing or says something else, so that nothing is proved.
    """
    first = oms.submit(order)
    if isinstance(first, Taken):
        return Uniqueness.ENFORCED, f"an order of an earlier proof is there, and another was refused: {first.code}"
    if not isinstance(first, Confirmed):
        raise OmsError(f"nothing is proved: the first test order was {reason_of(first)}")
    second = oms.submit(order)
    if isinstance(second, Taken):
        return Uniqueness.ENFORCED, f"a second order of one key was refused: {second.code}"
    if isinstance(second, Confirmed):
        return (
            Uniqueness.NONE,
            f"two orders of one key were made, {first.reference} and {second.reference}; cancel both",
        )
    raise OmsError(f"nothing is proved: the second test order was {reason_of(second)}")
