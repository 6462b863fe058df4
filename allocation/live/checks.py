"""What must hold before the next request leaves, checked where it matters and not only in tests."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

from allocation.engine.errors import CheckFailed, SettingError
from allocation.live.looking import Found
from allocation.live.plan import Effect, Plan
from allocation.live.reconciling import is_same
from allocation.oms.port import FoundOrder, ReleaseOrder

Pool = tuple[str, str]


def require_account(plan: Plan, account: str) -> None:
    """A plan is of one account: in another one its orders are not.

    Raises:
        SettingError: It is another one.
    """
    if plan.account != account:
        raise SettingError(f"the plan is for account {plan.account}, and this is {account}")


class Units:
    """Units of each pool that are given out, or may be.

    Args:
        received: Units on hand of each pool, as the plan counted them.
    """

    def __init__(self, received: Mapping[Pool, int]) -> None:
        self._received = dict(received)
        self._orders: dict[str, ReleaseOrder] = {}
        self._given: defaultdict[Pool, int] = defaultdict(int)

    def give(self, order: ReleaseOrder) -> None:
        """Count an order: it is confirmed, unknown or about to be sent. Twice is as once.

        Raises:
            CheckFailed: More would be given out than there is; nothing may be sent.
        """
        if order.key in self._orders:
            return
        pool = (order.sku, order.location)
        given, received = self._given[pool] + order.quantity, self._received.get(pool, 0)
        if given > received:
            where = f"{order.sku} at {order.location}"
            raise CheckFailed(f"{order.key} would make it {given:,} units of {where}; {received:,} were received")
        self._orders[order.key] = order
        self._given[pool] = given

    def take_back(self, key: str) -> None:
        """An order was proved not to be there."""
        order = self._orders.pop(key, None)
        if order is not None:
            self._given[order.sku, order.location] -= order.quantity

    def given(self) -> dict[Pool, int]:
        """Units of each pool."""
        return dict(self._given)


def units_of(orders: Iterable[ReleaseOrder]) -> Counter[Pool]:
    """Units of each pool that orders take."""
    units: Counter[Pool] = Counter()
    for order in orders:
        units[order.sku, order.location] += order.quantity
    return units


def units_taken(orders: Iterable[FoundOrder]) -> Counter[Pool]:
    """Units of each pool that orders take that are there, as far as they can be read."""
    units: Counter[Pool] = Counter()
    for found in orders:
        for sku, location, quantity in found.takes:
            units[sku, location] += quantity
    return units


def require_priority(before: int, indices: Sequence[int]) -> int:
    """Orders are sent in the order of the plan, which is by priority; the index of the last one.

    Raises:
        CheckFailed: One would be sent before another that comes first.
    """
    for index in indices:
        if index <= before:
            raise CheckFailed(f"order {index} of the plan would be sent after order {before}, which it comes before")
        before = index
    return before


def require_one_each(effects: Iterable[Effect], found: Found) -> None:
    """One order stands under a key, and it is what was sent.

    Raises:
        CheckFailed: Everything that is not so.
    """
    problems = []
    for effect in effects:
        live = [one for one in found.get(effect.key, ()) if one.live]
        if len(live) > 1:
            names = ", ".join(one.reference for one in live)
            problems.append(f"{effect.key}: {len(live)} orders stand ({names}); cancel all but one by hand")
        elif live and effect.order is not None and not is_same(effect.order, live[0]):
            problems.append(f"{effect.key}: order {live[0].reference} is not what this plan would send")
    if problems:
        raise CheckFailed(
            "\n  ".join([f"{len(problems)} orders are not as they must be; nothing more is sent", *problems])
        )
